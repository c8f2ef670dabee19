"""Groups of sequences of statements that one body can describe."""

from collections.abc import Hashable, Sequence

from .alignment import aligned, similar, skeletons, stacked
from .chain_groups import ChainSlice
from .items import Chain, Item


class ClusterBody:
    """The statements of one or more slices, with an entry in each column for every instance."""

    def __init__(self, slices: list[ChainSlice], items: list[Item]) -> None:
        self.slices = slices
        self.items = items

    @property
    def width(self) -> int:
        """The number of instances."""
        return sum(len(each.items[-1].out) for each in self.slices)


def clustered(bodies: Sequence[ClusterBody], united: bool) -> list[ClusterBody]:
    """One body for those that are equal except for numbers; with `united`, also for those that are similar."""
    alike: dict[Hashable, list[ClusterBody]] = {}
    for body in bodies:
        alike.setdefault(skeletons(body.items), []).append(body)
    found = [_stacked(each) for each in alike.values()]
    if not united:
        return found
    result: list[ClusterBody] = []
    for body in _with_optional_sums(found):
        for index, other in enumerate(result):
            if similar(other.items, body.items):
                items = aligned(other.items, body.items, other.width, body.width)
                result[index] = ClusterBody(other.slices + body.slices, items)
                break
        else:
            result.append(body)
    return result


def _stacked(bodies: Sequence[ClusterBody]) -> ClusterBody:
    items = [stacked([body.items[index] for body in bodies]) for index in range(len(bodies[0].items))]
    return ClusterBody([slice_ for body in bodies for slice_ in body.slices], items)


def _with_optional_sums(bodies: list[ClusterBody]) -> list[ClusterBody]:
    """The bodies; if some have a residual connection, the others get one that adds nothing."""
    places = {at for body in bodies if (at := _sum_place(body)) is not None}
    missing = [body for body in bodies if not any(item.sort == "merge" and item.word == "add" for item in body.items)]
    if len(places) != 1 or not missing:
        return bodies
    ((before, after),) = places
    found = []
    for body in bodies:
        items = list(body.items)
        if _sum_place(body) is not None:
            adds = tuple(None if node is None else True for node in items[before].out)
            items[before] = items[before].copy(args={"when": adds})
        elif body in missing and len(items) > before + after:
            inner = items[before : len(items) - after]
            start, out = inner[0].into, inner[-1].out
            operands = Chain(start, inner), Chain(start, [])
            none = Item("merge", "add", start, out, {"when": (False,) * len(out)}, (), operands, inner[-1].scopes)
            items[before : len(items) - after] = [none]
        found.append(ClusterBody(body.slices, items))
    return found


def _sum_place(body: ClusterBody) -> tuple[int, int] | None:
    """The number of items before and after the only residual connection; None unless there is exactly one."""
    found = [
        index
        for index, item in enumerate(body.items)
        if item.sort == "merge"
        and item.word == "add"
        and len(item.operands) == 2
        and all(isinstance(each, Chain) for each in item.operands)
    ]
    return (found[0], len(body.items) - found[0] - 1) if len(found) == 1 else None
