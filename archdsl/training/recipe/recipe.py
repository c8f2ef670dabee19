"""How to train, as one model: the `train { … }` block of a file, the options of `archdsl train` and the documentation
are all made from it.

A line of the block is a field of `Recipe`. Where the field is a `Part`, the line's first word is the part's `name`
(`optimizer sgd`) and the rest are its fields (`lr=0.1`, or the bare word for a field that is true or false). Every
field of every part is an option too: `--lr 0.1`. This module imports pydantic alone, so that `--help` is quick.
"""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt, ValidationInfo, field_validator
from pydantic import NonNegativeInt as Count

from .sections import (
    OFF,
    Adam,
    AdamW,
    Augment,
    Bce,
    Constant,
    Cosine,
    CrossEntropy,
    Data,
    Freeze,
    Lookahead,
    Mse,
    Muon,
    OneCycle,
    OrOff,
    Part,
    RmsProp,
    Sgd,
    Step,
    Triangular,
)

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
    "Data",
    "Freeze",
    "Lookahead",
    "Mse",
    "Muon",
    "OneCycle",
    "Part",
    "Recipe",
    "RmsProp",
    "Sgd",
    "Step",
    "Triangular",
]

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
    epochs: Annotated[PositiveFloat, Field(le=1e9)] = Field(
        default=10, description="how often all images are seen; 9.9 ends a tenth before the tenth epoch is over"
    )
    batch: Annotated[PositiveInt, Field(le=1 << 31)] = Field(default=32, description="images a step")
    accumulate: PositiveInt = Field(default=1, description="batches whose gradients make one step")
    clip: Annotated[PositiveFloat | None, OrOff] = Field(
        default=None, description="the largest norm of the gradient", examples=[1.0]
    )
    ema: Annotated[Annotated[float, Field(gt=0, lt=1)] | None, OrOff] = Field(
        default=None,
        description="keep a running mean of the weights, and use it: the part kept at each step",
        examples=[0.999],
    )
    lookahead: Lookahead = Field(default=Lookahead(), description="slow weights that follow the trained ones")
    freeze: Freeze = Field(default=Freeze(), description="parts that do not train, or not to the end")
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
    tta: Literal["none", "flip", "shift"] = Field(
        default="none",
        description="at the test, average the answers for the image and its mirror image; `shift`: and for both "
        "moved by a pixel up and left, down and right, which count half (Jordan 2024)",
    )
    checkpoint: PositiveFloat = Field(
        default=5.0, description="minutes from one checkpoint to the next inside an epoch"
    )
    seed: Count = Field(default=0, description="where chance starts")

    @field_validator("lookahead")
    @classmethod
    def _one_mean_of_weights(cls, lookahead: Lookahead, info: ValidationInfo) -> Lookahead:
        if lookahead.every is not None and info.data.get("ema") is not None:
            raise ValueError("`ema` and `lookahead` both make other weights of those that are trained: one of them")
        return lookahead
