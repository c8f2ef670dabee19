"""How layers interpret their input: channels first or features last. Sizes that must be divisible."""

from collections.abc import Mapping

from ..contract.layer import Reject
from ..diagnostics import Change
from ..diagnostics.catalog.shape_errors import GroupsDoNotDivide
from ..shapes.shape import Layout, Shape, times


def spatial(x: Shape) -> Shape:
    """x as channels first with one to three spatial dimensions. Raises Reject."""
    if x.layout is Layout.OPEN:
        return x.read_as(Layout.SIGNAL)
    if x.spatial:
        return x
    numbers(x)
    if x.layout is Layout.SEQUENCE:
        raise Reject(
            None,
            f"it needs channels first, but {x} is a sequence T×C",
            language_rule=True,
        )
    raise Reject(
        None,
        f"it needs at least one spatial dimension, but {x} has none",
        language_rule=True,
    )


def featured(x: Shape) -> Shape:
    """x as features last: a vector or a sequence. Raises Reject."""
    if x.layout is Layout.OPEN:
        return x.read_as(Layout.SEQUENCE)
    if x.layout in (Layout.VECTOR, Layout.SEQUENCE):
        return x
    numbers(x)
    raise Reject(None, f"it needs features last, but {x} has its channels first", language_rule=True)


def sequential(x: Shape) -> Shape:
    """x as a sequence T×C. Raises Reject."""
    if x.layout is Layout.VECTOR:
        raise Reject(
            None,
            f"it needs a sequence T×C, but {x} is a vector",
            language_rule=True,
        )
    return featured(x)


def numbers(x: Shape) -> Shape:
    """x unchanged. Raises Reject if it contains IDs."""
    if x.layout is Layout.IDS:
        why = "it needs numbers, but its input has IDs" if x.rank else "it needs numbers, but this is a single ID"
        raise Reject(None, why, language_rule=True)
    return x


def find_axis(axis: int | str | None, x: Shape) -> int:
    """The index of an axis of one sample; negative ones count from the end, None is the channel axis. Raises Reject."""
    if x.rank == 0:
        raise Reject(None, "it needs an axis, but this is a single ID", language_rule=True)
    if axis is None:
        return x.channel_axis
    if isinstance(axis, str):
        return _lettered(axis, with_axes(axis, x))
    if -x.rank <= axis < x.rank:
        return axis % x.rank
    raise Reject("axis", f"{x} has the axes 0 to {x.rank - 1}, not {axis}", language_rule=True)


def find_axes(axes: int | str | tuple[int, ...], x: Shape) -> tuple[int, ...]:
    """The indices of one or several axes, in order. Raises Reject."""
    x = with_axes(axes, x)
    found = sorted(find_axis(axis, x) for axis in (axes if isinstance(axes, str | tuple) else (axes,)))
    if len(set(found)) < len(found):
        raise Reject("axis", f"axis {next(i for i in found if found.count(i) > 1)} is given twice", language_rule=True)
    return tuple(found)


def with_axes(axes: int | str | tuple[int, ...] | None, x: Shape) -> Shape:
    """x in a layout that has the named axes: two dimensions are T×C for `t`, else C×L."""
    if x.layout is not Layout.OPEN or not isinstance(axes, str):
        return x
    return x.read_as(Layout.SEQUENCE if "t" in axes else Layout.SIGNAL)


def _lettered(letter: str, x: Shape) -> int:
    if letter in x.letters:
        return x.letters.index(letter)
    *first, last = (f"`{each}`" for each in x.letters)
    known = f"axes {', '.join(first)} and {last}" if first else f"axis {last}"
    raise Reject("axis", f"{x} has the {known}, not `{letter}`", language_rule=True)


def by_rank(dims: tuple[int, ...], argument: str | None = None) -> Shape:
    """The shape with these sizes, in the default layout of their number. Raises Reject."""
    if 1 <= len(dims) <= 4:
        return Shape(*dims)
    raise Reject(
        argument,
        f"a tensor has one to four dimensions, but {times(dims) or 'a number'} has {len(dims)}",
        language_rule=True,
    )


def per_dimension(
    value: int | tuple[int, ...], x: Shape, name: str, others: Mapping[str, object] | None = None
) -> tuple[int, ...]:
    """One value for each spatial dimension of x; a single value applies to all. Raises Reject.

    The suggestion also changes the `others`, arguments of the layer by name, that have too many values.
    """
    count = len(x.spatial_size)
    if isinstance(value, int):
        return (value,) * count
    if len(value) != count:
        why = f"{'x'.join(map(str, value))} is for {len(value)} spatial dimensions, but {x} has {count}"
        given = {name: value, **(others or {})}
        fewer = {each: _fewer(values, count) for each, values in given.items() if isinstance(values, tuple)}
        changes = Change.of(**fewer) if count and all(fewer.values()) else ()
        raise Reject(name, why, language_rule=True, changes=changes)
    return value


def _fewer(values: tuple[int, ...], count: int) -> str | None:
    """Values for this many spatial dimensions, as written; None if it is unclear which."""
    if len(set(values)) == 1:
        return str(values[0])
    return "x".join(map(str, values[:count])) if len(values) >= count else None


def check_groups(groups: int, counts: tuple[tuple[int, str], ...], recovery_shape: Shape | None) -> None:
    """Check that every count (number, what) splits into this many groups. Raises Reject."""
    for count, what in counts:
        if count % groups:
            raise Reject(
                "groups",
                f"{groups} does not divide {count} {what}",
                recovery_shape=recovery_shape,
                kind=GroupsDoNotDivide,
            )


def nearest_divisor(number: int, wanted: int) -> int:
    """The divisor of a number that is nearest to the wanted one, or the smaller of two; 1 if none is near."""
    near = (d for step in range(10_000) for d in (wanted - step, wanted + step) if d > 0 and number % d == 0)
    return next(near, 1)
