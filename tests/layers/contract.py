"""After `infer` accepts shapes, no other method of a layer's contract raises, takes long or uses much memory."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from hypothesis import strategies as st

from archdsl.analysis.receptive_field import reach
from archdsl.contract.arguments import Dims, Either, Int, Kind, ParameterSpec, PatternText, SpatialInt
from archdsl.contract.layer import Layer, Op, Reject
from archdsl.contract.reads import Unfolded
from archdsl.layers.merge import MergeOp
from archdsl.shapes.shape import Layout, Shape
from archdsl.shapes.symbolic import Sym, Undecided, recording

from .strategies import cases, draw_argument, draw_value, integers, sampled

SECONDS = 2
"""Seconds of CPU time for all methods together."""
BYTES = 256 << 20
_SIZES = (1, 2, 3, 7, 64, 4095, 4096, 4097, 5040, 65536, 1_000_000, 100_000_007, 999_999_937, 10**9)
_FEATURES = (1, 2, 3, 4, 6, 64, 5040, 65536, 10**9)


def call_all(op: Op, xs: tuple[Shape, ...], y: Shape) -> None:
    """Call all other methods of a layer's contract. Raises what any of them raises."""
    for weights in (op.weights_of(xs), op.buffers_of(xs)):
        assert all(isinstance(size, int) for dims in weights.values() for size in dims)
    with recording():
        op.require_weights(xs)
    op.macs_of(xs, y)
    op.saves_of(xs, y)
    assert op.steps(xs)
    op.frozen_weights()
    op.initializers_of(xs)
    op.whitening()
    for x, links in zip(xs, op.reads_of(xs, y), strict=True):
        assert len(links) == x.rank
        for axis, reads in links:
            assert axis is None or axis < y.rank
            if not isinstance(reads, Unfolded):
                twice = reach.through(reach.through(reach.START, reads), reads)
                assert reach.covers(twice, twice) or isinstance(twice, reach.WholeDimension)
    assert all(reason.text for reason in op.reason_of(xs, y, tuple(f"x{i}" for i in range(len(xs)))))
    if isinstance(op, Layer):
        op.windows(xs[0])
        op.explain(xs[0], y)


class TooSlow(BaseException):
    """Not caught by any except clause of the code under test."""


@contextmanager
def limited() -> Iterator[None]:
    """Raise TooSlow or MemoryError inside code that exceeds the limits, where the system supports it."""
    resource = _resource()
    if resource is None:
        yield
        return

    def stop(signum: int, frame: FrameType | None) -> None:
        raise TooSlow(f"more than {SECONDS} s of CPU time")

    before = signal.signal(signal.SIGPROF, stop)
    minimum, maximum = resource.getrlimit(resource.RLIMIT_AS)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    resource.setrlimit(resource.RLIMIT_AS, (_used() + BYTES, maximum))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (minimum, maximum))
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _resource() -> Any:
    try:
        import resource
    except ImportError:  # Windows
        return None
    return resource if _used() else None


def _used() -> int:
    """Bytes of address space of this process; 0 where the system does not report it."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * 4096
    except OSError:
        return 0


@st.composite
def large_cases(draw: st.DrawFn, op: type[Op]) -> tuple[Op, tuple[Shape, ...]]:
    """An op and inputs with numbers up to 10⁹."""
    layout = draw(sampled(tuple(Layout)))
    x = _large_shape(draw, layout)
    if any(isinstance(p.kind, PatternText) for p in op.parameters):
        small, xs = draw(cases(op))
        factor = draw(sampled((1, 7, 4097, 100_000_007)))
        return small, tuple(Shape(*(size * factor for size in each.dims), layout=each.layout) for each in xs)
    xs = (x, *(x for _ in range(draw(integers(1, 2))))) if issubclass(op, MergeOp) else (x,)
    chosen = [p for p in op.parameters if p.required or draw(integers(0, 2)) == 0]
    made = op.of({p.name: _large_argument(draw, p, x) for p in chosen})
    return made, (*xs, *(_large_shape(draw, draw(sampled(tuple(Layout)))) for _ in made.named_inputs()))


def _large_shape(draw: st.DrawFn, layout: Layout) -> Shape:
    ranks = {Layout.VECTOR: 1, Layout.IDS: 1, Layout.VOLUME: 4, Layout.IMAGE: 3}
    dims = [draw(sampled(_SIZES)) for _ in range(ranks.get(layout, 2))]
    axis = 1 if layout is Layout.SEQUENCE else 0
    dims[axis] = draw(sampled(_FEATURES)) if layout is not Layout.IDS else dims[axis]
    return Shape(*dims, layout=layout, vocabulary=10**9 if layout is Layout.IDS else None)


def _large_argument(draw: st.DrawFn, parameter: ParameterSpec, x: Shape) -> Any:
    assert parameter.kind is not None
    return draw_argument(draw, parameter, x) if parameter.many else _large_value(draw, parameter.kind, x)


def _large_value(draw: st.DrawFn, kind: Kind, x: Shape) -> Any:
    match kind:
        case Int():
            sizes = (*_SIZES, *x.dims) if kind.minimum is not None else (*_SIZES, *x.dims, -1, -(10**9))
            return draw(sampled(sizes))
        case SpatialInt():
            sizes = (*_SIZES, *x.dims)
            count = draw(sampled((0, 0, len(x.spatial_size))))
            return tuple(draw(sampled(sizes)) for _ in range(count)) if count else draw(sampled(sizes))
        case Dims():
            return draw(sampled((x.dims, (x.numel,), (1, x.numel), (x.numel, 1, 1), x.dims[::-1], (10**9,))))
        case Either():
            return _large_value(draw, draw(sampled(kind.kinds)), x)
        case _:
            return draw_value(draw, kind, x)


def symbolic(draw: Any, xs: tuple[Shape, ...]) -> tuple[Shape, ...]:
    """The same shapes, with some sizes made symbolic."""
    count = iter(range(100))

    def dims(x: Shape) -> tuple[int, ...]:
        return tuple(Sym.symbol(f"S{next(count)}", size) if draw(st.booleans()) else size for size in x.dims)

    return tuple(Shape(*dims(x), layout=x.layout, vocabulary=x.vocabulary) for x in xs)


def accepted(op: Op, xs: tuple[Shape, ...]) -> Shape | None:
    """The shape returned by `infer`, None if it rejects the inputs. It raises nothing else."""
    try:
        return op.infer(xs)
    except (Reject, Undecided):
        return None
