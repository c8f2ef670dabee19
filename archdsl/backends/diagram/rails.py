"""What the view `volumes` shows next to its row of boxes: skips, branches, further inputs and outputs."""

from collections import Counter
from collections.abc import Sequence

from ...record import Record
from .engine import CannotDraw
from .figure import Box, Diagram, Role
from .labels import shape_words

LONGEST = 48
"""Characters of a label; a longer one names the first and the last layer of a branch."""


class Rail(Record):
    """A path next to the row, from one of its boxes to a later one; `boxes` are those on it, none for a skip.

    Without a start, it begins with an input; without an end, it ends with an output.
    """

    start: int | None
    end: int | None
    boxes: tuple[Box, ...] = ()

    @property
    def label(self) -> str:
        """Its layers in words; empty for a skip."""
        words = [word for box in self.boxes for word in _words(box)]
        text = "; ".join(words)
        if len(text) <= LONGEST or len(words) < 3:
            return text
        return f"{words[0]} … {words[-1]} ({len(words)} layers)"

    @property
    def box(self) -> Box:
        """Its boxes as one, with the rows of all, for which its label stands."""
        rows = tuple(row for box in self.boxes for row in box.rows)
        first, last = self.boxes[0], self.boxes[-1]
        name, letter = "_".join(box.id for box in self.boxes), first.letter or last.letter
        return first.replace(id=name, rows=rows, shape=last.shape, letter=letter)

    @property
    def hover(self) -> str:
        """The hover text: one line for each layer."""
        return "\n".join(row.hover for box in self.boxes for row in box.rows)

    @property
    def span(self) -> int:
        """The number of boxes between its ends."""
        return 0 if self.start is None or self.end is None else self.end - self.start


def rails(diagram: Diagram, row: Sequence[Box]) -> list[Rail]:
    """The paths next to a row of boxes, so that every box and every arrow is shown; shorter ones first.

    Raises CannotDraw if a branch splits, or merges with another before it returns to the row.
    """
    order = {box.id: index for index, box in enumerate(row)}
    by_id = {box.id: box for box in diagram.boxes if box.role is not Role.PORT}
    last = next((box.id for box in diagram.boxes if box.role is Role.OUTPUT), None)
    found = []
    off = [id for id in by_id if id not in order and id != last]
    after: dict[str, list[str]] = {id: [] for id in by_id}
    into = Counter(arrow.end for arrow in diagram.arrows)
    for arrow in diagram.arrows:
        after[arrow.start].append(arrow.end)
        if arrow.start in order and arrow.end in order and order[arrow.end] > order[arrow.start] + 1:
            found.append(Rail(start=order[arrow.start], end=order[arrow.end]))
    for id in off:
        if into[id] > 1 or len(after[id]) > 1:
            raise _tangled(by_id[id])
    heads = [id for id in off if not into[id]]
    starts = [(arrow.start, arrow.end) for arrow in diagram.arrows if arrow.start in order and arrow.end in off]
    for start, id in [*((None, head) for head in heads), *starts]:
        boxes = [by_id[id]]
        while (then := after[boxes[-1].id]) and then[0] not in order and then[0] != last:
            boxes.append(by_id[then[0]])
        end = order.get(then[0]) if then else None
        if start is None and end is None:
            raise _tangled(boxes[0])
        found.append(Rail(start=None if start is None else order[start], end=end, boxes=tuple(boxes)))
    return sorted(found, key=lambda rail: (rail.span, rail.start or 0, rail.end or 0))


def _tangled(box: Box) -> CannotDraw:
    name = next(iter(_words(box)), "a layer")
    return CannotDraw(
        f"`{name}` is on a branch that splits or merges off the longest path, which the view `volumes` cannot show: "
        "use the view `blocks` or `stages`"
    )


def _words(box: Box) -> list[str]:
    """The words of a box's layers; of an input its name and shape, of an output its name."""
    times = f" ×{box.times}" if box.times > 1 else ""
    words = [row.words for row in box.rows]
    if box.role is Role.INPUT and box.shape is not None:
        return [f"{' '.join(words)} {shape_words(box.shape)}"]
    if box.role is Role.OUTPUT:
        return [f"→ {' '.join(words)}"]
    return [f"{word}{times}" for word in words]
