"""What a diagnostic is: a class a code, whose fields are facts and whose methods make the words."""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Any, ClassVar

from ..record import Record
from ..text.source import Source, Span


class Severity(StrEnum):
    """How grave a diagnostic is. Errors make the exit code 1."""

    ERROR = "error"
    WARNING = "warning"


class Label(Record):
    """Words under a stretch of the text."""

    span: Span
    text: str


class Related(Record):
    """A fact that a caller learned about another statement: which one made the tensor, and its shape in words."""

    span: Span
    shape: str


class BlockUse(Record):
    """A call site that led to a statement inside a block."""

    block: str
    span: Span


class Edit(Record):
    """Replace a stretch of the text."""

    span: Span
    text: str


class Fix(Record):
    """A change that can be applied. A safe one cannot change what a valid network means."""

    title: str
    edits: tuple[Edit, ...]
    safe: bool = False


class Diagnostic(Record):
    """One mistake. A subclass fixes its code, its page (the docstring) and a wrong and a right example.

    The examples are programs: the wrong one gives exactly this code, the right one gives nothing. Where they need more
    than a text, `files` are other files beside it, by name, and `settings` what a caller gives as `--set`.
    """

    code: ClassVar[str]
    title: ClassVar[str]
    wrong: ClassVar[str]
    right: ClassVar[str]
    files: ClassVar[Mapping[str, str]] = {}
    settings: ClassVar[Mapping[str, Any]] = {}
    severity: ClassVar[Severity] = Severity.ERROR
    pedantic: ClassVar[bool] = False
    """Whether it is a matter of taste or of small savings, and told only when asked for (`check --pedantic`)."""

    span: Span
    uses: tuple[BlockUse, ...] = ()

    def message(self) -> str:
        """The headline: what is wrong, in one line."""
        raise NotImplementedError

    def label(self) -> str:
        """The words at the caret; may be empty."""
        return ""

    def others(self) -> tuple[Label, ...]:
        """Further places that take part."""
        return ()

    def help(self) -> tuple[str, ...]:
        """Ways out, the best first."""
        return ()

    def fix(self) -> Fix | None:
        """A change that can be applied, where one is certain enough to offer."""
        return None


class Found(Record):
    """A diagnostic and how often the same mistake was met again, through other uses."""

    diagnostic: Diagnostic
    again: int


class Sink:
    """Where passes put what they find. The same mistake at the same place is kept once and counted."""

    def __init__(self) -> None:
        self._found: dict[tuple[Any, ...], Diagnostic] = {}
        self._again: dict[tuple[Any, ...], int] = {}
        self._silent = 0

    def emit(self, diagnostic: Diagnostic) -> None:
        """Take note of a mistake."""
        if self._silent:
            return
        span = diagnostic.span
        # One word of the text has one mistake: a second use may fail with other numbers, the first is shown.
        key = (diagnostic.code, id(span.source), span.start, span.end)
        if key in self._found:
            self._again[key] += 1
        else:
            self._found[key] = diagnostic
            self._again[key] = 0

    def absorb(self, other: "Sink") -> None:
        """Take over what another sink found."""
        for key, diagnostic in other._found.items():
            if key not in self._found:
                self._found[key] = diagnostic
                self._again[key] = 0
            self._again[key] += other._again[key]

    def drop(self, unwanted: Callable[[Diagnostic], bool]) -> tuple[Diagnostic, ...]:
        """Take back some of what was found, and return it."""
        keys = [key for key, diagnostic in self._found.items() if unwanted(diagnostic)]
        for key in keys:
            del self._again[key]
        return tuple(self._found.pop(key) for key in keys)

    def muted(self) -> "_Muted":
        """A context in which what is found is dropped: for going on after a guess."""
        return _Muted(self)

    def __iter__(self) -> Iterator[Found]:
        """What was found: files in the order in which they were met, then by position."""
        order: dict[Source, int] = {}
        for diagnostic in self._found.values():
            order.setdefault(diagnostic.span.source, len(order))
        keys = sorted(self._found, key=lambda k: (order[self._found[k].span.source], k[2], k[3]))
        return (Found(diagnostic=self._found[key], again=self._again[key]) for key in keys)

    def __len__(self) -> int:
        return len(self._found)

    @property
    def errors(self) -> int:
        """How many errors, warnings left out."""
        return sum(d.severity is Severity.ERROR for d in self._found.values())


class _Muted:
    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def __enter__(self) -> None:
        self._sink._silent += 1

    def __exit__(self, *_: object) -> None:
        self._sink._silent -= 1
