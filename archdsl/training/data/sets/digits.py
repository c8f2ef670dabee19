"""Digits: 8×8 images of handwritten digits in 17 gray levels, shipped with the package (LICENCE-digits.md)."""

from typing import TYPE_CHECKING

from ..dataset_spec import DataSpec, ImageShape

if TYPE_CHECKING:
    from ..images import Request, Splits

_TEST = 360
_DARKEST = 16
SPEC = DataSpec("digits", tuple("0123456789"), ImageShape(1, 8, 8), images=(1_437, _TEST), shipped=True)
LICENSE = "CC BY 4.0"


def load(request: "Request") -> "Splits":
    """1,797 images in their published order; the last 360 are the test set."""
    from importlib.resources import files

    import numpy as np

    from ..images import ImageSet, Splits, hold_out

    with files("archdsl.training.data").joinpath("digits.npz").open("rb") as stream:
        arrays = np.load(stream, allow_pickle=False)
        shades, labels = arrays["images"], arrays["labels"].astype(np.int64)
    images = np.round(shades[:, None] * (255 / _DARKEST)).astype(np.uint8)
    everything = ImageSet(images, labels)
    train, validation = hold_out(everything.take(np.arange(len(labels) - _TEST)), request.split)
    return Splits(train, validation, everything.take(np.arange(len(labels) - _TEST, len(labels))))
