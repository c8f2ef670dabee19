"""The sections of the report page about the training: key figures, curves, classes, and misclassified images."""

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ...analysis.quantities import si
from ...text.counts import counted
from ..duration import duration
from ..recipe.recipe import AnyLoss
from ..tasks.class_losses import sum_to_one
from ..tasks.class_scores import shows_top5
from ..tasks.metric import METRICS, Metric, loss_label, metric_of
from .charts import Series, line_chart
from .confusion_matrix import MOST_IN_TABLE, matrix
from .markup import Markup, join, name, path, tag
from .run_report import (
    ClassReport,
    EpochReport,
    MisclassifiedReport,
    PartScores,
    ResultReport,
    ScoresReport,
    TrainingReport,
)

_MOST_CLASSES = 30


def section(title: str, anchor: str, *parts: Markup | str | None) -> Markup:
    """A section of the page with its heading."""
    return tag("section", tag("h2", title, id=f"h-{anchor}"), *parts, id=anchor, aria_labelledby=f"h-{anchor}")


def wide(label: str, table: Markup) -> Markup:
    """A table that scrolls horizontally if the page is narrow."""
    return tag("div", table, class_="wide", tabindex=0, role="region", aria_label=label)


def percent(part: float | None) -> str:
    """`98.61%`; a dash for None."""
    return "–" if part is None else f"{part:.2%}".replace("%", "\u202f%")


def figures(report: TrainingReport) -> Markup:
    """The most important numbers."""
    total, result = report.network.totals, report.result
    found: list[tuple[str, str, str]] = []
    if result:
        low, high = percent(result.accuracy_low), percent(result.accuracy_high)
        found.append((f"{result.images} accuracy", percent(result.accuracy), f"95% interval {low} to {high}"))
        if shows_top5(len(result.classes)):
            found.append(("top-5 accuracy", percent(result.top5), "the class is among the five most likely"))
        found.append(
            (f"{result.images} loss", f"{result.loss:.4f}", loss_label(report.recipe.loss.name, report.custom.loss))
        )
        found += [
            (f"{result.images} {name}", metric_of(name).write(value), metric_of(name).note)
            for name, value in result.metrics.items()
        ]
    if report.scores:
        found += [
            (label, value, note or loss_label(report.recipe.loss.name, report.custom.loss))
            for label, value, note in metrics(report.scores)
        ]
    if report.best:
        metric, value = METRICS[report.best.metric], report.best.value
        value = report.best.accuracy if value is None else value
        words = f"validation {metric.label} {_write(metric, value)}"
        found.append(("best epoch", f"{report.best.epoch} of {report.epochs}", words))
    if total is not None:
        found.append(("parameters", f"{total.parameters:,}", f"{si_or_text(total.macs)} MACs per {_sample(report)}"))
    speed = report.history[-1].images_per_second if report.history else None
    note = f"{speed:,.0f} {_sample(report)}s/s" if speed else counted(report.steps, "step")
    found.append(("training", duration(report.seconds), note))
    return tag("dl", *(_figure(*each) for each in found), class_="figures")


def _sample(report: TrainingReport) -> str:
    """What a sample is called."""
    return "image" if report.data.inputs == "image" else "sample"


def metrics(scores: ScoresReport) -> list[tuple[str, str, str]]:
    """The metrics as key figures: label, value and note."""
    found = []
    for key, value in scores.metrics.items():
        metric = metric_of(key)
        found.append((f"{scores.images} {metric.label}", _write(metric, value), metric.note))
    return found


def _write(metric: Metric, value: float | None) -> str:
    if metric.fraction or value is None:
        return percent(value)
    return metric.write(value)


def si_or_text(macs: int | str) -> str:
    return si(macs) if isinstance(macs, int) else macs


def _figure(label: str, value: str, note: str) -> Markup:
    return tag("div", tag("dt", label), tag("dd", tag("strong", value), tag("small", note)))


def curves(report: TrainingReport, metric: Metric) -> Markup:
    """Loss, the metric of the task and learning rate by epoch, and the same as a table."""
    history, mark = report.history, report.best.epoch if report.best else None
    if not history:
        return section("Curves", "curves", tag("p", "No epoch is finished yet, so there is nothing to plot."))
    label = loss_label(report.recipe.loss.name, report.custom.loss)
    charts = [
        _chart("Loss", label, _both(history, "loss"), mark, decimals),
        _metric_chart(metric, history, mark),
        _chart("Learning rate", "learning rate", [_rates(history)], mark, decimals, zero=True),
    ]
    note = "Training losses are averages during the epoch, with augmentation and dropout if there are any."
    table = _epochs(report, metric)
    epochs = tag("details", tag("summary", "Table of the epochs"), table)
    return section("Curves", "curves", tag("div", *charts, class_="charts"), tag("p", note, class_="note"), epochs)


def _metric_chart(metric: Metric, history: Sequence[EpochReport], mark: int | None) -> Markup | None:
    named = any(map(str.isupper, metric.label.split()[0]))  # mAP, R²
    title = metric.label if named else metric.label[0].upper() + metric.label[1:]
    if metric.fraction:
        lines = _both(history, metric.name, 100)
        return _chart(title, f"{metric.label} (%)", lines, mark, lambda value: f"{value:g}", most=100)
    label = f"{metric.label} ({metric.unit})" if metric.unit else metric.label
    return _chart(title, label, _both(history, metric.name), mark, decimals)


def decimals(value: float) -> str:
    """`0.25`, `0.0031`, `12`: at most three significant digits."""
    return f"{value:.3g}"


def _chart(
    title: str,
    label: str,
    lines: list[Series],
    mark: int | None,
    write: Callable[[float], str],
    zero: bool = False,
    most: float = math.inf,
) -> Markup | None:
    """A chart with its legend; None without values, such as for a metric of validation samples if there are none."""
    plotted = [line for line in lines if line.points]
    if not plotted:
        return None
    keys = [tag("span", tag("i", class_=f"key {line.style}"), line.name) for line in plotted]
    if mark is not None:
        keys.append(tag("span", tag("i", class_="key mark"), f"best epoch, {mark}"))
    legend = tag("figcaption", tag("h3", title), tag("span", *keys, class_="keys"))
    return tag("figure", legend, line_chart(title, label, plotted, write, mark, zero, most))


def _both(history: Sequence[EpochReport], what: str, times: float = 1) -> list[Series]:
    train = [(line.epoch, times * value) for line in history if (value := line.train.value(what)) is not None]
    scored = [(line.epoch, line.validation) for line in history if line.validation]
    seen = [(epoch, times * value) for epoch, part in scored if (value := part.value(what)) is not None]
    return [Series("training", "a", train), Series("validation", "b", seen)]


def _rates(history: Sequence[EpochReport]) -> Series:
    return Series("at the end of the epoch", "c", [(line.epoch, line.lr) for line in history])


def _epochs(report: TrainingReport, metric: Metric) -> Markup:
    label = metric.label
    heads = ("epoch", "learning rate", "training loss", label, "validation loss", label, f"{_sample(report)}s/s")
    rows = [_epoch(line, metric) for line in report.history]
    head = tag("thead", tag("tr", *(tag("th", each, scope="col") for each in heads)))
    return wide("Epochs", tag("table", head, tag("tbody", *rows), class_="numbers"))


def _epoch(line: EpochReport, metric: Metric) -> Markup:
    cells = [f"{line.lr:.3g}", *_scores(line.train, metric), *_scores(line.validation, metric)]
    cells.append(f"{line.images_per_second:,.0f}" if line.images_per_second else "–")
    return tag("tr", tag("th", f"{line.epoch}", scope="row"), *(tag("td", cell) for cell in cells))


def _scores(scores: PartScores | None, metric: Metric) -> tuple[str, str]:
    if scores is None:
        return "–", "–"
    return f"{scores.loss:.4f}", _write(metric, scores.value(metric.name))


def confusion(result: ResultReport, counts: NDArray[np.int64]) -> Markup:
    """The confusion matrix, and the most frequent confusions."""
    names = [each.name for each in result.classes]
    samples = counted(result.count, f"{result.images} sample")
    words = f"{samples}, {result.wrong:,} of them misclassified."
    pairs = _pairs(result) if result.pairs else None
    return section("Confusion matrix", "confusion", tag("p", words), matrix(counts, names), pairs)


def _pairs(result: ResultReport) -> Markup:
    most = result.pairs if len(result.classes) > MOST_IN_TABLE else result.pairs[:10]
    heads = ("true class", "predicted class", "images", "fraction of the true class")
    head = tag("thead", tag("tr", *(tag("th", each, scope="col") for each in heads)))
    rows = [
        tag(
            "tr",
            tag("td", name(p.true)),
            tag("td", name(p.predicted)),
            tag("td", f"{p.count:,}"),
            tag("td", percent(p.part)),
        )
        for p in most
    ]
    table = tag("table", head, tag("tbody", *rows), class_="pairs")
    return join(tag("h3", "Most frequent confusions"), wide("Most frequent confusions", table))


def classes(result: ResultReport) -> Markup:
    """The scores by class; for many classes, those with the lowest accuracy, and all of them collapsed."""
    if len(result.classes) <= _MOST_CLASSES:
        return section("Classes", "classes", _class_table(result, result.classes))
    ranked = sorted(result.classes, key=lambda each: (each.accuracy is None, each.accuracy))
    rest = tag(
        "details",
        tag("summary", f"All {counted(len(ranked), 'class')}, in order"),
        _class_table(result, result.classes),
    )
    worst = tag("p", f"The {_MOST_CLASSES} of {counted(len(ranked), 'class')} with the lowest accuracy.")
    return section("Classes", "classes", worst, _class_table(result, ranked[:_MOST_CLASSES]), rest)


def _class_table(result: ResultReport, found: Sequence[ClassReport]) -> Markup:
    heads = ("class", "accuracy (recall)", "", "precision", "F1", "correct", "images")
    cells = [tag("th", each, scope="col") if each else tag("td") for each in heads]
    rows = [_class(each) for each in found]
    body = (tag("thead", tag("tr", *cells)), tag("tbody", *rows), _mean(result))
    return wide("Classes", tag("table", *body, class_="classes"))


def _mean(result: ResultReport) -> Markup | None:
    """The table's last row: means over the classes that have images, with equal weights."""
    if (mean := result.mean) is None:
        return None
    cells = [
        tag("td", percent(mean.accuracy)), tag("td"), tag("td", percent(mean.precision)), tag("td", percent(mean.f1)),
        tag("td", f"{result.count - result.wrong:,}"), tag("td", f"{result.count:,}"),
    ]  # fmt: skip
    words = f"mean over {counted(len(result.classes), 'class')}; totals"
    return tag("tfoot", tag("tr", tag("th", words, scope="row"), *cells))


def _class(each: ClassReport) -> Markup:
    bar = tag("span", class_="bar", style=f"--p:{each.accuracy or 0:.4f}")
    cells = [
        tag("td", percent(each.accuracy)), tag("td", bar, class_="bars"), tag("td", percent(each.precision)),
        tag("td", percent(each.f1)), tag("td", f"{each.correct:,}"), tag("td", f"{each.images:,}"),
    ]  # fmt: skip
    return tag("tr", tag("th", name(each.name), scope="row"), *cells)


def misclassified(result: ResultReport, loss: AnyLoss) -> Markup:
    """The misclassified images with the highest confidence."""
    if not result.wrong:
        return section(
            "Errors", "errors", tag("p", f"All {counted(result.count, 'sample')} were classified correctly.")
        )
    if not result.misclassified:  # the samples are not images
        return section(
            "Errors", "errors", tag("p", f"{result.wrong:,} of {counted(result.count, 'sample')} are misclassified.")
        )
    all_of = (
        "All are shown."
        if result.wrong == len(result.misclassified)
        else f"The {len(result.misclassified)} most confident are shown."
    )
    words = f"{result.wrong:,} of {result.count:,} {result.images} images were misclassified. {all_of}"
    if not sum_to_one(loss):
        words += " The probabilities of the classes are independent and need not sum to one."
    shown = [_misclassified_figure(each) for each in result.misclassified]
    return section("Errors", "errors", tag("p", words), tag("div", *shown, class_="gallery"))


def _misclassified_figure(each: MisclassifiedReport) -> Markup:
    called = each.file or f"image {each.index}"
    description = f"{called}: {each.true}, predicted as {each.predicted}"
    kind = "pixels" if max(each.width, each.height) <= 64 else None
    caption = tag(
        "figcaption",
        tag("span", "predicted ", name(each.predicted, 30), f" ({percent(each.probability)})", class_="no"),
        tag("span", "is ", name(each.true, 30), f" ({percent(each.probability_of_true)})", class_="yes"),
        tag("small", path(called)),
    )
    return tag("figure", tag("img", src=each.image, alt=description, class_=kind, loading="lazy"), caption)
