"""Read back the renderer's layout to improve it: straight paths, titles of frames that no arrow crosses."""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import pairwise
from typing import Any, NamedTuple

from .arrangement import GAP, STRAIGHT, Arrangement, Title
from .dot import write_dot
from .engine import Failed, draw
from .figure import Diagram
from .figure_options import DiagramStyle

Point = tuple[float, float]
_CLEAR = 3
"""Points between a title and the arrows next to it."""
_STEP = 6
"""By how many points at least space for a title grows that did not suffice."""
_MAX_CORRECTIONS = 3
"""How often the space for titles is corrected."""


class Rectangle(NamedTuple):
    """A rectangle, in points."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def middle(self) -> Point:
        """Its center."""
        return (self.left + self.right) / 2, (self.bottom + self.top) / 2

    def crossed(self, line: list[Point]) -> list[Point]:
        """The points of a line that are inside the rectangle."""
        return [(x, y) for x, y in line if self.left <= x <= self.right and self.bottom <= y <= self.top]


def best_layout(diagram: Diagram, style: DiagramStyle) -> tuple[str, bytes]:
    """The best arrangement of the diagram: its DOT program, and the renderer's JSON. Raises CannotDraw."""
    made: dict[str, bytes] = {}

    def lay_out(arrangement: Arrangement) -> bytes:
        # Different arrangements may give the same program.
        program = write_dot(diagram, style, arrangement)
        if program not in made:
            made[program] = draw(program, "json")
        return made[program]

    best = arrange(lay_out, titled=bool(diagram.clusters), direction=style.direction)
    return write_dot(diagram, style, best), lay_out(best)


def arrange(lay_out: Callable[[Arrangement], bytes], *, titled: bool, direction: str = "TB") -> Arrangement:
    """The best arrangement of a diagram; `lay_out` returns the renderer's JSON for an arrangement. Raises CannotDraw.

    If the diagram runs to the right, titles have a side, but no reserved space.

    Occasionally the renderer cannot route an arrow ("source point not in any triangle"); it can if the positions are
    slightly different.
    """
    best, layout = first_drawn(lay_out)
    if not titled:
        return best
    if direction == "LR":
        sides = {name: title.side for name, title in place_titles(layout, {}, usual="l").items()}
        return best.replace(titles={name: Title(side) for name, side in sides.items()})
    if not best.skips_first and (bends := _bent_arrows(layout)):
        other = best.replace(skips_first=True)
        with suppress(Failed):
            again = lay_out(other)
            best, layout = (other, again) if _bent_arrows(again) < bends else (best, layout)
    return _with_clear_titles(lay_out, best, layout)


def _with_clear_titles(lay_out: Callable[[Arrangement], bytes], plain: Arrangement, layout: bytes) -> Arrangement:
    """The arrangement with the titles that the fewest arrows cross; of those, the narrowest.

    `layout` is that of the plain arrangement, without space for titles.
    """
    titles = place_titles(layout, {})
    sides = {name: Title(title.side) for name, title in titles.items()}
    tried: list[tuple[int, float, Arrangement]] = []
    for _ in range(_MAX_CORRECTIONS):
        spacious = plain.replace(titles=titles)
        if not any(title.space for title in titles.values()):
            return spacious
        try:
            found = lay_out(spacious)
        except Failed:
            break
        corrected = place_titles(found, titles)
        if corrected == titles:
            return spacious
        tried.append((*_faults(found, titles), spacious))
        titles = corrected
    with suppress(Failed):
        tried.append((*_faults(lay_out(plain.replace(titles=sides)), sides), plain.replace(titles=sides)))
    return min(tried, key=lambda each: each[:2], default=(0, 0.0, plain.replace(titles=sides)))[2]


def first_drawn(lay_out: Callable[[Arrangement], bytes]) -> tuple[Arrangement, bytes]:
    """The first arrangement that the renderer can lay out, and the JSON of its layout."""
    tries = [Arrangement(skips_first=first, nudge=nudge) for nudge in range(4) for first in (False, True)]
    for arrangement in tries[:-1]:
        with suppress(Failed):
            return arrangement, lay_out(arrangement)
    return tries[-1], lay_out(tries[-1])


def _bent_arrows(layout: bytes) -> int:
    """The number of arrows that should be straight but are not."""
    edges = (edge for edge in json.loads(layout).get("edges", ()) if edge.get("weight") == STRAIGHT)
    return sum(max(xs) - min(xs) > 1 for edge in edges if (xs := [x for x, _ in _points(edge["pos"])]))


def place_titles(layout: bytes, before: Mapping[str, Title], usual: str = "r") -> dict[str, Title]:
    """For each cluster, by its name in DOT, the title position that the fewest arrows cross, `usual` if it is equal.

    `layout` is the renderer's JSON, `before` the previous choice. If arrows cross both positions, space is reserved.
    """
    titles, spaces = {}, _spaces(layout)
    for name, crossings in _title_crossings(layout).items():
        room = before.get(name, Title()).space
        first = spaces.get(name, "l") if room else usual
        side = min("lr", key=lambda side: (len(crossings[side]), side != first))
        if crossings[side]:
            side = spaces.get(name, "l")
            missing = max(crossings[side])
            # Space that did not suffice may have been free before.
            room += max(_STEP, missing) if room else max(1, missing - GAP)
        titles[name] = Title(side, room)
    return titles


def _spaces(layout: bytes) -> dict[str, str]:
    """On which side of a cluster the renderer put the space reserved for its title: it may not be the left."""
    objects = {each["name"]: each for each in json.loads(layout).get("objects", ())}
    sides = {}
    for name in objects:
        if (space := objects.get(f"{name}_room")) is not None:
            left, _, right, _ = map(float, objects[name]["bb"].split(","))
            sides[name] = "l" if float(space["pos"].split(",")[0]) < (left + right) / 2 else "r"
    return sides


def _faults(layout: bytes, titles: Mapping[str, Title]) -> tuple[int, float]:
    """The number of arrows that cross titles, and the width of the layout."""
    crossings = _title_crossings(layout)
    width = float(json.loads(layout)["bb"].split(",")[2])
    return sum(len(crossings[name][title.side]) for name, title in titles.items() if name in crossings), width


def _title_crossings(layout: bytes) -> dict[str, dict[str, list[float]]]:
    """For each cluster, by its name in DOT, and each side of its title: by how much each arrow that crosses it does."""
    found = json.loads(layout)
    lines = [list(_points(edge["pos"])) for edge in found.get("edges", ()) if "pos" in edge]
    clusters = [each for each in found.get("objects", ()) if "lp" in each and "nodes" in each]
    return {
        cluster["name"]: {
            side: [
                max(area.right - x if side == "l" else x - area.left for x, _ in inside)
                for line in lines
                if (inside := area.crossed(line))
            ]
            for side, area in _areas(cluster).items()
        }
        for cluster in clusters
    }


def _areas(cluster: dict[str, Any]) -> dict[str, Rectangle]:
    """The rectangles of a title on the right and on the left."""
    left, _, right, _ = map(float, cluster["bb"].split(","))
    x, y = map(float, cluster["lp"].split(","))
    width, height = float(cluster["lwidth"]) * 36 + _CLEAR, float(cluster["lheight"]) * 36
    middles = {"l": min(x, left + right - x), "r": max(x, left + right - x)}
    return {side: Rectangle(at - width, y - height, at + width, y + height) for side, at in middles.items()}


def _points(position: str) -> Iterator[Point]:
    """Points along an edge, which the renderer describes by Bézier curves: `e,9,9 0,0 1,1 2,2 3,3`."""
    pairs = [part.split(",") for part in position.split() if part[0] not in "es"]
    points = [(float(x), float(y)) for x, y in pairs]
    for start in range(0, len(points) - 3, 3):
        curve = points[start : start + 4]
        steps = 1 + int(sum(math.dist(one, other) for one, other in pairwise(curve)) / _CLEAR)
        yield from (_bezier(curve, step / steps) for step in range(steps + 1))


def _bezier(points: list[Point], t: float) -> Point:
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
    x, y = (sum(w * point[axis] for w, point in zip(weights, points, strict=True)) for axis in (0, 1))
    return x, y
