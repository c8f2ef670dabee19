"""The style sheet with which an SVG follows light and dark pages.

Shapes carry the colors of the light theme as attributes, which programs without style sheets show; on a dark page, a
rule for each color replaces it.
"""

from collections.abc import Iterator

from .drawing import Curve, Drawing, Polygon, Polyline, TextLabel
from .figure import Box
from .theme import Theme, mixed

ROOT = ".archdsl-auto"
"""The class of such an SVG: the style sheet of one must not color the others on the same page."""
_LEGEND = (0.0, 0.5, 1.0)
"""The values of `BoxRow.heat` that the legend of a measure shows."""


def dark_sheet(drawing: Drawing, theme: Theme) -> str:
    """The style sheet for dark pages; empty for a theme that does not follow the page."""
    if theme.dark is None:
        return ""
    heats = [row.heat for part in drawing.parts if isinstance(part.of, Box) for row in part.of.rows]
    scale = [*_LEGEND, *(heat for heat in heats if heat is not None)]
    shapes = dict(_shape_colors(theme, theme.dark, scale))
    words = {theme.text: theme.dark.text, theme.note: theme.dark.note}
    rules = dict.fromkeys(_rules(drawing, shapes, words))
    inside = "".join(f"{ROOT} {rule}" for rule in rules)
    return f"@media screen and (prefers-color-scheme:dark){{{inside}}}"


def _rules(drawing: Drawing, shapes: dict[str, str], words: dict[str, str]) -> Iterator[str]:
    """One rule for each color that occurs, by its use."""
    yield _rule("rect", "fill", drawing.background, shapes)
    for part in drawing.parts:
        for shape in part.shapes:
            match shape:
                case Polygon():
                    yield _rule("polygon", "fill", shape.fill, shapes)
                    yield _rule("polygon", "stroke", shape.line, shapes)
                case Curve():
                    if shape.fill:
                        yield _rule("path", "fill", shape.fill, shapes)
                    yield _rule("path", "stroke", shape.line, shapes)
                case Polyline():
                    yield _rule("polyline", "stroke", shape.color, shapes)
                    yield _rule("polygon", "fill", shape.color, shapes)
                case TextLabel():
                    yield _rule("text", "fill", shape.color, words)


def _rule(tag: str, attribute: str, color: str, colors: dict[str, str]) -> str:
    return f'{tag}[{attribute}="{color}"]{{{attribute}:{colors.get(color, color)}}}'


def _shape_colors(light: Theme, dark: Theme, scale: list[float]) -> Iterator[tuple[str, str]]:
    """Each color that a shape can have in the light theme, with its color in the dark one."""
    kinds = [(light.fill(kind), dark.fill(kind)) for kind in (*light.fills, "")]
    heat_colors = [(light.heat_color(heat), dark.heat_color(heat)) for heat in scale]
    for one, other in (*heat_colors, *kinds, (light.end, dark.end)):
        # The borders of boxes; the upper and right faces of volumes.
        yield mixed(one, light.text, 0.45), mixed(other, dark.text, 0.45)
        yield mixed(one, "#ffffff", 0.3), mixed(other, "#ffffff", 0.3)
        yield mixed(one, "#000000", 0.14), mixed(other, "#000000", 0.14)
    yield from heat_colors
    yield from zip(light.cluster, dark.cluster, strict=True)
    yield light.cluster_line, dark.cluster_line
    yield light.skip, dark.skip
    yield light.line, dark.line
    yield from kinds
    yield light.background, dark.background
    yield light.end, dark.end
