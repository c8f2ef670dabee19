"""The content of a checkpoint besides tensors, as a model that rejects inconsistent values."""

import json
from dataclasses import asdict
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ...text.counts import counted
from ..loop.training_state import TrainingState

FORMAT = 3
"""Since version 3 the tensors are grouped as `rng` and `metrics`, and each tensor and this JSON have a digest."""

Count = Annotated[int, Field(ge=0, le=1 << 62)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Rate = Annotated[float, Field(allow_inf_nan=False)]


class _Strict(BaseModel):
    # NaN and Infinity are written as constants, which extend JSON: a validation loss may be either
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, ser_json_inf_nan="constants")


class MeanScores(_Strict):
    """Means over the images of an epoch, and the metrics of tasks other than classification."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True, ser_json_inf_nan="constants")

    loss: float
    accuracy: Fraction | None = None
    top5: Fraction | None = None
    __pydantic_extra__: dict[str, float]


class EpochLine(_Strict):
    """A line of metrics.jsonl; entries from later versions are kept."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True, ser_json_inf_nan="constants")

    epoch: Annotated[int, Field(ge=1)]
    step: Count
    lr: Rate
    train: MeanScores
    validation: MeanScores | None
    seconds: Seconds
    images_per_second: Seconds | None


class BestNumbers(_Strict):
    """The best epoch so far."""

    epoch: Annotated[int, Field(ge=1)]
    metric: str
    value: float
    loss: float

    @model_validator(mode="before")
    @classmethod
    def _before_tasks(cls, values: Any) -> Any:
        """Versions before tasks stored the accuracy."""
        if isinstance(values, dict) and "accuracy" in values:
            values = {**values, "metric": "accuracy", "value": values["accuracy"]}
            del values["accuracy"]
        return values


class Numbers(_Strict):
    """The counters of a state, its best epoch, and its log."""

    format: int
    epoch: Count
    batch: Count
    step: Count
    optimizer: str | None = None
    seen: Count
    best: BestNumbers | None
    stale: Count
    seconds: Seconds
    history: list[EpochLine]
    scaler: dict[str, Rate | int] | None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if [line.epoch for line in self.history] != list(range(1, self.epoch + 1)):
            raise ValueError(
                f"its log has {counted(len(self.history), 'epoch')}, but it was written after epoch {self.epoch}"
            )
        if self.best is not None and self.best.epoch > self.epoch:
            raise ValueError(f"its best epoch is {self.best.epoch}, but it was written after epoch {self.epoch}")
        if self.history and self.history[-1].step > self.step:
            raise ValueError(
                f"its log has {counted(self.history[-1].step, 'step')}, but it was written after step {self.step}"
            )
        return self

    @classmethod
    def read(cls, text: str) -> "Numbers":
        """The numbers in a JSON text. Raises ValueError with a message of one line."""
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValueError("its training state is not valid JSON") from error
        version = value.get("format") if isinstance(value, dict) else None
        if version != FORMAT:
            raise ValueError(f"written by another version (format {version}, not {FORMAT})")
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            raise ValueError(first_error(error)) from error


def numbers_of(state: TrainingState) -> Numbers:
    """The numbers of a state."""
    values: dict[str, Any] = {
        "format": FORMAT,
        "epoch": state.epoch,
        "batch": state.batch,
        "step": state.step,
        "optimizer": type(state.optimizer).__name__,
        "seen": state.metrics.seen,
        "best": asdict(state.best) if state.best else None,
        "stale": state.stale,
        "seconds": state.seconds,
        "history": state.history,
        "scaler": state.scaler.state_dict() if state.scaler else None,
    }
    return Numbers.model_validate(values)


def first_error(error: ValidationError) -> str:
    """The first error of a validation, in one line: the location and the error."""
    first = error.errors(include_url=False)[0]
    where = ".".join(map(str, first["loc"]))
    values = str(first["msg"]).removeprefix("Value error, ")
    return f"{where}: {values}" if where else values
