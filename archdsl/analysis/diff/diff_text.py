"""A difference as text for a terminal."""

from collections.abc import Sequence

from ...diagnostics.terminal import printable, width
from .differences import Diff
from .lines import DiffLine, Same, lines, renamings, sums, verdict, warning

_HEAD = ("", "layer", "", "output", "params", "MACs", "field")
_NUMBERS = (4, 5, 6)
_MOST_TEXT = 60
_MOST_NAMES = 8


def render(diff: Diff, *, full: bool = False) -> str:
    """The changed layers, the totals, and which weights carry over. `full` lists every tensor that does not."""
    parts = [f"{_title(diff.a.name, diff.a.file)} → {_title(diff.b.name, diff.b.file)}"]
    found = lines(diff)
    parts.append(_table(found) if any(isinstance(line, DiffLine) for line in found) else f"  {found[0]}")
    parts.append(_columns([("", "", "", ""), *sums(diff)][1:], (1, 2, 3)))
    parts.append(_weights(diff, full))
    return "\n\n".join(parts)


def _title(name: str, file: str) -> str:
    return printable(f"{name} ({file})" if file != f"zoo:{name}" else name)


def _table(found: Sequence[DiffLine | Same]) -> str:
    rows: list[tuple[str, ...] | str] = [_HEAD]
    for line in found:
        if isinstance(line, Same):
            rows.append(f"   … {line}")
        else:
            cells = (line.mark, line.name, line.text, line.output, line.parameters, line.macs, line.field)
            rows.append(tuple(map(_short, cells)))
    widths = [max(width(row[i]) for row in rows if not isinstance(row, str)) for i in range(len(_HEAD))]
    return "\n".join(row if isinstance(row, str) else _row(row, widths, _NUMBERS) for row in rows)


def _short(text: str) -> str:
    text = printable(text)
    return text if len(text) <= _MOST_TEXT else text[: _MOST_TEXT - 1] + "…"


def _columns(rows: Sequence[tuple[str, ...]], numbers: tuple[int, ...]) -> str:
    shown = [tuple(map(_short, row)) for row in rows]
    widths = [max(width(row[i]) for row in shown) for i in range(len(shown[0]))]
    return "\n".join(_row(row, widths, numbers) for row in shown)


def _row(row: Sequence[str], widths: Sequence[int], numbers: tuple[int, ...]) -> str:
    cells = []
    for index, (cell, columns) in enumerate(zip(row, widths, strict=True)):
        blank = " " * (columns - width(cell))
        cells.append(blank + cell if index in numbers else cell + blank)
    return "  ".join(cells).rstrip()


def _weights(diff: Diff, full: bool) -> str:
    weights = diff.weights
    found = [f"weights  {verdict(weights)[0]}", f"         {verdict(weights)[1]}".rstrip()]
    moved = [f"  {a} → {b}" for a, b in renamings(weights)]
    if full:
        moved += [f"~ {pair.b.name}: {_shape(pair.a.shape)} → {_shape(pair.b.shape)}" for pair in weights.changed]
        moved += [f"+ {each.name}: {_shape(each.shape)}" for each in weights.new]
        moved += [f"- {each.name}: {_shape(each.shape)}" for each in weights.left]
    elif len(moved) > _MOST_NAMES:
        moved[_MOST_NAMES - 1 :] = [f"  … and {len(moved) - _MOST_NAMES + 1} more modules renamed"]
    found += [printable(line) for line in moved]
    if caution := warning(weights):
        found.append(f"warning: {printable(caution)}")
    return "\n".join(line for line in found if line.strip())


def _shape(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "scalar"
