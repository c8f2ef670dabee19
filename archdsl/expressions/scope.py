"""Names and what they stand for."""

from collections.abc import Iterator
from typing import Any, Final

from ..record import Record
from ..text.source import Span


class Unknown:
    """The value of an expression whose mistake was reported: whatever uses it is silent."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


class NamedTensor(Record):
    """A named tensor: the node it is, and the range of nodes that made it, for `reuse`."""

    node: int
    first: int
    source: int | None = None


class Binding(Record):
    """A name's value and where it was given."""

    value: Any
    span: Span


class Scope:
    """Names of one body; those of the bodies around it are seen through it."""

    __slots__ = ("names", "parent")

    def __init__(self, parent: "Scope | None" = None) -> None:
        self.parent = parent
        self.names: dict[str, Binding] = {}

    def find(self, name: str) -> Binding | None:
        """What the name stands for, innermost first."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return None

    def define(self, name: str, value: Any, span: Span) -> Binding | None:
        """Give a name here. Returns the binding that has it already in this very scope, which stays."""
        if name in self.names:
            return self.names[name]
        self.names[name] = Binding(value=value, span=span)
        return None

    def copy(self) -> "Scope":
        """Another scope with the names of this one."""
        scope = Scope(self.parent)
        scope.names = dict(self.names)
        return scope

    def visible(self) -> Iterator[str]:
        """All the names, inner before outer."""
        scope: Scope | None = self
        while scope is not None:
            yield from scope.names
            scope = scope.parent
