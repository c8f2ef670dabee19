"""Digits: 8×8 grey images of handwritten digits with 17 shades, shipped with the package (see LICENCE-digits.md)."""

from importlib.resources import files

import numpy as np

from .dataset_spec import SPECS, DataSpec
from .images import ImageSet, Request, Source, Splits, hold_out

_TEST = 360
_DARKEST = 16


class DigitsSource(Source):
    """1,797 images in their published order, of which the last 360 are for the test."""

    @property
    def spec(self) -> DataSpec:
        return SPECS["digits"]

    def load(self, request: Request) -> Splits:
        with files(__package__).joinpath("digits.npz").open("rb") as stream:
            arrays = np.load(stream, allow_pickle=False)
            shades, labels = arrays["images"], arrays["labels"].astype(np.int64)
        images = np.round(shades[:, None] * (255 / _DARKEST)).astype(np.uint8)
        everything = ImageSet(images, labels)
        train, validation = hold_out(everything.take(np.arange(len(labels) - _TEST)), request.split)
        return Splits(train, validation, everything.take(np.arange(len(labels) - _TEST, len(labels))))
