"""Ignore comments for the warnings of an imported network, so that new warnings stand out."""

from ..diagnostics import Severity, Sink
from ..network import analyze
from ..text.source import Source


def with_ignores(text: str) -> str:
    """The text with a comment on each line that has a warning: `# archdsl: ignore[W0903]`."""
    source = Source(text, name="<imported>")
    codes: dict[int, set[str]] = {}
    for found in analyze(source, Sink()).found:
        diagnostic = found.diagnostic
        if diagnostic.severity is Severity.WARNING and diagnostic.span.source is source:
            codes.setdefault(diagnostic.span.line, set()).add(diagnostic.code)
    lines = text.split("\n")
    for number, found_codes in codes.items():
        lines[number - 1] += f"  # archdsl: ignore[{', '.join(sorted(found_codes))}]"
    return "\n".join(lines)
