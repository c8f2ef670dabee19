"""Diagnostics: one class for each code, with fields for the data and methods for the text."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any, ClassVar

from ..record import Record
from ..text.source import Source, Span


class Severity(StrEnum):
    """The severity of a diagnostic. Errors set the exit status to 1."""

    ERROR = "error"
    WARNING = "warning"


class Label(Record):
    """Text under a range of the source."""

    span: Span
    text: str


class Related(Record):
    """Another statement that a diagnostic refers to: the one that created the tensor, and the tensor's shape."""

    span: Span
    shape: str

    def label(self) -> "Label":
        """The label of this statement: `is 3×32×32` for an input, else `outputs 64×30×30`."""
        verb = "is" if self.span.text.startswith("input") else "outputs"
        return Label(span=self.span, text=f"{verb} {self.shape}")


class BlockUse(Record):
    """A use of a block that contains the statement."""

    block: str
    span: Span


class Edit(Record):
    """The replacement of a range of the source."""

    span: Span
    text: str


class Fix(Record):
    """A change that can be applied. A safe one cannot change what a valid network means.

    `title` describes it, and `why` gives a reason if the title does not. One that is `ambiguous` is shown but not
    applied: another word is equally likely to be meant.
    """

    title: str
    edits: tuple[Edit, ...]
    safe: bool = False
    why: str = ""
    ambiguous: bool = False


class Change(Record):
    """A change of a statement with which its layer would take its input.

    It sets other `arguments`, as they are written after `name=` (None leaves one out), or puts a statement `before`
    this one or `instead` of it.
    """

    arguments: tuple[tuple[str, str | None], ...] = ()
    before: str = ""
    instead: str = ""
    why: str = ""

    @classmethod
    def of(cls, **arguments: str | None) -> "Change":
        """The change that sets other arguments, by name."""
        return cls(arguments=tuple(arguments.items()))


class Diagnostic(Record):
    """One error or warning. A subclass defines its code, its page (the docstring), and a wrong and a right example.

    The examples are programs: the wrong one reports exactly this code, the right one nothing. `files` are further files
    that they need, by name, `settings` the values given with `--set`, and `allow` the packages with `--allow`.
    """

    code: ClassVar[str]
    title: ClassVar[str]
    wrong: ClassVar[str]
    right: ClassVar[str]
    files: ClassVar[Mapping[str, str]] = {}
    settings: ClassVar[Mapping[str, Any]] = {}
    allow: ClassVar[tuple[str, ...]] = ()
    severity: ClassVar[Severity] = Severity.ERROR
    pedantic: ClassVar[bool] = False
    """Whether it is a matter of taste or of small savings, reported only with `check --pedantic`."""

    has_alternatives: ClassVar[bool] = False
    """Whether its help names alternatives to an edit, such as an option, and is shown next to suggestions."""

    fix_is_tried: ClassVar[bool] = False
    """For a warning, whether other layers may refuse its fix, which is then checked before it is shown."""

    ends_elaboration: ClassVar[bool] = False
    """Whether it is a limit of the whole network, so that nothing after it is elaborated."""

    span: Span
    uses: tuple[BlockUse, ...] = ()

    def message(self) -> str:
        """The headline: the problem, in one line."""
        raise NotImplementedError

    def label(self) -> str:
        """The text at the caret; may be empty."""
        return ""

    def others(self) -> tuple[Label, ...]:
        """Secondary labels."""
        return ()

    def help(self) -> tuple[str, ...]:
        """Suggestions, the best first."""
        return ()

    def fix(self) -> Fix | None:
        """A change that can be applied, if one is certain enough to offer."""
        return None


class Finding(Record):
    """A diagnostic, and how often the same one occurred again through other uses of a block."""

    diagnostic: Diagnostic
    other_occurrences: int
    suggestions: tuple[Fix, ...] = ()
    """Edits that were tried, at most two, the best first."""
    merged: "tuple[Finding, ...]" = ()
    """The errors that the first suggestion also removes."""


def with_fixes(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings, with the fix of each warning that has one; errors get their suggestions where these are tried."""
    return tuple(
        item.replace(suggestions=(fix,))
        if item.diagnostic.severity is Severity.WARNING and (fix := item.diagnostic.fix()) is not None and fix.edits
        else item
        for item in found
    )


class Sink:
    """Collects the diagnostics of all passes. The same diagnostic at the same place is kept once and counted."""

    def __init__(self) -> None:
        self._found: dict[tuple[Any, ...], Diagnostic] = {}
        self._other_occurrences: dict[tuple[Any, ...], int] = {}
        self._silent = 0

    def emit(self, diagnostic: Diagnostic) -> None:
        """Add a diagnostic."""
        if self._silent:
            return
        span = diagnostic.span
        # One diagnostic of a kind per position: another use may fail with other numbers; only the first is shown.
        key = (diagnostic.code, id(span.source), span.start, span.end)
        if key in self._found:
            self._other_occurrences[key] += 1
        else:
            self._found[key] = diagnostic
            self._other_occurrences[key] = 0

    def absorb(self, other: "Sink") -> None:
        """Add the diagnostics of another sink."""
        for key, diagnostic in other._found.items():
            if key not in self._found:
                self._found[key] = diagnostic
                self._other_occurrences[key] = 0
            self._other_occurrences[key] += other._other_occurrences[key]

    def supplement(self, other: "Sink") -> None:
        """Add the diagnostics of another sink that are not here yet, without counting the others again."""
        for key, diagnostic in other._found.items():
            if key not in self._found:
                self.emit(diagnostic)

    def drop(self, unwanted: Callable[[Diagnostic], bool]) -> tuple[Diagnostic, ...]:
        """Remove some diagnostics, and return them."""
        keys = [key for key, diagnostic in self._found.items() if unwanted(diagnostic)]
        for key in keys:
            del self._other_occurrences[key]
        return tuple(self._found.pop(key) for key in keys)

    def suppressed(self) -> "_SuppressedSink":
        """A context in which diagnostics are dropped, to continue after a guess."""
        return _SuppressedSink(self)

    def __iter__(self) -> Iterator[Finding]:
        """The diagnostics: files in the order of their first diagnostic, then by position."""
        order: dict[Source, int] = {}
        for diagnostic in self._found.values():
            order.setdefault(diagnostic.span.source, len(order))
        keys = sorted(self._found, key=lambda k: (order[self._found[k].span.source], k[2], k[3]))
        return (Finding(diagnostic=self._found[key], other_occurrences=self._other_occurrences[key]) for key in keys)

    def __len__(self) -> int:
        return len(self._found)

    @property
    def errors(self) -> int:
        """The number of errors, without warnings."""
        return sum(d.severity is Severity.ERROR for d in self._found.values())


class _SuppressedSink:
    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def __enter__(self) -> None:
        self._sink._silent += 1

    def __exit__(self, *_: object) -> None:
        self._sink._silent -= 1
