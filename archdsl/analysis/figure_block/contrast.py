"""Colors of figures, and whether text on them is readable.

The contrast is that of WCAG 2.2, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio.
"""

import re

MINIMUM = 4.5
"""The smallest contrast of text at level AA."""
TEXT_COLORS = {"light": ("#1a1a1a", "#4d4d4d"), "dark": ("#f5f5f5", "#c3c9d0")}
"""The colors of text on a light and on a dark page: on layers, and on the background."""
_HEX = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_NAMES = {
    "white": "#ffffff", "black": "#000000", "red": "#ff0000", "green": "#008000", "blue": "#0000ff",
    "yellow": "#ffff00", "orange": "#ffa500", "purple": "#800080", "gray": "#808080", "grey": "#808080",
    "pink": "#ffc0cb", "cyan": "#00ffff", "lightblue": "#add8e6", "lightgreen": "#90ee90", "lightgray": "#d3d3d3",
}  # fmt: skip
"""The values of some names that CSS gives to colors."""


def parsed(text: str) -> str | None:
    """The color of `#rrggbb` or `#rgb`, as `#rrggbb`; None for any other text."""
    if _HEX.fullmatch(text) is None:
        return None
    digits = text[1:].lower()
    return f"#{digits}" if len(digits) == 6 else "#" + "".join(2 * digit for digit in digits)


def likely_color(text: str) -> str | None:
    """The color that an invalid text most likely means: the name of one, or digits without their `#`."""
    return _NAMES.get(text.lower().replace(" ", "")) or parsed(f"#{text}")


def contrast(one: str, other: str) -> float:
    """The contrast of two colors, from 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def readable(color: str, text_color: str) -> str:
    """The color nearest to this one on which text of the color `text_color` has the minimum contrast."""
    away = "#ffffff" if _luminance(text_color) < 0.5 else "#000000"
    return next(
        found for step in range(101) if contrast(found := _mixed(color, away, step / 100), text_color) >= MINIMUM
    )


def _channels(color: str) -> list[int]:
    return [int(color[at : at + 2], 16) for at in (1, 3, 5)]


def _mixed(color: str, other: str, part: float) -> str:
    pairs = zip(_channels(color), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in pairs)


def _luminance(color: str) -> float:
    """The relative luminance, from 0 to 1."""
    parts = [each / 255 for each in _channels(color)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
