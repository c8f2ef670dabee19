"""Curves and matrices as users see them: the labels on their axes, and that they are readable."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from archdsl.training.report import curves
from archdsl.training.report.charts import Series, line_chart
from archdsl.training.report.curves import draw_confusion, draw_curves, fonts
from archdsl.training.report.training_sections import decimals

DIGIT = 8.3
"""Width of a digit in the charts' 13px font, for a wide font."""


def drawn(monkeypatch: pytest.MonkeyPatch, accuracies: list[float]) -> Figure:
    """The figure of a training with these accuracies."""
    kept: list[Figure] = []
    monkeypatch.setattr(curves, "save_figure", lambda figure, _: kept.append(figure))
    lines: list[dict[str, Any]] = [
        {"epoch": epoch, "train": {"loss": 1.0, "accuracy": accuracy}, "validation": None}
        for epoch, accuracy in enumerate(accuracies, 1)
    ]
    draw_curves(lines, None, Path("curves"))
    kept[0].draw_without_rendering()
    return kept[0]


def test_epoch_axis_has_integer_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = drawn(monkeypatch, [0.5]).axes[0].get_xticks()
    assert all(tick == int(tick) for tick in ticks)


@pytest.mark.parametrize("accuracy", [0.0, 1.0])
def test_accuracy_axis_stays_within_0_and_100_percent(monkeypatch: pytest.MonkeyPatch, accuracy: float) -> None:
    low, high = drawn(monkeypatch, [accuracy, accuracy]).axes[1].get_ylim()
    assert -0.03 < low < high < 1.03
    line = Series("training", "a", [(1, 100 * accuracy), (2, 100 * accuracy)])
    page = line_chart("Accuracy", "accuracy (%)", [line], lambda value: f"{value:g}", None, most=100)
    ticks = [float(tick) for tick in re.findall(r'text-anchor="end">([^<]+)<', page)]
    assert 0 <= min(ticks) < max(ticks) <= 100


@pytest.mark.parametrize("rate", [1e-3, 3e-4, 2.5e-4, 6e-5, 11.5])
def test_axis_numbers_do_not_overlap_the_label(rate: float) -> None:
    page = line_chart("t", "learning rate", [Series("a", "c", [(1, rate), (2, 0)])], decimals, None, zero=True)
    ticks = re.findall(r'<text x="(\d+)"[^>]*text-anchor="end">([^<]+)<', page)
    label = re.search(r'translate\((\d+) [^>]*class="label"', page)
    assert label
    assert all(int(x) - len(tick) * DIGIT > int(label[1]) + 4 for x, tick in ticks)


def test_names_in_other_scripts_have_a_font_where_one_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = [SimpleNamespace(name=name) for name in ("Odd Serif", "Malgun Gothic", "Noto Sans CJK SC")]
    monkeypatch.setattr(curves, "fontManager", SimpleNamespace(ttflist=installed))
    assert fonts() == ["DejaVu Sans", "Noto Sans CJK SC", "Malgun Gothic"]
    kept: list[Figure] = []
    monkeypatch.setattr(curves, "save_figure", lambda figure, _: kept.append(figure))
    draw_confusion(np.eye(2, dtype=np.int64), ["猫", "犬"], "right", Path("confusion"))
    axes = kept[0].axes[0]
    assert all(label.get_fontfamily() == fonts() for label in (*axes.get_xticklabels(), *axes.get_yticklabels()))
