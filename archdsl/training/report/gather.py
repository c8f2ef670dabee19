"""Builds the report's model from the data of a run."""

import base64
import io
import math
from datetime import UTC, datetime
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ...analysis.check_report import report as network_report
from ...analysis.check_schema import NetworkReport
from ...analysis.measures import NetworkMeasures
from ...network import Network
from ..data.dataset_spec import TaskFacts
from ..data.images import ImageSet, Inputs, Pixels, kind_of
from ..loop.training_state import Best, TrainingState
from ..recipe.recipe import AnyLoss
from ..runs.run_folder import Run
from ..runs.run_settings import RunSettings
from ..tasks.choice import task_of
from ..tasks.class_losses import class_probabilities
from ..tasks.class_scores import ClassScores
from ..tasks.meter import Scores
from ..tasks.presentation import SHOWN
from ..tasks.task import Task
from . import run_report

MOST_MISCLASSIFIED = 24
MOST_PAIRS = 30
MOST_IN_MATRIX = 100
_THUMBNAIL = 128
_Z = 1.959964  # 95 % of a normal distribution lies within this many deviations


def gather(
    run: Run,
    network: Network,
    settings: RunSettings,
    state: TrainingState,
    status: run_report.Status,
    result: run_report.ResultReport | run_report.ScoresReport | None,
) -> run_report.TrainingReport:
    """The report of a run, from its settings, its state and its final scores."""
    weights = run.weights
    return run_report.TrainingReport(
        name=run.folder.resolve().name,
        written=datetime.now(UTC).replace(microsecond=0),
        status=status,
        text=network.text,
        network=_network(network),
        data=settings.data,
        recipe=settings.recipe,
        setup=settings.setup,
        custom=settings.custom,
        versions=settings.versions,
        epochs=state.epoch,
        steps=state.step,
        seconds=round(state.seconds, 3),
        weights=weights.name if weights else "",
        best=_best(state.best) if state.best else None,
        history=[_epoch(line) for line in state.history],
        result=result if isinstance(result, run_report.ResultReport) else None,
        task=task_of(settings.recipe.task, network.graph.packages).name,
        scores=result if isinstance(result, run_report.ScoresReport) else None,
    )


def _best(best: Best) -> run_report.BestReport:
    accuracy = best.value if best.metric == "accuracy" else None
    return run_report.BestReport(
        epoch=best.epoch, accuracy=accuracy, loss=best.loss, metric=best.metric, value=best.value
    )


def _network(network: Network) -> NetworkReport:
    graph, sizes = network.graph, network.sizes.described() if network.graph.symbols else None
    values = network_report(
        network.program.source.name, graph, NetworkMeasures(graph, network.costs), network.diagnostics, sizes
    )
    return NetworkReport.model_validate(values)


def _epoch(line: dict[str, Any]) -> run_report.EpochReport:
    """A line of the log; entries from later versions are ignored."""
    known = {name: line.get(name) for name in run_report.EpochReport.model_fields}
    for part in ("train", "validation"):
        if values := line.get(part):
            others = {name: value for name, value in values.items() if name not in ("loss", "accuracy", "top5")}
            known[part] = {**values, "metrics": others}
    return run_report.EpochReport.model_validate(known)


def gather_scores(name: str, scores: Scores, images: ImageSet, facts: TaskFacts, task: Task) -> run_report.ScoresReport:
    """The final scores of a task other than classification, on the samples of the split with this name."""
    first = images.take(np.arange(min(SHOWN, len(images))))
    shown = task.tiles(scores, first.images, first.images if task.of_input else first.labels, facts)
    sample = "image" if kind_of(images.images) == "image" else "sample"
    return run_report.ScoresReport(
        images=cast(run_report.Split, name),
        count=len(images),
        metrics=scores.values(),
        tables=[
            run_report.TableReport(
                title=table.title,
                heads=list(table.heads),
                rows=[list(row) for row in table.rows],
                colors=["#{:02x}{:02x}{:02x}".format(*color) for color in table.colors],
            )
            for table in task.tables(scores, facts)
        ],
        samples=[
            run_report.TileReport(
                sample=images.file(index) or f"{sample} {index}",
                caption=tile.caption,
                panels=[
                    run_report.PanelReport(label=panel.label, image=png_uri(thumbnail(panel.pixels)))
                    for panel in tile.panels
                ],
                small=sample == "image" and max(images.images.shape[2:]) <= 64,
            )
            for index, tile in enumerate(shown)
        ],
    )


def gather_result(
    name: str, scores: ClassScores, images: ImageSet, classes: tuple[str, ...], loss: AnyLoss
) -> run_report.ResultReport:
    """The final scores on the images of the split with this name."""
    confusion: NDArray[np.int64] = scores.confusion.numpy()
    count, correct = int(confusion.sum()), int(confusion.trace())
    low, high = wilson(correct, count)
    by_class = _classes(confusion, classes)
    return run_report.ResultReport(
        images=cast(run_report.Split, name),
        count=count,
        loss=scores.loss,
        accuracy=scores.accuracy,
        accuracy_low=low,
        accuracy_high=high,
        top5=scores.top5,
        wrong=count - correct,
        classes=by_class,
        mean=_mean(by_class),
        confusion=confusion.tolist() if len(classes) <= MOST_IN_MATRIX else None,
        pairs=_pairs(confusion, classes),
        misclassified=_misclassified(scores.logits, images, classes, loss),
        metrics=dict(scores.custom),
    )


def wilson(correct: int, count: int) -> tuple[float, float]:
    """The 95 % confidence interval of a fraction of `count` (Wilson 1927), which is also valid near 0 and 1."""
    part, slack = correct / count, _Z**2 / count
    middle = (part + slack / 2) / (1 + slack)
    half = _Z / (1 + slack) * math.sqrt(part * (1 - part) / count + slack / (4 * count))
    return (0.0 if correct == 0 else middle - half), (1.0 if correct == count else middle + half)


def _classes(confusion: NDArray[np.int64], classes: tuple[str, ...]) -> list[run_report.ClassReport]:
    found = []
    for name, images, predicted, correct in zip(
        classes, confusion.sum(1).tolist(), confusion.sum(0).tolist(), confusion.diagonal().tolist(), strict=True
    ):
        found.append(
            run_report.ClassReport(
                name=name,
                images=images,
                correct=correct,
                predicted=predicted,
                accuracy=correct / images if images else None,
                precision=correct / predicted if predicted else None,
                f1=2 * correct / (images + predicted) if images + predicted else None,
            )
        )
    return found


def _mean(classes: list[run_report.ClassReport]) -> run_report.MeanReport:
    """Macro averages, over the classes that have images."""
    seen = [each for each in classes if each.images]
    accuracy, precision, f1 = (
        sum(getattr(each, name) or 0.0 for each in seen) / len(seen) for name in ("accuracy", "precision", "f1")
    )
    return run_report.MeanReport(accuracy=accuracy, precision=precision, f1=f1)


def _pairs(confusion: NDArray[np.int64], classes: tuple[str, ...]) -> list[run_report.ConfusionReport]:
    """The largest off-diagonal numbers, in descending order."""
    wrong = confusion.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:MOST_PAIRS]
    totals = confusion.sum(1)
    found = []
    for true, predicted in zip(*np.unravel_index(order, wrong.shape), strict=True):
        if times := int(wrong[true, predicted]):
            pair = classes[true], classes[predicted]
            found.append(
                run_report.ConfusionReport(true=pair[0], predicted=pair[1], count=times, part=times / int(totals[true]))
            )
    return found


def _misclassified(
    logits: Tensor, images: ImageSet, classes: tuple[str, ...], loss: AnyLoss
) -> list[run_report.MisclassifiedReport]:
    """The wrong predictions with the highest probability, in descending order; none for samples that are not images."""
    if not _has_images(images.images):
        return []
    labels = torch.from_numpy(images.labels)
    answers = logits.argmax(1)
    wrong = (answers != labels).nonzero()[:, 0]
    probabilities = class_probabilities(logits[wrong], loss)
    own, true = (
        probabilities.gather(1, answers[wrong][:, None])[:, 0],
        probabilities.gather(1, labels[wrong][:, None])[:, 0],
    )
    found = []
    for place in own.argsort(descending=True, stable=True)[:MOST_MISCLASSIFIED].tolist():
        index = int(wrong[place])
        pixels = images.take(np.array([index])).images[0]
        found.append(
            run_report.MisclassifiedReport(
                index=index,
                file=images.file(index),
                true=classes[int(labels[index])],
                predicted=classes[int(answers[index])],
                probability=float(own[place]),
                probability_of_true=float(true[place]),
                width=pixels.shape[2],
                height=pixels.shape[1],
                image=png_uri(thumbnail(as_bytes(pixels))),
            )
        )
    return found


def _has_images(inputs: Inputs) -> bool:
    """Whether samples are images: bytes, or numbers of one or three channels."""
    return kind_of(inputs) == "image" or (inputs.dtype == np.float32 and inputs.ndim == 4 and inputs.shape[1] in (1, 3))


def as_bytes(pixels: Inputs) -> Pixels:
    """An image as bytes; an image of float values is scaled so that its range fills 0..255."""
    if pixels.dtype == np.uint8:
        return pixels
    low, high = float(pixels.min()), float(pixels.max())
    scaled: Pixels = np.round((pixels - low) * (255 / (high - low or 1))).astype(np.uint8)
    return scaled


def thumbnail(pixels: Pixels) -> Image.Image:
    """uint8 of C×H×W as an image of at most 128 pixels per dimension; only the first channel unless there are three."""
    image = Image.fromarray(pixels.transpose(1, 2, 0) if len(pixels) == 3 else pixels[0])
    image.thumbnail((_THUMBNAIL, _THUMBNAIL), Image.Resampling.LANCZOS)
    return image


def png_uri(image: Image.Image) -> str:
    """An image as a data URI."""
    stream = io.BytesIO()
    image.save(stream, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
