"""Why a shape is what it is, in a few clauses: the arithmetic of each spatial dimension, the channels."""

from collections.abc import Sequence

from ..record import Record
from ..shapes.shape import Layout, Shape, times
from ..shapes.symbolic import Form, form_of
from ..text.counts import counted
from ..text.word_lists import listed


class Reason(Record):
    """A clause such as `64 filters`; `argument` is the argument whose value it shows, if it shows nothing else."""

    text: str
    argument: str | None = None


Reasons = tuple[Reason, ...]

KEEPS = Reason(text="keeps the shape")
_OPERANDS = 5
"""The maximum number of operands of a merge that are named."""


def reasons(*texts: str) -> Reasons:
    """One reason for each text."""
    return tuple(Reason(text=text) for text in texts)


def argument_count(argument: str, count: int, unit: str) -> Reason:
    """The value of an argument as a count: `1 filter`, `64 filters`."""
    return Reason(text=counted(count, unit), argument=argument)


def by_dimension(lines: Sequence[str], x: Shape) -> Reasons:
    """The arithmetic of spatial dimensions, labeled if it differs, given once if only the symbols differ."""
    lines = tuple(dict.fromkeys(lines))
    letters = x.letters[1:].upper()
    if not 1 < len(lines) == len(letters):
        return reasons(*lines)
    symbols = [form_of(size).symbols() for size in x.spatial_size]
    if all(len(each) == 1 for each in symbols):
        names = [next(iter(each)) for each in symbols]
        if all(lines[0].replace(names[0], name) == line for name, line in zip(names[1:], lines[1:], strict=True)):
            return reasons(f"{lines[0]}, the same for {' and '.join(names[1:])}")
    return reasons(*(f"{letter}: {line}" for letter, line in zip(letters, lines, strict=True)))


def scaled(x: Shape, y: Shape, factors: Sequence[int]) -> Reasons:
    """Each spatial dimension times its factor."""
    sizes = zip(x.spatial_size, factors, y.spatial_size, strict=True)
    return by_dimension([f"{factor_of(a)}·{factor} = {factor_of(b)}" for a, factor, b in sizes], x)


def factor_of(size: int) -> str:
    """A size as a factor: a closed form of several terms in parentheses."""
    return times((size,))


def product(sizes: Sequence[int]) -> str:
    """`16·5·5`."""
    return "·".join(map(factor_of, sizes))


def change(x: Shape, y: Shape) -> Reasons:
    """The change of shape in words, for a layer without arithmetic of its own."""
    if x == y:
        return (KEEPS,)
    if _forms(x.dims) == _forms(y.dims):
        return reasons(f"read as {'an' if y.layout in (Layout.IMAGE, Layout.OPEN) else 'a'} {y.layout}")
    if x.rank == y.rank:
        axes = zip(x.letters.upper(), x.dims, y.dims, strict=True)
        return reasons(", ".join(f"{letter}: {a} → {b}" for letter, a, b in axes if form_of(a) != form_of(b)))
    if form_of(x.numel) == form_of(y.numel):
        return reasons(f"the same {x.numel} elements")
    return reasons(f"{x} → {y}")


def _forms(dims: tuple[int, ...]) -> tuple[Form, ...]:
    """Sizes as closed forms; symbolic dimensions are equal only if they are equal for all values."""
    return tuple(map(form_of, dims))


def concatenated(xs: Sequence[Shape], y: Shape, names: Sequence[str], axis: int) -> Reasons:
    """The sum of the operands' sizes along an axis."""
    unit = " channels" if axis == y.channel_axis else ""
    total = f"{' + '.join(factor_of(x.dims[axis]) for x in xs)} = {y.dims[axis]}{unit}"
    return reasons(total, f"from {_shortened(list(names))}")


def broadcast(xs: Sequence[Shape], y: Shape, names: Sequence[str]) -> Reasons:
    """Operands of the same shape, or broadcast to it."""
    full = [_forms(x.dims) == _forms(y.dims) for x in xs]
    whole = [name for name, fits in zip(names, full, strict=True) if fits]
    if len(whole) == len(xs):
        return reasons(f"{_shortened(whole)} have the same shape")
    gates = [f"{name} {x}" for name, x, fits in zip(names, xs, full, strict=True) if not fits]
    masked = any(x.channels != y.channels for x in xs)
    return reasons(
        f"{_shortened(gates)} is broadcast to every {'channel' if masked else 'position'} of {_shortened(whole)}"
    )


def _shortened(names: list[str]) -> str:
    """`a, b and c`; if there are many, only the first few."""
    if len(names) > _OPERANDS:
        names = [*names[: _OPERANDS - 1], f"{len(names) - _OPERANDS + 1} more"]
    return listed(names)
