"""Valid sizes as text."""

from collections.abc import Sequence

from ..shapes.shape import times
from .valid_sizes import Sizes, Verdict


def describe(sizes: Sizes) -> str:
    """The valid input sizes, with the statements that impose the bounds."""
    lines = sizes.described()
    return "\n".join([f"valid for  {lines[0]}", *(f"           {line}" for line in lines[1:])])


def format_verdicts(sizes: Sizes, requested: Sequence[tuple[int, ...]]) -> tuple[str, bool]:
    """One line for each of the requested sizes, and whether all are valid."""
    verdicts = [sizes.verdict(each) for each in requested]
    width = max(len(times(verdict.sizes)) for verdict in verdicts)
    lines = [f"{_mark(v)} {times(v.sizes):<{width}}  {_line(sizes, v)}" for v in verdicts]
    return "\n".join(lines), all(verdict.failed is None for verdict in verdicts)


def _mark(verdict: Verdict) -> str:
    return "✓" if verdict.failed is None else "✗"


def _line(sizes: Sizes, verdict: Verdict) -> str:
    if verdict.failed is None:
        return "→ " + ", ".join(times(dims) for dims in verdict.outputs)
    failed = verdict.failed
    suggestions = []
    if verdict.larger is not None:
        suggestions.append(f"pad up to {times(verdict.larger)}")
    if verdict.smaller is not None:
        suggestions.append(f"crop to {times(verdict.smaller)}")
    near = f"; {' or '.join(suggestions)}" if suggestions else ""
    return f"`{failed.statement}` (line {failed.span.line}) needs {failed}{near}"
