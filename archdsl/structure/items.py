"""The nodes of a graph as statements: items in chains, before they are written as text.

A chain is a sequence of items, each of which reads the current tensor and replaces it. Every value of an item is a
column with one entry for each instance of the chain: the network itself is one instance, the body of a block has as
many as the block has uses.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from ..contract.arguments import ParameterSpec, TensorName


class ModuleScope(NamedTuple):
    """A module that a layer is inside of: the name of the attribute, and the name of the class."""

    name: str
    kind: str


class Ref(NamedTuple):
    """The tensor that a node of the graph makes, as the value of an argument or an operand."""

    node: int


class Code(str):
    """An expression, as the value of an argument."""

    __slots__ = ()


Column = tuple[Any, ...]
"""A value for each instance; None where the item is absent."""


class Item:
    """A statement in as many instances as its chain has.

    `sort` is `layer`, `merge`, `reuse`, `scan`, `moe`, `from` or `call`. `args` has the values of the arguments, of
    `reuse` and `from` the tensor; `into` and `out` are the nodes that it reads and makes. `operands` are those of a
    merge: a chain, a column of tensors, or None for the current tensor.
    """

    __slots__ = ("args", "into", "operands", "out", "parameters", "present", "scopes", "sort", "word")

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
        present: tuple[bool, ...] | None = None,
    ) -> None:
        self.sort = sort
        self.word = word
        self.into = into
        self.out = out
        self.args = args or {}
        self.parameters = parameters
        self.operands = operands
        self.scopes = scopes
        self.present = present if present is not None else (True,) * len(out)

    def chains(self) -> "Iterator[Chain]":
        """The bodies of a merge."""
        return (operand for operand in self.operands if isinstance(operand, Chain))

    def __repr__(self) -> str:
        return f"Item({self.sort} {self.word} {self.args} {self.operands})"


class Chain:
    """Items in sequence that starts from the nodes `start`."""

    __slots__ = ("items", "start")

    def __init__(self, start: Column, items: list[Item]) -> None:
        self.start = start
        self.items = items

    def __repr__(self) -> str:
        return f"Chain({self.items})"


Operand = Chain | Column | None


def refs_of(item: Item) -> Iterator[Column]:
    """The columns of an item that have tensors, those of the items in it left out."""
    for column in item.args.values():
        if any(isinstance(value, Ref) for value in column):
            yield column
    for operand in item.operands:
        if isinstance(operand, tuple):
            yield operand


def below(chain: Chain) -> Iterator[Item]:
    """All items of a chain, those of bodies included, in the order of execution."""
    for item in chain.items:
        for inner in item.chains():
            yield from below(inner)
        yield item


def takes_tensor(spec: ParameterSpec) -> bool:
    """Whether an argument is the name of a tensor."""
    return isinstance(spec.kind, TensorName)
