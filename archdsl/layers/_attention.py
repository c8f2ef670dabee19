"""The sizes of an attention layer, and the rules for its options."""

from collections.abc import Callable, Mapping
from math import prod

from ..contract.layer import Reject
from ..diagnostics import Change
from ..diagnostics.catalog.shape_errors import ArgumentsConflict, HeadsDoNotDivide
from ..record import Record
from ..shapes.shape import Layout, Shape
from ..shapes.symbolic import Sym, concrete
from ._attention_options import AttentionOptions
from ._reading import nearest_divisor, numbers


class AttentionSizes(Record):
    """The numbers of steps, heads and features.

    `width` and `value_width` are the features of the queries and of the values for all heads; `seen` is the size of
    what each step attends to.
    """

    x: Shape
    source: Shape | None
    values: Shape | None
    heads: int
    kv_heads: int
    width: int
    value_width: int
    seen: tuple[int, ...]

    @property
    def steps(self) -> int:
        """The number of steps or positions."""
        return prod(self.x.spatial_size if self.x.spatial else self.x.dims[:1])

    @property
    def source_steps(self) -> int:
        """The number of steps that keys and values are computed from."""
        return self.steps if self.source is None else prod(self.seen)

    @property
    def head(self) -> int:
        """The number of features of one head of a query."""
        return self.width // self.heads

    @property
    def rows(self) -> tuple[int, int, int]:
        """The numbers of features of the queries, keys and values: the rows of their matrices."""
        if self.kv_heads == self.heads:
            return self.width, self.width, self.value_width
        return self.width, self.head * self.kv_heads, self.value_width // self.heads * self.kv_heads

    @property
    def features(self) -> tuple[int, int, int]:
        """The numbers of features that the queries, keys and values are computed from."""
        keys = self.x if self.source is None else self.source
        values = keys if self.values is None else self.values
        return self.x.channels, keys.channels, values.channels

    @property
    def joint(self) -> bool:
        """Whether queries, keys and values are computed from one tensor."""
        return self.source is None and self.values is None

    @property
    def packed(self) -> bool:
        """Whether one matrix has the rows of all three, as in torch if all are computed from the same number of
        features.
        """
        return len({concrete(features) for features in self.features}) == 1

    @property
    def macs(self) -> int:
        """The multiply-accumulates of the linear layers and of the products."""
        queries, keys, values = self.rows
        features = self.features
        maps = self.steps * features[0] * (queries + self.value_width)
        maps += self.source_steps * (features[1] * keys + features[2] * values)
        return maps + self.steps * prod(self.seen) * (self.width + self.value_width)

    def rotated(self, part: float) -> int:
        """The features of a head that rotary positions rotate.

        If only a part of a symbolic number is rotated, its example value becomes a condition.
        """
        if part == 1:
            return self.head
        if isinstance(self.head, Sym):
            _ = self.head == concrete(self.head)  # a comparison records a condition
        return int(concrete(self.head) * part)


def whole_sequence(argument: str, source: Shape, y: Shape) -> None:
    """Check that the named tensor is a sequence or has positions. Raises Reject."""
    if source.layout is Layout.VECTOR:
        why = f"it needs a sequence S×C or an image, but {source} is a vector"
        raise Reject(argument, why, recovery_shape=y, language_rule=True)
    if source.layout is Layout.IDS:
        why = "it needs numbers, but this tensor has IDs"
        raise Reject(argument, why, recovery_shape=y, language_rule=True)
    numbers(source)


def check_windows(op: AttentionOptions, y: Shape, shifts: tuple[int, ...], windows: tuple[int, ...]) -> None:
    """Check that the options are compatible and that windows divide the input. Raises Reject."""
    _check_options(op, y)
    for shift, window in zip(shifts, windows, strict=True):
        if shift and (op.window is None or shift >= window):
            why = "there is no `window` to shift" if op.window is None else f"{shift} is not less than {window}"
            raise conflict("shift", why, y)
    name = "window" if op.grid is None else "grid"
    for window, size in zip(windows, y.spatial_size if y.spatial else y.dims[:1], strict=True):
        if op.windowed and size % window:
            raise Reject(
                name,
                f"{window} does not divide the length of {size}",
                changes=Change(arguments=((name, str(nearest_divisor(size, window))),)),
                recovery_shape=y,
            )


def _check_options(op: AttentionOptions, y: Shape) -> None:
    """Check combinations of options. These are rules of this language."""
    if isinstance(op.bias, str):
        why = "it sets the bias of the linear layers; for a relative position bias, use `relative`"
        changes = Change.of(bias=None, relative="table" if op.bias == "relative" else op.bias)
        raise conflict("bias", why, y, changes)
    if op.window is not None and op.grid is not None:
        raise conflict(
            "grid", "`window` and `grid` are mutually exclusive", y, (Change.of(grid=None), Change.of(window=None))
        )
    if op.cosine and op.scale is not None:
        changes = Change.of(scale=None)
        raise conflict("scale", "`cosine` learns its scale", y, changes)
    if op.sliding:
        _check_sliding(op, y)
    if op.in_windows and (others := op.general_options()):
        why = "it cannot be combined with `cosine`, `relative=table` or `mlp`, or windows that do not slide"
        changes = Change(arguments=((others[0], None),))
        raise conflict(others[0], why, y, changes)
    if op.causal and (op.in_windows or y.spatial or op.source is not None):
        why = "causal attention needs one sequence, without `cosine`, a learned table or windows that do not slide"
        slides = (Change.of(sliding="sliding"),) if op.window is not None and not y.spatial else ()
        raise Reject("causal", why, changes=slides, recovery_shape=y, language_rule=True)
    for name, used in _POSITIONS.items():
        if used(op) and (op.source is not None or y.spatial):
            why = "it compares the steps of one sequence" + (f", but {y} has channels first" if y.spatial else "")
            raise Reject(name, why, recovery_shape=y, language_rule=True)
    if op.relative == "t5":
        check_buckets(op.buckets, op.distance, op.causal, y)


def conflict(argument: str, why: str, y: Shape, changes: tuple[Change, ...] | Change = ()) -> Reject:
    """The rejection of an invalid combination of arguments, whatever the input."""
    return Reject(argument, why, changes=changes, recovery_shape=y, kind=ArgumentsConflict, language_rule=True)


def _check_sliding(op: AttentionOptions, y: Shape) -> None:
    """Check that a sliding window has one length and slides along the steps of one sequence. Raises Reject."""
    if op.window is None:
        raise conflict("sliding", "it needs `window=`", y, (Change.of(window="7"), Change.of(sliding=None)))
    if op.grid is not None or op.shift:
        name = "grid" if op.grid is not None else "shift"
        why = "it cannot be combined with `sliding`"
        changes = Change(arguments=((name, None),))
        raise conflict(name, why, y, changes)
    if y.spatial or op.source is not None:
        why = "a window slides along the steps of one sequence"
        raise Reject("sliding", why, recovery_shape=y, language_rule=True)
    if not isinstance(op.window, int):
        raise Reject("window", "a sequence needs a single window length", recovery_shape=y, language_rule=True)
    if not op.causal and op.window % 2 == 0:
        why = f"a window of {op.window} steps has no step in its center"
        changes = Change.of(window=str(op.window + 1))
        raise conflict("window", why, y, changes)


_POSITIONS: Mapping[str, Callable[[AttentionOptions], bool]] = {
    "rope": lambda op: op.rope,
    "relative": lambda op: op.relative in ("t5", "alibi"),
}


def check_buckets(buckets: int, distance: int, causal: bool, y: Shape) -> None:
    """Check that the logarithmic buckets reach beyond those that cover one distance each. Raises Reject."""
    if not causal and buckets % 2:
        why = f"{buckets} buckets cannot be split between earlier and later steps"
        changes = Change.of(buckets=str(buckets + 1))
        raise conflict("buckets", why, y, changes)
    exact = buckets // (2 if causal else 4)
    if distance <= exact:
        why = f"the first {exact} buckets cover one distance each, so `distance` must be greater than {exact}"
        changes = Change.of(distance=str(4 * exact))
        raise conflict("distance", why, y, changes)


def check_heads(op: AttentionOptions, sizes: AttentionSizes) -> None:
    """Check that the numbers of heads divide the features. Raises Reject."""
    y, heads = sizes.x, op.heads
    if op.width is None and sizes.width % heads:
        why = f"{heads} does not divide {sizes.width} features"
        raise Reject("heads", why, recovery_shape=y, kind=HeadsDoNotDivide)
    for name, width in (("width", op.width), ("value_width", op.value_width)):
        if width is not None and width % heads:
            near = max(1, round(width / heads)) * heads
            why = f"{heads} heads do not divide {width} features"
            changes = Change(arguments=((name, str(near)),))
            raise Reject(name, why, changes=changes, recovery_shape=y)
    if heads % sizes.kv_heads:
        why = f"{sizes.kv_heads} does not divide {heads} heads"
        changes = Change.of(kv_heads=str(nearest_divisor(heads, sizes.kv_heads)))
        raise Reject("kv_heads", why, changes=changes, recovery_shape=y)


def check_rotary(op: AttentionOptions, sizes: AttentionSizes) -> None:
    """Check that an even number of features is rotated. Raises Reject."""
    if not op.rope:
        return
    rotated = sizes.rotated(op.rope_part)
    if rotated == 0 or rotated % 2:
        why = f"it rotates pairs of features, not {rotated} of a head's {sizes.head}"
        name = "rope" if op.rope_part == 1 else "rope_part"
        raise Reject(name, why, recovery_shape=sizes.x, language_rule=True)


def check_values(values: Shape, sizes: AttentionSizes) -> None:
    """Check that there is a value for each key. Raises Reject."""
    count = prod(values.spatial_size if values.spatial else values.dims[:1])
    if count != sizes.source_steps:
        why = f"it has {count} steps, but there are keys for {sizes.source_steps}"
        # torch does not check this in all of its kernels.
        raise Reject("value", why, recovery_shape=sizes.x, language_rule=True)


def check_mask(mask: Shape, sizes: AttentionSizes) -> None:
    """Check that the mask is S, T×S or heads×T×S. Raises Reject."""
    steps, seen = sizes.steps, sizes.source_steps
    wanted = {1: (seen,), 2: (steps, seen), 3: (sizes.heads, steps, seen)}.get(mask.rank)
    if wanted is None or mask.dims != wanted:
        forms = f"{seen}, {steps}×{seen} or {sizes.heads}×{steps}×{seen}"
        raise Reject("mask", f"it is {mask}, not {forms}", recovery_shape=sizes.x, language_rule=True)
