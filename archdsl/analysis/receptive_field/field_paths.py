"""Receptive fields propagated through a graph: the paths from the inputs to each node, as products over dimensions."""

from collections.abc import Callable, Iterable
from typing import Any, Generic, NamedTuple, TypeVar

from ...contract.reads import Links, PeriodicReads, Reads, ReadsAll, Unfolded, pointwise
from ...graph import Graph, Node
from ...shapes.shape import Layout, Shape
from ...shapes.symbolic import concrete
from . import bounded, reach

R = TypeVar("R")

_LISTED = 16
"""Above this number of distinct paths to a node, paths covered by another one are dropped, even with `every`."""
_MOST_APART = 12
"""Above this number, the paths to a node are replaced with a single path that covers them and is not exact."""


class AxisPath(NamedTuple, Generic[R]):
    """One dimension of an input: the node's axis (or None) whose position determines what is read, and what is read."""

    axis: int | None
    reach: R


class Path(NamedTuple, Generic[R]):
    """What a position of a node reads of an input through one path: a product over the input's dimensions.

    If not `exact`, an upper bound.
    """

    input: int
    lines: tuple[AxisPath[R], ...]
    exact: bool = True


class Algebra(NamedTuple, Generic[R]):
    """Operations on what is read along one dimension: a pattern far from the ends, or a table including them."""

    start: Callable[[int], R]
    through: Callable[[R, Reads, int, int], R]
    covers: Callable[[R, R], bool]
    either: Callable[[R, R], R]
    unfolded: Callable[[R, tuple[int, ...]], tuple[int | None, R]]


PATTERNS: Algebra[reach.Reach] = Algebra(
    lambda length: reach.START,
    lambda own, reads, length, size: reach.through(own, reads),
    reach.covers,
    reach.either,
    reach.unfolded,
)
TABLES: Algebra[bounded.Table] = Algebra(
    bounded.start, bounded.through, bounded.covers, bounded.either, bounded.unfolded
)

Paths = tuple[Path[R], ...]


class Traced(NamedTuple, Generic[R]):
    """The paths to each node, and whether they are complete; otherwise, paths covered by another one are left out."""

    paths: tuple[Paths[R], ...]
    complete: tuple[bool, ...]


def trace(graph: Graph, algebra: Algebra[R], *, every: bool = False) -> Traced[R]:
    """The paths to each node except those that another one covers; `every` keeps those too, up to a limit."""
    return _Trace(graph, algebra, every).run()


class _Trace(Generic[R]):
    def __init__(self, graph: Graph, algebra: Algebra[R], every: bool) -> None:
        self.graph, self.algebra, self.every = graph, algebra, every
        self.found: list[Paths[R]] = []
        self.complete: list[bool] = []
        self.links: dict[tuple[int, ...], tuple[Links, ...]] = {}
        self.reached: dict[Any, R] = {}
        self.kept: list[Any] = []  # objects that the memo identifies by id must stay alive

    def run(self) -> Traced[R]:
        entries = set(self.graph.inputs)
        for node in self.graph.nodes:
            self.complete.append(all(self.complete[i] for i in node.inputs))
            self.found.append(self.entry(node) if node.id in entries else self.paths(node))
        return Traced(tuple(self.found), tuple(self.complete))

    def entry(self, node: Node) -> Paths[R]:
        if not (axes := input_axes(self.graph, node)):
            return ()
        lines = tuple(AxisPath(axis, self.algebra.start(concrete(node.shape.dims[axis]))) for axis in axes)
        return (Path(node.id, lines),)

    def paths(self, node: Node) -> Paths[R]:
        if not any(self.found[i] for i in node.inputs):
            return ()
        xs = self.graph.shapes_in(node)
        # Ops and shapes live as long as the graph, in which equal ones are shared.
        key = id(node.op), *map(id, xs)
        if key not in self.links:
            self.links[key] = node.op.reads_of(xs, node.shape)
        operands = [
            self.operand(self.found[i], links, x, node.shape)
            for i, x, links in zip(node.inputs, xs, self.links[key], strict=True)
        ]
        return operands[0] if len(operands) == 1 else self.merged(path for paths in operands for path in paths)

    def operand(self, paths: Paths[R], links: Links, x: Shape, y: Shape) -> Paths[R]:
        if links is pointwise(x.rank):
            return paths
        found = tuple(self.path(path, links, x, y) for path in paths)
        return found if len(found) < 2 else self.merged(found)

    def path(self, path: Path[R], links: Links, x: Shape, y: Shape) -> Path[R]:
        lines = tuple(self.line(line, links, x, y) for line in path.lines)
        inexact = _splits(path.lines, links) or _misses(path.lines, links) or _bounds(path.lines, links)
        return Path(path.input, lines, path.exact and not inexact)

    def line(self, line: AxisPath[R], links: Links, x: Shape, y: Shape) -> AxisPath[R]:
        if line.axis is None:
            return line
        axis, reads = links[line.axis]
        if isinstance(reads, Unfolded):
            dimension, found = self.algebra.unfolded(line.reach, tuple(map(concrete, reads.spatial_size)))
            return AxisPath(None if dimension is None else dimension + 1, found)
        size = 1 if axis is None else concrete(y.dims[axis])
        length = concrete(x.dims[line.axis])
        key = id(line.reach), reads, length, size
        if key not in self.reached:
            self.reached[key] = self.algebra.through(line.reach, reads, length, size)
            self.kept.append(line.reach)
        return AxisPath(axis, self.reached[key])

    def merged(self, paths: Iterable[Path[R]]) -> Paths[R]:
        unique = tuple(dict.fromkeys(paths))
        if self.every and len(unique) <= _LISTED:
            return unique
        kept: list[Path[R]] = []
        for path in unique:
            if not any(self.covers(other, path) for other in kept):
                kept = [other for other in kept if not self.covers(path, other)] + [path]
        most = _LISTED if self.every else _MOST_APART
        found = tuple(kept) if len(kept) <= most else self.bounded(kept)
        self.complete[-1] = self.complete[-1] and len(found) == len(unique)
        return found

    def bounded(self, paths: list[Path[R]]) -> Paths[R]:
        """One path that covers all paths along the same axes: the union in each dimension, which is an upper bound."""
        found: dict[tuple[int, tuple[int | None, ...]], Path[R]] = {}
        for path in paths:
            key = path.input, tuple(line.axis for line in path.lines)
            if key in found:
                pairs = zip(found[key].lines, path.lines, strict=True)
                lines = tuple(AxisPath(a.axis, self.algebra.either(a.reach, b.reach)) for a, b in pairs)
                found[key] = Path(path.input, lines, exact=False)
            else:
                found[key] = path
        return tuple(found.values())

    def covers(self, a: Path[R], b: Path[R]) -> bool:
        if a.input != b.input:
            return False
        return all(
            own.axis == other.axis and (own.reach is other.reach or self.algebra.covers(own.reach, other.reach))
            for own, other in zip(a.lines, b.lines, strict=True)
        )


def _splits(lines: tuple[AxisPath[Any], ...], links: Links) -> bool:
    """Whether two dimensions that share an axis are read at several positions: the path is then no longer a product."""
    axes = [line.axis for line in lines if line.axis is not None]
    if len(set(axes)) == len(axes):
        return False
    shared = {axis for axis in axes if axes.count(axis) > 1}
    return any(_reads_several(links[axis][1]) for axis in shared)


def _misses(lines: tuple[AxisPath[Any], ...], links: Links) -> bool:
    """Whether a position may read nothing, which a dimension that is the same for all positions cannot express."""
    if all(line.axis is not None for line in lines):
        return False
    return any(isinstance(reads, PeriodicReads) and _reads_nothing(reads) for _, reads in links)


def _bounds(lines: tuple[AxisPath[Any], ...], links: Links) -> bool:
    """Whether the whole of a dimension that has positions is only an upper bound of what a position reads."""
    reads = (links[line.axis][1] for line in lines if line.axis is not None)
    return any(isinstance(each, ReadsAll) and not each.exact for each in reads)


def _reads_nothing(reads: PeriodicReads) -> bool:
    return reads.border == "zeros" and any(not offsets or offsets[0] < 0 for offsets in reads.offsets)


def _reads_several(reads: Reads | Unfolded) -> bool:
    if isinstance(reads, PeriodicReads):
        return any(len(offsets) > 1 for offsets in reads.offsets)
    return not isinstance(reads, ReadsAll | Unfolded)


def input_axes(graph: Graph, entry: Node) -> tuple[int, ...]:
    """The axes of an input along which fields extend: the spatial dimensions of an image, the steps of a sequence."""
    shape = entry.shape
    if shape.layout is Layout.VECTOR:
        return ()
    if shape.layout in (Layout.SEQUENCE, Layout.IDS):
        return (0,) if shape.rank else ()
    if shape.layout is Layout.OPEN:
        # The first layer that interprets two dimensions decides.
        layouts = (node.shape.layout for node in graph.layers)
        return (0,) if next((each for each in layouts if each is not Layout.OPEN), None) is Layout.SEQUENCE else (1,)
    return tuple(range(1, shape.rank))
