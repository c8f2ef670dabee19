"""Decide what is shown: repetitions are folded into one, within their stages and blocks."""

from collections.abc import Iterator, Mapping
from itertools import product

from ...graph import Graph
from ...record import Record
from ...structure import Repetitions, StatementNodes

Path = tuple[str, ...]


class Frame(Record):
    """A stage, a block, or, with `scope` None, a repetition of statements without a name."""

    path: Path
    scope: Path | None
    times: int = 1


class PlannedNode(Record):
    """A node that is drawn for all of its `copies`: itself first, with outer repetitions varying slowest."""

    node: int
    copies: tuple[int, ...]
    place: Path


class DrawingPlan(Record):
    """The nodes that are drawn, in order; the frames; for other nodes that are read, the node drawn in their place."""

    nodes: tuple[PlannedNode, ...]
    frames: Mapping[Path, Frame]
    representatives: Mapping[int, int]

    def resolve(self, node: int) -> int:
        """The node that is drawn in place of this one."""
        while node in self.representatives:
            node = self.representatives[node]
        return node


def make_plan(graph: Graph, *, fold: bool = True, exact: bool = True) -> DrawingPlan:
    """What is drawn of a graph. Folded repetitions have equal layers and shapes; unless `exact`, repeated blocks only
    need equal layers.
    """
    return _Planner(graph, fold, exact).plan()


class _Planner:
    def __init__(self, graph: Graph, fold: bool, exact: bool) -> None:
        self.graph = graph
        self.fold = fold
        self.repetitions = Repetitions(graph, exact)
        self.nodes: list[PlannedNode] = []
        self.frames: dict[Path, Frame] = {}
        self.representatives: dict[int, int] = {}

    def plan(self) -> DrawingPlan:
        self._walk(self._items(0, len(self.graph.nodes), ()), (), (), ())
        return DrawingPlan(nodes=tuple(self.nodes), frames=self.frames, representatives=self.representatives)

    def _items(self, start: int, end: int, scope: Path) -> list[StatementNodes]:
        """The statements directly inside a scope."""
        items: list[StatementNodes] = []
        while start < end:
            inner = self.graph.nodes[start].path[: len(scope) + 1]
            stop = start + 1
            if inner not in self.graph.scopes:
                items.append(StatementNodes(start=start, end=stop, scope=None))
            else:
                while stop < end and self.graph.nodes[stop].path[: len(inner)] == inner:
                    stop += 1
                items.append(StatementNodes(start=start, end=stop, scope=inner))
            start = stop
        return items

    def _walk(
        self, items: list[StatementNodes], scope: Path, place: Path, repetitions: tuple[tuple[int, int], ...]
    ) -> None:
        """Draw statements; `repetitions` are the lengths and numbers of the enclosing repetitions, outermost first."""
        at = 0
        while at < len(items):
            period, run = self.repetitions.starting_at(items, at, len(scope)) if self.fold else (0, None)
            if run is None:
                self._item(items[at], place, repetitions, 1)
                at += 1
                continue
            inside = (*repetitions, (run.length, run.times))
            unit = items[at : at + period]
            self.representatives[run.start + (run.times - 1) * run.length + run.out] = run.start + run.out
            if period == 1 and unit[0].scope is not None:
                self._item(unit[0], place, inside, run.times)
            else:
                around = (*place, f"{run.start}×{run.times}")
                self.frames[around] = Frame(path=around, scope=None, times=run.times)
                self._walk(unit, scope, around, inside)
            at += period * run.times

    def _item(self, item: StatementNodes, place: Path, repetitions: tuple[tuple[int, int], ...], times: int) -> None:
        if item.scope is None:
            shifts = product(*(range(0, length * number, length) for length, number in repetitions))
            copies = tuple(item.start + sum(shift) for shift in shifts)
            self.nodes.append(PlannedNode(node=item.start, copies=copies, place=place))
            return
        # A branch has its own place, to distinguish equal names in different branches, but no frame.
        inner = (*place, item.scope[-1])
        if self.graph.scopes[item.scope] != "branch":
            self.frames[inner] = Frame(path=inner, scope=item.scope, times=times)
        self._walk(self._items(item.start, item.end, item.scope), item.scope, inner, repetitions)


def frames_around(plan: DrawingPlan, place: Path) -> Iterator[Frame]:
    """The frames around a place, outermost first."""
    for length in range(1, len(place) + 1):
        if place[:length] in plan.frames:
            yield plan.frames[place[:length]]
