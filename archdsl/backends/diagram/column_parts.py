"""The parts of a diagram that is cut: each is a diagram, with ports where a tensor continues in another."""

from collections.abc import Iterator
from itertools import count
from string import ascii_uppercase

from .cuts import Cut, in_order
from .figure import FOOT, HEAD, Arrow, Box, BoxRow, Cluster, Diagram, Flow, Role


def split(diagram: Diagram, cuts: list[Cut]) -> list[Diagram]:
    """The columns as separate diagrams, with a box at the head and the foot of each where the tensor continues."""
    boxes = in_order(diagram)
    ends = [*(cut.after + 1 for cut in cuts), len(boxes)]
    starts = [0, *ends[:-1]]
    column = {box.id: sum(i >= end for end in ends) for i, box in enumerate(boxes)}
    # The last box of each column leads to the next column; other connections get letters.
    last = {boxes[end - 1].id for end in ends}
    lettered = [a for a in diagram.arrows if _is_lettered(a, column, last)]
    starting = {arrow.start for arrow in lettered}
    letters = dict(zip((box.id for box in boxes if box.id in starting), _letters(), strict=False))
    parts = []
    for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
        part = _column(diagram, boxes[start:end], column, number)
        ports, arrows = _ports(
            [a for a in lettered if number in (column[a.start], column[a.end])], column, letters, number
        )
        clusters = tuple(
            _continued(each, boxes[:start]) for each in diagram.clusters if _contains(each, boxes[start:end])
        )
        parts.append(part.replace(boxes=(*part.boxes, *ports), arrows=(*part.arrows, *arrows), clusters=clusters))
    return parts


def _is_lettered(arrow: Arrow, column: dict[str, int], last: set[str]) -> bool:
    steps = column[arrow.end] - column[arrow.start]
    return steps > 1 or (steps == 1 and arrow.start not in last)


def _letters() -> Iterator[str]:
    """A, B, … Z, A1, B1, …"""
    for turn in count():
        yield from (letter + (str(turn) if turn else "") for letter in ascii_uppercase)


def _column(diagram: Diagram, boxes: tuple[Box, ...], column: dict[str, int], number: int) -> Diagram:
    """A column with the ports of the line that leads through it; without letters."""
    inside, arrows = list(boxes), [a for a in diagram.arrows if column[a.start] == column[a.end] == number]
    if number:
        before = [box.id for box in in_order(diagram) if column[box.id] == number - 1][-1]
        inside.insert(0, Box(id=HEAD, role=Role.PORT, rows=()))
        coming = [a for a in diagram.arrows if a.start == before and column[a.end] == number]
        arrows = [*(arrow.replace(start=HEAD, shape=None) for arrow in coming), *arrows]
    leaving = [a for a in diagram.arrows if a.start == boxes[-1].id and column[a.end] == number + 1]
    if leaving:
        shape = next((arrow.shape for arrow in leaving if arrow.shape), None)
        inside.append(Box(id=FOOT, role=Role.PORT, rows=()))
        arrows.append(leaving[0].replace(end=FOOT, shape=shape, flow=Flow.MAIN))
    return diagram.replace(boxes=tuple(inside), arrows=tuple(arrows))


def _ports(
    arrows: list[Arrow], column: dict[str, int], letters: dict[str, str], number: int
) -> tuple[list[Box], list[Arrow]]:
    """The letters of a column: below each box whose output continues elsewhere, and above each box that reads it."""
    boxes: dict[str, Box] = {}
    found: dict[tuple[str, str], Arrow] = {}
    for arrow in arrows:
        if number not in (column[arrow.start], column[arrow.end]):
            continue
        letter = letters[arrow.start]
        row = BoxRow(words=letter, style="", hover=f"continues at {letter}")
        if column[arrow.start] == number:
            port = f"to{letter}"
            boxes[port] = Box(id=port, role=Role.OUTPUT, rows=(row,), letter=letter)
            found[arrow.start, port] = arrow.replace(end=port, flow=Flow.SKIP)
        else:
            port = f"from{letter}_{arrow.end}"
            coming = row.replace(hover=f"continued from {letter}")
            boxes[port] = Box(id=port, role=Role.INPUT, rows=(coming,), letter=letter)
            found[port, arrow.end] = arrow.replace(start=port, shape=None, flow=Flow.SKIP)
    return list(boxes.values()), list(found.values())


def _contains(cluster: Cluster, boxes: tuple[Box, ...]) -> bool:
    return any(box.cluster[: len(cluster.path)] == cluster.path for box in boxes)


def _continued(cluster: Cluster, before: tuple[Box, ...]) -> Cluster:
    """A frame, marked if it started in a previous column."""
    if not _contains(cluster, before):
        return cluster
    return cluster.replace(title=f"{cluster.title} (continued)".strip())
