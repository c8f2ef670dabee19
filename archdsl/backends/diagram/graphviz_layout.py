"""Where the renderer puts things, read back, to arrange them better: straight ways, names of frames off the arrows."""

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
"""Points between a title and the arrows beside it."""


class Rectangle(NamedTuple):
    """A part of the plane, in points."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def middle(self) -> Point:
        """The point in its middle."""
        return (self.left + self.right) / 2, (self.bottom + self.top) / 2

    def crossed(self, line: list[Point]) -> list[Point]:
        """The points of a line that lie in it."""
        return [(x, y) for x, y in line if self.left <= x <= self.right and self.bottom <= y <= self.top]


def best_arrangement(diagram: Diagram, style: DiagramStyle) -> Arrangement:
    """The picture arranged as well as the renderer lets us see. Raises CannotDraw."""
    titled = style.direction == "TB" and bool(diagram.clusters)
    return arrange(lambda arrangement: draw(write_dot(diagram, style, arrangement), "json"), titled=titled)


def arrange(lay_out: Callable[[Arrangement], bytes], *, titled: bool) -> Arrangement:
    """The best arrangement of a picture; `lay_out` asks the renderer for the JSON of one. Raises CannotDraw.

    Now and then the renderer cannot find the way of an arrow ("source point not in any triangle"); it can when things
    stand a little elsewhere.
    """
    best, layout = first_drawn(lay_out)
    if not titled:
        return best
    if not best.skips_first and (bends := _bends(layout)):
        other = best.replace(skips_first=True)
        with suppress(Failed):
            again = lay_out(other)
            best, layout = (other, again) if _bends(again) < bends else (best, layout)
    titles = place_titles(layout, {})
    roomy = best.replace(titles=titles)
    if not any(title.room for title in titles.values()):
        return roomy
    try:
        return roomy.replace(titles=place_titles(lay_out(roomy), titles))
    except Failed:
        return best.replace(titles={name: Title(title.side) for name, title in titles.items()})


def first_drawn(lay_out: Callable[[Arrangement], bytes]) -> tuple[Arrangement, bytes]:
    """The first arrangement that the renderer draws, and the JSON that it makes of it."""
    tries = [Arrangement(skips_first=first, nudge=nudge) for nudge in range(4) for first in (False, True)]
    for arrangement in tries[:-1]:
        with suppress(Failed):
            return arrangement, lay_out(arrangement)
    return tries[-1], lay_out(tries[-1])


def _bends(layout: bytes) -> int:
    """How many of the arrows that should run straight down do not."""
    edges = (edge for edge in json.loads(layout).get("edges", ()) if edge.get("weight") == STRAIGHT)
    return sum(max(xs) - min(xs) > 1 for edge in edges if (xs := [x for x, _ in _points(edge["pos"])]))


def place_titles(layout: bytes, before: Mapping[str, Title]) -> dict[str, Title]:
    """Where the titles of clusters, by their names in DOT, are crossed by the fewest arrows.

    `layout` is the renderer's JSON, `before` what was chosen for it. Where arrows cross both sides, room is made.
    """
    found = json.loads(layout)
    lines = [list(_points(edge["pos"])) for edge in found.get("edges", ()) if "pos" in edge]
    titles = {}
    for cluster in found.get("objects", ()):
        if "lp" in cluster and "nodes" in cluster:
            areas = _areas(cluster)
            crossings = {
                side: [found for line in lines if (found := area.crossed(line))] for side, area in areas.items()
            }
            side = min(("r", "l"), key=lambda side: len(crossings[side]))
            room = before.get(cluster["name"], Title()).room
            if crossings[side] and not room:
                leftmost = min(x for line in crossings["l"] for x, _ in line)
                room = max(1, areas["l"].right - leftmost - GAP)
            titles[cluster["name"]] = Title(side, room)
    return titles


def _areas(cluster: dict[str, Any]) -> dict[str, Rectangle]:
    """Where a title stands at the right or at the left."""
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
