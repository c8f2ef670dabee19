"""The sections of the optimizer and of the learning rate schedule."""

from typing import Annotated, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    PositiveFloat,
    PositiveInt,
    field_validator,
    model_validator,
)

from .groups import OptionGroup
from .section_types import (
    Beta2,
    EndRate,
    Epsilon,
    Fraction,
    LearningRate,
    Momentum,
    OrOff,
    RecipeSection,
    SettingConflict,
    StartRate,
    Warmup,
    WeightDecay,
    _listed,
)


class Optimizer(RecipeSection):
    """The fields of every optimizer."""

    weight_decay: WeightDecay = 0.0
    decay_all: Annotated[bool, OptionGroup.REGULARIZATION] = Field(
        default=False,
        description="apply weight decay to biases, normalization weights, learned scales, tokens and position "
        "embeddings, too",
    )
    norm_bias_lr: PositiveFloat = Field(
        default=1.0,
        description="learning rate multiplier for the biases of normalization layers; their weight decay per step is "
        "unchanged (Jordan 2024)",
    )
    bias_lr: PositiveFloat = Field(
        default=1.0,
        description="learning rate multiplier for all biases; their weight decay per step is unchanged",
    )

    @model_validator(mode="after")
    def _check_biases(self) -> Self:
        if self.norm_bias_lr != 1 and self.bias_lr != 1:
            why = "`bias_lr` is for all biases, `norm_bias_lr` for those of normalization layers: use one"
            raise SettingConflict(why, "bias_lr", "norm_bias_lr")
        return self

    @model_validator(mode="after")
    def _check_decay(self) -> Self:
        if self.decay_all and self.weight_decay == 0:
            raise SettingConflict("`decay_all` has no effect: `weight_decay` is 0", "decay_all", "weight_decay")
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
            raise SettingConflict("`nesterov` needs momentum, which is 0", "nesterov", "momentum")
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
        description="scaling of updates, as in torch's `adjust_lr_fn`: `match_rms_adamw` scales them to the size of "
        "AdamW's (Liu et al. 2025), `original` by √max(1, filters / filter size) (Jordan 2024)",
    )
    normalize: bool = Field(
        default=False,
        description="before each step, scale the filters of each layer to the norm √(number of filters) (Jordan 2024); "
        "weight decay then applies only to the other parameters",
    )
    other: Literal["adamw", "sgd"] = Field(
        default="adamw", description="optimizer for all parameters other than convolution filters"
    )
    other_lr: PositiveFloat | None = Field(
        default=None, description="learning rate of `other`; by default, the learning rate of the filters"
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
            raise SettingConflict(
                "`other_momentum` is for `other=sgd`; for adamw, use `beta1`", "other_momentum", "other"
            )
        unused = ("beta1", "beta2", "eps") if self.other == "sgd" else ()
        for name in unused:
            if getattr(self, name) != type(self).model_fields[name].default:
                raise SettingConflict(f"`{name}` has no effect with `other=sgd`: only adamw has it", name, "other")
        return self


class Constant(RecipeSection):
    """Constant learning rate, after an optional linear warmup."""

    name: Literal["constant"] = "constant"
    warmup: Warmup = 0.0


class Step(RecipeSection):
    """Multiply the learning rate by `factor` every `every` epochs, or after each epoch in `at`."""

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
            drops = [float(word) for word in ("1" if at is None else at).split(",")]
        except ValueError:
            drops = []
        if not drops or drops != sorted(set(drops)) or not 0 < drops[0] <= drops[-1] < float("inf"):
            raise ValueError(f'`at` takes different epochs in ascending order, like "82, 123", not "{at}"')
        return at

    @model_validator(mode="after")
    def _check_schedule(self) -> Self:
        if self.at is not None and self.every != type(self).model_fields["every"].default:
            raise SettingConflict("`at` replaces `every`: use one of them", "at", "every")
        return self

    def drops_after(self, epochs: float) -> int:
        """The number of drops after this many epochs."""
        if self.at is None:
            return int(epochs // self.every)
        return sum(float(word) <= epochs for word in self.at.split(","))


class Cosine(RecipeSection):
    """Cosine annealing: decay along half a cosine period (Loshchilov & Hutter 2017)."""

    name: Literal["cosine"] = "cosine"
    warmup: Warmup = 0.0
    end: EndRate = 0.0


class OneCycle(RecipeSection):
    """1cycle (Smith & Topin 2018), with cosine warmup and decay."""

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
