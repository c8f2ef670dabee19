"""The JSON of a run's report: a documented model, stable within a `schema_version`."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from ...analysis.check_schema import NetworkReport
from ...diagnostics.json_models import Model
from ..recipe.recipe import Recipe
from ..runs.run_settings import DataSettings, SetupSettings
from ..tasks.custom_settings import CustomSettings

Status = Literal["finished", "early", "stopped", "diverged"]

Split = Literal["test", "validation", "train", "all"]


class PartScores(Model):
    """Mean scores over some images."""

    loss: float
    accuracy: float | None = Field(
        default=None,
        description="Fraction of the images whose true class is the most likely, in 0..1; null for other tasks.",
    )
    top5: float | None = Field(
        default=None,
        description="Fraction of the images whose class is among the five most likely; null during training.",
    )
    metrics: dict[str, float] = Field(default={}, description="Metrics of other tasks, by name.")

    def value(self, name: str) -> float | None:
        """A metric by its name; None if it was not measured."""
        return self.metrics[name] if name in self.metrics else getattr(self, name, None)


class EpochReport(Model):
    """One epoch: a line of metrics.jsonl."""

    epoch: int = Field(description="From 1.")
    step: int = Field(description="Optimizer steps so far.")
    lr: float = Field(description="The learning rate of the epoch's last step.")
    train: PartScores = Field(
        description="Scores on the training images during the epoch: augmented, with dropout active."
    )
    validation: PartScores | None
    seconds: float = Field(description="Seconds of training so far, without validation.")
    images_per_second: float | None


class BestReport(Model):
    """The best epoch, by the task's metric on the validation images, then by loss."""

    epoch: int
    accuracy: float | None = Field(default=None, description="Null for tasks other than classification.")
    loss: float
    metric: str = Field(default="accuracy", description="The metric that selects the best epoch.")
    value: float | None = Field(default=None, description="Its value.")


class ClassReport(Model):
    """The scores of one class."""

    name: str
    images: int = Field(description="Images of this class.")
    correct: int = Field(description="Images of this class that were predicted as this class.")
    predicted: int = Field(description="Images of any class that were predicted as this one.")
    accuracy: float | None = Field(description="correct / images, which is the recall; null without images.")
    precision: float | None = Field(description="correct / predicted; null if this class was never predicted.")
    f1: float | None = Field(
        default=None,
        description="2 · correct / (images + predicted), the harmonic mean of recall and precision; null for 0 / 0.",
    )


class MeanReport(Model):
    """Means over the classes that have images, with equal weights: macro averages."""

    accuracy: float = Field(description="Mean of the recalls: the balanced accuracy.")
    precision: float = Field(description="A class that was never predicted counts as 0.")
    f1: float


class ConfusionReport(Model):
    """Two classes that are confused."""

    true: str
    predicted: str
    count: int
    part: float = Field(description="`count` as a fraction of the images of the true class.")


class MisclassifiedReport(Model):
    """A misclassified image."""

    index: int = Field(description="The image's index in its split, from 0.")
    file: str | None = Field(default=None, description="Its file in the data set's folder, if it is a separate file.")
    true: str
    predicted: str
    probability: float = Field(description="The probability of the predicted class, in 0..1.")
    probability_of_true: float = Field(description="The probability of the true class.")
    width: int = Field(description="Width in pixels of the network's input image.")
    height: int
    image: str = Field(description="A PNG as a `data:` URI, at most 128 pixels wide and high.")


class ResultReport(Model):
    """The final scores."""

    images: Split = Field(description="Which images were evaluated; training itself evaluates `test` or `validation`.")
    count: int
    loss: float
    accuracy: float
    accuracy_low: float = Field(description="Lower end of the 95% confidence interval of the accuracy (Wilson 1927).")
    accuracy_high: float = Field(description="Its upper end.")
    top5: float
    wrong: int = Field(description="Number of misclassified images.")
    classes: list[ClassReport]
    mean: MeanReport | None = Field(default=None, description="Over the classes; null in reports of older versions.")
    confusion: list[list[int]] | None = Field(
        description="Rows are true classes, and columns are predicted ones; null for more than 100 classes (see "
        "confusion.json)."
    )
    pairs: list[ConfusionReport] = Field(description="The most frequent confusions, in descending order; 30 at most.")
    misclassified: list[MisclassifiedReport] = Field(description="The most confident wrong predictions, 24 at most.")
    metrics: dict[str, float] = Field(default={}, description="User-defined metrics, by name.")


class TableReport(Model):
    """A table of results: the first column has names, and the others have numbers."""

    title: str
    heads: list[str]
    rows: list[list[str]]
    colors: list[str] = Field(default=[], description="The rows' colors in the sample images, such as `#e69f00`.")


class PanelReport(Model):
    """An image and what it shows, such as `prediction`."""

    label: str
    image: str = Field(description="A PNG as a `data:` URI, at most 128 pixels wide and high.")


class TileReport(Model):
    """The image, the target and the prediction of one sample."""

    sample: str = Field(description="Its file in the data set's folder, or its index in the split.")
    caption: str
    panels: list[PanelReport]
    small: bool = Field(description="Whether the images have so few pixels that they are shown enlarged.")


class ScoresReport(Model):
    """The final scores of a task other than classification."""

    images: Split
    count: int
    metrics: dict[str, float] = Field(description="The loss and the metrics, by name.")
    tables: list[TableReport]
    samples: list[TileReport] = Field(description="Predictions for the first images, 12 at most.")


class TrainingReport(Model):
    """The report of a run: report.json."""

    schema_version: Literal[2] = 2
    name: str = Field(description="The name of the run's folder.")
    written: datetime = Field(description="When the report was written, in UTC.")
    status: Status = Field(
        description=(
            "`early`: early stopping or a callback; `stopped`: by the user; "
            "`diverged`: the loss became infinite or NaN."
        )
    )
    text: str = Field(description="The network's text.")
    network: NetworkReport
    data: DataSettings
    recipe: Recipe
    setup: SetupSettings
    versions: dict[str, str]
    epochs: int = Field(description="Finished epochs.")
    steps: int
    seconds: float = Field(description="Seconds of training, without validation.")
    weights: str = Field(description="The file with the weights to use.")
    best: BestReport | None = Field(description="Null without validation.")
    history: list[EpochReport]
    result: ResultReport | None = Field(
        description="The final scores of classification. Null for an unfinished run, or without test and validation "
        "images."
    )
    task: str = Field(default="classification", description="What the network learns.")
    custom: CustomSettings = Field(
        default=CustomSettings(), description="The import paths of losses and metrics that were given in Python."
    )
    scores: ScoresReport | None = Field(
        default=None, description="The final scores of other tasks; null for classification."
    )
