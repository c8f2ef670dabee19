"""Shapes: circles, rectangles and triangles on a noisy background, with the class of each pixel; generated."""

from typing import TYPE_CHECKING

from ..dataset_spec import DataSpec, ImageShape

if TYPE_CHECKING:
    from ..images import Request, Splits

_SIDE, _TRAIN, _TEST = 64, 2_000, 400
SPEC = DataSpec(
    "shapes",
    ("background", "circle", "rectangle", "triangle"),
    ImageShape(3, _SIDE, _SIDE),
    images=(_TRAIN, _TEST),
    shipped=True,
    targets="mask",
)
LICENSE = "MIT, part of archdsl"


def load(request: "Request") -> "Splits":
    """2,000 training and 400 test images, always the same ones: one to four shapes each, later ones in front."""
    import numpy as np

    from ..drawn_shapes import draw
    from ..images import Splits, hold_out

    everything = draw(_TRAIN + _TEST, _SIDE)
    train, validation = hold_out(everything.take(np.arange(_TRAIN)), request.split)
    return Splits(train, validation, everything.take(np.arange(_TRAIN, _TRAIN + _TEST)))
