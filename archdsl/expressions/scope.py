"""Names and their values."""

from collections.abc import Iterable, Iterator
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


class ListValue:
    """The value of a list. Two lists are equal if their entries are equal and have the same types: `[1]` is not
    `[1.0]`.
    """

    __slots__ = ("_key", "items")

    def __init__(self, items: Iterable[Any]) -> None:
        self.items = tuple(items)
        self._key = tuple((type(item), item) for item in self.items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ListValue) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __repr__(self) -> str:
        return f"ListValue({self.items!r})"

    def plain(self) -> list[Any]:
        """The entries as plain data: nested lists as Python lists, numbers as they are, all others as text."""
        return [
            item.plain() if isinstance(item, ListValue) else item if isinstance(item, int | float) else str(item)
            for item in self.items
        ]


class Callee:
    """A layer or a block as a value: an argument that the body of a block uses as a statement."""

    __slots__ = ("definition", "name")

    def __init__(self, name: str, definition: object) -> None:
        self.name = name
        self.definition = definition
        """The class of the layer, or the definition of the block."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Callee) and self.definition is other.definition

    def __hash__(self) -> int:
        return id(self.definition)

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"Callee({self.name})"


class Binding(Record):
    """The value of a name, and where it was defined."""

    value: Any
    span: Span


class Scope:
    """The names of one body; names of the enclosing bodies are visible in it."""

    __slots__ = ("names", "parent", "undefined")

    def __init__(self, parent: "Scope | None" = None) -> None:
        self.parent = parent
        self.names: dict[str, Binding] = {}
        self.undefined: dict[str, Span] = {}
        """Names that a branch of `if` defines that did not run."""

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
        scope.names, scope.undefined = dict(self.names), dict(self.undefined)
        return scope

    def visible(self) -> Iterator[str]:
        """All visible names, inner scopes first."""
        for scope in self._chain():
            yield from scope.names

    def may_define(self, name: str) -> bool:
        """Whether a name is visible here, or would be if a branch of `if` ran that did not."""
        return any(name in scope.names or name in scope.undefined for scope in self._chain())

    def possible(self) -> dict[str, Binding]:
        """The names for which `may_define` is true; those that are not defined are unknown."""
        found: dict[str, Binding] = {}
        for scope in self._chain():
            found = {**{n: Binding(value=UNKNOWN, span=s) for n, s in scope.undefined.items()}, **scope.names, **found}
        return found

    def _chain(self) -> "Iterator[Scope]":
        """This scope and those around it, innermost first."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent
