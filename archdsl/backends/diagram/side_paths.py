"""What the view `volumes` shows next to its row of boxes: skips, branches, further inputs and outputs.

A branch that splits or merges is drawn in pieces: each ends at a letter, and continues at the same letter.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from string import ascii_uppercase

from ...record import Record
from .figure import Arrow, Box, BoxRow, Diagram, Role
from .labels import count as count_words
from .labels import shape_words

LONGEST = 48
"""Maximum number of characters in a label; a longer one is cut to the first and the last layer of a branch."""


_NO_LAYERS = frozenset({Role.INPUT, Role.OUTPUT, Role.ENTRY, Role.PORT})


class SidePath(Record):
    """A path next to the row, from one of its boxes to a later one; `boxes` are those on it, none for a skip.

    Without a start, it begins with an input or at the letters of `entries`; without an end, it ends with an output or
    at those of `exits`. `near` is the box of the row beside which a path with neither is drawn.
    """

    start: int | None
    end: int | None
    boxes: tuple[Box, ...] = ()
    entries: tuple[Box, ...] = ()
    exits: tuple[Box, ...] = ()
    near: int = 0

    @property
    def label(self) -> str:
        """Its layers in words; empty for a skip."""
        words = [word for box in self.boxes for word in _words(box)]
        text = "; ".join(words).replace("; →", " →")
        if len(text) <= LONGEST or len(words) < 3:
            return text
        layers = sum(len(row.nodes) for box in self.boxes if box.role not in _NO_LAYERS for row in box.rows)
        return f"{words[0]} … {words[-1]} ({count_words(layers, 'layer')})"

    @property
    def box(self) -> Box:
        """One box in place of its boxes, with the rows of all of them."""
        rows = tuple(row for box in self.boxes for row in box.rows)
        first, last = self.boxes[0], self.boxes[-1]
        made = first.replace(id="_".join(box.id for box in self.boxes), rows=rows, shape=last.shape)
        alike = len({(box.role is Role.GROUP, box.times) for box in self.boxes}) == 1
        # The label of each layer includes its own number of repetitions.
        return made if alike else made.replace(role=Role.GROUP, times=1)

    @property
    def hover(self) -> str:
        """The hover text: one line for each layer."""
        return "\n".join(row.hover for box in self.boxes for row in box.rows)

    @property
    def near_end(self) -> int | None:
        """Its only end in the row; None if it has both or neither."""
        return (self.end if self.start is None else self.start) if None in (self.start, self.end) else None

    @property
    def span(self) -> int:
        """The number of boxes from its start to its end; 0 if it lacks one of them."""
        return 0 if self.start is None or self.end is None else self.end - self.start


def letters() -> Iterator[str]:
    """A, B, … Z, A1, B1, …"""
    return (letter + (str(turn) if turn else "") for turn in count() for letter in ascii_uppercase)


def port(letter: str, number: int, role: Role, hover: str) -> Box:
    """The end of a line that continues at the same letter: `number` distinguishes the ends with one letter."""
    row = BoxRow(words=letter, style="", hover=hover)
    return Box(id=f"{role.value}{letter}_{number}", role=role, rows=(row,), letter=letter)


def side_paths(diagram: Diagram, row: Sequence[Box]) -> list[SidePath]:
    """The paths next to a row of boxes, so that every box and every arrow is shown; shorter ones first."""
    order = {box.id: index for index, box in enumerate(row)}
    found = _Paths(diagram, order, _implied_output(diagram, row)).side_paths()
    return sorted(found, key=lambda path: (path.span, path.start or 0, path.end or 0, path.near))


def _implied_output(diagram: Diagram, row: Sequence[Box]) -> str | None:
    """The first output if the end of the row stands for it; None if it has its own label, or other readers."""
    first = next((box for box in diagram.boxes if box.role is Role.OUTPUT), None)
    readers = {arrow.end for arrow in diagram.arrows if row and arrow.start == row[-1].id}
    return first.id if first is not None and readers == {first.id} and not first.rows[0].own_words else None


class _Paths:
    """The boxes next to the row in unbranched paths, and the arrows between these."""

    def __init__(self, diagram: Diagram, order: dict[str, int], last: str | None) -> None:
        self.order = order
        self.boxes = {box.id: box for box in diagram.boxes if box.role is not Role.PORT and box.id != last}
        self.arrows = [arrow for arrow in diagram.arrows if arrow.end != last]
        self.after: dict[str, list[str]] = {}
        self.before: dict[str, list[str]] = {}
        for arrow in self.arrows:
            self.after.setdefault(arrow.start, []).append(arrow.end)
            self.before.setdefault(arrow.end, []).append(arrow.start)
        self.place = {name: self._place(name) for name in self.boxes}

    def _place(self, name: str) -> int:
        """The box of the row that is the fewest arrows away from a box."""
        seen, now = {name}, [name]
        while now:
            reached = [self.order[each] for each in now if each in self.order]
            if reached:
                return min(reached)
            now = [each for one in now for each in (*self.after.get(one, ()), *self.before.get(one, ()))]
            now = [each for each in dict.fromkeys(now) if each in self.boxes and each not in seen]
            seen.update(now)
        return 0

    def side_paths(self) -> list[SidePath]:
        found: dict[str, SidePath] = {}
        ends: dict[str, str] = {}
        for chain in self._chains():
            boxes = tuple(self.boxes[name] for name in chain)
            found[chain[0]] = SidePath(start=None, end=None, boxes=boxes, near=self.place[chain[0]])
            ends |= {chain[-1]: chain[0]}
        others = [SidePath(start=start, end=end) for start, end in self._skips()]
        lettered: dict[str, list[Arrow]] = {}
        for arrow in self.arrows:
            start, end = self.order.get(arrow.start), self.order.get(arrow.end)
            if (start is not None and end is not None) or self._inside_chain(arrow, ends):
                continue
            if start is not None and found[arrow.end].start is None:
                found[arrow.end] = found[arrow.end].replace(start=start)
            elif end is not None and found[ends[arrow.start]].end is None:
                found[ends[arrow.start]] = found[ends[arrow.start]].replace(end=end)
            else:
                lettered.setdefault(arrow.start, []).append(arrow)
        for (source, arrows), letter in zip(lettered.items(), letters(), strict=False):
            others += self._lettered(source, arrows, letter, found, ends)
        return [*others, *found.values()]

    def _chains(self) -> list[list[str]]:
        """The boxes next to the row as chains: each box but the last has one reader, which reads nothing else."""
        found: list[list[str]] = []
        chains: dict[str, list[str]] = {}
        for name in (each for each in self.boxes if each not in self.order):
            before = self.before.get(name, [])
            chain = chains.get(before[0]) if len(before) == 1 else None
            if chain is None or self.after[before[0]] != [name]:
                chain = []
                found.append(chain)
            chain.append(name)
            chains[name] = chain
        return found

    def _inside_chain(self, arrow: Arrow, ends: dict[str, str]) -> bool:
        return arrow.start not in self.order and arrow.start not in ends

    def _skips(self) -> Iterable[tuple[int, int]]:
        """The arrows from a box of the row past others, and further arrows from one to the next."""
        steps: set[tuple[int, int]] = set()
        for arrow in self.arrows:
            if arrow.start in self.order and arrow.end in self.order:
                pair = self.order[arrow.start], self.order[arrow.end]
                if pair[1] > pair[0] + 1 or pair in steps:
                    yield pair
                steps.add(pair)

    def _lettered(
        self, source: str, arrows: list[Arrow], letter: str, found: dict[str, SidePath], ends: dict[str, str]
    ) -> Iterator[SidePath]:
        """The arrows of a box, replaced by a letter: a port at its end, and one before each reader."""
        leaving = port(letter, 0, Role.OUTPUT, f"continues at {letter}")
        if source in self.order:
            yield SidePath(start=self.order[source], end=None, exits=(leaving,))
        else:
            path = found[ends[source]]
            found[ends[source]] = path.replace(exits=(*path.exits, leaving))
        for number, arrow in enumerate(arrows, 1):
            coming = port(letter, number, Role.INPUT, f"continued from {letter}")
            if arrow.end in self.order:
                yield SidePath(start=None, end=self.order[arrow.end], entries=(coming,))
            else:
                found[arrow.end] = found[arrow.end].replace(entries=(*found[arrow.end].entries, coming))


def _words(box: Box) -> list[str]:
    """The labels of a box's layers; for an input its name and shape, for an output its name."""
    times = f" ×{box.times}" if box.times > 1 else ""
    words = [row.words for row in box.rows]
    if box.role is Role.INPUT and box.shape is not None:
        return [f"{' '.join(words)} {shape_words(box.shape)}"]
    if box.role is Role.OUTPUT:
        return [f"→ {' '.join(words)}"]
    return [f"{word}{times}" for word in words]
