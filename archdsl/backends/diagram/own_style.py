"""The style that a `figure { … }` block sets: colors, the font, the background, whether there is a caption."""

from ...analysis.figure_block.contrast import MINIMUM, contrast, readable
from ...graph import FigureColor, FigureSettings, FontFamily
from ...graph.figure_settings import TRANSPARENT
from .engine import CannotDraw
from .figure_options import DiagramStyle
from .theme import THEMES, Theme

_DARK = "dark"
_EMBEDDED = frozenset({"pdf", "eps"})
"""The formats that contain their fonts."""


class HardToRead(CannotDraw):
    """A color of the figure has too little contrast with the text of a theme."""


def with_own_style(style: DiagramStyle, settings: FigureSettings | None, format: str) -> DiagramStyle:
    """A style with what the figure sets.

    Raises CannotDraw if text would be hard to read in this theme, or for a setting that the format does not support.
    """
    if settings is None:
        return style
    _require_possible(settings, format)
    theme = _with_colors(style.theme, settings)
    if theme.dark is not None:
        theme = theme.replace(dark=_with_colors(theme.dark, settings))
    if settings.font is not None:
        theme = theme.replace(font=settings.font)
    return style.replace(theme=theme, caption=style.caption and settings.caption != "")


def usual_theme(format: str, settings: FigureSettings | None) -> Theme:
    """The theme of a diagram for which none is given: light, or for an HTML page that of its reader.

    A figure whose colors only suit light pages is light for every reader.
    """
    if format != "html":
        return THEMES["light"]
    try:
        with_own_style(DiagramStyle(theme=THEMES["auto"]), settings, format)
    except HardToRead:
        return THEMES["light"]
    return THEMES["auto"]


def _require_possible(settings: FigureSettings, format: str) -> None:
    """Raise CannotDraw for settings that a format does not support."""
    if format == "mmd":
        own_background = settings.background is not None and settings.background.light != TRANSPARENT
        for given, word in ((settings.font is not None, "font"), (own_background, "background")):
            if given:
                raise CannotDraw(
                    f"Mermaid uses the {word} of its page, not the one that the figure sets: use svg or png"
                )
    elif format in _EMBEDDED and settings.font is FontFamily.SERIF:
        raise CannotDraw(f"{format} embeds the font `sans`, not the `serif` that the figure sets: use svg, png or tikz")


def _with_colors(theme: Theme, settings: FigureSettings) -> Theme:
    """A theme with the figure's own colors."""
    own = {color.kind: _of(color, theme, theme.text) for color in settings.colors}
    other = own.pop("other", theme.other)
    background = theme.background
    if settings.background is not None:
        background = _of(settings.background, theme, theme.note)
    return theme.replace(fills={**theme.fills, **own}, other=other, background=background)


def _of(color: FigureColor, theme: Theme, text_color: str) -> str:
    """The color in a theme."""
    if color.light == TRANSPARENT:
        return TRANSPARENT
    value = color.light if theme.name != _DARK or color.dark is None else color.dark
    found = contrast(value, text_color)
    if found < MINIMUM:
        what = f'color {color.kind} "{color.light}"' if color.kind else f'background "{color.light}"'
        raise HardToRead(
            f"`{value}` has a contrast of {found:.1f} with the text of the theme {theme.name}, less than {MINIMUM}: "
            f'write `{what} dark="{readable(value, text_color)}"` in the figure, or use another theme'
        )
    return value
