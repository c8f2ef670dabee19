"""The limit of the operations that the expressions of a network take together."""

from ..diagnostics import BlockUse, Diagnostic
from ..diagnostics.catalog import limit_errors
from ..limits import MAX_STEPS
from ..text.source import Span


class Abort(Exception):
    """The network is too large to continue. `error` is reported where the elaboration ends, never suppressed."""

    def __init__(self, error: Diagnostic) -> None:
        super().__init__(error)
        self.error = error


class Steps:
    """Counts operations; those of statements are counted by the state of an elaboration."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0

    def copy(self) -> "Steps":
        """A count that continues separately."""
        other = Steps()
        other.count = self.count
        return other

    def add(self, count: int, span: Span, uses: tuple[BlockUse, ...] = ()) -> None:
        """Count operations. Raises Abort at the limit."""
        self.count += count
        if self.count > MAX_STEPS:
            raise Abort(limit_errors.TooManySteps(span=span, uses=uses, limit=MAX_STEPS))
