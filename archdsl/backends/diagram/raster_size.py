"""The limit of the size of a PNG."""

import math

from .engine import CannotDraw

MOST_PIXELS = 178_956_970
"""The largest image, in pixels, that Pillow and the programs that use it, such as matplotlib, open
(`DecompressionBombError`).
"""
LOWEST_DPI, HIGHEST_DPI = 24, 1200
"""The resolutions that a PNG may have."""


def require_raster(width: float, height: float, dpi: int) -> None:
    """Raise CannotDraw if a figure of this size in points has more than MOST_PIXELS at a resolution."""
    pixels = [math.ceil(side * dpi / 72) for side in (width, height)]
    if math.prod(pixels) <= MOST_PIXELS:
        return
    largest = int(72 * math.sqrt(MOST_PIXELS / (width * height)))
    while largest > 0 and math.prod(math.ceil(side * largest / 72) for side in (width, height)) > MOST_PIXELS:
        largest -= 1
    size = "×".join(f"{side:,}" for side in pixels)
    suggestion = (
        f"{largest} dpi is the most that fits, or use svg or pdf" if largest >= LOWEST_DPI else "use svg or pdf"
    )
    raise CannotDraw(
        f"a PNG of {size} pixels is more than the limit of {MOST_PIXELS / 1e6:.0f} megapixels: {suggestion}"
    )
