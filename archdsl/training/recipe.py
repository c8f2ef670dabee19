"""How to train, as one model: the `train { … }` block of a file, the options of `archdsl train` and the documentation
are all made from it.

A line of the block is a field of `Recipe`. Where the field is a `Part`, the line's first word is the part's `name`
(`optimizer sgd`) and the rest are its fields (`lr=0.1`, or the bare word for a field that is true or false). Every
field of every part is an option too: `--lr 0.1`. This module imports pydantic alone, so that `--help` is quick.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    model_validator,
)
from pydantic import NonNegativeInt as Count

OFF = "off"


def _off(value: Any) -> Any:
    return None if value == OFF else value


Fraction = Annotated[float, Field(ge=0, lt=1)]
OrOff = BeforeValidator(_off)


class Part(BaseModel):
    """Fields that belong together; unknown ones are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


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
    crop: Annotated[PositiveInt | None, OrOff] = Field(
        default=None, description="shift by up to so many pixels, by chance", examples=[4]
    )
    border: Literal["zero", "reflect"] = Field(default="zero", description="what a shifted image shows at its edge")
    rotate: Annotated[PositiveFloat | None, OrOff] = Field(
        default=None, description="turn by up to so many degrees, by chance", examples=[15]
    )
    jitter: Annotated[PositiveFloat | None, OrOff] = Field(
        default=None, description="brightness, contrast and saturation by up to this part, by chance", examples=[0.2]
    )
    cutout: Annotated[PositiveInt | None, OrOff] = Field(
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


class Optimizer(Part):
    """What every optimizer has."""

    weight_decay: NonNegativeFloat = Field(default=0.0, description="pull of the weights towards zero")
    decay_all: bool = Field(default=False, description="decay biases and the weights of normalisations too")


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
    factor: Annotated[float, Field(gt=0, le=1)] = Field(default=0.1, description="what the rate is multiplied by")


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


class CrossEntropy(Part):
    """Cross entropy of the softmax."""

    name: Literal["cross_entropy"] = "cross_entropy"
    smoothing: Fraction = Field(default=0.0, description="the part of the label that is spread over all classes")


class Bce(Part):
    """Binary cross entropy, each class for itself."""

    name: Literal["bce"] = "bce"
    smoothing: Fraction = Field(default=0.0, description="the part of the label that is spread over all classes")


class Mse(Part):
    """Mean squared distance to 1 for the class and 0 for the others."""

    name: Literal["mse"] = "mse"


AnyOptimizer = Annotated[Sgd | Adam | AdamW | RmsProp | Muon, Field(discriminator="name")]
AnySchedule = Annotated[Constant | Step | Cosine | OneCycle | Triangular, Field(discriminator="name")]
AnyLoss = Annotated[CrossEntropy | Bce | Mse, Field(discriminator="name")]


class Recipe(Part):
    """Everything that decides how a network is trained."""

    data: Data = Field(default=Data(), description="the images")
    split: Annotated[float, Field(gt=0, le=1)] = Field(
        default=0.9, description="the part of the training images to learn from; the rest validates"
    )
    augment: Augment = Field(default=Augment(), description="random changes of the images to learn from")
    optimizer: AnyOptimizer = Field(default=Adam(), description="how weights follow gradients")
    schedule: AnySchedule = Field(default=Constant(), description="how the learning rate goes over the training")
    loss: AnyLoss = Field(default=CrossEntropy(), description="what is made small")
    epochs: PositiveInt = Field(default=10, description="how often all images are seen")
    batch: PositiveInt = Field(default=32, description="images a step")
    accumulate: PositiveInt = Field(default=1, description="batches whose gradients make one step")
    clip: Annotated[PositiveFloat | None, OrOff] = Field(
        default=None, description="the largest norm of the gradient", examples=[1.0]
    )
    ema: Annotated[Annotated[float, Field(gt=0, lt=1)] | None, OrOff] = Field(
        default=None,
        description="keep a running mean of the weights, and use it: the part kept at each step",
        examples=[0.999],
    )
    patience: Annotated[PositiveInt | None, OrOff] = Field(
        default=None, description="stop after so many epochs without a better one", examples=[5]
    )
    precision: Literal["auto", "fp32", "bf16", "fp16"] = Field(
        default="auto", description="numbers of the forward pass; auto tries what is fastest for a moment"
    )
    layout: Literal["auto", "channels_first", "channels_last"] = Field(
        default="auto", description="how images lie in memory; auto tries what is fastest for a moment"
    )
    compile: bool = Field(
        default=False, description="let torch.compile make faster code: a wait at first, gains on GPUs"
    )
    tta: Literal["none", "flip"] = Field(
        default="none", description="at the test, average the answers for the image and its mirror image"
    )
    checkpoint: PositiveFloat = Field(
        default=5.0, description="minutes from one checkpoint to the next inside an epoch"
    )
    seed: Count = Field(default=0, description="where chance starts")
