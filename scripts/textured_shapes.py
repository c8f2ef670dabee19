"""Write a folder of drawn images: 20 classes of 300 JPEGs, five shapes with four textures each.

    python scripts/textured_shapes.py FOLDER

Colors, position, size and rotation are random, and lines and noise cover the background, so that neither a color nor a
pixel reveals the class. The images are always the same.
"""

import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

SHAPES = ("disc", "square", "triangle", "cross", "ring")
TEXTURES = ("rows", "columns", "checks", "dots")
IMAGES, SIZE = 300, 96
_SCALE = 3
"""Images are drawn this much larger, which makes their edges smooth."""
_LARGE = SIZE * _SCALE


def main() -> int:
    """Write the images that are missing."""
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    for label, (shape, texture) in enumerate((shape, texture) for shape in SHAPES for texture in TEXTURES):
        folder = Path(sys.argv[1]) / f"{shape}_{texture}"
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(IMAGES):
            path = folder / f"{number:03}.jpg"
            if not path.exists():
                image(shape, texture, np.random.default_rng((label, number))).save(path, quality=88)
    return 0


def image(shape: str, texture: str, rng: np.random.Generator) -> Image.Image:
    """A textured shape on a cluttered background."""
    made = Image.new("RGB", (_LARGE, _LARGE), color(rng))
    draw = ImageDraw.Draw(made)
    for _ in range(8):
        ends = rng.integers(0, _LARGE, 4).tolist()
        draw.line(ends, color(rng), width=int(rng.integers(2, 5 * _SCALE)))
    radius = rng.uniform(0.22, 0.4) * _LARGE
    middle = rng.uniform(radius, _LARGE - radius, 2)
    angle = math.radians(rng.uniform(-20, 20))
    inside = filled(shape, middle, radius, angle)
    inside &= textured(texture, angle, rng)
    made.paste(color(rng), mask=Image.fromarray((inside * 255).astype(np.uint8)))
    small = np.asarray(made.resize((SIZE, SIZE), Image.Resampling.BOX), np.float32)
    noisy = small + rng.normal(0, rng.uniform(2, 18), small.shape)
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def color(rng: np.random.Generator) -> tuple[int, int, int]:
    """A random color."""
    red, green, blue = rng.integers(0, 256, 3).tolist()
    return red, green, blue


def rotated(angle: float, middle: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The coordinates of all pixels, relative to a point and rotated."""
    y, x = np.mgrid[:_LARGE, :_LARGE].astype(np.float32)
    x, y = x - middle[0], y - middle[1]
    return x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)


def filled(shape: str, middle: NDArray[Any], radius: float, angle: float) -> NDArray[Any]:
    """Which pixels are inside of the shape."""
    x, y = rotated(angle, middle)
    made: dict[str, NDArray[Any]] = {
        "disc": x**2 + y**2 < (0.95 * radius) ** 2,
        "ring": (x**2 + y**2 < radius**2) & (x**2 + y**2 > (0.5 * radius) ** 2),
        "square": (abs(x) < 0.8 * radius) & (abs(y) < 0.8 * radius),
        "triangle": (y < 0.7 * radius) & (y > 2 * abs(x) - radius),
        "cross": (abs(x) < 0.33 * radius) & (abs(y) < radius) | (abs(y) < 0.33 * radius) & (abs(x) < radius),
    }
    return made[shape]


def textured(texture: str, angle: float, rng: np.random.Generator) -> NDArray[Any]:
    """Which pixels have the color of the texture."""
    x, y = rotated(angle, rng.uniform(0, _LARGE, 2))
    period = rng.uniform(7, 12) * _SCALE
    rows, columns = np.sin(2 * np.pi * y / period), np.sin(2 * np.pi * x / period)
    return {"rows": rows > 0, "columns": columns > 0, "checks": rows * columns > 0, "dots": rows + columns > 0.6}[
        texture
    ]


if __name__ == "__main__":
    sys.exit(main())
