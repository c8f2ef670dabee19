"""The JSON of a run's report: a documented model, stable within a version of its `schema_version`."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from ...analysis.check_schema import NetworkReport
from ...diagnostics.json_models import Model
from ..recipe.recipe import Recipe
from ..runs.run_settings import DataSettings, SetupSettings

Status = Literal["finished", "early", "stopped", "diverged"]

Split = Literal["test", "validation", "train", "all"]


class PartScores(Model):
    """Means over some images."""

    loss: float
    accuracy: float = Field(description="Part of the images whose class is the likeliest, in 0..1.")
    top5: float | None = Field(
        default=None, description="Part of the images whose class is among the five likeliest; null while learning."
    )


class EpochReport(Model):
    """One epoch: a line of metrics.jsonl."""

    epoch: int = Field(description="From 1.")
    step: int = Field(description="Updates of the weights so far.")
    lr: float = Field(description="The learning rate of the epoch's last step.")
    train: PartScores = Field(description="Of the images learned from, while learning: changed images, dropout active.")
    validation: PartScores | None
    seconds: float = Field(description="Seconds of training so far, validation left out.")
    images_per_second: float | None


class BestReport(Model):
    """The best epoch, by accuracy on the validation images, then by loss."""

    epoch: int
    accuracy: float
    loss: float


class ClassReport(Model):
    """How one class was answered."""

    name: str
    images: int = Field(description="Images of this class.")
    right: int = Field(description="Those of them that were answered as this class.")
    answered: int = Field(description="Images of any class that were answered as this one.")
    accuracy: float | None = Field(description="right / images, which is the recall; null without images.")
    precision: float | None = Field(description="right / answered; null where this class was never the answer.")
    f1: float | None = Field(
        default=None,
        description="2 · right / (images + answered), the harmonic mean of recall and precision; null without both.",
    )


class MeanReport(Model):
    """Means over the classes that have images, each counting the same: macro averages."""

    accuracy: float = Field(description="Of the recalls: the balanced accuracy.")
    precision: float = Field(description="A class that was never the answer counts as 0.")
    f1: float


class PairReport(Model):
    """A class that was taken for another."""

    true: str
    answered: str
    count: int
    part: float = Field(description="Part of the images of the true class.")


class MistakeReport(Model):
    """An image that was answered wrongly."""

    index: int = Field(description="The image's place in its split, from 0.")
    file: str | None = Field(
        default=None, description="Its file in the data set's folder, where it has one of its own."
    )
    true: str
    answered: str
    chance: float = Field(description="The chance that the network gave its answer, in 0..1.")
    chance_of_true: float = Field(description="The chance that it gave the true class.")
    width: int = Field(description="Pixels of the image as the network saw it.")
    height: int
    image: str = Field(description="A PNG as a `data:` URI, at most 128 pixels a side.")


class ResultReport(Model):
    """The final scores."""

    images: Split = Field(description="Which images were looked at; training itself looks at `test` or `validation`.")
    count: int
    loss: float
    accuracy: float
    accuracy_low: float = Field(description="Lower end of the accuracy's 95 % interval (Wilson 1927).")
    accuracy_high: float = Field(description="Its upper end.")
    top5: float
    wrong: int = Field(description="How many images were answered wrongly.")
    classes: list[ClassReport]
    mean: MeanReport | None = Field(default=None, description="Over the classes; null in reports of older versions.")
    confusion: list[list[int]] | None = Field(
        description="Rows are true classes, columns answers; null for more than 100 classes (confusion.json has it)."
    )
    pairs: list[PairReport] = Field(description="The most frequent confusions, the worst first; 30 at most.")
    mistakes: list[MistakeReport] = Field(description="The most confident wrong answers, 24 at most.")


class TrainingReport(Model):
    """What a run came to: report.json."""

    schema_version: Literal[1] = 1
    name: str = Field(description="The name of the run's folder.")
    written: datetime = Field(description="When the report was written, in UTC.")
    status: Status = Field(
        description="`early`: patience ended it; `stopped`: the user; `diverged`: the loss was no finite number."
    )
    text: str = Field(description="The network's text.")
    network: NetworkReport
    data: DataSettings
    recipe: Recipe
    setup: SetupSettings
    versions: dict[str, str]
    epochs: int = Field(description="Epochs that were finished.")
    steps: int
    seconds: float = Field(description="Seconds of training, validation left out.")
    weights: str = Field(description="The file with the weights to use.")
    best: BestReport | None = Field(description="Null where nothing was validated.")
    history: list[EpochReport]
    result: ResultReport | None = Field(description="Null for a run that is not over, or had nothing to test with.")
