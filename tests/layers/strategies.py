"""Hypothesis strategies for layers and inputs, from the kinds that a layer declares and the layouts of a shape."""

from collections.abc import Sequence
from functools import cache
from math import prod
from random import Random
from typing import Any

from hypothesis import strategies as st

from archdsl.contract.arguments import (
    Bool,
    Dims,
    Either,
    Float,
    Int,
    InvalidValue,
    Kind,
    OneOf,
    ParameterSpec,
    PatternText,
    SpatialInt,
    TensorName,
    TensorRef,
)
from archdsl.contract.axes import LETTERS, AxisName
from archdsl.contract.initializers import Init, Initializer
from archdsl.contract.layer import Op, Reject
from archdsl.layers._fixed import NAMES, FixedFilter
from archdsl.layers.contraction import Matmul
from archdsl.layers.merge import MergeOp
from archdsl.layers.recurrent import Recurrent
from archdsl.shapes.shape import Layout, Shape

from .patterns import operand, pattern

# Constructed once: that takes Hypothesis longer than to sample from it.
integers = cache(st.integers)
sampled = cache(st.sampled_from)
_SIZE = sampled((1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 16))
_SHORT = integers(1, 6)
_REALS = (0.0, 1e-6, 0.1, 0.25, 0.5, 1.0, 1.5, 2, 3, 20.0, -0.5, -1.0)
_MATRICES = (Layout.OPEN, Layout.SIGNAL, Layout.SEQUENCE)
_LAYOUTS = (*Layout, Layout.IMAGE)


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    """A small shape of any layout."""
    layout = draw(sampled(_LAYOUTS))
    match layout:
        case Layout.VECTOR:
            return Shape(draw(_SIZE))
        case Layout.IDS:
            dims = (draw(_SIZE),) if draw(st.booleans()) else ()
            return Shape(*dims, layout=layout, vocabulary=draw(sampled((None, 1, 5, 9))))
        case Layout.VOLUME:
            return Shape(draw(_SIZE), draw(_SHORT), draw(_SHORT), draw(_SHORT))
        case Layout.IMAGE:
            sizes = (6, 6) if draw(integers(0, 3)) == 0 else (draw(_SIZE), draw(_SIZE))
            return Shape(draw(_SIZE), *sizes)
        case _:
            return Shape(draw(_SIZE), draw(_SIZE), layout=layout)


_SHAPES = shapes()


def draw_value(draw: st.DrawFn, kind: Kind, x: Shape) -> Any:
    """A value that a kind of argument accepts, of a size likely to fit x."""
    match kind:
        case Int():
            minimum = -3 if kind.minimum is None else kind.minimum
            fitting = tuple(size for size in (*x.dims, 2) if size >= minimum) or (minimum,)
            return draw(sampled(fitting) if draw(integers(0, 3)) == 0 else integers(minimum, minimum + 8))
        case Float():
            return draw(sampled(tuple(number for number in _REALS if _takes(kind, number))))
        case SpatialInt():
            number = integers(kind.minimum, draw(sampled((4, 4, 9))))
            # Usually as many dimensions as x has, sometimes another number.
            count = draw(sampled((0, 0, 0, *(len(x.spatial_size),) * 4, 1, 2, 3)))
            return tuple(draw(number) for _ in range(count)) if count else draw(number)
        case Dims():
            numel = draw(sampled((x.numel, x.dims[0] if x.dims else 1, 12)))
            return _factors(draw, numel)
        case OneOf():
            return draw(sampled(kind.choices))
        case TensorName():
            return TensorRef("other")
        case FixedFilter():
            written = ("1 2 1", "1 0 -1; 0.5 0 -.5; 1e-1 0 0", "1 1; 0 1", "2")
            return draw(sampled((*NAMES, "box", "gaussian", *written)))
        case AxisName():
            return _axes(draw, x, kind.many)
        case Bool():
            return draw(st.booleans())
        case Initializer():
            return draw(sampled(initializers(kind)))
        case TensorName():
            return TensorRef("other")
        case Either():
            return draw_value(draw, draw(sampled(kind.kinds)), x)
        case _:
            raise NotImplementedError(kind)


def _axes(draw: st.DrawFn, x: Shape, many: bool) -> Any:
    """An axis of x, or several with `many`, by name or by number; rarely an arbitrary one."""
    if draw(integers(0, 7)) == 0:
        return draw(sampled((*LETTERS, -5, 4)))
    letters = draw(sampled(("cl", "tc"))) if x.layout is Layout.OPEN else x.letters
    count = draw(integers(1, max(1, x.rank))) if many else 1
    axes = draw(st.permutations(range(max(1, x.rank))))[:count]
    if draw(st.booleans()) and x.rank:
        return "".join(letters[axis] for axis in axes)
    return tuple(axes) if len(axes) > 1 else axes[0] - draw(sampled((0, x.rank)))


@cache
def initializers(kind: Initializer) -> tuple[Init, ...]:
    """All initializers of a kind, without a number and with one."""
    every = (Init(name=name, numbers=numbers) for name in kind.names for numbers in ((), (0.5,)))
    return tuple(each for each in every if _takes(kind, each))


@cache
def _takes(kind: Kind, value: Any) -> bool:
    try:
        kind.accept(value)
    except InvalidValue:
        return False
    return True


def _factors(draw: st.DrawFn, number: int) -> tuple[int, ...]:
    """One to four factors of a number, in any order."""
    factors: list[int] = []
    for _ in range(draw(integers(0, 3))):
        factors.append(draw(sampled(tuple(d for d in range(1, number + 1) if number % d == 0))))
        number //= factors[-1]
    return (*factors, number)


def draw_argument(draw: st.DrawFn, parameter: ParameterSpec, x: Shape) -> Any:
    """A value for one argument."""
    assert parameter.kind is not None
    if not parameter.many:
        return draw_value(draw, parameter.kind, x)
    if draw(integers(0, 3)):
        return tuple(draw(st.permutations(range(x.rank)))) or (0,)
    return tuple(draw_value(draw, parameter.kind, x) for _ in range(draw(integers(1, 4))))


@st.composite
def cases(draw: st.DrawFn, op: type[Op]) -> tuple[Op, tuple[Shape, ...]]:
    """An op with random arguments, and inputs for it.

    Cases rejected by a rule of the language do not exercise torch: most are sampled again.
    """
    while True:
        x = draw(_SHAPES)
        if any(isinstance(p.kind, PatternText) for p in op.parameters):
            drawn, xs = _patterned(draw, op, x)
        else:
            xs = _operands(draw, op, x) if issubclass(op, MergeOp) else (x,)
            # Half of the arguments keep their default, so that a rejection by one does not hide the others.
            rare = 1 if len(op.parameters) < 10 else 4
            chosen = [p for p in op.parameters if p.required or draw(integers(0, rare)) == 0]
            drawn = op.of({p.name: draw_argument(draw, p, x) for p in chosen})
            xs += tuple(_named_input(draw, drawn, argument, xs) for argument in drawn.named_inputs())
        if not _refused_by_own_rule(drawn, xs) or draw(integers(0, 7)) == 0:
            return drawn, xs


def _patterned(draw: st.DrawFn, op: type[Op], x: Shape) -> tuple[Op, tuple[Shape, ...]]:
    """An op with a pattern for x, and its inputs."""
    random = Random(draw(integers(0, 2**32)))
    values = pattern_arguments(random, op.parameters, x)
    others = [p for p in op.parameters if p.required and p.name not in values]
    drawn = op(**values, **{p.name: draw_argument(draw, p, x) for p in others})
    other = operand(random, str(values["pattern"]), x) if issubclass(op, MergeOp) else None
    return drawn, (x,) if other is None else (x, other)


def pattern_arguments(random: Random, parameters: tuple[ParameterSpec, ...], x: Shape) -> dict[str, Any]:
    """A pattern that fits x, and the sizes that it asks for."""
    spec = next(p for p in parameters if isinstance(p.kind, PatternText))
    assert isinstance(spec.kind, PatternText)
    text, sizes = pattern(random, spec.kind.form, x)
    return {spec.name: text} | ({"sizes": sizes} if any(p.rest for p in parameters) else {})


def _refused_by_own_rule(op: Op, xs: Sequence[Shape]) -> bool:
    try:
        op.infer(tuple(xs))
    except Reject as reject:
        return reject.language_rule
    return False


def _operands(draw: st.DrawFn, op: type[Op], x: Shape) -> tuple[Shape, ...]:
    """x and one or two others, mostly like it, in any order."""
    if issubclass(op, Matmul) and x.rank > 1 and draw(integers(0, 4)):
        size, columns = x.dims[-1], draw(_SIZE)
        return x, Shape(*x.dims[:-2], size if draw(integers(0, 5)) else draw(_SIZE), columns, layout=x.layout)
    others = [_operand(draw, x) for _ in range(draw(integers(1, 2)))]
    where = draw(integers(0, len(others)))
    return (*others[:where], x, *others[where:])


def _named_input(draw: st.DrawFn, op: Op, argument: str, xs: tuple[Shape, ...]) -> Shape:
    """The tensor that an argument names: another length or other features, or a mask that mostly fits."""
    steps = [prod(x.spatial_size) if x.spatial and x.layout is not Layout.OPEN else x.dims[0] for x in xs if x.rank]
    if isinstance(op, Recurrent) and draw(integers(0, 7)):
        count = op.layers * op.directions
        flat = draw(st.booleans())
        return Shape(count * op.units) if flat else Shape(count, op.units, layout=draw(sampled(_MATRICES)))
    if argument == "like":
        return _operand(draw, xs[0])
    if argument == "value" and steps and draw(integers(0, 7)):
        return Shape(steps[-1], draw(_SIZE), layout=draw(sampled((Layout.OPEN, Layout.SEQUENCE))))
    if argument != "mask" or not steps or draw(integers(0, 7)) == 0:
        other = draw(_SHAPES)
        return other.with_channels(xs[0].channels) if other.rank and xs[0].rank and draw(st.booleans()) else other
    match draw(integers(0, 3)):
        case 0:
            return Shape(steps[-1])
        case 1:
            return Shape(steps[-1], layout=Layout.IDS)
        case 2:
            return Shape(draw(integers(1, 4)), steps[0], steps[-1])
        case _:
            return Shape(steps[0], steps[-1])


def _operand(draw: st.DrawFn, x: Shape) -> Shape:
    """A variation of x: other channels, a gate, a changed size, or another layout; rarely an arbitrary shape."""
    choice = draw(integers(0, 9))
    if choice == 9:
        return Shape(*(draw(sampled((1, each))) for each in x.dims), layout=x.layout)
    layout = x.layout
    if x.rank == 2 and draw(st.booleans()):
        layout = draw(sampled((Layout.OPEN, Layout.SIGNAL, Layout.SEQUENCE)))
    axis = draw(integers(0, max(0, x.rank - 1))) if choice < 3 else x.channel_axis
    if choice < 6:
        size = draw(_SIZE)
        return Shape(*(size if i == axis else each for i, each in enumerate(x.dims)), layout=layout)
    if choice == 6:
        return Shape(*(each if i == axis else 1 for i, each in enumerate(x.dims)), layout=layout)
    return x.read_as(layout) if choice == 7 else draw(_SHAPES)
