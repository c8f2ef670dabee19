"""Figures of a run: learning curves and the confusion matrix, each as PNG and SVG."""

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import NDArray

from ..safe_files import write_atomically
from ..tasks.metric import METRICS, Metric

_BLUE, _ORANGE, _GREY = "#0072B2", "#D55E00", "#777777"  # distinguishable with color vision deficiencies (Okabe & Ito)
_NAMED_CLASSES = 30
_NUMBERED_CLASSES = 20
_LONGEST_NAME = 24
_FONTS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans CJK KR", "Source Han Sans SC", "WenQuanYi Micro Hei",
    "Microsoft YaHei", "Yu Gothic", "Malgun Gothic", "PingFang HK", "Hiragino Sans", "Apple SD Gothic Neo",
    "Arial Unicode MS", "Noto Sans Devanagari", "Nirmala UI", "Noto Sans Thai", "Leelawadee UI",
)  # fmt: skip
_MARGIN = 0.02  # beyond 0 and 100 %, so that lines at the ends are not clipped


def draw_curves(
    history: Sequence[dict[str, Any]],
    best: int | None,
    stem: Path,
    loss_label: str = "loss",
    metric: Metric = METRICS["accuracy"],
) -> None:
    """Draw the loss and a metric by epoch, on training and validation images, as `stem`.png and .svg.

    `best` is the best epoch, marked if there is one; `loss_label` is the axis label of the loss, with its unit.
    """
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    loss, accuracy = figure.subplots(1, 2)
    unit = "fraction of the images" if metric.name == "accuracy" else metric.unit or metric.label
    for axes, name, label in ((loss, "loss", loss_label), (accuracy, metric.name, unit)):
        _curve(axes, history, "train", name, _BLUE, "training")
        _curve(axes, history, "validation", name, _ORANGE, "validation")
        if best is not None:
            axes.axvline(best, color=_GREY, linewidth=0.8, linestyle=":", label=f"best epoch, {best}")
        axes.set(xlabel="epoch", ylabel=label, title="loss" if name == "loss" else metric.label)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        if len(history) == 1:  # otherwise the axis would span a tenth of an epoch
            axes.set_xlim(history[0]["epoch"] - 1, history[0]["epoch"] + 1)
    if metric.fraction:
        low, high = accuracy.get_ylim()
        accuracy.set_ylim(max(low, -_MARGIN), min(high, 1 + _MARGIN))
        accuracy.yaxis.set_major_formatter(PercentFormatter(1))
    loss.legend(frameon=False)
    save_figure(figure, stem)


def _curve(axes: Axes, history: Sequence[dict[str, Any]], part: str, name: str, color: str, label: str) -> None:
    points = [(line["epoch"], line[part][name]) for line in history if line[part] and name in line[part]]
    if points:
        axes.plot(*zip(*points, strict=True), color=color, marker=".", markersize=4, linewidth=1.4, label=label)


def draw_confusion(confusion: NDArray[np.int64], classes: Sequence[str], title: str, stem: Path) -> None:
    """Draw the confusion matrix as `stem`.png and .svg: rows are true classes, shades the fractions of the row."""
    count = len(classes)
    side = min(12.0, 3.0 + 0.42 * count)
    figure = Figure(figsize=(side + 0.8, side), layout="constrained")
    axes = figure.subplots()
    totals = confusion.sum(1, keepdims=True)
    parts = confusion / np.maximum(totals, 1)
    image = axes.imshow(parts, cmap="Blues", vmin=0, vmax=1)
    figure.colorbar(image, ax=axes, format=PercentFormatter(1), shrink=0.8)
    axes.set(xlabel="predicted", ylabel="true", title=title)
    if count <= _NAMED_CLASSES:
        names = [_shown(name) for name in classes]
        # names come from folders: `$` in them must not start a formula
        axes.set_xticks(range(count), names, rotation=45, ha="right", parse_math=False, family=fonts())
        axes.set_yticks(range(count), names, parse_math=False, family=fonts())
    else:
        axes.set(xlabel="predicted class, numbered from 0", ylabel="true class, numbered from 0")
    if count <= _NUMBERED_CLASSES:
        for row, column in zip(*np.nonzero(confusion), strict=True):
            color = "white" if parts[row, column] > 0.5 else "black"
            axes.text(column, row, f"{confusion[row, column]}", ha="center", va="center", color=color, fontsize=7)
    save_figure(figure, stem)


def _shown(name: str) -> str:
    """A name cut to the available space, with a placeholder for characters that are not printable."""
    shown = "".join(character if character.isprintable() else "\ufffd" for character in name)
    return shown if len(shown) <= _LONGEST_NAME else f"{shown[: _LONGEST_NAME - 1]}…"


def save_figure(figure: Figure, stem: Path) -> None:
    """Save a figure as `stem`.svg and `stem`.png."""
    # a fixed salt and no date: identical figures give identical files
    with mpl.rc_context({"svg.hashsalt": "archdsl"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # a box is shown instead
        _lay_out(figure)
        write_atomically(stem.with_suffix(".svg"), _saver(figure, "svg"))
        write_atomically(stem.with_suffix(".png"), _saver(figure, "png"))


def _lay_out(figure: Figure) -> None:
    """Place the axes once for both files: otherwise each is drawn twice, to place them and to write it."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
        figure.set_layout_engine("none")


def fonts() -> list[str]:
    """matplotlib's own font, then installed fonts for other scripts: names may be in any script."""
    installed = {font.name for font in fontManager.ttflist}
    return ["DejaVu Sans", *(name for name in _FONTS if name in installed)]


def _saver(figure: Figure, form: str) -> Callable[[Path], None]:
    metadata = {"Date": None} if form == "svg" else {}
    return lambda path: figure.savefig(path, format=form, dpi=150, metadata=metadata)
