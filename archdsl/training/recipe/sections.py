"""The other sections of the recipe: data, augmentation, lookahead, and frozen parts."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import (
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    field_validator,
    model_validator,
)
from pydantic import NonNegativeInt as Count

from .groups import OptionGroup
from .section_types import OrAuto, OrOff, Pixels, RecipeSection, SettingConflict


class Data(RecipeSection):
    """The data set, and how its images are fitted to the network's input."""

    name: Annotated[str | None, OptionGroup.COMMON] = Field(
        default=None,
        description="data set: a built-in name, hf:OWNER/NAME, or a folder or file of images, audio, numbers or text",
    )
    fit: Literal["exact", "pad", "resize"] = Field(
        default="exact",
        description="how to fit images whose size differs from the network's input: `exact` reports an error, `pad` "
        "zero-pads or center-crops, `resize` scales",
    )
    loading: Literal["auto", "cache", "stream"] = Field(
        default="auto",
        description="how to load folders of images: `cache` decodes them once and keeps the pixels, `stream` decodes "
        "them in every epoch, with bounded memory; `auto` streams if the decoded images take more than 2 GiB, or if a "
        "setting needs it",
    )
    workers: Annotated[Annotated[int, Field(ge=0, le=1024)] | None, OrAuto] = Field(
        default=None,
        description="number of processes that decode streamed images, for each training process; 0 decodes in the "
        "training process; by default, one per core in total",
    )
    test_resize: Annotated[Pixels | None, OrOff] = Field(
        default=None,
        description="scale the shorter edge of streamed images to this size before the center crop (default: the "
        "input's size); random resized crops ignore it",
        examples=[256],
    )

    @model_validator(mode="after")
    def _cache_needs_no_decoding(self) -> Self:
        for name in ("workers", "test_resize"):
            if self.loading == "cache" and getattr(self, name) is not None:
                why = f"`{name}` is for streamed images: use `loading=stream`, or leave it out"
                raise SettingConflict(why, name, "loading")
        return self


STREAMED = ("random_resized_crop", "train_size", "randaugment", "random_erasing", "repeats")
"""The augmentations of images that are decoded in every epoch."""


class Augment(RecipeSection):
    """Random augmentation of the training images, different in each epoch."""

    flip: bool = Field(default=False, description="mirror each image horizontally with probability 1/2")
    alternate: bool = Field(
        default=False,
        description="mirror each image horizontally in every other epoch instead of at random (Jordan 2024)",
    )
    crop: Annotated[Pixels | None, OrOff] = Field(
        default=None,
        description="random crop: largest shift of each image in pixels, horizontally and vertically",
        examples=[4],
    )
    border: Literal["zero", "reflect"] = Field(
        default="zero", description="how `crop` fills the border of a shifted image: zeros or reflection"
    )
    rotate: Annotated[Annotated[float, Field(gt=0, le=180)] | None, OrOff] = Field(
        default=None, description="random rotation of each image: largest angle in degrees", examples=[15]
    )
    jitter: Annotated[Annotated[float, Field(gt=0, le=1)] | None, OrOff] = Field(
        default=None,
        description="color jitter: largest distance from 1 of random factors for brightness, contrast and saturation",
        examples=[0.2],
    )
    cutout: Annotated[Pixels | None, OrOff] = Field(
        default=None,
        description="Cutout: erase a random square of this height and width in pixels (DeVries & Taylor 2017)",
        examples=[8],
    )
    mixup: Annotated[PositiveFloat | None, OrOff] = Field(
        default=None,
        description="mixup: blend pairs of images and their labels, with ratios from a beta distribution with this "
        "value as both parameters (Zhang et al. 2018)",
        examples=[0.2],
    )
    cutmix: Annotated[PositiveFloat | None, OrOff] = Field(
        default=None,
        description="CutMix: paste a rectangle of another image and mix the labels by area; the ratio is from a "
        "beta distribution with this value as both parameters (Yun et al. 2019)",
        examples=[1.0],
    )

    noise: Annotated[PositiveFloat | None, OrOff] = Field(
        default=None,
        description="add Gaussian noise with this standard deviation to the inputs, for pixels in 0..1; for "
        "reconstruction, also in validation and testing",
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
        description="height and width of random resized crops; by default, the input's size (Touvron et al. 2019 "
        "train on smaller images)",
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
        description="repeated augmentation: how often each image occurs in a batch, augmented differently; an epoch "
        "has the same number of samples, from fewer images (Hoffer et al. 2020)",
        examples=[3],
    )

    @property
    def streamed(self) -> tuple[str, ...]:
        """The settings that require decoding the images in every epoch."""
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
                why = f"`{name}` is a setting of `{switch}`, which is off: add `{switch}={example}`"
                raise SettingConflict(why, name, switch)
        return self

    @model_validator(mode="after")
    def _check_flips(self) -> Self:
        if self.flip and self.alternate:
            why = "`flip` mirrors at random, `alternate` in every other epoch: use one of them"
            raise SettingConflict(why, "flip", "alternate")
        return self

    @model_validator(mode="after")
    def _border_needs_crop(self) -> Self:
        if self.border != "zero" and self.crop is None:
            why = "`border` applies to shifted images, but nothing shifts them: add `crop=4`"
            raise SettingConflict(why, "border", "crop")
        return self


class Lookahead(RecipeSection):
    """Lookahead (Zhang et al. 2019): slow weights follow the fast weights every few steps and then replace them."""

    prefixed: ClassVar[bool] = True

    every: Annotated[PositiveInt | None, OrOff] = Field(
        default=None,
        description="Lookahead: number of steps after which the slow weights move toward the fast weights and replace "
        "them (Zhang et al. 2019)",
        examples=[5],
    )
    alpha: Annotated[float, Field(gt=0, le=1)] = Field(
        default=0.5, description="Lookahead: fraction of the distance that the slow weights move"
    )
    ramp: NonNegativeFloat = Field(
        default=0.0,
        description="Lookahead: after a fraction p of training, the slow weights move by 1 − (1 − alpha)·p^ramp; "
        "with 0, they always move by alpha (Jordan 2024 uses 3)",
    )

    @model_validator(mode="after")
    def _check_slow_weights(self) -> Self:
        fields = type(self).model_fields
        for name in ("alpha", "ramp"):
            if self.every is None and getattr(self, name) != fields[name].default:
                raise SettingConflict(f"`{name}` is a setting of Lookahead, which is off: add `every=5`", name, "every")
        return self


class Freeze(RecipeSection):
    """Parts of the network that are frozen from the start or after some epochs: stages, blocks or layers by name."""

    prefixed: ClassVar[bool] = True

    name: Annotated[str | None, OrOff] = Field(
        default=None,
        description="freeze the weights of these stages, blocks or layers, given by module name (`stem`, "
        "`layer1.unit1`, `conv1`), separated by commas",
    )
    after: Count = Field(
        default=0, description="number of epochs to train the parts of `freeze` before they are frozen"
    )
    anneal: bool = Field(
        default=False,
        description="lower the learning rate of the parts of `freeze` linearly to 0 until they are frozen, instead of "
        "following the schedule (compare Brock et al. 2017)",
    )

    @model_validator(mode="after")
    def _check_frozen_layers(self) -> Self:
        if self.name is None and self.after:
            why = "`after` has no effect: no parts are frozen; name them, or leave it out"
            raise SettingConflict(why, "after", "name")
        if self.name is None and self.anneal:
            why = "`anneal` has no effect: no parts are frozen; name them, or leave it out"
            raise SettingConflict(why, "anneal", "name")
        if self.anneal and not self.after:
            why = "`anneal` lowers the learning rate until the parts are frozen: add `after=1`, or more epochs"
            raise SettingConflict(why, "anneal", "after")
        return self

    @field_validator("name")
    @classmethod
    def _some_part(cls, name: str | None) -> str | None:
        if name is not None and not name.strip(", "):
            raise ValueError(f'`freeze` takes names of parts, not "{name}"')
        return name
