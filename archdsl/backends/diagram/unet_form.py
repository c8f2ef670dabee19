"""Whether a diagram has the form of a U-Net: an encoder, a decoder, and skips between equal resolutions."""

from collections import Counter
from collections.abc import Mapping
from itertools import pairwise

from ...record import Record
from ...shapes.symbolic import concrete
from .engine import CannotDraw
from .figure import Arrow, Box, Diagram, Role
from .flow import main_path

_SCALE = 1.5
"""The ratio from which two sizes count as different levels; unpadded convolutions change a size by less."""


class UNetSkip(Record):
    """A path from the encoder to the decoder; `boxes` are those on it, usually none."""

    start: Box
    end: Box
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


class UNetForm(Record):
    """The boxes of each level, the highest resolution first, in the order of the flow; and the skips.

    `path` are the arrows from box to box along the encoder, the bottom and the decoder.
    """

    encoder: tuple[tuple[Box, ...], ...]
    bottom: tuple[Box, ...]
    decoder: tuple[tuple[Box, ...], ...]
    skips: tuple[UNetSkip, ...]
    path: tuple[Arrow, ...]


def unet_form(diagram: Diagram) -> UNetForm:
    """The form of a diagram as a U-Net. Raises CannotDraw with the first difference."""
    boxes = {box.id: box for box in diagram.boxes}
    outputs = [box for box in diagram.boxes if box.role is Role.OUTPUT]
    if len(outputs) != 1 or sum(box.role is Role.INPUT for box in diagram.boxes) != 1:
        raise _other("it has several inputs or outputs")
    if any(cluster.times > 1 for cluster in diagram.clusters):
        raise _other("several boxes are repeated together")
    arrows = {(arrow.start, arrow.end): arrow for arrow in diagram.arrows}
    if len(arrows) < len(diagram.arrows):
        raise _other("several tensors flow between the same boxes")
    path = main_path(list(arrows), outputs[0].id)
    levels = _levels([boxes[name] for name in path])
    deepest = max(levels.values())
    turn = max(i for i, name in enumerate(path) if levels[name] == deepest)
    first = min(i for i, name in enumerate(path) if levels[name] == deepest)
    encoder = [[boxes[n] for n in path[:first] if levels[n] == level] for level in range(deepest)]
    decoder = [[boxes[n] for n in path[turn + 1 :] if levels[n] == level] for level in range(deepest)]
    skips = _skips(diagram, boxes, path, levels)
    before, after = set(path[:first]), set(path[turn + 1 :])
    for skip in skips:
        if skip.start.id not in before or skip.end.id not in after or levels[skip.start.id] != levels[skip.end.id]:
            words = skip.end.rows[0].words
            raise _other(f"the skip connection to `{words}` does not lead from the encoder to the same resolution")
    if not all(encoder) or not all(decoder) or not skips:
        raise _other(
            "the resolution does not decrease and increase again, with skip connections between equal resolutions"
        )
    return UNetForm(
        encoder=tuple(map(tuple, encoder)),
        bottom=tuple(boxes[name] for name in path[first : turn + 1]),
        decoder=tuple(map(tuple, decoder)),
        skips=tuple(skips),
        path=tuple(arrows[pair] for pair in pairwise(path)),
    )


def _levels(path: list[Box]) -> Mapping[str, int]:
    """The level of each box on the path: how often the resolution decreased up to it, minus how often it increased."""
    levels: dict[str, int] = {}
    level, rising = 0, False
    length: float | None = None
    for box in path:
        if box.role is not Role.OUTPUT:
            if box.shape is None or not box.shape.spatial_size:
                raise _other(f"`{box.rows[0].words if box.rows else 'a box'}` has no spatial dimensions")
            after = float(concrete(box.shape.spatial_size[-1]))
            ratio = 1.0 if length is None else length / after
            if ratio >= _SCALE and rising:
                raise _other("the resolution decreases again after it increased")
            rising = rising or ratio <= 1 / _SCALE
            level += (ratio >= _SCALE) - (ratio <= 1 / _SCALE)
            length = after
        levels[box.id] = level
    if min(levels.values()) < 0 or max(levels.values()) < 1:
        raise _other("the resolution does not decrease and increase again")
    return levels


def _skips(diagram: Diagram, boxes: Mapping[str, Box], path: list[str], levels: Mapping[str, int]) -> list[UNetSkip]:
    """The paths off the main path. Raises CannotDraw if one splits or merges."""
    steps = set(pairwise(path))
    readers = Counter(arrow.start for arrow in diagram.arrows)
    into = Counter(arrow.end for arrow in diagram.arrows)
    following = {arrow.start: arrow for arrow in diagram.arrows if arrow.start not in levels}
    skips = []
    covered = set(path)
    for arrow in diagram.arrows:
        if arrow.start not in levels or (arrow.start, arrow.end) in steps:
            continue
        found, arrows = [], [arrow]
        while arrows[-1].end not in levels:
            name = arrows[-1].end
            if readers[name] != 1 or into[name] != 1:
                raise _other(f"`{boxes[name].rows[0].words if boxes[name].rows else 'a branch'}` splits or merges")
            found.append(boxes[name])
            covered.add(name)
            arrows.append(following[name])
        end = boxes[arrows[-1].end]
        skips.append(UNetSkip(start=boxes[arrow.start], end=end, boxes=tuple(found), arrows=tuple(arrows)))
    if covered != set(boxes):
        raise _other("a branch does not start in the encoder")
    return skips


def _other(difference: str) -> CannotDraw:
    return CannotDraw(f"this network does not have the form of a U-Net: {difference}; use another view")
