"""Size, jump and start of the receptive field of every node, from periodic patterns."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import product
from math import lcm

from ...contract.reads import LONGEST_PERIOD
from ...graph import Graph
from ...record import Record
from ...shapes.shape import Layout
from ...shapes.symbolic import concrete
from .field_paths import PATTERNS, AxisPath, Path, Traced, input_axes, trace
from .reach import Pattern, Reach, WholeDimension
from .spans import ElementSet, joined


class Field(Record):
    """The field along one dimension of an input, in elements.

    `size` is the extent of the field, None for the whole dimension; if the fields of positions differ (after
    upsampling), the largest. `read` is how many elements in it are read. `jump` and `start` are None if they differ
    between positions: where paths with different strides merge, or if no position has its own field.
    """

    size: int | None
    read: int | None
    jump: Fraction | None
    start: Fraction | None


class ReceptiveField(Record):
    """The receptive field of a node in one input: the union over all paths, and each distinct path.

    `dimensions` and each of `paths` have one field for each dimension of the input. If not `exact`, the field is an
    upper bound.
    """

    input: int
    dimensions: tuple[Field, ...]
    paths: tuple[tuple[Field, ...], ...]
    exact: bool
    complete: bool
    """Whether `paths` has all paths; otherwise, paths covered by another one are left out."""
    has_positions: bool
    """Whether each position sees its own part of the input: false after a global pooling or a flatten."""


class Fields:
    """The receptive fields of a graph's nodes, each computed on first use."""

    def __init__(self, graph: Graph, traced: Traced[Reach]) -> None:
        self._graph = graph
        self._paths, self._complete = traced
        self._results: dict[int, tuple[ReceptiveField, ...]] = {}
        self._channels = channel_axes(graph)
        self._single: dict[tuple[WholeDimension | int, int], Field] = {}

    def __getitem__(self, node: int) -> tuple[ReceptiveField, ...]:
        """The fields of a node, one for each input that it depends on and that has spatial dimensions."""
        paths = self._paths[node]
        if id(paths) not in self._results:
            inputs = dict.fromkeys(path.input for path in paths)
            self._results[id(paths)] = tuple(
                self._of_input(each, [path for path in paths if path.input == each], node) for each in inputs
            )
        return self._results[id(paths)]

    def _of_input(self, entry: int, paths: list[Path[Reach]], node: int) -> ReceptiveField:
        sizes = tuple(map(concrete, self._graph.nodes[node].shape.dims))
        paths = [_at_all_channels(path, self._channels[node]) for path in paths]
        along = list(zip(*(path.lines for path in paths), strict=True))
        exact = all(path.exact and all(_is_exact(line.reach) for line in path.lines) for path in paths)
        distinct = dict.fromkeys(tuple(self._field(line, sizes) for line in path.lines) for path in paths)
        return ReceptiveField(
            input=entry,
            dimensions=tuple(
                _union(lines, sizes) if len(lines) > 1 else self._field(lines[0], sizes) for lines in along
            ),
            paths=tuple(
                sorted(distinct, key=lambda fields: [(f.size is None, f.size or 0, f.start or 0) for f in fields])
            ),
            exact=exact and all(_period(lines) <= LONGEST_PERIOD for lines in along),
            complete=self._complete[node],
            has_positions=any(_has_places(line, sizes) for path in paths for line in path.lines),
        )

    def _field(self, line: AxisPath[Reach], sizes: tuple[int, ...]) -> Field:
        """The field of one axis path, cached because paths share most of their axis paths."""
        axis, reach = line
        # Patterns live as long as the paths.
        key = reach if isinstance(reach, WholeDimension) else id(reach), -1 if axis is None else sizes[axis]
        if key not in self._single:
            self._single[key] = _union([line], sizes)
        return self._single[key]

    def places(self, node: int, position: Sequence[int]) -> set[tuple[int, ...]] | None:
        """The input positions that a position far from the ends reads; the node must depend on a single input.

        They may be beyond the ends. None if a whole dimension is seen. `position` is along all axes of the node.
        """
        found: set[tuple[int, ...]] = set()
        for path in (_at_all_channels(each, self._channels[node]) for each in self._paths[node]):
            dimensions = []
            for axis, reach in path.lines:
                if isinstance(reach, WholeDimension):
                    return None
                span = reach.at(0 if axis is None else position[axis])
                dimensions.append([span.low + i for i in range(span.size) if span.bits >> i & 1] if span else [])
            found |= set(product(*dimensions))
        return found


def channel_axes(graph: Graph) -> tuple[int | None, ...]:
    """For each node, the axis of its channels or features; None for ids, which have none."""
    found: list[int | None] = []
    # The layout of two dimensions that no layer has interpreted yet is that of the next layer.
    after = Layout.SIGNAL
    for node in reversed(graph.nodes):
        layout = after if node.shape.layout is Layout.OPEN else node.shape.layout
        after = layout if layout in (Layout.SIGNAL, Layout.SEQUENCE) else after
        found.append(None if layout is Layout.IDS else 1 if layout is Layout.SEQUENCE else 0)
    return tuple(reversed(found))


def _at_all_channels(path: Path[Reach], channels: int | None) -> Path[Reach]:
    """What all channels at a position read: a dimension of the input that became the channels is read completely."""
    if channels is None or all(line.axis != channels for line in path.lines):
        return path
    lines: list[AxisPath[Reach]] = []
    for line in path.lines:
        lines.append(AxisPath(None, WholeDimension(_is_exact(line.reach))) if line.axis == channels else line)
    return path._replace(lines=tuple(lines))


def fields(graph: Graph, *, every: bool = False) -> Fields:
    """The fields of a graph's nodes; `every` also lists paths covered by another one, up to 16 for each node."""
    return Fields(graph, trace(graph, PATTERNS, every=every))


def receptive_field(graph: Graph) -> int | None:
    """The largest field, along any dimension, of any layer whose output has positions.

    None if no layer has positions, or if the field is a whole dimension of unknown length.
    """
    found = fields(graph)
    best = None
    for node in graph.nodes:
        for seen in found[node.id]:
            if seen.has_positions:
                size = _largest(graph, seen)
                if size is None:
                    return None
                best = size if best is None else max(best, size)
    return best


def _largest(graph: Graph, total: ReceptiveField) -> int | None:
    entry = graph.nodes[total.input]
    lengths = (entry.shape.dims[axis] for axis in input_axes(graph, entry))
    sizes = [
        length if field.size is None else field.size for field, length in zip(total.dimensions, lengths, strict=True)
    ]
    return max(sizes) if all(type(size) is int for size in sizes) else None


def _has_places(line: tuple[int | None, Reach], sizes: tuple[int, ...]) -> bool:
    """Whether the positions of an axis each see their own part; if they see the whole, there must be several."""
    axis, reach = line
    return axis is not None and (reach.step != 0 if isinstance(reach, Pattern) else sizes[axis] > 1)


def _is_exact(reach: Reach) -> bool:
    return not isinstance(reach, WholeDimension) or reach.exact


def _period(lines: Iterable[tuple[int | None, Reach]]) -> int:
    """The period, in positions, of the union of the paths, if their fields have the same jump; else 1."""
    ratios = {(r.step, r.period) for axis, r in lines if axis is not None and isinstance(r, Pattern) and r.step}
    alike = len({Fraction(*ratio) for ratio in ratios}) == 1
    return lcm(*(period for _, period in ratios)) if alike else 1


def _union(lines: Iterable[tuple[int | None, Reach]], sizes: tuple[int, ...]) -> Field:
    """The field of the union of all paths."""
    lines = list(lines)
    patterns = [(axis, reach) for axis, reach in lines if isinstance(reach, Pattern)]
    has_positions = [reach for axis, reach in patterns if axis is not None and reach.step]
    jumps = {Fraction(*ratio) for ratio in {(reach.step, reach.period) for reach in has_positions}}
    longest = _period(lines)
    whole = len(patterns) < len(lines) or longest > LONGEST_PERIOD
    if whole or len(jumps) != 1 or len(has_positions) < len(patterns):
        jump = next(iter(jumps)) if len(jumps) == 1 else None
        middles = (0 if axis is None else sizes[axis] // 2 for axis, _ in patterns)
        span = None if whole else _joined(reach.at(i) for (_, reach), i in zip(patterns, middles, strict=True))
        return Field(
            size=_size(span, whole), read=None if whole else span.members if span else 0, jump=jump, start=None
        )
    spans = [_joined(reach.at(i) for reach in has_positions) for i in range(longest)]
    largest = max(spans, key=lambda span: (span.size, span.members) if span else (0, 0))
    first = next((span for span in spans if span is not None), None) if spans[0] is None else spans[0]
    start = Fraction(first.low + first.high + 1, 2) if spans[0] is not None and first else None
    return Field(size=_size(largest, False), read=largest.members if largest else 0, jump=jumps.pop(), start=start)


def _size(span: ElementSet | None, whole: bool) -> int | None:
    return None if whole else span.size if span else 0


def _joined(spans: Iterable[ElementSet | None]) -> ElementSet | None:
    found: ElementSet | None = None
    for span in spans:
        found = joined(found, span)
    return found
