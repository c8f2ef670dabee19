"""Statements of a graph that are equal several times in a row.

A repetition is a sequence of nodes that occurs several times in a row: the same layers with the same connections, each
time reading the result of the previous time, and nothing else reads from inside. It is detected in the graph, so it
does not matter whether the program has `x3`, `repeat 3 { … }` or the same statement three times.
"""

from collections.abc import Callable
from functools import partial

from ..graph import Graph, Node
from ..record import Record

Path = tuple[str, ...]

LONGEST_PERIOD = 12
"""The maximum number of statements in a repetition."""


class StatementNodes(Record):
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


class Repetitions:
    """The repetitions of a graph. Iterations agree in layers and shapes; uses of blocks, unless `exact`, in layers."""

    def __init__(self, graph: Graph, exact: bool) -> None:
        self.graph = graph
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

    def starting_at(self, items: list[StatementNodes], at: int, depth: int) -> tuple[int, RepeatRun | None]:
        """The repetition that starts at a statement, and its number of statements.

        None if there is none, or if one that starts during its first or its last iteration is larger, or as large and
        written as a repetition. `depth` is the number of scopes around the statements.
        """
        period, run = self._repetition(items, at, depth)
        if run is None or self._better_run_follows(items, at, period, run, depth):
            return 0, None
        return period, run

    def _repetition(self, items: list[StatementNodes], at: int, depth: int) -> tuple[int, RepeatRun | None]:
        """The largest repetition that starts at a statement, and its number of statements."""
        best: tuple[int, RepeatRun | None] = 0, None
        for period in range(1, min(LONGEST_PERIOD, (len(items) - at) // 2) + 1):
            start, end = items[at].start, items[at + period - 1].end
            ignore_shapes = not self.exact and all(item.scope for item in items[at : at + period])
            run = self._run(
                start, end - start, items[-1].end, partial(self._same, depth=depth, ignore_shapes=ignore_shapes)
            )
            covered = best[0] * best[1].times if best[1] else 0
            if run is not None and period * run.times > covered:
                best = period, run
        return best

    def _better_run_follows(
        self, items: list[StatementNodes], at: int, period: int, own: RepeatRun, depth: int
    ) -> bool:
        """Whether one that starts in the first or the last of these iterations is larger, or as large and written."""
        covered = period * own.times
        starts = {*range(at + 1, at + period), *range(at + covered - period, at + covered)}
        found = (self._repetition(items, start, depth) for start in sorted(starts))
        least = covered + self._is_written(own)
        return any(
            run is not None and other * run.times >= least and (other * run.times > covered or self._is_written(run))
            for other, run in found
        )

    def _is_written(self, run: RepeatRun) -> bool:
        """Whether all iterations come from the same statements, as those of `repeat` do."""
        nodes = self.graph.nodes
        return all(
            nodes[run.start + index].span == nodes[run.start + index % run.length].span
            for index in range(run.length * run.times)
        )

    def _run(self, start: int, length: int, end: int, same: Callable[[int, int, int], bool]) -> RepeatRun | None:
        """The longest run of iterations in which each but the first reads the same single node of the previous one.

        Nothing after the run reads any of its nodes except that node of the last iteration.
        """
        best: RepeatRun | None = None
        out, beyond = -1, -1  # `beyond`: the last node that reads a result of the previous iterations
        iteration = 0
        while start + (iteration + 1) * length <= end and (iteration == 0 or same(start, length, iteration)):
            first = start + iteration * length
            read = {i for node in range(first, first + length) for i in self.graph.nodes[node].inputs if i < first}
            if len(read) != 1:
                return best
            if iteration > 0:
                found = read.pop() - (first - length)
                if found not in range(length) or (iteration > 1 and found != out):
                    return best
                out = found
                beyond = max(beyond, *self.last_reader[first - length : first])
                last = (self.last_reader[node] for node in range(first, first + length) if node != first + out)
                if max(beyond, *last, -1) < first + length:
                    best = RepeatRun(start=start, length=length, times=iteration + 1, out=out)
            iteration += 1
        return best

    def _same(self, start: int, length: int, iteration: int, depth: int, ignore_shapes: bool) -> bool:
        """Whether an iteration has the layers, connections and, unless `ignore_shapes`, shapes of the first."""
        nodes = self.graph.nodes
        return all(
            self.keys[one] == self.keys[other]
            and (ignore_shapes or nodes[one].shape == nodes[other].shape)
            and self.scopes[one][depth:] == self.scopes[other][depth:]
            and self._wiring(one, start) == self._wiring(other, start + iteration * length)
            for one, other in zip(
                range(start, start + length),
                range(start + iteration * length, start + (iteration + 1) * length),
                strict=True,
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
    """What two nodes must have in common to count as equal."""
    if node.is_input:
        return (node.id,)
    # The rates of dropout and stochastic depth often increase from block to block; that alone does not prevent folding.
    op = node.op.keyword if node.op.style == "regularization" else node.op
    return op, node.shared is not None, node.alias
