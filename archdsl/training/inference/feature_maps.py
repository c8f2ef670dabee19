"""Figures of filters and feature maps: one per layer, and a page with all of them."""

import io
import math
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from ...text.counts import counted
from ..report.gather import png_uri
from ..report.markup import Markup, head, join, name, tag
from .inspection import Filters, Maps

MOST = 64
"""Largest number of filters or maps in a figure."""
_LARGEST = 112
_WIDTH = 900
_GAP = 4
_MARGIN, _HEAD, _FOOT, _BAR = 10, 44, 10, 92
_DPI = 100

Array = NDArray[np.float32]


@dataclass(frozen=True)
class LayerFigure:
    """A figure with its title and a note about it."""

    title: str
    note: str
    image: Image.Image


def draw_filters(found: Filters) -> LayerFigure:
    """The filters side by side: in color for three channels, else one tile per channel on a color scale around zero.

    Each is scaled by its own largest weight, so that the pattern of small weights is visible, too.
    """
    count, channels, rows, columns = found.weights.shape
    most = MOST if channels in (1, 3) else max(1, MOST // channels)
    scaled = _scaled(found.weights[:most].numpy())
    shown = "all" if count <= most else f"the first {most} of"
    title = f"filters of {found.name}: {shown} {count} of {channels}×{rows}×{columns}"
    if channels == 3:
        tiles = _in_colors(scaled)
        note = "Filters in color; medium gray is zero. Each filter is scaled by its largest weight."
        return LayerFigure(title, note, _compose(title, tiles, None, ("", -1, 1)))
    tiles = scaled.reshape(-1, rows, columns)[:MOST] if channels > 1 else scaled[:, 0]
    note = "White is zero, purple negative, orange positive. Each filter is scaled by its largest weight."
    if channels > 1:
        first = f"the first {MOST} of " if channels > MOST else ""
        of = f"{first}the {counted(channels, 'channel')}"
        note += f" Each tile is one of {of} of a filter, labeled with the filter's number."
    return LayerFigure(
        title, note, _compose(title, tiles, "PuOr_r", ("weight / largest weight", -1, 1), max(1, channels))
    )


def draw_pairs(filters: Filters, of: Maps) -> LayerFigure:
    """Each filter next to the map that it produces; `of` are the maps of the filters' own layer, map i for filter i."""
    count = len(filters.weights)
    pairs = min(count, MOST // 2)
    shown = "all" if count <= pairs else f"the first {pairs} of"
    title = f"{filters.name}: {shown} {count} filters, each next to its feature map"
    weights = _in_colors(_scaled(filters.weights[:pairs].numpy()))
    values = np.nan_to_num(of.values[:pairs].numpy())
    top = float(np.quantile(np.abs(values), 0.995)) or float(np.abs(values).max()) or 1.0
    maps = _colormapped(values, -top, top)
    size = max(24, min(_LARGEST, max(maps.shape[1:3])))
    tiles = [
        np.concatenate([_to_square(left, size), np.ones((size, _GAP, 3), np.float32), _to_square(right, size)], 1)
        for left, right in zip(weights, maps, strict=True)
    ]
    note = (
        "Left: a filter, scaled by its largest weight. Right: its feature map, before normalization and activation. "
        "All maps share one scale: white is zero, purple negative, orange positive."
    )
    return LayerFigure(title, note, _compose(title, np.stack(tiles), None, ("", 0, 1)))


def _scaled(weights: Array) -> Array:
    """Each filter of K×C×H×W divided by its largest weight."""
    largest = np.abs(weights).max((1, 2, 3), keepdims=True)
    return np.asarray(weights / np.maximum(largest, 1e-12), np.float32)


def _in_colors(scaled: Array) -> Array:
    """Filters in -1..1 as colors, K×H×W×3 in 0..1: their own for three channels, else the first channel on a color
    scale.
    """
    if scaled.shape[1] == 3:
        return np.asarray((scaled.transpose(0, 2, 3, 1) + 1) / 2, np.float32)
    return _colormapped(scaled[:, 0], -1, 1)


def _colormapped(tiles: Array, low: float, high: float) -> Array:
    """Tiles N×H×W in the colors of a scale, N×H×W×3 in 0..1."""
    colors = mpl.colormaps["PuOr_r"](np.clip((tiles - low) / (high - low), 0, 1))
    return np.asarray(colors[..., :3], np.float32)


def _to_square(tile: Array, size: int) -> Array:
    """A tile H×W×3 scaled to fit a square of this size, with a white border."""
    high, wide = tile.shape[:2]
    factor = size / max(high, wide)
    image = Image.fromarray((tile * 255).round().astype(np.uint8))
    shape = max(1, round(wide * factor)), max(1, round(high * factor))
    smooth = Image.Resampling.BOX if factor < 1 else Image.Resampling.NEAREST
    square = Image.new("RGB", (size, size), "white")
    square.paste(image.resize(shape, smooth), ((size - shape[0]) // 2, (size - shape[1]) // 2))
    shown: Array = np.asarray(square, np.float32) / np.float32(255)
    return shown


def draw_maps(found: Maps) -> LayerFigure:
    """The channels side by side on one color scale, so that a weak channel looks weak.

    The scale ends at the 99.5th percentile of the values: single peaks would make everything else dark.
    """
    values = found.values.numpy()
    count, rows, columns = values.shape
    shown = "all" if count <= MOST else f"the first {MOST} of"
    title = f"{found.name}: {shown} {count} maps of {rows}×{columns}"
    tiles = np.nan_to_num(values[:MOST])
    dead = int((values.max((1, 2)) == values.min((1, 2))).sum())
    signed = tiles.min() < 0
    top = float(np.quantile(np.abs(tiles), 0.995)) or float(np.abs(tiles).max()) or 1.0
    low, colors = (-top, "PuOr_r") if signed else (0.0, "viridis")
    shades = "Dark is zero, and light is the largest value."
    note = "White is zero, purple negative, orange positive." if signed else shades
    if found.text:
        note = f"Output of `{found.text}`. {note}"
    if dead:
        note += f" {dead} of {count} maps {'is' if dead == 1 else 'are'} constant."
    return LayerFigure(title, note, _compose(title, tiles, colors, ("value", low, top)))


def _compose(
    title: str, tiles: Array, colors: str | None, scale: tuple[str, float, float], group_size: int = 1
) -> Image.Image:
    """Tiles N×H×W (or N×H×W×3 in 0..1) in rows, with a title above and a color bar on the right.

    Tiles are numbered from 1; if groups of `group_size` tiles belong together, only the first of each is numbered.
    """
    grid = _montage(tiles)
    high, wide = grid.shape[:2]
    bar = _BAR if colors else _MARGIN
    total = max(_MARGIN + wide + bar, 480), _HEAD + max(high, 120) + _FOOT
    figure = Figure(figsize=(total[0] / _DPI, total[1] / _DPI), dpi=_DPI, facecolor="white")
    axes = figure.add_axes((_MARGIN / total[0], 1 - (_HEAD + high) / total[1], wide / total[0], high / total[1]))
    axes.set_axis_off()
    label, low, top = scale
    figure.text(_MARGIN / total[0], 1 - 16 / total[1], title, va="center", fontsize=11, parse_math=False)
    if colors is None:
        axes.imshow(grid, interpolation="nearest", aspect="auto")
    else:
        map_of = mpl.colormaps[colors].with_extremes(bad="white")
        image = axes.imshow(grid, cmap=map_of, vmin=low, vmax=top, interpolation="nearest", aspect="auto")
        bar_high = min(high, 220)
        colorbar_axes = (
            (_MARGIN + wide + 12) / total[0],
            1 - (_HEAD + bar_high) / total[1],
            12 / total[0],
            bar_high / total[1],
        )
        figure.colorbar(image, cax=figure.add_axes(colorbar_axes), label=label)
    _number(axes, len(tiles), grid.shape, _across(tiles), group_size)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=_DPI)
    return Image.open(stream)


def _number(axes: Axes, count: int, grid: tuple[int, ...], across: int, group_size: int) -> None:
    """Write the numbers into the corners of the tiles."""
    down = math.ceil(count / across)
    high, wide = (grid[0] + _GAP) / down, (grid[1] + _GAP) / across
    box = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.6}
    for index in range(0, count, group_size):
        at = index % across * wide + 1, index // across * high + 1
        axes.text(*at, str(index // group_size + 1), fontsize=6, color="black", va="top", ha="left", bbox=box)


def _montage(tiles: Array) -> Array:
    """One array of all tiles, each enlarged to be visible, with a gap (NaN, or white for color tiles) between them."""
    tiles = np.stack([_smaller(tile) for tile in tiles])
    count, across = len(tiles), _across(tiles)
    zoom = max(1, min(_LARGEST, (_WIDTH - _GAP * (across - 1)) // across) // tiles.shape[2])
    tiles = tiles.repeat(zoom, 1).repeat(zoom, 2)
    rows, columns = tiles.shape[1] + _GAP, tiles.shape[2] + _GAP
    blank = 1.0 if tiles.ndim == 4 else np.nan
    down = math.ceil(count / across)
    grid = np.full((down * rows - _GAP, across * columns - _GAP, *tiles.shape[3:]), blank, np.float32)
    for index, tile in enumerate(tiles):
        y, x = index // across * rows, index % across * columns
        grid[y : y + rows - _GAP, x : x + columns - _GAP] = tile
    return grid


def _across(tiles: Array) -> int:
    """Number of tiles in a row, for a grid that is slightly wider than tall and has few empty places."""
    count, rows, columns = tiles.shape[:3]
    wanted = max(1, round(math.sqrt(count * rows / columns) * 1.25))
    near = range(max(1, wanted - 2), min(wanted + 3, count) + 1)
    return min(near or (count,), key=lambda across: (-count % across, abs(across - wanted), -across))


def _smaller(tile: Array) -> Array:
    """A tile reduced to at most 112 pixels per dimension, by averaging over windows."""
    if tile.ndim == 3 or max(tile.shape) <= _LARGEST:
        return tile
    part = _LARGEST / max(tile.shape)
    size = max(1, round(tile.shape[1] * part)), max(1, round(tile.shape[0] * part))
    return np.asarray(Image.fromarray(tile).resize(size, Image.Resampling.BOX))


def page(
    title: str, image: Image.Image | None, answers: list[tuple[str, float]], layer_figures: list[LayerFigure]
) -> str:
    """One self-contained HTML page with all figures."""
    seen = _seen(image, answers) if image is not None else None
    body = tag("body", tag("header", tag("h1", tag("bdi", title)), seen), tag("main", *map(_section, layer_figures)))
    return f"<!DOCTYPE html>\n{tag('html', head(title), body, lang='en')}\n"


def _seen(image: Image.Image, answers: list[tuple[str, float]]) -> Markup:
    """The image at the network's input size, and the prediction."""
    large = image.resize([side * max(1, 192 // max(image.size)) for side in image.size], Image.Resampling.NEAREST)
    shown = tag("img", src=png_uri(large), alt="The input image of the network", class_="seen")
    heads = tag("tr", tag("th", "class", scope="col"), tag("th", "probability", scope="col"), tag("td"))
    rows = [
        tag(
            "tr",
            tag("th", name(each), scope="row"),
            tag("td", f"{probability:.1%}"),
            tag("td", tag("span", class_="bar", style=f"--p:{probability:.4f}"), class_="bars"),
        )
        for each, probability in answers
    ]
    return join(shown, tag("table", tag("thead", heads), tag("tbody", *rows), class_="classes"))


def _section(layer_figure: LayerFigure) -> Markup:
    shown = tag("img", src=png_uri(layer_figure.image), alt=f"{layer_figure.title}. {layer_figure.note}")
    scrolled = tag("div", shown, class_="wide", tabindex=0, role="region", aria_label=layer_figure.title)
    return tag("section", tag("h2", layer_figure.title), tag("p", layer_figure.note, class_="note"), scrolled)
