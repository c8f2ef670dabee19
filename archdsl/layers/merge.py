"""Elementwise merges, which combine several tensors into one."""

from math import prod
from typing import ClassVar

from ..contract.call import ARG, Apply, Placeholder, Steps
from ..contract.layer import Op, Reject
from ..contract.reads import SAME, Links, only, pointwise
from ..contract.reasons import Reasons, broadcast
from ..contract.saves import NO_SAVED_TENSORS, SavedTensor, Saves
from ..diagnostics.catalog.shape_errors import OperandsDiffer
from ..shapes.shape import Layout, Shape
from ..shapes.symbolic import concrete, form_of
from ._reading import numbers


class MergeOp(Op):
    """An op with several inputs and no weights."""

    style = "merge"

    def weights_of(self, xs: tuple[Shape, ...]) -> dict[str, tuple[int, ...]]:
        return {}

    def operands(self, given: int) -> int:
        """The number of operands if `given` are written: a single one is merged with the current tensor."""
        return max(given, 2)


class ElementwiseMerge(MergeOp):
    """An elementwise merge. An operand whose spatial dimensions are all 1, a gate, is broadcast to every position."""

    target: ClassVar[str]
    """The torch function of two tensors."""
    broadcasts: ClassVar[bool] = True
    """Whether any axis of length 1 is broadcast, as in torch; otherwise only those of a gate."""

    def infer(self, xs: tuple[Shape, ...]) -> Shape:
        layout = common_layout(xs)
        xs = tuple(x.read_as(layout) for x in xs)
        full = max(xs, key=lambda x: concrete(x.numel))
        for x in xs:
            if not self._fits(x, full):
                raise differ(xs, "have different shapes", full, language_rule=_torch_would_broadcast(xs))
        return full

    def _fits(self, x: Shape, full: Shape) -> bool:
        # First try to decide for all values of the symbolic dimensions; otherwise record that they are equal.
        if x == full or _is_plain_gate(x, full):
            return True
        if self.broadcasts:
            pairs = list(zip(x.dims, full.dims, strict=True))
            return all(_is_one(a) or form_of(a) == form_of(b) for a, b in pairs) or all(
                _is_one(a) or a == b or a == 1 for a, b in pairs
            )
        return x.dims in (full.dims, _gate(full))

    def reads_of(self, xs: tuple[Shape, ...], y: Shape) -> tuple[Links, ...]:
        return tuple(_from_each(x.dims, y.dims) for x in xs)

    def reason_of(self, xs: tuple[Shape, ...], y: Shape, names: tuple[str, ...]) -> Reasons:
        return broadcast(xs, y, names)

    def steps(self, xs: tuple[Shape, ...]) -> Steps:
        return tuple(Apply(target=self.target, args=(ARG, Placeholder(index=i))) for i in range(1, len(xs)))


class LinearMerge(ElementwiseMerge):
    """An elementwise merge whose gradient does not need the operands."""

    def saves_of(self, xs: tuple[Shape, ...], y: Shape) -> Saves:
        return NO_SAVED_TENSORS


class Add(LinearMerge):
    """The sum of the operands (He et al., 2015).

    Example:
        input 64x28x28; add { conv 64 k3 p1; relu }
    """

    keyword = "add"
    commutative = True
    target = "operator.add"
    broadcasts = False


class Sub(LinearMerge):
    """The first operand minus the others.

    Example:
        input 64x28x28; sub { mean axis=hw keep }
    """

    keyword = "sub"
    synonyms = ("subtract",)
    target = "operator.sub"


class ProductMerge(ElementwiseMerge):
    """An elementwise merge whose gradient needs the operands and the intermediate results."""

    def saves_of(self, xs: tuple[Shape, ...], y: Shape) -> Saves:
        between = [_spread(xs[: count + 1]) for count in range(1, len(xs) - 1)]
        return Saves(inputs=tuple(range(len(xs))), saved=tuple(SavedTensor(per_sample=each) for each in between))


class Mul(ProductMerge):
    """The product of the operands, for gates (Hu et al., 2017) and one-channel masks (Oktay et al., 2018).

    Example:
        input 64x28x28; mul { gap keep; conv 64 k1; sigmoid }
    """

    keyword = "mul"
    commutative = True
    synonyms = ("multiply",)
    target = "operator.mul"


class Div(ProductMerge):
    """The first operand divided by the others.

    Example:
        input 128x64; div { norm axis=c keep }
    """

    keyword = "div"
    synonyms = ("divide",)
    target = "operator.truediv"


class Maximum(ProductMerge):
    """The largest of the operands, element by element (Goodfellow et al., 2013).

    Example:
        input 256; maximum { fc 64 } { fc 64 }
    """

    keyword = "maximum"
    commutative = True
    target = "torch.maximum"


class Minimum(ProductMerge):
    """The smallest of the operands, element by element.

    Example:
        input 64x28x28; minimum { conv 64 k1 }
    """

    keyword = "minimum"
    commutative = True
    target = "torch.minimum"


def _spread(xs: tuple[Shape, ...]) -> int:
    """The number of elements of the broadcast shape."""
    return prod(max(map(concrete, sizes)) for sizes in zip(*(x.dims for x in xs), strict=True))


def _is_one(size: int) -> bool:
    """Whether a size is 1 for all values of the symbolic dimensions."""
    return type(size) is int and size == 1


def _from_each(dims: tuple[int, ...], full: tuple[int, ...]) -> Links:
    """Each position reads the same position of the operand or, along an axis of length 1, its only position."""
    if dims == full:
        return pointwise(len(dims))
    pairs = enumerate(zip(dims, full, strict=True))
    return tuple((axis, SAME if concrete(size) == concrete(whole) else only(0)) for axis, (size, whole) in pairs)


def common_layout(xs: tuple[Shape, ...]) -> Layout:
    """The layout of all operands; an undetermined one takes that of the others. Raises Reject."""
    for x in xs:
        numbers(x)
    layouts = dict.fromkeys(x.layout for x in xs if x.layout is not Layout.OPEN)
    if not layouts:
        return Layout.OPEN
    layout = next(iter(layouts))
    if len(layouts) > 1 or any(x.rank != xs[0].rank for x in xs):
        raise differ(xs, "have different axes", max(xs, key=lambda x: x.numel), language_rule=True)
    return layout


def _gate(full: Shape) -> tuple[int, ...]:
    """The dimensions of a gate: one value for each channel."""
    axis = full.channel_axis
    return tuple(size if i == axis else 1 for i, size in enumerate(full.dims))


def _is_plain_gate(x: Shape, full: Shape) -> bool:
    """Whether a shape is a gate for all values of the symbolic dimensions, decided without recording a condition."""
    sizes = [size for axis, size in enumerate(x.dims) if axis != x.channel_axis]
    return all(map(_is_one, sizes)) and x.channels == full.channels


def differ(xs: tuple[Shape, ...], how: str, recovery_shape: Shape, language_rule: bool) -> Reject:
    """The rejection of operands with incompatible shapes; `how` names the difference."""
    alike = len({x.dims for x in xs}) == 1
    described = (f"{x} ({x.layout})" if alike else str(x) for x in xs)
    return Reject(
        None,
        f"{' and '.join(dict.fromkeys(described))} {how}",
        recovery_shape=recovery_shape,
        kind=OperandsDiffer,
        language_rule=language_rule,
    )


def _torch_would_broadcast(xs: tuple[Shape, ...]) -> bool:
    """Whether torch would broadcast these shapes, which this language rejects."""
    return all(len(set(sizes) - {1}) <= 1 for sizes in zip(*(x.dims for x in xs), strict=True))
