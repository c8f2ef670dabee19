"""Judges a candidate while its text is elaborated, which stops at the first error that rules it out."""

from ..diagnostics import Diagnostic, Severity
from ..elaborate.attempts import WatchedSink
from ..syntax import ast
from ..syntax.bodies import bodies
from .statements import Fragment, covers
from .suggestion_context import SuggestionContext

MOST_NEW = 3
"""The largest number of errors in parts that could not be checked before; candidates with more are dropped."""

_OF_VALUES = ("E0401", "E0402", "E0404", "E0405", "E0406", "E0411")
"""Errors that another value of an argument may not have."""

Key = tuple[str, int, int, int]


def key_of(diagnostic: Diagnostic) -> Key:
    """The identity of a diagnostic within a text: its code and its position."""
    span = diagnostic.span
    return diagnostic.code, id(span.source), span.start, span.end


class Rejected(Exception):
    """A candidate keeps its error or has a new one."""


class CandidateSink(WatchedSink):
    """A sink that stops the elaboration of a candidate at an error that rules it out."""

    def __init__(self, context: SuggestionContext, target: Key, errors: dict[Key, Diagnostic]) -> None:
        super().__init__()
        self._context = context
        self._target = target
        self._errors = errors
        self._places = {(code, start): key for key in errors for code, _, start, _ in [key] if key != target}
        self.seen: set[Key] = set()
        self.new = 0

    def emit(self, diagnostic: Diagnostic) -> None:
        if diagnostic.severity is not Severity.ERROR or self._silent:
            return
        key = key_of(diagnostic)
        if key == self._target:
            raise Rejected
        if key in self._errors:
            self.seen.add(key)
        elif key not in self.seen:
            self._check_new(diagnostic, key)
        super().emit(diagnostic)

    def _check_new(self, diagnostic: Diagnostic, key: Key) -> None:
        self.seen.add(key)
        if self._is_moved(diagnostic):
            raise Rejected
        state = self.state
        statement = state.statement if state is not None else None
        fragment = diagnostic.span.source
        if isinstance(fragment, Fragment):
            start = fragment.origin(diagnostic.span.start)
            old = (diagnostic.code, start)
            if old == (self._target[0], self._target[2]):
                raise Rejected
            if start is not None and old in self._places:
                self.seen.add(self._places[old])
            elif _hides(self._target[0], diagnostic.code):
                self.new += 1
            else:
                raise Rejected
            return
        if statement is None or self._was_known(statement):
            raise Rejected
        self.new += 1
        if self.new > MOST_NEW:
            raise Rejected

    def _is_moved(self, diagnostic: Diagnostic) -> bool:
        """Whether an error is the original one at another position, or one that is unrelated to shapes.

        The error may move to the enclosing statement: a body that gives another shape fails where it is merged.
        """
        target = self._errors[self._target]
        if target.code.startswith(("E04", "E05")) and diagnostic.code.startswith(("E02", "E03")):
            return True
        if diagnostic.code == target.code and diagnostic.message() == target.message():
            return diagnostic.label() == target.label()
        statement = self.state.statement if self.state is not None else None
        span, place = (statement.span, target.span) if statement is not None else (None, target.span)
        if span is None or span.source is not place.source or not isinstance(statement, ast.Merge | ast.Residual):
            return False
        return covers(span, place) and any(covers(body.span, place) for body in bodies(statement))

    def _was_known(self, statement: ast.Statement) -> bool:
        """Whether a statement was checked before, with all that it depends on."""
        nodes = self._context.nodes.get(id(statement))
        if nodes is None:
            return not isinstance(statement, ast.LayerStatement | ast.Merge | ast.Residual | ast.Reuse)
        return all(self._context.known[node.id] for node in nodes)


def _hides(error: str, other: str) -> bool:
    """Whether an error of a statement hides another: an unknown layer hides its arguments, and both hide the shape."""
    if error == "E0301" and other in _OF_VALUES:
        return False  # the missing argument was added with a value that does not fit
    if other.startswith(("E04", "E05")):
        return error.startswith(("E02", "E03"))
    return error == "E0201" and other != error and other.startswith(("E02", "E03"))
