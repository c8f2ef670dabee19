"""The sections of the loss."""

from typing import Annotated, Literal

from pydantic import (
    Field,
    NonNegativeFloat,
    PositiveFloat,
    field_validator,
)

from .class_weights import parse_class_weights
from .part_names import FREE
from .section_types import ClassWeightsText, OrOff, RecipeSection, Smoothing

LOSSES = ("cross_entropy", "bce", "mse", "mae", "huber", "dice")
"""The names of the losses."""


class BaseLoss(RecipeSection):
    """The fields of every loss."""

    sum: bool = Field(
        default=False,
        description="sum the loss over the images of a step instead of averaging it",
    )
    output_losses: Annotated[str | None, OrOff] = Field(
        default=None,
        description='losses of additional outputs, as in "aux1=0.3, aux2=mse, features=free": the weight of the same '
        "loss in the sum, another loss, or none",
        examples=["aux1=0.3, aux2=0.3"],
    )

    @field_validator("output_losses")
    @classmethod
    def _losses_of_outputs(cls, text: str | None) -> str | None:
        parse_output_losses(text)
        return text

    @property
    def by_output(self) -> dict[str, float | str]:
        """The weight of this loss, the name of another one, or `free`, by the name of the output."""
        return parse_output_losses(self.output_losses)


def parse_output_losses(text: str | None) -> dict[str, float | str]:
    """The entries of `output_losses`. Raises ValueError."""
    found: dict[str, float | str] = {}
    for entry in (text or "").replace(",", " ").split():
        name, equals, value = entry.partition("=")
        if not equals or not name:
            raise ValueError(f'`output_losses` takes names with values, like "aux1=0.3, aux2=mse", not "{entry}"')
        if name in found:
            raise ValueError(f"the output `{name}` has two losses")
        found[name] = value if value in (*LOSSES, FREE) else _weight(name, value)
    return found


def _weight(name: str, value: str) -> float:
    try:
        weight = float(value)
    except ValueError:
        weight = -1.0
    if not 0 < weight < float("inf"):
        kinds = ", ".join(f"`{kind}`" for kind in LOSSES)
        raise ValueError(f"the loss of the output `{name}` is a positive weight, {kinds} or `{FREE}`, not {value}")
    return weight


class WeightedLoss(BaseLoss):
    """The fields of a loss whose classes can have weights."""

    class_weights: ClassWeightsText = None

    @field_validator("class_weights")
    @classmethod
    def _weights_of_classes(cls, text: str | None) -> str | None:
        if text is not None:
            parse_class_weights(text)
        return text


class CrossEntropy(WeightedLoss):
    """Softmax cross-entropy."""

    name: Literal["cross_entropy"] = "cross_entropy"
    smoothing: Smoothing = 0.0


class Bce(WeightedLoss):
    """Binary cross-entropy, independently for each class, or for each value of an image."""

    name: Literal["bce"] = "bce"
    smoothing: Smoothing = 0.0


class Mse(BaseLoss):
    """Mean squared error: against one-hot labels, numbers, or the pixels of an image."""

    name: Literal["mse"] = "mse"


class Mae(BaseLoss):
    """Mean absolute error, for regression."""

    name: Literal["mae"] = "mae"


class Huber(BaseLoss):
    """Huber loss, for regression: squared for small errors, absolute for large ones (Huber 1964)."""

    name: Literal["huber"] = "huber"
    delta: PositiveFloat = Field(
        default=1.0, description="error above which the loss is linear, in standard deviations of the target"
    )


class Dice(BaseLoss):
    """Soft Dice loss for segmentation: one minus the mean Dice coefficient of the classes (Milletari et al. 2016)."""

    name: Literal["dice"] = "dice"


class Fcos(BaseLoss):
    """Detection loss: focal loss of the classes, GIoU of the boxes, and center-ness (FCOS, Tian et al. 2019)."""

    name: Literal["fcos"] = "fcos"
    radius: PositiveFloat = Field(
        default=1.5,
        description="center sampling: locations up to this many strides from the center of an object learn its box",
    )
    range: PositiveFloat = Field(
        default=8.0,
        description="largest distance from a location to an edge of its box, in strides; with several outputs, larger "
        "objects belong to the output with the next larger stride",
    )
    alpha: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=0.25, description="focal loss: weight of the locations with an object (Lin et al. 2017)"
    )
    gamma: NonNegativeFloat = Field(
        default=2.0, description="focal loss: exponent that reduces the weight of easy locations"
    )


class Custom(BaseLoss):
    """The loss that the task of a package defines."""

    name: Literal["custom"] = "custom"
