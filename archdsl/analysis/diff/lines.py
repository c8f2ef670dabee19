"""The lines of a diff, for all formats: unchanged layers are summarized, and a whole block is one line."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from math import prod

from ...record import Record
from ...shapes.symbolic import concrete
from ..quantities import si
from .differences import Diff, DiffLayer, DiffRow, Weights


class DiffLine(Record):
    """A layer, or a whole block that was added or removed; `mark` is `~`, `+` or `-`.

    `parameters` and `macs` are empty if there are none.
    """

    mark: str
    name: str
    text: str
    output: str
    parameters: str
    macs: str
    field: str


class Same(Record):
    """Consecutive unchanged layers, and how many of them have a different receptive field or a different name."""

    count: int
    fields: int
    renamed: int

    def __str__(self) -> str:
        also = [f"{self.fields} with a different receptive field"] * bool(self.fields)
        also += [f"{self.renamed} renamed"] * bool(self.renamed)
        return f"{self.count} unchanged" + (f" ({', '.join(also)})" if also else "")


def lines(diff: Diff) -> list[DiffLine | Same]:
    """The lines of a diff, in the order of the second network."""
    complete = _complete_scopes(diff, "added") | _complete_scopes(diff, "removed")
    found: list[DiffLine | Same] = []
    for kind, rows in groupby(diff.rows, key=lambda row: row.kind):
        if kind == "same":
            found.append(_same(list(rows)))
        elif kind == "changed":
            found += [_changed(row) for row in rows]
        else:
            mark = "+" if kind == "added" else "-"
            found += _repeated(_blocks([row.layer for row in rows], mark, complete))
    return found


def _complete_scopes(diff: Diff, kind: str) -> set[tuple[str, str]]:
    """The scopes all of whose layers are of one kind, with the kind's mark."""
    mark = "+" if kind == "added" else "-"
    of_side = [row for row in diff.rows if (row.b if kind == "added" else row.a) is not None]
    inside = {name for row in of_side if row.kind == kind for name, _ in row.layer.scopes}
    mixed = {
        name
        for row in of_side
        if row.kind != kind
        for name, _ in ((row.b if kind == "added" else row.a) or row.layer).scopes
    }
    return {(mark, name) for name in inside - mixed}


def _same(rows: Sequence[DiffRow]) -> Same:
    return Same(
        count=len(rows),
        fields=sum("field" in row.changes for row in rows),
        renamed=sum("name" in row.changes for row in rows),
    )


def _changed(row: DiffRow) -> DiffLine:
    a, b = row.a, row.b
    assert a is not None
    assert b is not None
    return DiffLine(
        mark="~",
        name=_arrow(a.name, b.name),
        text=_changed_text(a, b, row.changes),
        output=_arrow(a.shape, b.shape),
        parameters=_arrow(_number(a.parameters), _number(b.parameters)),
        macs=_arrow(_number(a.macs), _number(b.macs)),
        field=_arrow(a.field, b.field),
    )


def _changed_text(a: DiffLayer, b: DiffLayer, changes: Sequence[str]) -> str:
    """`conv 64 k3 → conv 64 k5`; if the words are equal, the arguments that differ; and what it reads or shares."""
    text, changed = b.text, []
    if "layer" in changes:
        others = dict(b.arguments)
        changed = [f"{name} {old} → {others[name]}" for name, old in a.arguments if others.get(name, old) != old]
        text, changed = (b.text, changed) if a.text == b.text else (_arrow(a.text, b.text), [])
    if "inputs" in changes:
        changed.append(f"reads {' '.join(a.inputs)} → {' '.join(b.inputs)}")
    if "shares" in changes:
        changed.append(f"weights of {a.shares or a.name} → {b.shares or b.name}")
    if "outputs" in changes:
        changed.append(f"output {_places(a)} → {_places(b)}")
    return f"{text}: {', '.join(changed)}" if changed else text


def _places(layer: DiffLayer) -> str:
    return " ".join(map(str, layer.outputs)) or "none"


def _blocks(layers: Sequence[DiffLayer], mark: str, complete: set[tuple[str, str]]) -> Iterator[DiffLine]:
    """One line for each layer, or for the outermost block or stage that is entirely new or removed."""

    def complete_scope(layer: DiffLayer) -> tuple[str, str] | None:
        return next(((name, text) for name, text in layer.scopes if (mark, name) in complete), None)

    for scope, members in groupby(layers, key=complete_scope):
        if scope is None:
            yield from (_line(mark, layer.name, layer.text, [layer]) for layer in members)
        else:
            inside = list(members)
            count = f" ({len(inside)} layers)" if len(inside) > 1 else ""
            yield _line(mark, scope[0], f"{scope[1]}{count}", inside)


def _line(mark: str, name: str, text: str, layers: Sequence[DiffLayer]) -> DiffLine:
    last = layers[-1]
    return DiffLine(
        mark=mark,
        name=name,
        text=text,
        output=last.shape,
        parameters=_number(sum(layer.parameters for layer in layers)),
        macs=_number(sum(layer.macs for layer in layers)),
        field=last.field,
    )


def _repeated(found: Iterable[DiffLine]) -> list[DiffLine]:
    """Consecutive lines that differ only in name and field, as one line with ×N."""

    def key(line: DiffLine) -> DiffLine:
        return line.replace(name="", field="")

    merged = []
    for _, group in groupby(found, key=key):
        same = list(group)
        first, last = same[0], same[-1]
        if len(same) > 1:
            first = first.replace(
                name=f"{first.name} … {last.name.rpartition('.')[2]}",
                text=f"{first.text} ×{len(same)}",
                parameters=f"{len(same)} · {first.parameters}" if first.parameters else "",
                macs=f"{len(same)} · {first.macs}" if first.macs else "",
                field=f"{first.field} … {last.field}" if first.field != last.field else first.field,
            )
        merged.append(first)
    return merged


def _arrow(a: str, b: str) -> str:
    return b if a == b else f"{a or '0'} → {b or '0'}"


def _number(count: int) -> str:
    if concrete(count) is not count:
        return str(count)
    return f"{count:,}" if count else ""


def sums(diff: Diff) -> list[tuple[str, str, str, str]]:
    """The totals that are shown: the quantity, its value in each network, and the difference."""
    a, b = diff.a, diff.b
    found = [("layers", a.layers, b.layers), ("parameters", a.parameters, b.parameters)]
    found += [("trainable", a.trainable, b.trainable)] * ((a.trainable, b.trainable) != (a.parameters, b.parameters))
    found += [("buffers", a.buffers, b.buffers)] * (a.buffers + b.buffers > 0)
    found += [("MACs", a.macs, b.macs)]
    rows = [(text, _number(x) or "0", _number(y) or "0", _delta(x, y)) for text, x, y in found]
    change = "" if a.field is None or b.field is None else _delta(a.field, b.field)
    rows.append(("receptive field", _or_dash(a.field), _or_dash(b.field), change))
    rows.append(("input", ", ".join(a.inputs), ", ".join(b.inputs), ""))
    rows.append(("output", ", ".join(a.outputs), ", ".join(b.outputs), ""))
    return rows


def _or_dash(count: int | None) -> str:
    return "–" if count is None else f"{count:,}"


def _delta(a: int, b: int) -> str:
    """`+10.1 M (+86.5%)`; empty if nothing changes or a symbolic dimension is involved."""
    if concrete(a) is not a or concrete(b) is not b or a == b:
        return ""
    sign = "+" if b > a else "−"
    share = f" ({sign}{abs(b - a) / a:.1%})" if a else ""
    return f"{sign}{si(abs(b - a))}{share}"


def verdict(weights: Weights) -> list[str]:
    """How much of the second network's state dict carries over: the totals, and the counts by kind of difference."""
    carried = weights.carried
    numbers = sum(prod(each.shape) for each in carried)
    total = numbers + sum(prod(each.shape) for each in (*weights.new, *(pair.b for pair in weights.changed)))
    share = f" ({numbers / total:.1%})" if total else ""
    parts = [
        (len(weights.same), "with the same name"),
        (len(weights.renamed), "renamed"),
        (len(weights.changed), "with a different shape"),
        (len(weights.new), "new"),
        (len(weights.left), "unused"),
    ]
    merged = ", ".join(f"{count} {text}" for count, text in parts if count)
    return [f"{len(carried)} of {weights.total} tensors carry over, {numbers:,} of {total:,} values{share}", merged]


def renamings(weights: Weights) -> list[tuple[str, str]]:
    """The modules whose tensors carry over under another name, each once."""
    pairs = ((pair.a.name.rpartition(".")[0], pair.b.name.rpartition(".")[0]) for pair in weights.renamed)
    return list(dict.fromkeys(pairs))


def _quoted(name: str) -> str:
    return f"`{name}`"


def warning(weights: Weights, code: Callable[[str], str] = _quoted) -> str:
    """A warning about loading by name; empty if that is safe. `code` formats a name as code."""
    count, first = len(weights.conflicting), weights.conflicting[:1]
    if not first:
        return ""
    names = code(first[0]) + (f" and {count - 1} more" if count > 1 else "")
    return f"loading by name would load the weights of a different layer with the same shape into {names}"
