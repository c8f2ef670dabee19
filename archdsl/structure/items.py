"""The nodes of a graph as statements: items in chains, before they are written as text.

A chain is a sequence of items, each of which reads the current tensor and replaces it. Every value of an item is a
column with one entry for each instance of the chain: the network itself is one instance, and the body of a
block has one for each use.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from ..contract.arguments import ParameterSpec


class ModuleScope(NamedTuple):
    """A module that contains a layer: the name of the attribute, and the name of the class."""

    name: str
    kind: str


class Ref(NamedTuple):
    """The tensor that a node of the graph creates, as the value of an argument or an operand."""

    node: int


class Code(str):
    """An expression, as the value of an argument."""

    __slots__ = ()


Column = tuple[Any, ...]
"""A value for each instance; None where the item is absent."""


class Item:
    """A statement in as many instances as its chain has.

    `sort` is `layer`, `merge`, `reuse`, `from`, `zeros`, `scan`, `moe`, `aux`, `run` (a repetition) or `call` (the use
    of a block). `args` has the arguments that are numbers or tensors, `fixed` the others, which are equal in all
    instances; `count` is that of a repetition, `word` is an activation that differs, and `when` is the condition of a
    residual connection that only some instances have. `into` and `out` are the nodes that it reads and makes; the use
    of a block with several results also makes those in `results`. `operands` are the bodies of a merge, an `aux` or a
    repetition; a column of tensors is an operand that is a name.
    """

    __slots__ = ("args", "fixed", "into", "operands", "out", "parameters", "results", "scopes", "sort", "word")

    def __init__(
        self,
        sort: str,
        word: str,
        into: Column,
        out: Column,
        args: dict[str, Column] | None = None,
        parameters: tuple[ParameterSpec, ...] = (),
        operands: "tuple[Operand, ...]" = (),
        scopes: tuple[ModuleScope, ...] = (),
        fixed: dict[str, Any] | None = None,
        results: tuple[Column, ...] = (),
    ) -> None:
        self.sort = sort
        self.word = word
        self.into = into
        self.out = out
        self.args = args or {}
        self.parameters = parameters
        self.operands = operands
        self.scopes = scopes
        self.fixed = fixed or {}
        self.results = results

    @property
    def makes(self) -> tuple[Column, ...]:
        """The nodes that it makes: one column for each of its results."""
        return (self.out, *self.results)

    @property
    def present(self) -> tuple[bool, ...]:
        """Whether each instance has the item."""
        return tuple(node is not None for node in self.out)

    def chains(self) -> "Iterator[Chain]":
        """The bodies."""
        return (operand for operand in self.operands if isinstance(operand, Chain))

    def copy(self, **changes: Any) -> "Item":
        """The item with some of its fields replaced."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return Item(**{**fields, **changes})

    def __repr__(self) -> str:
        return f"Item({self.sort} {self.word} {self.args} {self.operands})"


class Chain:
    """A sequence of items that starts from the nodes `start`.

    The body of a repetition has an instance for each iteration: `origin` is the index of the instance around it.
    """

    __slots__ = ("items", "origin", "start")

    def __init__(self, start: Column, items: list[Item], origin: tuple[int, ...] | None = None) -> None:
        self.start = start
        self.items = items
        self.origin = origin

    def __repr__(self) -> str:
        return f"Chain({self.items})"


Operand = Chain | Column


def refs_of(item: Item) -> Iterator[Column]:
    """The columns of an item that have tensors, excluding those of the items in it."""
    for column in item.args.values():
        for value in column:
            if isinstance(value, Ref):
                yield column
                break
    for operand in item.operands:
        if isinstance(operand, tuple):
            yield operand


def below(chain: Chain) -> Iterator[Item]:
    """All items of a chain, including those of bodies, in the order of execution."""
    for item in chain.items:
        for inner in item.chains():
            yield from below(inner)
        yield item


def producers(items: Iterable[Item]) -> dict[int, Item]:
    """The item that creates each node: the outermost one, if it is the last in a body."""
    found: dict[int, Item] = {}
    for item in items:
        for chain in item.chains():
            found |= producers(chain.items)
        if item.sort not in ("from", "aux"):
            found.update({node: item for column in item.makes for node in column if node is not None})
    return found


def chains_in(chain: Chain) -> Iterator[Chain]:
    """A chain and all chains in it."""
    yield chain
    for item in chain.items:
        for inner in item.chains():
            yield from chains_in(inner)


def first(column: Sequence[Any]) -> Any:
    """The value of the first instance that has one."""
    return next((value for value in column if value is not None), None)


# --- instances ---


def select(chain: Chain, kept: Sequence[int | None]) -> Chain:
    """The chain with these instances; None for an instance that does not have it."""
    if chain.origin is None:
        return Chain(_picked(chain.start, kept), [select_item(item, kept) for item in chain.items])
    columns: list[int | None] = []
    origin: list[int] = []
    for index, outer in enumerate(kept):
        mine = [] if outer is None else [i for i, each in enumerate(chain.origin) if each == outer]
        columns += mine
        origin += [index] * len(mine)
    items = [select_item(item, columns) for item in chain.items]
    return Chain(_picked(chain.start, columns), items, tuple(origin))


def select_item(item: Item, kept: Sequence[int | None]) -> Item:
    """The item with these instances; None for one that does not have it."""
    return item.copy(
        into=_picked(item.into, kept),
        out=_picked(item.out, kept),
        results=tuple(_picked(column, kept) for column in item.results),
        args={name: _picked(column, kept) for name, column in item.args.items()},
        operands=tuple(
            select(operand, kept) if isinstance(operand, Chain) else _picked(operand, kept) for operand in item.operands
        ),
    )


def _picked(column: Column, kept: Sequence[int | None]) -> Column:
    return tuple(None if i is None else column[i] for i in kept)


def absent(item: Item, count: int) -> Item:
    """The item with `count` instances, none of which has it."""
    return select_item(item, (None,) * count)
