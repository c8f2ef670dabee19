"""The settings of a training run as one model, the source of the `train { … }` block, the options of `archdsl train`
and the documentation.

A line of the block is a field of `Recipe`. If the field is a `RecipeSection`, the line's first word is the section's
`name` (`optimizer sgd`) and the rest are its fields (`lr=0.1`, or just the name of a boolean). Every field of every
section is an option, too: `--lr 0.1`. This module imports only pydantic, so that `--help` starts quickly.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, PositiveFloat, PositiveInt, TypeAdapter, ValidationInfo, field_validator
from pydantic import NonNegativeInt as Count

from .groups import OptionGroup
from .loss_sections import Bce, CrossEntropy, Custom, Dice, Fcos, Huber, Mae, Mse
from .optimizer_sections import Adam, AdamW, Constant, Cosine, Muon, OneCycle, RmsProp, Sgd, Step, Triangular
from .section_types import OFF, KnownWords, OrOff, RecipeSection, SettingConflict
from .sections import Augment, Data, Freeze, Lookahead

__all__ = [
    "OFF",
    "Adam",
    "AdamW",
    "AnyLoss",
    "AnyOptimizer",
    "AnySchedule",
    "Augment",
    "Bce",
    "Constant",
    "Cosine",
    "CrossEntropy",
    "Custom",
    "Data",
    "Dice",
    "Fcos",
    "Freeze",
    "Huber",
    "Lookahead",
    "Mae",
    "Mse",
    "Muon",
    "OneCycle",
    "Recipe",
    "RecipeSection",
    "RmsProp",
    "Sgd",
    "Step",
    "Triangular",
    "loss_named",
]

AnyOptimizer = Annotated[Sgd | Adam | AdamW | RmsProp | Muon, Field(discriminator="name")]
AnySchedule = Annotated[Constant | Step | Cosine | OneCycle | Triangular, Field(discriminator="name")]
AnyLoss = Annotated[CrossEntropy | Bce | Mse | Mae | Huber | Dice | Fcos | Custom, Field(discriminator="name")]
_LOSS: TypeAdapter[AnyLoss] = TypeAdapter(AnyLoss)
_TASKS = KnownWords(
    (
        "auto",
        "classification",
        "multilabel",
        "regression",
        "segmentation",
        "reconstruction",
        "language",
        "captioning",
        "detection",
    )
)


def loss_named(name: str) -> AnyLoss:
    """The loss of this name, with its default settings."""
    return _LOSS.validate_python({"name": name})


class Recipe(RecipeSection):
    """All settings of a training run."""

    data: Annotated[Data, OptionGroup.DATA] = Field(default=Data(), description="the data set")
    task: Annotated[str, _TASKS, OptionGroup.DATA] = Field(
        default="auto",
        description="what the network learns; `auto` chooses the task of the data set, or reconstruction for a network "
        "that outputs images of the input's shape; packages named with `use` may add tasks",
    )
    split: Annotated[float, Field(gt=0, le=1), OptionGroup.DATA] = Field(
        default=0.9,
        description="fraction of the training images to train on if the data set has no validation images; the rest is "
        "the validation set",
    )
    augment: Annotated[Augment, OptionGroup.REGULARIZATION] = Field(
        default=Augment(), description="random augmentation of the training images"
    )
    optimizer: Annotated[AnyOptimizer, OptionGroup.OPTIMIZATION, OptionGroup.COMMON] = Field(
        default=Adam(), description="optimization algorithm"
    )
    schedule: Annotated[AnySchedule, OptionGroup.OPTIMIZATION, OptionGroup.COMMON] = Field(
        default=Constant(), description="learning rate schedule"
    )
    loss: Annotated[AnyLoss, OptionGroup.OPTIMIZATION] = Field(
        default=CrossEntropy(),
        description="loss function to minimize; tasks other than classification have their own default",
    )
    epochs: Annotated[PositiveFloat, Field(le=1e9), OptionGroup.COMMON] = Field(
        default=10,
        description="number of passes over the training images; may be fractional, such as 9.9",
    )
    batch: Annotated[PositiveInt, Field(le=1 << 31), OptionGroup.COMMON] = Field(
        default=32,
        description="batch size, in total over all processes; a last batch of one sample is dropped, unless it is the "
        "only one",
    )
    accumulate: Annotated[PositiveInt, OptionGroup.OPTIMIZATION] = Field(
        default=1, description="gradient accumulation: number of batches per optimizer step"
    )
    clip: Annotated[PositiveFloat | None, OrOff, OptionGroup.OPTIMIZATION] = Field(
        default=None, description="gradient clipping: largest norm of the gradient", examples=[1.0]
    )
    ema: Annotated[Annotated[float, Field(gt=0, lt=1)] | None, OrOff, OptionGroup.OPTIMIZATION] = Field(
        default=None,
        description="evaluate and save an exponential moving average of the weights, with this decay rate per step; "
        "in step t, the rate is at most t/(9 + t)",
        examples=[0.999],
    )
    lookahead: Annotated[Lookahead, OptionGroup.OPTIMIZATION] = Field(
        default=Lookahead(), description="slow weights that follow the fast weights"
    )
    freeze: Annotated[Freeze, OptionGroup.MODEL] = Field(
        default=Freeze(), description="parts of the network that are frozen, from the start or after some epochs"
    )
    patience: Annotated[PositiveInt | None, OrOff, OptionGroup.REGULARIZATION] = Field(
        default=None,
        description="early stopping: number of epochs without improvement after which training stops",
        examples=[5],
    )
    precision: Annotated[Literal["auto", "fp32", "bf16", "fp16"], OptionGroup.HARDWARE] = Field(
        default="auto", description="data type of the forward pass; `auto` times fp32 and bf16 and picks one"
    )
    layout: Annotated[Literal["auto", "channels_first", "channels_last"], OptionGroup.HARDWARE] = Field(
        default="auto", description="memory layout of the images; `auto` times both and picks one"
    )
    compile: Annotated[bool, OptionGroup.HARDWARE] = Field(
        default=False, description="compile the network with torch.compile: a slow start, then faster steps on GPUs"
    )
    activation_checkpointing: Annotated[bool, OptionGroup.HARDWARE] = Field(
        default=False,
        description="recompute the activations of each block in the backward pass instead of keeping them: less "
        "memory, more time (Chen et al. 2016)",
    )
    shard: Annotated[bool, OptionGroup.HARDWARE] = Field(
        default=False,
        description="shard parameters, gradients and optimizer state over the processes, with FSDP2, instead of "
        "keeping all of them in each process",
    )
    tta: Annotated[Literal["none", "flip", "shift"], OptionGroup.REGULARIZATION] = Field(
        default="none",
        description="test-time augmentation: `flip` averages the predictions for an image and its mirror image; "
        "`shift` also includes both images shifted by one pixel, up-left and down-right, with half the weight "
        "(Jordan 2024)",
    )
    checkpoint: Annotated[PositiveFloat, OptionGroup.OUTPUT] = Field(
        default=5.0, description="minutes between checkpoints within an epoch"
    )
    seed: Annotated[Count, OptionGroup.COMMON] = Field(default=0, description="random seed")

    @property
    def streams(self) -> bool:
        """Whether the settings request or require that images be decoded in every epoch."""
        return self.data.loading == "stream" or self.data.test_resize is not None or bool(self.augment.streamed)

    def is_out_of_patience(self, stale: int) -> bool:
        """Whether training stops early after this many epochs without improvement."""
        return self.patience is not None and stale >= self.patience

    @field_validator("augment")
    @classmethod
    def _check_loading(cls, augment: Augment, info: ValidationInfo) -> Augment:
        data = info.data.get("data")
        if isinstance(data, Data) and data.loading == "cache" and augment.streamed:
            why = f"`{augment.streamed[0]}` needs images that are decoded in every epoch"
            why = f"{why}, but `loading=cache` decodes them once: use `loading=stream`"
            raise SettingConflict(why, augment.streamed[0], "data.loading")
        return augment

    @field_validator("lookahead")
    @classmethod
    def _check_averages(cls, lookahead: Lookahead, info: ValidationInfo) -> Lookahead:
        if lookahead.every is not None and info.data.get("ema") is not None:
            why = "`ema` and `lookahead` both average the weights: use one of them"
            raise SettingConflict(why, "every", "ema")
        return lookahead

    @field_validator("shard")
    @classmethod
    def _check_shard(cls, shard: bool, info: ValidationInfo) -> bool:
        if shard and (found := _unshardable(info.data)):
            why, field = found
            raise SettingConflict(why, "shard", field)
        return shard


def _unshardable(recipe: Mapping[str, Any]) -> tuple[str, str] | None:
    """Why `shard` cannot be used with the other settings, and the setting that is in its way."""
    optimizer, freeze = recipe.get("optimizer"), recipe.get("freeze")
    if isinstance(optimizer, Muon):
        return "`shard` does not work with `optimizer muon`, which needs whole matrices: use adamw", "optimizer.name"
    if isinstance(freeze, Freeze) and freeze.after:
        return "`shard` does not work with `freeze after`: the set of trained weights must not change", "freeze.after"
    if recipe.get("precision") == "fp16":
        return "`shard` does not work with `precision fp16`: use bf16 or fp32", "precision"
    if recipe.get("layout") == "channels_last":
        return "`shard` does not work with `layout channels_last`: shards are contiguous", "layout"
    if recipe.get("compile"):
        return "`shard` does not work with `compile`: use one of them", "compile"
    return None
