"""The parts of the recipe: lines of `train { … }` that have several fields, and the kinds that a line may be."""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    field_validator,
    model_validator,
)
from pydantic import NonNegativeInt as Count

OFF = "off"


def _off(value: Any) -> Any:
    return None if value == OFF else value


def _listed(value: Any) -> Any:
    """One number is a list of one."""
    return str(value) if isinstance(value, int | float) else value


Fraction = Annotated[float, Field(ge=0, lt=1)]
Side = Annotated[int, Field(gt=0, le=65_536)]  # pixels, as many as some side of a picture may have
OrOff = BeforeValidator(_off)


class Part(BaseModel):
    """Fields that belong together; unknown ones are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    prefixed: ClassVar[bool] = False
    """Whether the options of its fields begin with the line's name: `--freeze-after`."""


class Data(Part):
    """Which images, and how they come to the network's size."""

    name: str | None = Field(
        default=None, description="a data set's name, or a folder with one folder of images a class"
    )
    fit: Literal["exact", "pad", "resize"] = Field(
        default="exact",
        description="what to do where the images have another size than the network's input: refuse, pad with zeros "
        "(or cut) around the middle, or scale",
    )


class Augment(Part):
    """Changes of the images to learn from, made anew each time, on whole batches."""

    flip: bool = Field(default=False, description="mirror left and right, by chance")
    alternate: bool = Field(
        default=False, description="mirror each image every other epoch, not by chance (Jordan 2024)"
    )
    crop: Annotated[Side | None, OrOff] = Field(
        default=None, description="shift by up to so many pixels, by chance", examples=[4]
    )
    border: Literal["zero", "reflect"] = Field(default="zero", description="what a shifted image shows at its edge")
    rotate: Annotated[Annotated[float, Field(gt=0, le=180)] | None, OrOff] = Field(
        default=None, description="turn by up to so many degrees, by chance", examples=[15]
    )
    jitter: Annotated[Annotated[float, Field(gt=0, le=1)] | None, OrOff] = Field(
        default=None, description="brightness, contrast and saturation by up to this part, by chance", examples=[0.2]
    )
    cutout: Annotated[Side | None, OrOff] = Field(
        default=None, description="blank a square of so many pixels (DeVries & Taylor 2017)", examples=[8]
    )
    mixup: Annotated[PositiveFloat | None, OrOff] = Field(
        default=None, description="blend pairs of images and labels, by Beta(α, α) (Zhang et al. 2018)", examples=[0.2]
    )
    cutmix: Annotated[PositiveFloat | None, OrOff] = Field(
        default=None,
        description="paste a piece of another image, labels by area, by Beta(α, α) (Yun et al. 2019)",
        examples=[1.0],
    )

    @model_validator(mode="after")
    def _one_way_to_flip(self) -> Self:
        if self.flip and self.alternate:
            raise ValueError("`flip` mirrors by chance, `alternate` in turn: one of them")
        return self

    @model_validator(mode="after")
    def _an_edge_that_shows(self) -> Self:
        if self.border != "zero" and self.crop is None:
            raise ValueError("`border` is what a shifted image shows, and none is shifted: add `crop=4`")
        return self


class Optimizer(Part):
    """What every optimizer has."""

    weight_decay: NonNegativeFloat = Field(default=0.0, description="pull of the weights towards zero")
    decay_all: bool = Field(
        default=False, description="decay biases, weights of normalisations, learned scales, tokens and positions too"
    )
    norm_bias_lr: PositiveFloat = Field(
        default=1.0,
        description="times the learning rate, for the biases of normalisations; their decay stays (Jordan 2024)",
    )

    @model_validator(mode="after")
    def _something_to_decay_by(self) -> Self:
        if self.decay_all and self.weight_decay == 0:
            raise ValueError("`decay_all` says what decays, and nothing does: `weight_decay` is 0")
        return self


class Sgd(Optimizer):
    """Stochastic gradient descent."""

    name: Literal["sgd"] = "sgd"
    lr: PositiveFloat = Field(default=0.1, description="learning rate")
    momentum: Fraction = Field(default=0.9, description="how much of the last step is kept")
    nesterov: bool = Field(default=False, description="look ahead by the momentum")

    @model_validator(mode="after")
    def _something_to_look_ahead_by(self) -> Self:
        if self.nesterov and self.momentum == 0:
            raise ValueError("`nesterov` looks ahead by the momentum, which is 0")
        return self


class _Moments(Optimizer):
    """Adam's fields."""

    lr: PositiveFloat = Field(default=1e-3, description="learning rate")
    beta1: Fraction = Field(default=0.9, description="how much of the mean gradient is kept")
    beta2: Fraction = Field(default=0.999, description="how much of the mean squared gradient is kept")
    eps: PositiveFloat = Field(default=1e-8, description="added to the divisor")


class Adam(_Moments):
    """Adam (Kingma & Ba, 2015); its decay is added to the gradient."""

    name: Literal["adam"] = "adam"


class AdamW(_Moments):
    """Adam with decoupled decay (Loshchilov & Hutter, 2019)."""

    name: Literal["adamw"] = "adamw"
    weight_decay: NonNegativeFloat = Field(default=0.01, description="pull of the weights towards zero")


class RmsProp(Optimizer):
    """RMSprop (Tieleman & Hinton, 2012)."""

    name: Literal["rmsprop"] = "rmsprop"
    lr: PositiveFloat = Field(default=1e-3, description="learning rate")
    momentum: Fraction = Field(default=0.0, description="how much of the last step is kept")
    beta2: Fraction = Field(default=0.99, description="how much of the mean squared gradient is kept")
    eps: PositiveFloat = Field(default=1e-8, description="added to the divisor")


class Muon(_Moments):
    """Muon (Jordan 2024) for the filters of convolutions, AdamW for all else."""

    name: Literal["muon"] = "muon"
    lr: PositiveFloat = Field(default=2e-3, description="learning rate")
    momentum: Fraction = Field(default=0.95, description="how much of the last step is kept")
    weight_decay: NonNegativeFloat = Field(default=0.01, description="pull of the weights towards zero")


class Constant(Part):
    """The same learning rate throughout, after a linear warm-up."""

    name: Literal["constant"] = "constant"
    warmup: Fraction = Field(default=0.0, description="the part of the training in which the rate rises")


class Step(Part):
    """The rate falls by a factor every so many epochs."""

    name: Literal["step"] = "step"
    warmup: Fraction = Field(default=0.0, description="the part of the training in which the rate rises")
    every: PositiveInt = Field(default=30, description="epochs from one fall to the next")
    at: Annotated[str | None, BeforeValidator(_listed), OrOff] = Field(
        default=None,
        description="the epochs after which the rate falls, in quotes with commas between, in place of `every`",
        examples=["82, 123"],
    )
    factor: Annotated[float, Field(gt=0, le=1)] = Field(default=0.1, description="what the rate is multiplied by")

    @field_validator("at")
    @classmethod
    def _epochs(cls, at: str | None) -> str | None:
        try:
            falls = [float(word) for word in (at or "1").split(",")]
        except ValueError:
            falls = []
        if not falls or falls != sorted(falls) or not 0 < falls[0] <= falls[-1] < float("inf"):
            raise ValueError(f'`at` takes epochs in order, like "82, 123", not "{at}"')
        return at

    @model_validator(mode="after")
    def _one_way_to_fall(self) -> Self:
        if self.at is not None and self.every != type(self).model_fields["every"].default:
            raise ValueError("`at` stands in place of `every`: one of them")
        return self

    def falls(self, epochs: float) -> int:
        """How often the rate has fallen after so many epochs."""
        if self.at is None:
            return int(epochs // self.every)
        return sum(float(word) <= epochs for word in self.at.split(","))


class Cosine(Part):
    """The rate falls along half a cosine (Loshchilov & Hutter, 2017)."""

    name: Literal["cosine"] = "cosine"
    warmup: Fraction = Field(default=0.0, description="the part of the training in which the rate rises")
    end: NonNegativeFloat = Field(default=0.0, description="the rate at the end, as a part of the highest")


class OneCycle(Part):
    """Up and down along cosines (Smith & Topin, 2018)."""

    name: Literal["onecycle"] = "onecycle"
    warmup: Fraction = Field(default=0.3, description="the part of the training in which the rate rises")
    start: NonNegativeFloat = Field(default=0.04, description="the rate at the start, as a part of the highest")
    end: NonNegativeFloat = Field(default=4e-6, description="the rate at the end, as a part of the highest")


class Triangular(Part):
    """Up and down along straight lines."""

    name: Literal["triangular"] = "triangular"
    warmup: Fraction = Field(default=0.23, description="the part of the training in which the rate rises")
    start: NonNegativeFloat = Field(default=0.2, description="the rate at the start, as a part of the highest")
    end: NonNegativeFloat = Field(default=0.07, description="the rate at the end, as a part of the highest")


class AnyKindOfLoss(Part):
    """What every loss has."""

    sum: bool = Field(
        default=False,
        description="gradients of the sum over a step's images, not of their mean: they grow with the batch",
    )


class CrossEntropy(AnyKindOfLoss):
    """Cross entropy of the softmax."""

    name: Literal["cross_entropy"] = "cross_entropy"
    smoothing: Fraction = Field(default=0.0, description="the part of the label that is spread over all classes")


class Bce(AnyKindOfLoss):
    """Binary cross entropy, each class for itself."""

    name: Literal["bce"] = "bce"
    smoothing: Fraction = Field(default=0.0, description="the part of the label that is spread over all classes")


class Mse(AnyKindOfLoss):
    """Mean squared distance to 1 for the class and 0 for the others."""

    name: Literal["mse"] = "mse"


class Lookahead(Part):
    """Slow weights, which follow the trained ones every few steps and then take their place; they are the result."""

    prefixed: ClassVar[bool] = True

    every: Annotated[PositiveInt | None, OrOff] = Field(
        default=None, description="steps from one meeting of slow and fast weights to the next", examples=[5]
    )
    alpha: Annotated[float, Field(gt=0, le=1)] = Field(
        default=0.5, description="the part of the way that the slow weights go (Zhang et al. 2019)"
    )
    ramp: NonNegativeFloat = Field(
        default=0.0,
        description="how late alpha is reached: what is lacking to the whole way grows by this power of the part of "
        "the training that is over; 0 is alpha throughout (Jordan 2024 has 3)",
    )

    @model_validator(mode="after")
    def _slow_weights_that_move(self) -> Self:
        fields = type(self).model_fields
        for name in ("alpha", "ramp"):
            if self.every is None and getattr(self, name) != fields[name].default:
                raise ValueError(f"`{name}` is how slow weights move, and there are none: add `every=5`")
        return self


class Freeze(Part):
    """What trains in the first epochs only, or never: stages, blocks or layers by their names."""

    prefixed: ClassVar[bool] = True

    name: Annotated[str | None, OrOff] = Field(
        default=None,
        description="what does not train: the name of a stage, a block's use or a layer, or several in quotes with "
        "commas between, as `archdsl check` shows them",
    )
    after: Count = Field(default=0, description="epochs in which it trains all the same, at first")

    @model_validator(mode="after")
    def _something_that_freezes(self) -> Self:
        if self.name is None and self.after:
            raise ValueError("`after` is when parts freeze, and none does: name them, or leave it out")
        return self

    @field_validator("name")
    @classmethod
    def _some_part(cls, name: str | None) -> str | None:
        if name is not None and not name.strip(", "):
            raise ValueError(f'`freeze` takes names of parts, not "{name}"')
        return name


def frozen_parts(recipe: Freeze) -> tuple[str, ...]:
    """The names that the recipe gives."""
    return tuple(part.strip() for part in (recipe.name or "").split(",") if part.strip())
