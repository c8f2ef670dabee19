"""The figure of a sweep: its metric against compute."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, LogLocator, NullFormatter, PercentFormatter

from ..report.curves import save_figure
from ..tasks.metric import Metric
from .search_space import Dimension, Range, Space
from .trial_result import Trial, Trials, costs_differ, done, front, shown

_BLUE, _ORANGE, _GREY = "#0072B2", "#D55E00", "#999999"  # distinguishable with color vision deficiencies (Okabe & Ito)
_NAMED = 8


def draw_sweep(trials: Trials, space: Space, metric: Metric, sample: str, title: str, stem: Path) -> None:
    """Draw the metric against MACs with the Pareto front, as `stem`.png and .svg, if any trial has succeeded.

    If all trials have the same MACs, the metric is drawn against each dimension instead. Pruned trials are left out.
    """
    whole = dict(done(trials))
    if not whole:
        return
    if costs_differ(whole):
        figure = Figure(figsize=(7.5, 6), layout="constrained")
        _costs(figure, whole, metric, sample)
    else:
        names = list(space.dimensions)
        figure = Figure(figsize=(max(5.0, 3.6 * len(names)), 4), layout="constrained")
        row = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
        for axes, name in zip(row, names, strict=True):
            _over(axes, name, space.dimensions[name], list(whole.values()))
        row[0].set_ylabel(_label(metric))
    if metric.fraction:
        figure.axes[0].yaxis.set_major_formatter(PercentFormatter(1))
    figure.suptitle(title, fontsize=11)
    save_figure(figure, stem)


def _label(metric: Metric) -> str:
    better = "" if metric.higher else ", lower is better"
    return f"validation {metric.label}{f' ({metric.unit})' if metric.unit else ''}{better}"


def _costs(figure: Figure, trials: Trials, metric: Metric, sample: str) -> None:
    axes = figure.subplots()
    numbers = front(trials, metric)
    optimal = [trials[number] for number in numbers]
    others = [trial for number, trial in trials.items() if number not in numbers]
    axes.plot(_macs(others), _values(others), "o", color=_GREY, markersize=5, alpha=0.7, label="trials")
    axes.step(_macs(optimal), _values(optimal), where="post", color=_ORANGE, linewidth=1.2, alpha=0.6)
    axes.plot(_macs(optimal), _values(optimal), "o", color=_ORANGE, label="Pareto-optimal")
    for number in numbers[-_NAMED:]:
        trial = trials[number]
        at = (trial.macs or 0, trial.value or 0)
        axes.annotate(
            str(number), at, xytext=(0, 6), textcoords="offset points", ha="center", fontsize=8, color=_ORANGE
        )
        # for the legend, which explains the numbers: a marker that shows the number, plotted at no point
        axes.plot([], [], marker=f"${number}$", linestyle="", color=_ORANGE, label=shown(trial.point))
    axes.set(xscale="log", xlabel=f"MACs per {sample}", ylabel=_label(metric))
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.margins(x=0.08, y=0.08)
    axes.grid(alpha=0.3)
    for text in figure.legend(loc="outside lower left", frameon=False, fontsize=8).get_texts():
        text.set_parse_math(False)


def _over(axes: Axes, name: str, dimension: Dimension, whole: Sequence[Trial]) -> None:
    """Draw the metric against the values of one dimension: numbers on a numeric axis, categories equally spaced."""
    values = [trial.point[name] for trial in whole if name in trial.point]
    heights = _values([trial for trial in whole if name in trial.point])
    if isinstance(dimension, Range):
        axes.plot(values, heights, "o", color=_BLUE, markersize=5)
        axes.set_xscale("log" if dimension.log else "linear")
    else:
        places = [dimension.values.index(value) for value in values]
        axes.plot(places, heights, "o", color=_BLUE, markersize=5)
        axes.set_xticks(range(len(dimension.values)), [str(value) for value in dimension.values], parse_math=False)
        axes.set_xlim(-0.5, len(dimension.values) - 0.5)
    axes.set_xlabel(name, parse_math=False)
    axes.grid(alpha=0.3)


def _macs(trials: Sequence[Trial]) -> list[int]:
    return [trial.macs or 0 for trial in trials]


def _values(trials: Sequence[Trial]) -> list[float]:
    return [trial.value or 0.0 for trial in trials]
