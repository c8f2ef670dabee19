"""Uses of a block that repeat an earlier one: their nodes are copied, not created again.

A use is equal to an earlier one if its statement, the values of its arguments and the shape of its input are equal. Its
body then creates the same nodes with other IDs and paths, unless it has an error, an input, an output or an assertion.
"""

from collections.abc import Callable
from itertools import islice
from typing import NamedTuple

from ..diagnostics import BlockUse
from ..expressions.scope import NamedTensor
from ..graph import BlockCall, Node
from ..limits import MAX_ITERATIONS, MAX_NODES
from .shared_results import ReplayKey
from .state import State

Results = list[NamedTensor | None] | None


class Start(NamedTuple):
    """The state of an elaboration before a use of a block."""

    current: int
    nodes: int
    scopes: int
    iterations: int
    others: tuple[int, ...]

    @classmethod
    def of(cls, state: State) -> "Start | None":
        """The current state; None if each use is elaborated separately: after an error, or with symbolic dimensions."""
        if state.current is None or state.symbols or state.is_guess:
            return None
        return cls(state.current, len(state.nodes), len(state.scopes), state.iterations, _others(state))


def _others(state: State) -> tuple[int, ...]:
    """The counts that a copied use must not change: diagnostics, inputs, outputs, assertions, settings."""
    reported = len(state.sink) and sum(1 + found.other_occurrences for found in state.sink)
    outside = len(state.inputs), len(state.outputs), len(state.aux), len(state.asserts), len(state.training)
    return reported, *outside


class _Recorded(NamedTuple):
    """An elaborated use of a block: the nodes that it created, and its context."""

    owners: object
    start: Start
    end: int
    depth: int
    uses: int
    scopes: tuple[tuple[tuple[str, ...], str, BlockCall | None], ...]
    iterations: int
    current: int
    results: Results


def record(
    state: State, start: Start | None, key: ReplayKey, owners: object, path: tuple[str, ...], results: Results
) -> None:
    """Record an elaborated use, if it can be copied. `owners` are the objects that the key identifies by `id`."""
    if start is None or state.current is None or start.others != _others(state) or state.symbols:
        return
    if not _is_closed(state, start, results):
        return
    depth = len(path)
    inside = islice(state.scopes.items(), start.scopes, None)
    scopes = tuple((inner[depth:], kind, state.calls.get(inner)) for inner, kind in inside)
    state.replays[key] = _Recorded(
        owners=owners,
        start=start,
        end=len(state.nodes),
        depth=depth,
        uses=len(state.uses) + 1,
        scopes=scopes,
        iterations=state.iterations - start.iterations,
        current=state.current,
        results=results,
    )


def replay(state: State, key: ReplayKey, path: tuple[str, ...], use: BlockUse) -> tuple[Results] | None:
    """Create the nodes of an earlier use again, and return its results; None if there is no equal one."""
    recorded = state.replays.get(key)
    if not isinstance(recorded, _Recorded) or state.current is None or state.is_guess:
        return None
    first, count = recorded.start.nodes, recorded.end - recorded.start.nodes
    made = len(state.nodes) - len(state.inputs)
    if made + count > MAX_NODES or state.iterations + recorded.iterations > MAX_ITERATIONS:
        return None  # running the use reports the limit
    moved, source = len(state.nodes) - first, state.current

    def new(node: int) -> int:
        return node + moved if node >= first else source

    _copy_nodes(state, recorded, path, (*state.uses, use), new)
    for suffix, kind, call in recorded.scopes:
        state.scopes[path + suffix] = kind
        if call is not None:
            state.calls[path + suffix] = call
    state.iterations += recorded.iterations
    state.current = new(recorded.current)
    return (_moved(recorded.results, new),)


def _copy_nodes(
    state: State,
    recorded: _Recorded,
    path: tuple[str, ...],
    uses: tuple[BlockUse, ...],
    new: Callable[[int], int],
) -> None:
    """Create the nodes of an earlier use in another scope; `new` is the id of a node in this use."""
    known: dict[int, tuple[BlockUse, ...]] = {}
    nodes = state.nodes
    for node in nodes[recorded.start.nodes : recorded.end]:
        inner = known.get(id(node.uses))
        if inner is None:
            inner = known[id(node.uses)] = (*uses, *node.uses[recorded.uses :])
        assert isinstance(node, Node)
        nodes.append(
            Node(
                new(node.id),
                node.op,
                tuple([new(i) for i in node.inputs]),
                node.shape,
                path + node.path[recorded.depth :],
                node.span,
                inner,
                None if node.shared is None else new(node.shared),
                node.alias,
                node.statement,
                node.arguments,
            )
        )


def _moved(results: Results, new: Callable[[int], int]) -> Results:
    """The results of an earlier use in this one."""
    if results is None:
        return None
    return [
        NamedTensor(
            node=new(tensor.node),
            first=new(tensor.first),
            source=None if tensor.source is None else new(tensor.source),
        )
        for tensor in results
        if tensor is not None
    ]


def _is_closed(state: State, start: Start, results: Results) -> bool:
    """Whether a use only reads its input and its own nodes, and every node has a shape."""

    def inside(i: int | None) -> bool:
        return i is None or i >= start.nodes or i == start.current

    tensors = results or ()
    if not inside(state.current) or not all(t and inside(t.node) and inside(t.first) for t in tensors):
        return False
    if not all(inside(tensor.source) for tensor in tensors if tensor is not None):
        return False
    return all(
        isinstance(node, Node) and (node.shared is None or node.shared >= start.nodes) and all(map(inside, node.inputs))
        for node in islice(state.nodes, start.nodes, None)
    )
