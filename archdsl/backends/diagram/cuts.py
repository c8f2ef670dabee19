"""Where a long diagram can be cut, and which cuts make its parts equally long."""

from collections.abc import Mapping
from itertools import pairwise

from ...record import Record
from .figure import Box, Diagram, Role

_FRAME, _CROSSED = 0.2, 0.4
"""What a cut costs for each frame that it goes through, and for each further tensor, on the scale of the
squared lengths of parts relative to their mean."""
_UNEVEN = 1.6
"""How much longer than the mean a part may be before crossing tensors are cut."""
_PASSING = 6


class Cut(Record):
    """A possible cut: after the box with this index, inside `depth` frames, at this height, crossed by `passing` other
    tensors.
    """

    after: int
    depth: int
    below: float
    passing: int = 0


def in_order(diagram: Diagram) -> tuple[Box, ...]:
    """The boxes in execution order: inputs first, outputs last."""
    rank = {Role.INPUT: 0, Role.OUTPUT: 2}
    return tuple(sorted(diagram.boxes, key=lambda box: rank.get(box.role, 1)))


def find_cuts(diagram: Diagram, bottoms: Mapping[str, float]) -> list[Cut]:
    """Where a diagram can be cut: between two boxes connected by an arrow, outside repetitions that are drawn once.

    `bottoms` is the lower end of each box. A cut has one line, so the box before it must pass on a single tensor.
    """
    boxes = in_order(diagram)
    place = {box.id: i for i, box in enumerate(boxes)}
    pairs = {(place[arrow.start], place[arrow.end]) for arrow in diagram.arrows}
    tensors: dict[int, set[int | None]] = {}
    for arrow in diagram.arrows:
        tensors.setdefault(place[arrow.start], set()).add(arrow.source)
    reach = [max((end for start, end in pairs if start == i), default=-1) for i in range(len(boxes))]
    cuts, lowest = [], 0.0
    passing: set[int] = set()
    for i, box in enumerate(boxes[:-1]):
        lowest = max(lowest, bottoms.get(box.id, 0.0))
        passing = {start for start in passing if reach[start] > i}
        single = (i, i + 1) in pairs and len(tensors[i]) == 1 and box.role is not Role.INPUT
        times = _shared(diagram, box, boxes[i + 1])
        if single and len(passing) <= _PASSING and all(each == 1 for each in times):
            cuts.append(Cut(after=i, depth=len(times), below=lowest, passing=len(passing)))
        passing.add(i)
    return cuts


def _shared(diagram: Diagram, one: Box, other: Box) -> list[int]:
    """The frames that contain both boxes: the number of repetitions of each."""
    return [
        cluster.times
        for cluster in diagram.clusters
        if one.cluster[: len(cluster.path)] == other.cluster[: len(cluster.path)] == cluster.path
    ]


def choose_cuts(cuts: list[Cut], length: float, parts: int) -> list[Cut]:
    """The cuts, one fewer than parts, so that the parts are about equally long; between frames if possible.

    Cuts that other tensors cross are used only if the diagram would otherwise remain much longer.
    """
    clean = _balanced([cut for cut in cuts if not cut.passing], length, parts)
    if parts < 2 or (clean and longest(clean, length) <= _UNEVEN * length / parts):
        return clean
    return _balanced(cuts, length, parts) or clean


def longest(cuts: list[Cut], length: float) -> float:
    """The length of the longest part."""
    return max(end - start for start, end in pairwise([0.0, *(cut.below for cut in cuts), length]))


def _balanced(cuts: list[Cut], length: float, parts: int) -> list[Cut]:
    """The cuts whose parts differ least from each other, by the sum of squares; empty if there are too few."""
    if parts < 2 or len(cuts) < parts - 1:
        return []
    mean = length / parts
    # For each number of parts, and each cut as the end of the last part: the least cost, and the previous cut.
    ends = [*(cut.below for cut in cuts), length]
    best: list[tuple[float, tuple[int, ...]] | None] = [((end / mean) ** 2, ()) for end in ends]
    for _ in range(parts - 1):
        following: list[tuple[float, tuple[int, ...]] | None] = [None] * len(ends)
        for at, end in enumerate(ends):
            options = [
                (found[0] + _cost(cuts[before]) + ((end - cuts[before].below) / mean) ** 2, (*found[1], before))
                for before in range(at)
                if (found := best[before]) is not None
            ]
            following[at] = min(options, default=None)
        best = following
    return [cuts[at] for at in best[-1][1]] if best[-1] is not None else []


def _cost(cut: Cut) -> float:
    """The cost of a cut in addition to that of unequal lengths: for the frames it goes through and the tensors that
    cross it.
    """
    return _FRAME * cut.depth + _CROSSED * cut.passing
