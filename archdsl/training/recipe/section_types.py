"""The base of the sections of a recipe, and the types of their fields."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveFloat,
)

from .groups import OptionGroup

OFF = "off"
AUTO = "auto"


def _off(value: Any) -> Any:
    return None if value == OFF else value


def _auto(value: Any) -> Any:
    return None if value == AUTO else value


def _listed(value: Any) -> Any:
    """A single number as the text of a list with one item."""
    return str(value) if isinstance(value, int | float) else value


Fraction = Annotated[float, Field(ge=0, lt=1)]
Pixels = Annotated[int, Field(gt=0, le=65_536)]  # an image may not be wider or taller
OrOff = BeforeValidator(_off)
OrAuto = BeforeValidator(_auto)


@dataclass(frozen=True)
class KnownWords:
    """The words that a text field accepts, besides those that packages add."""

    words: tuple[str, ...]


LearningRate = Annotated[
    PositiveFloat, Field(description="learning rate; with a schedule, its peak"), OptionGroup.COMMON
]
WeightDecay = Annotated[
    NonNegativeFloat,
    Field(description="weight decay: L2 penalty, or decoupled decay in adamw and muon"),
    OptionGroup.REGULARIZATION,
]
Momentum = Annotated[Fraction, Field(description="momentum coefficient")]
Beta2 = Annotated[
    Fraction, Field(description="exponential decay rate of the second-moment estimate, the mean squared gradient")
]
Epsilon = Annotated[PositiveFloat, Field(description="small constant added to the denominator for numerical stability")]
Warmup = Annotated[Fraction, Field(description="fraction of training used to warm up the learning rate")]
StartRate = Annotated[float, Field(ge=0, le=1, description="initial learning rate, as a fraction of the peak")]
EndRate = Annotated[float, Field(ge=0, le=1, description="final learning rate, as a fraction of the peak")]
Smoothing = Annotated[
    Fraction,
    Field(description="label smoothing: fraction of the label that is spread evenly over all classes"),
    OptionGroup.REGULARIZATION,
]


ClassWeightsText = Annotated[
    str | None,
    BeforeValidator(_listed),
    OrOff,
    Field(
        description="weights of the classes in the loss: `balanced`, inversely proportional to their number of "
        'training samples; or numbers, as in "cat=2, dog=0.5" (1 for the other classes) or "0.5, 1, 2" in the order of '
        "the classes",
        examples=["balanced"],
    ),
    OptionGroup.REGULARIZATION,
]


class SettingConflict(ValueError):
    """Settings that do not fit together: the fields, beginning with the one that the message is about.

    A field of another line is given with it, as `data.loading`.
    """

    def __init__(self, why: str, *fields: str) -> None:
        super().__init__(why)
        self.fields = fields


class RecipeSection(BaseModel):
    """Fields of one line; unknown fields are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    prefixed: ClassVar[bool] = False
    """Whether the options of its fields begin with the line's name: `--freeze-after`."""
