"""Decide what is drawn: repetitions are folded into one, within their stages and blocks.

A repetition is a sequence of nodes that occurs several times in a row: the same layers with the same connections, each
time reading the result of the previous time, and nothing else reads from inside. It is detected in the graph, so it
does not matter whether the program has `x3`, `repeat 3 { … }` or the same statement three times.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import product

from ...graph import Graph, Node
from ...record import Record

Path = tuple[str, ...]

LONGEST_PERIOD = 12
"""The maximum number of statements in a repetition."""


class Frame(Record):
    """A stage, a block, or, with `scope` None, a repetition of statements without a name."""

    path: Path
    scope: Path | None
    times: int = 1


class PlannedNode(Record):
    """A node that is drawn, for itself and for its `copies`: itself first, outer repetitions slowest."""

    node: int
    copies: tuple[int, ...]
    place: Path


class DrawingPlan(Record):
    """The nodes that are drawn, in order; the frames; for other nodes that are read, the node drawn in their place."""

    nodes: tuple[PlannedNode, ...]
    frames: Mapping[Path, Frame]
    stand_ins: Mapping[int, int]

    def resolve(self, node: int) -> int:
        """The node that is drawn in place of this one."""
        while node in self.stand_ins:
            node = self.stand_ins[node]
        return node


class PlanItem(Record):
    """A statement as the nodes from `start` to `end` (excluded): one layer, or the contents of a scope."""

    start: int
    end: int
    scope: Path | None


class RepeatRun(Record):
    """`times` repetitions of `length` nodes from `start`; each but the first reads only `out` of the one before."""

    start: int
    length: int
    times: int
    out: int


def make_plan(graph: Graph, *, fold: bool = True, exact: bool = True) -> DrawingPlan:
    """What is drawn of a graph. Repetitions agree in layers and shapes; blocks, unless `exact`, only in layers."""
    return _Planner(graph, fold, exact).plan()


class _Planner:
    def __init__(self, graph: Graph, fold: bool, exact: bool) -> None:
        self.graph = graph
        self.fold = fold
        self.exact = exact
        self.keys = [_key(node) for node in graph.nodes]
        # The scopes around each node, without automatic numbers.
        self.scopes = [
            [self._unnumbered(node.path[:length]) for length in range(1, len(node.path))] for node in graph.nodes
        ]
        # The last reader of each node; an output is read at the end.
        self.last_reader = [-1] * len(graph.nodes)
        for node in graph.nodes:
            for source in node.inputs:
                self.last_reader[source] = node.id
        for _, source in graph.outputs:
            self.last_reader[source] = len(graph.nodes)
        self.nodes: list[PlannedNode] = []
        self.frames: dict[Path, Frame] = {}
        self.stand_ins: dict[int, int] = {}

    def plan(self) -> DrawingPlan:
        self._walk(self._items(0, len(self.graph.nodes), ()), (), (), ())
        return DrawingPlan(nodes=tuple(self.nodes), frames=self.frames, stand_ins=self.stand_ins)

    def _items(self, start: int, end: int, scope: Path) -> list[PlanItem]:
        """The statements directly inside a scope."""
        items: list[PlanItem] = []
        while start < end:
            inner = self.graph.nodes[start].path[: len(scope) + 1]
            stop = start + 1
            if inner not in self.graph.scopes:
                items.append(PlanItem(start=start, end=stop, scope=None))
            else:
                while stop < end and self.graph.nodes[stop].path[: len(inner)] == inner:
                    stop += 1
                items.append(PlanItem(start=start, end=stop, scope=inner))
            start = stop
        return items

    def _walk(self, items: list[PlanItem], scope: Path, place: Path, turns: tuple[tuple[int, int], ...]) -> None:
        """Draw statements; `turns` are the lengths and numbers of the enclosing repetitions, outermost first."""
        at = 0
        while at < len(items):
            period, run = self._repetition(items, at, len(scope)) if self.fold else (0, None)
            if run is None or self._better_soon(items, at, period, run.times, len(scope)):
                self._item(items[at], place, turns, 1)
                at += 1
                continue
            inside = (*turns, (run.length, run.times))
            unit = items[at : at + period]
            self.stand_ins[run.start + (run.times - 1) * run.length + run.out] = run.start + run.out
            if period == 1 and unit[0].scope is not None:
                self._item(unit[0], place, inside, run.times)
            else:
                around = (*place, f"{run.start}×{run.times}")
                self.frames[around] = Frame(path=around, scope=None, times=run.times)
                self._walk(unit, scope, around, inside)
            at += period * run.times

    def _item(self, item: PlanItem, place: Path, turns: tuple[tuple[int, int], ...], times: int) -> None:
        if item.scope is None:
            shifts = product(*(range(0, length * number, length) for length, number in turns))
            copies = tuple(item.start + sum(shift) for shift in shifts)
            self.nodes.append(PlannedNode(node=item.start, copies=copies, place=place))
            return
        # A branch has its own place, to distinguish equal names in different branches, but no frame.
        inner = (*place, item.scope[-1])
        if self.graph.scopes[item.scope] != "branch":
            self.frames[inner] = Frame(path=inner, scope=item.scope, times=times)
        self._walk(self._items(item.start, item.end, item.scope), item.scope, inner, turns)

    def _repetition(self, items: list[PlanItem], at: int, depth: int) -> tuple[int, RepeatRun | None]:
        """The largest repetition that starts at a statement, and its number of statements."""
        best: tuple[int, RepeatRun | None] = 0, None
        for period in range(1, min(LONGEST_PERIOD, (len(items) - at) // 2) + 1):
            start, end = items[at].start, items[at + period - 1].end
            loose = not self.exact and all(item.scope for item in items[at : at + period])
            run = self._run(start, end - start, items[-1].end, partial(self._same, depth=depth, loose=loose))
            covered = best[0] * best[1].times if best[1] else 0
            if run is not None and period * run.times > covered:
                best = period, run
        return best

    def _better_soon(self, items: list[PlanItem], at: int, period: int, times: int, depth: int) -> bool:
        """Whether a repetition that starts in the first or the last of these iterations is larger."""
        covered = period * times
        starts = {*range(at + 1, at + period), *range(at + covered - period, at + covered)}
        found = (self._repetition(items, start, depth) for start in sorted(starts))
        return any(run is not None and other * run.times > covered for other, run in found)

    def _run(self, start: int, length: int, end: int, same: Callable[[int, int, int], bool]) -> RepeatRun | None:
        """The longest run of iterations, of which each but the first reads the same single node of the previous one.

        Nothing after the run reads any other node of it than that of the last iteration.
        """
        best: RepeatRun | None = None
        out, beyond = -1, -1  # `beyond`: the last node that reads a result of the previous iterations
        turn = 0
        while start + (turn + 1) * length <= end and (turn == 0 or same(start, length, turn)):
            first = start + turn * length
            read = {i for node in range(first, first + length) for i in self.graph.nodes[node].inputs if i < first}
            if len(read) != 1:
                return best
            if turn > 0:
                found = read.pop() - (first - length)
                if found not in range(length) or (turn > 1 and found != out):
                    return best
                out = found
                beyond = max(beyond, *self.last_reader[first - length : first])
                last = (self.last_reader[node] for node in range(first, first + length) if node != first + out)
                if max(beyond, *last, -1) < first + length:
                    best = RepeatRun(start=start, length=length, times=turn + 1, out=out)
            turn += 1
        return best

    def _same(self, start: int, length: int, turn: int, depth: int, loose: bool) -> bool:
        """Whether an iteration has the layers and connections of the first; and, unless `loose`, the same shapes."""
        nodes = self.graph.nodes
        return all(
            self.keys[one] == self.keys[other]
            and (loose or nodes[one].shape == nodes[other].shape)
            and self.scopes[one][depth:] == self.scopes[other][depth:]
            and self._wiring(one, start) == self._wiring(other, start + turn * length)
            for one, other in zip(
                range(start, start + length), range(start + turn * length, start + (turn + 1) * length), strict=True
            )
        )

    def _unnumbered(self, scope: Path) -> str:
        kind, name = self.graph.scopes.get(scope, ""), scope[-1]
        word = name.rstrip("0123456789")
        return word if word == kind or kind == "branch" else name

    def _wiring(self, node: int, start: int) -> list[int | None]:
        """What a node reads, relative to the start of its iteration; None for earlier nodes."""
        return [source - start if source >= start else None for source in self.graph.nodes[node].inputs]


def _key(node: Node) -> tuple[object, ...]:
    """What two nodes must have in common to be drawn as one."""
    if node.is_input:
        return (node.id,)
    # The rates of dropout and stochastic depth often increase from block to block; that alone does not prevent folding.
    op = node.op.keyword if node.op.style == "regularization" else node.op
    return op, node.shared is not None, node.alias


def frames_around(plan: DrawingPlan, place: Path) -> Iterator[Frame]:
    """The frames around a place, outermost first."""
    for length in range(1, len(place) + 1):
        if place[:length] in plan.frames:
            yield plan.frames[place[:length]]
