"""The final state of a recurrent layer: `lstm … last`."""

from collections.abc import Sequence

from ...layers.recurrent import Recurrent
from ..building import Builder
from .small_layers import readers_of


def final_states(b: Builder, live: Sequence[int], outputs: Sequence[int]) -> dict[int, int]:
    """New layers by the nodes that they replace, if nothing reads the states of other steps."""
    readers = readers_of(b, live, outputs)
    found: dict[int, int] = {}
    for i in live:
        here = b.nodes[i]
        if not isinstance(here.op, Recurrent) or here.shared is not None or here.op.last:
            continue
        end = _last_of_both(b, i, readers) if here.op.bidirectional else _last(b, readers[i])
        if end is not None:
            values = {p.name: here.op.value_of(p) for p in here.op.parameters}
            found[end] = made = b.add(type(here.op).of({**values, "last": True}), *here.inputs, **here.weights)
            b.nodes[made].runs, b.nodes[made].scopes = here.runs, here.scopes
    return found


def _last(b: Builder, readers: Sequence[int]) -> int | None:
    """The only reader, if it takes the last step."""
    return readers[0] if len(readers) == 1 and readers[0] >= 0 and _step(b, readers[0]) == -1 else None


def _step(b: Builder, node: int) -> int | None:
    """The index of the step that a layer takes, −1 for the last one."""
    op = b.nodes[node].op
    if op.keyword != "take" or op.axis not in (0, "t"):  # type: ignore[attr-defined]  # an argument of `take`
        return None
    index: int = op.index  # type: ignore[attr-defined]  # likewise
    return -1 if index == b.dims(b.nodes[node].inputs[0])[0] - 1 else index


def _last_of_both(b: Builder, node: int, readers: dict[int, list[int]]) -> int | None:
    """The node that concatenates the last step's first half and the first step's second half."""
    steps = {_step(b, i): i for i in readers[node] if i >= 0}
    if len(readers[node]) != 2 or steps.keys() != {-1, 0}:
        return None
    halves = [readers[steps[step]] for step in (-1, 0)]
    if any(len(each) != 1 or each[0] < 0 or b.nodes[each[0]].op.keyword != "slice" for each in halves):
        return None
    ends = [readers[each[0]] for each in halves]
    joined = b.nodes[ends[0][0]] if ends[0] == ends[1] and len(ends[0]) == 1 and ends[0][0] >= 0 else None
    units = b.nodes[node].op.units  # type: ignore[attr-defined]  # an argument of recurrent layers
    parts = [(b.nodes[each[0]].op.start, b.dims(each[0])) for each in halves]  # type: ignore[attr-defined]  # of `slice`
    is_joined = joined is not None and joined.op.keyword == "concat" and joined.inputs == tuple(e[0] for e in halves)
    return ends[0][0] if is_joined and parts == [(0, (units,)), (units, (units,))] else None
