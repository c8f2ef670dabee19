"""A difference as Markdown, for a comment on a pull request."""

from ...diagnostics.terminal import printable
from ...text.markdown import code, code_cell, plain, table
from .differences import Diff
from .lines import DiffLine, lines, renamings, sums, verdict, warning

_MOST = 60
"""The maximum number of table rows: a comment is limited in length."""


def render(diff: Diff) -> str:
    """The totals, the changed layers in a collapsed section, and which weights carry over."""
    parts = [f"### {_plain(diff.a.name)} → {_plain(diff.b.name)}", f"{_code(diff.a.file)} → {_code(diff.b.file)}"]
    rows = [[what, x, y, change] for what, x, y, change in sums(diff)]
    parts.append(table(["", "before", "after", "change"], "lrrr", rows))
    parts.append(_layers(diff))
    parts.append(_weights(diff))
    return "\n\n".join(parts)


def _layers(diff: Diff) -> str:
    found = lines(diff)
    cells = [
        [line.mark, _cell(line.name), _cell(line.text), line.output, line.parameters, line.macs, line.field]
        if isinstance(line, DiffLine)
        else ["", f"… {line}", "", "", "", "", ""]
        for line in found
    ]
    count = sum(isinstance(line, DiffLine) for line in found)
    if not count:
        return "No layer differs."
    rest = [["", f"… and {len(cells) - _MOST} more lines", "", "", "", "", ""]] if len(cells) > _MOST else []
    head = ["", "layer", "", "output", "parameters", "MACs", "field"]
    found_table = table(head, "llllrrr", cells[:_MOST] + rest)
    return f"<details{' open' if count <= 12 else ''}><summary>Layers</summary>\n\n{found_table}\n\n</details>"


def _weights(diff: Diff) -> str:
    first, second = verdict(diff.weights)
    found = [f"**Weights**: {first}{f': {second}' if second else ''}."]
    moved = renamings(diff.weights)
    if moved:
        found_table = table(["module before", "module after"], "ll", [[_cell(a), _cell(b)] for a, b in moved[:_MOST]])
        found.append(f"<details><summary>Renamed modules</summary>\n\n{found_table}\n\n</details>")
    if caution := warning(diff.weights, _code):
        found.append(f"**Warning**: {caution}.")
    return "\n\n".join(found)


def _plain(text: str) -> str:
    return plain(printable(text))


def _code(text: str) -> str:
    return code(printable(text))


def _cell(text: str) -> str:
    return code_cell(printable(text))
