"""Expressions that build the modules of one or several instances of a class: calls whose values are columns."""

from collections.abc import Hashable, Iterator, Sequence
from typing import Any

from ...contract.call import Module
from .calls import SourceText, short

_WINDOW = (("stride", 1), ("padding", 0), ("dilation", 1), ("groups", 1), ("bias", True))
_DEFAULTS: dict[str, dict[str, Any]] = {
    **{f"nn.Conv{n}d": dict(_WINDOW) for n in (1, 2, 3)},
    **{f"nn.ConvTranspose{n}d": {**dict(_WINDOW), "output_padding": 0} for n in (1, 2, 3)},
    **{f"nn.BatchNorm{n}d": {"eps": 1e-5, "momentum": 0.1} for n in (1, 2, 3)},
    "nn.Linear": {"bias": True},
    "nn.LayerNorm": {"eps": 1e-5},
    "nn.GroupNorm": {"eps": 1e-5},
}
"""The defaults of the arguments of torch's modules."""


class Leaf:
    """A value for each instance; None for an instance that lacks the enclosing call."""

    __slots__ = ("column",)

    def __init__(self, column: tuple[Any, ...]) -> None:
        self.column = column


class CallTree:
    """A call, with arguments by position or name."""

    __slots__ = ("args", "head")

    def __init__(self, head: str, args: "list[tuple[str | None, Tree]]") -> None:
        self.head = head
        self.args = args


Tree = Leaf | CallTree


def tree_of(module: Module, defaults: "dict[str, dict[str, Any]]") -> CallTree:
    """The call that builds a module. `defaults` are those of the classes that the text defines."""
    args: list[tuple[str | None, Tree]] = [(None, _argument(arg, defaults)) for arg in module.args]
    args += [(name, _argument(value, defaults)) for name, value in module.kwargs]
    return CallTree(short(module.target), args)


def _argument(arg: Any, defaults: "dict[str, dict[str, Any]]") -> Tree:
    return tree_of(arg, defaults) if isinstance(arg, Module) else Leaf((arg,))


def skeleton(tree: Tree) -> Hashable:
    """What the instances of one class have in common: all but values, and arguments that may have their defaults."""
    if isinstance(tree, Leaf):
        return str(tree.column[0]) if isinstance(tree.column[0], SourceText) else None
    known = _DEFAULTS.get(tree.head, {})
    args = tuple((name, skeleton(arg)) for name, arg in tree.args if name is None or name not in known)
    return tree.head, args


def joined(trees: Sequence[Tree | None]) -> Tree:
    """One expression for several instances with equal skeletons; None for an instance that has none."""
    shape = next(tree for tree in trees if tree is not None)
    if isinstance(shape, Leaf):
        width = len(shape.column)
        columns = [(None,) * width if tree is None else _column(tree) for tree in trees]
        return Leaf(tuple(value for column in columns for value in column))
    calls = [tree if isinstance(tree, CallTree) else None for tree in trees]
    known = _DEFAULTS.get(shape.head, {})
    count = sum(name is None for name, _ in shape.args)
    args: list[tuple[str | None, Tree]] = []
    for index in range(count):
        args.append((None, joined([None if call is None else call.args[index][1] for call in calls])))
    names = dict.fromkeys(name for call in calls if call is not None for name, _ in call.args if name is not None)
    for name in sorted(names, key=lambda name: list(known).index(name) if name in known else -1):
        parts: list[Tree | None] = []
        for call in calls:
            given = None if call is None else dict(call.args).get(name)
            parts.append(Leaf((known[name],)) if given is None and call is not None else given)
        args.append((name, joined(parts)))
    return CallTree(shape.head, args)


def _column(tree: Tree) -> tuple[Any, ...]:
    assert isinstance(tree, Leaf)
    return tree.column


def is_default(head: str, name: str | None, value: Any) -> bool:
    """Whether a value is the default of an argument of a torch module."""
    known = _DEFAULTS.get(head, {})
    return name in known and type(value) is type(known[name]) and value == known[name]


def leaves(tree: Tree, head: str = "", place: int | str = 0) -> "Iterator[tuple[Leaf, str, int | str]]":
    """The values of an expression, each with the call it belongs to, and its position or name there."""
    if isinstance(tree, Leaf):
        yield tree, head, place
        return
    for index, (name, arg) in enumerate(tree.args):
        yield from leaves(arg, tree.head, index if name is None else name)
