"""The sections of the recipe: lines of `train { … }` with several fields, and the kinds of each line."""

from dataclasses import dataclass
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

from .class_weights import parse_class_weights
from .groups import OptionGroup
from .part_names import FREE

OFF = "off"
AUTO = "auto"


def _off(value: Any) -> Any:
    return None if value == OFF else value


def _auto(value: Any) -> Any:
    return None if value == AUTO else value


def _listed(value: Any) -> Any:
    """A single number as a list with one item."""
    return str(value) if isinstance(value, int | float) else value


Fraction = Annotated[float, Field(ge=0, lt=1)]
Pixels = Annotated[int, Field(gt=0, le=65_536)]  # an image may not be wider or higher
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
Warmup = Annotated[Fraction, Field(description="fraction of the training used to warm up the learning rate")]
StartRate = Annotated[NonNegativeFloat, Field(description="initial learning rate, as a fraction of the peak")]
EndRate = Annotated[NonNegativeFloat, Field(description="final learning rate, as a fraction of the peak")]
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
        description="weights of the classes in the loss: `balanced`, inversely proportional to their training samples; "
        'or numbers, as in "cat=2, dog=0.5" (1 for the other classes) or "0.5, 1, 2" in the order of the classes',
        examples=["balanced"],
    ),
    OptionGroup.REGULARIZATION,
]


class RecipeSection(BaseModel):
    """Fields of one line; unknown fields are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    prefixed: ClassVar[bool] = False
    """Whether the options of its fields begin with the line's name: `--freeze-after`."""


class Data(RecipeSection):
    """The data set, and how its images are fitted to the network's input."""

    name: Annotated[str | None, OptionGroup.COMMON] = Field(
        default=None,
        description="data set: a built-in name, hf:OWNER/NAME, or a folder with one subfolder of images per class",
    )
    fit: Literal["exact", "pad", "resize"] = Field(
        default="exact",
        description="how to fit images whose size differs from the network's input: `exact` reports an error, `pad` "
        "zero-pads or center-crops, `resize` scales",
    )
    loading: Literal["auto", "cache", "stream"] = Field(
        default="auto",
        description="how to load folders of images: `cache` decodes them once and keeps the pixels, `stream` decodes "
        "them in every epoch, with bounded memory; `auto` streams if the decoded images take more than 2 GiB, or if an "
        "augmentation needs it",
    )
    workers: Annotated[Annotated[int, Field(ge=0, le=1024)] | None, OrAuto] = Field(
        default=None,
        description="number of processes that decode streamed images, for each training process; 0 decodes in the "
        "training process, `auto` starts one per core",
    )
    test_resize: Annotated[Pixels | None, OrOff] = Field(
        default=None,
        description="scale the shorter edge of streamed validation and test images to N pixels before cropping the "
        "center to the input; `off` keeps the whole shorter edge",
        examples=[256],
    )

    @model_validator(mode="after")
    def _cache_needs_no_decoding(self) -> Self:
        for name in ("workers", "test_resize"):
            if self.loading == "cache" and getattr(self, name) is not None:
                raise ValueError(f"`{name}` is for streamed images: use `loading=stream`, or leave it out")
        return self


STREAMED = ("random_resized_crop", "train_size", "randaugment", "random_erasing", "repeats")
"""The augmentations of images that are decoded in every epoch."""


class Augment(RecipeSection):
    """Random augmentation of the training images, sampled separately for each batch."""

    flip: bool = Field(default=False, description="mirror each image horizontally with probability 1/2")
    alternate: bool = Field(
        default=False,
        description="mirror each image horizontally in every other epoch instead of at random (Jordan 2024)",
    )
    crop: Annotated[Pixels | None, OrOff] = Field(
        default=None,
        description="random crop: shift each image by up to N pixels horizontally and vertically",
        examples=[4],
    )
    border: Literal["zero", "reflect"] = Field(
        default="zero", description="how `crop` fills the border of a shifted image: zeros or reflection"
    )
    rotate: Annotated[Annotated[float, Field(gt=0, le=180)] | None, OrOff] = Field(
        default=None, description="rotate each image by a random angle of up to X degrees", examples=[15]
    )
    jitter: Annotated[Annotated[float, Field(gt=0, le=1)] | None, OrOff] = Field(
        default=None,
        description="color jitter: scale brightness, contrast and saturation by random factors in 1 ± X",
        examples=[0.2],
    )
    cutout: Annotated[Pixels | None, OrOff] = Field(
        default=None,
        description="Cutout: erase a random square of N×N pixels (DeVries & Taylor 2017)",
        examples=[8],
    )
    mixup: Annotated[PositiveFloat | None, OrOff] = Field(
        default=None,
        description="mixup: blend pairs of images and their labels, with weights from Beta(X, X) (Zhang et al. 2018)",
        examples=[0.2],
    )
    cutmix: Annotated[PositiveFloat | None, OrOff] = Field(
        default=None,
        description="CutMix: paste a rectangle of another image and mix the labels by area, which follows "
        "Beta(X, X) (Yun et al. 2019)",
        examples=[1.0],
    )

    noise: Annotated[PositiveFloat | None, OrOff] = Field(
        default=None,
        description="add Gaussian noise with this standard deviation to the inputs, for pixels in 0..1; reconstruction "
        "then removes noise from the test images, too",
        examples=[0.3],
    )
    random_resized_crop: Annotated[Annotated[float, Field(gt=0, le=1)] | None, OrOff] = Field(
        default=None,
        description="random resized crop: a random part of each image, at least this fraction of its area, scaled to "
        "the input (Szegedy et al. 2015)",
        examples=[0.08],
    )
    aspect_ratio: Annotated[float, Field(ge=1, le=100)] = Field(
        default=4 / 3,
        description="largest aspect ratio of a random resized crop; the smallest is its inverse",
        examples=[1.5],
    )
    train_size: Annotated[Pixels | None, OrOff] = Field(
        default=None,
        description="height and width of random resized crops; `off` is the input's size (Touvron et al. 2019 train "
        "on smaller images)",
        examples=[176],
    )
    randaugment: Annotated[Annotated[float, Field(gt=0, le=30)] | None, OrOff] = Field(
        default=None,
        description="RandAugment: random operations of this magnitude, from 0 to 30 (Cubuk et al. 2020)",
        examples=[9],
    )
    operations: PositiveInt = Field(default=2, description="RandAugment: number of operations for each image")
    random_erasing: Annotated[Annotated[float, Field(gt=0, le=1)] | None, OrOff] = Field(
        default=None,
        description="random erasing: with this probability, fill a random rectangle with random pixels "
        "(Zhong et al. 2020)",
        examples=[0.25],
    )
    repeats: Annotated[Annotated[int, Field(ge=2, le=1024)] | None, OrOff] = Field(
        default=None,
        description="repeated augmentation: each image occurs N times in a batch, augmented differently; an epoch has "
        "the same number of samples, of fewer images (Hoffer et al. 2020)",
        examples=[3],
    )

    @property
    def streamed(self) -> tuple[str, ...]:
        """The settings that need images which are decoded in every epoch."""
        return tuple(name for name in STREAMED if getattr(self, name) is not None)

    @model_validator(mode="after")
    def _check_switches(self) -> Self:
        fields = type(self).model_fields
        for name, switch in (
            ("aspect_ratio", "random_resized_crop"),
            ("train_size", "random_resized_crop"),
            ("operations", "randaugment"),
        ):
            if getattr(self, switch) is None and getattr(self, name) != fields[name].default:
                example = (fields[switch].examples or ["…"])[0]
                raise ValueError(f"`{name}` is a setting of `{switch}`, which is off: add `{switch}={example}`")
        return self

    @model_validator(mode="after")
    def _check_flips(self) -> Self:
        if self.flip and self.alternate:
            raise ValueError("`flip` mirrors at random, `alternate` in every other epoch: use one of them")
        return self

    @model_validator(mode="after")
    def _border_needs_crop(self) -> Self:
        if self.border != "zero" and self.crop is None:
            raise ValueError("`border` applies to shifted images, and nothing shifts them: add `crop=4`")
        return self


class Optimizer(RecipeSection):
    """The fields of every optimizer."""

    weight_decay: WeightDecay = 0.0
    decay_all: Annotated[bool, OptionGroup.REGULARIZATION] = Field(
        default=False,
        description="apply weight decay to biases, normalization weights, learned scales, tokens and positions, too",
    )
    norm_bias_lr: PositiveFloat = Field(
        default=1.0,
        description="learning rate multiplier for the biases of normalization layers; it leaves their decay per step "
        "unchanged (Jordan 2024)",
    )
    bias_lr: PositiveFloat = Field(
        default=1.0,
        description="learning rate multiplier for all biases; it leaves their decay per step unchanged",
    )

    @model_validator(mode="after")
    def _check_biases(self) -> Self:
        if self.norm_bias_lr != 1 and self.bias_lr != 1:
            raise ValueError("`bias_lr` is for all biases, `norm_bias_lr` for those of normalization layers: use one")
        return self

    @model_validator(mode="after")
    def _check_decay(self) -> Self:
        if self.decay_all and self.weight_decay == 0:
            raise ValueError("`decay_all` has no effect: `weight_decay` is 0")
        return self


class Sgd(Optimizer):
    """Stochastic gradient descent with momentum."""

    name: Literal["sgd"] = "sgd"
    lr: LearningRate = 0.1
    momentum: Momentum = 0.9
    nesterov: bool = Field(default=False, description="use Nesterov momentum")

    @model_validator(mode="after")
    def _check_lookahead(self) -> Self:
        if self.nesterov and self.momentum == 0:
            raise ValueError("`nesterov` needs momentum, which is 0")
        return self


class _Moments(Optimizer):
    """Adam's fields."""

    lr: LearningRate = 1e-3
    beta1: Fraction = Field(
        default=0.9, description="exponential decay rate of the first-moment estimate, the mean gradient"
    )
    beta2: Beta2 = 0.999
    eps: Epsilon = 1e-8


class Adam(_Moments):
    """Adam (Kingma & Ba 2015), with weight decay as an L2 penalty."""

    name: Literal["adam"] = "adam"


class AdamW(_Moments):
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019)."""

    name: Literal["adamw"] = "adamw"
    weight_decay: WeightDecay = 0.01


class RmsProp(Optimizer):
    """RMSprop (Tieleman & Hinton 2012)."""

    name: Literal["rmsprop"] = "rmsprop"
    lr: LearningRate = 1e-3
    momentum: Momentum = 0.0
    beta2: Beta2 = 0.99
    eps: Epsilon = 1e-8


class Muon(_Moments):
    """Muon (Jordan 2024) for convolution filters; AdamW, or SGD with Nesterov momentum, for all other parameters."""

    name: Literal["muon"] = "muon"
    lr: LearningRate = 2e-3
    momentum: Momentum = 0.95
    weight_decay: WeightDecay = 0.01
    ns_steps: PositiveInt = Field(default=5, description="Newton-Schulz iterations that orthogonalize each update")
    adjust_lr: Literal["match_rms_adamw", "original"] = Field(
        default="match_rms_adamw",
        description="scaling of updates, as in torch's `adjust_lr_fn`: to the size of AdamW's (Liu et al. 2025), or "
        "`original`, by √max(1, filters / filter size) (Jordan 2024)",
    )
    normalize: bool = Field(
        default=False,
        description="before each step, scale the filters of each layer to the norm √filters (Jordan 2024); weight "
        "decay then applies to all other parameters only",
    )
    other: Literal["adamw", "sgd"] = Field(
        default="adamw", description="optimizer of all parameters other than convolution filters"
    )
    other_lr: PositiveFloat | None = Field(
        default=None, description="learning rate of `other`; without it, that of the filters"
    )
    other_momentum: Fraction | None = Field(
        default=None, description="Nesterov momentum of `other=sgd`, 0.9 unless given"
    )

    @property
    def nesterov_momentum(self) -> float:
        """The momentum of `other=sgd`."""
        return 0.9 if self.other_momentum is None else self.other_momentum

    @model_validator(mode="after")
    def _check_other(self) -> Self:
        if self.other == "adamw" and self.other_momentum is not None:
            raise ValueError("`other_momentum` is for `other=sgd`; for adamw, use `beta1`")
        unused = ("beta1", "beta2", "eps") if self.other == "sgd" else ()
        for name in unused:
            if getattr(self, name) != type(self).model_fields[name].default:
                raise ValueError(f"`{name}` has no effect with `other=sgd`: only adamw has it")
        return self


class Constant(RecipeSection):
    """Constant learning rate, after an optional linear warmup."""

    name: Literal["constant"] = "constant"
    warmup: Warmup = 0.0


class Step(RecipeSection):
    """Multiply the learning rate by `factor` every `every` epochs, or after each of the epochs `at`."""

    name: Literal["step"] = "step"
    warmup: Warmup = 0.0
    every: PositiveInt = Field(default=30, description="number of epochs between drops of the learning rate")
    at: Annotated[str | None, BeforeValidator(_listed), OrOff] = Field(
        default=None,
        description='epochs after which the learning rate drops, as in "82, 123"; replaces `every`',
        examples=["82, 123"],
    )
    factor: Annotated[float, Field(gt=0, le=1)] = Field(
        default=0.1, description="factor by which each drop multiplies the learning rate"
    )

    @field_validator("at")
    @classmethod
    def _epochs(cls, at: str | None) -> str | None:
        try:
            falls = [float(word) for word in (at or "1").split(",")]
        except ValueError:
            falls = []
        if not falls or falls != sorted(falls) or not 0 < falls[0] <= falls[-1] < float("inf"):
            raise ValueError(f'`at` takes epochs in ascending order, like "82, 123", not "{at}"')
        return at

    @model_validator(mode="after")
    def _check_schedule(self) -> Self:
        if self.at is not None and self.every != type(self).model_fields["every"].default:
            raise ValueError("`at` replaces `every`: use one of them")
        return self

    def falls(self, epochs: float) -> int:
        """The number of drops after this many epochs."""
        if self.at is None:
            return int(epochs // self.every)
        return sum(float(word) <= epochs for word in self.at.split(","))


class Cosine(RecipeSection):
    """Cosine annealing: decay along half a cosine (Loshchilov & Hutter 2017)."""

    name: Literal["cosine"] = "cosine"
    warmup: Warmup = 0.0
    end: EndRate = 0.0


class OneCycle(RecipeSection):
    """1cycle: cosine warmup, then cosine decay (Smith & Topin 2018)."""

    name: Literal["onecycle"] = "onecycle"
    warmup: Warmup = 0.3
    start: StartRate = 0.04
    end: EndRate = 4e-6


class Triangular(RecipeSection):
    """Linear warmup, then linear decay."""

    name: Literal["triangular"] = "triangular"
    warmup: Warmup = 0.23
    start: StartRate = 0.2
    end: EndRate = 0.07


LOSSES = ("cross_entropy", "bce", "mse", "mae", "huber", "dice")
"""The names of the losses."""


class BaseLoss(RecipeSection):
    """The fields of every loss."""

    sum: bool = Field(
        default=False,
        description="sum the loss over the images of a step instead of averaging it: gradients grow with the batch",
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
    """Binary cross-entropy, for each class, or each value of an image, independently."""

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
    """Loss of detection: focal loss of the classes, GIoU of the boxes, and center-ness (FCOS, Tian et al. 2019)."""

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


class Lookahead(RecipeSection):
    """Lookahead (Zhang et al. 2019): slow weights follow the trained weights every few steps and then replace them."""

    prefixed: ClassVar[bool] = True

    every: Annotated[PositiveInt | None, OrOff] = Field(
        default=None,
        description="Lookahead: every N steps, move the slow weights toward the trained weights, then copy them "
        "back (Zhang et al. 2019)",
        examples=[5],
    )
    alpha: Annotated[float, Field(gt=0, le=1)] = Field(
        default=0.5, description="Lookahead: fraction of the distance that the slow weights move"
    )
    ramp: NonNegativeFloat = Field(
        default=0.0,
        description="Lookahead: after a fraction p of the training, the slow weights move by 1 − (1 − alpha)·p^X; "
        "0 is alpha throughout (Jordan 2024 uses 3)",
    )

    @model_validator(mode="after")
    def _check_slow_weights(self) -> Self:
        fields = type(self).model_fields
        for name in ("alpha", "ramp"):
            if self.every is None and getattr(self, name) != fields[name].default:
                raise ValueError(f"`{name}` is a setting of Lookahead, which is off: add `every=5`")
        return self


class Freeze(RecipeSection):
    """Parts of the network that are frozen from the start or after some epochs: stages, blocks or layers by name."""

    prefixed: ClassVar[bool] = True

    name: Annotated[str | None, OrOff] = Field(
        default=None,
        description="freeze the weights of these parts: names of stages, blocks or layers as `archdsl check` shows "
        "them, separated by commas",
    )
    after: Count = Field(default=0, description="number of epochs to train these parts before they are frozen")
    anneal: bool = Field(
        default=False,
        description="lower the learning rate of these parts linearly to 0 until they are frozen, instead of following "
        "the schedule (FreezeOut, Brock et al. 2017)",
    )

    @model_validator(mode="after")
    def _check_frozen_layers(self) -> Self:
        if self.name is None and self.after:
            raise ValueError("`after` has no effect: no parts are frozen; name them, or leave it out")
        if self.anneal and not self.after:
            raise ValueError("`anneal` lowers the learning rate until the parts are frozen: add `after=3`")
        return self

    @field_validator("name")
    @classmethod
    def _some_part(cls, name: str | None) -> str | None:
        if name is not None and not name.strip(", "):
            raise ValueError(f'`freeze` takes names of parts, not "{name}"')
        return name
