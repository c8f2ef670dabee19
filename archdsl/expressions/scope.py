"""Names and their values."""

from collections.abc import Iterator
from typing import Any, Final

from ..record import Record
from ..text.source import Span


class Unknown:
    """The value of an expression whose error was reported: errors that follow from it are not reported."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


class NamedTensor(Record):
    """A named tensor: its node, and the range of nodes that made it, for `reuse`."""

    node: int
    first: int
    source: int | None = None


class Binding(Record):
    """The value of a name, and where it was defined."""

    value: Any
    span: Span


class Scope:
    """The names of one body; names of the enclosing bodies are visible in it."""

    __slots__ = ("names", "parent")

    def __init__(self, parent: "Scope | None" = None) -> None:
        self.parent = parent
        self.names: dict[str, Binding] = {}

    def find(self, name: str) -> Binding | None:
        """The binding of a name, innermost scope first; None if there is none."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return None

    def define(self, name: str, value: Any, span: Span) -> Binding | None:
        """Define a name. If this scope has it already, the old binding stays and is returned."""
        if name in self.names:
            return self.names[name]
        self.names[name] = Binding(value=value, span=span)
        return None

    def copy(self) -> "Scope":
        """A copy with the same names."""
        scope = Scope(self.parent)
        scope.names = dict(self.names)
        return scope

    def visible(self) -> Iterator[str]:
        """All visible names, inner scopes first."""
        scope: Scope | None = self
        while scope is not None:
            yield from scope.names
            scope = scope.parent
