"""Draws scenes of one or two colored shapes, with sentences that describe them."""

from random import Random
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .images import Pixels

KINDS = ("circle", "square", "triangle")
COLORS = {
    "red": (214, 39, 40), "green": (44, 160, 44), "blue": (31, 87, 200), "yellow": (235, 220, 60),
    "purple": (148, 60, 189), "white": (245, 245, 245),
}  # fmt: skip
_BACKGROUND, _NOISE = 60, 20


class DrawnShape(NamedTuple):
    """A shape: its kind, the name of its color, its center and its radius in pixels."""

    kind: str
    color: str
    y: float
    x: float
    radius: float

    @property
    def phrase(self) -> str:
        """`a red circle`."""
        return f"a {self.color} {self.kind}"

    def inside(self, side: int) -> NDArray[np.bool_]:
        """The pixels of the shape: bool of side×side."""
        rows, columns = np.mgrid[:side, :side].astype(np.float64)
        dy, dx = rows - self.y, columns - self.x
        match self.kind:
            case "circle":
                found = dy**2 + dx**2 <= self.radius**2
            case "square":
                found = np.maximum(abs(dy), abs(dx)) <= self.radius * 0.85
            case _:
                found = (dy <= self.radius * 0.7) & (dy >= -self.radius * 0.9 + 1.8 * abs(dx))
        return np.asarray(found, np.bool_)


def draw_scenes(count: int, side: int) -> tuple[Pixels, list[list[str]]]:
    """Images, uint8 of N×3×side×side, and the sentences of each, all of them true; the same in every call."""
    random = Random(0)  # its numbers are the same in all versions of Python
    images, sentences = np.empty((count, 3, side, side), np.uint8), []
    for image in images:
        shapes = _shapes(side, random)
        made = np.full((3, side, side), _BACKGROUND, np.float64)
        for shape in shapes:
            made[:, shape.inside(side)] = np.array(COLORS[shape.color])[:, None]
        noise = np.frombuffer(random.randbytes(made.size), np.uint8).reshape(made.shape)
        image[:] = np.clip(np.round(made + (noise / 255 - 0.5) * 2 * _NOISE), 0, 255)
        sentences.append(_sentences(shapes))
    return images, sentences


def _shapes(side: int, random: Random) -> list[DrawnShape]:
    """One shape, or two that do not overlap, one clearly beside or above the other."""
    radius = 0.17 * side

    def shape(y: float, x: float) -> DrawnShape:
        size = radius * random.uniform(0.8, 1)
        return DrawnShape(random.choice(KINDS), random.choice(sorted(COLORS)), y, x, size)

    low, high = 0.22 * side, 0.78 * side
    if random.random() < 0.3:
        return [shape(random.uniform(low, high), random.uniform(low, high))]
    along = sorted((low + random.uniform(0, 0.05) * side, high - random.uniform(0, 0.05) * side))
    across = random.uniform(0.4, 0.6) * side, random.uniform(0.4, 0.6) * side
    if random.random() < 0.5:
        return [shape(across[0], along[0]), shape(across[1], along[1])]
    return [shape(along[0], across[0]), shape(along[1], across[1])]


def _sentences(shapes: list[DrawnShape]) -> list[str]:
    if len(shapes) == 1:
        return [f"there is {shapes[0].phrase}", f"{shapes[0].phrase} on a dark background"]
    first, second = shapes
    if second.x - first.x > second.y - first.y:
        return [f"{first.phrase} to the left of {second.phrase}", f"{second.phrase} to the right of {first.phrase}"]
    return [f"{first.phrase} above {second.phrase}", f"{second.phrase} below {first.phrase}"]
