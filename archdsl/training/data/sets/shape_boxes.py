"""The images of `shapes`, with the box and the class of each shape; generated."""

from typing import TYPE_CHECKING

from ..dataset_spec import DataSpec
from . import shapes

if TYPE_CHECKING:
    from ..images import Request, Splits

SPEC = DataSpec(
    "shape_boxes", shapes.SPEC.classes[1:], shapes.SPEC.shape, images=shapes.SPEC.images, shipped=True, targets="boxes"
)
LICENSE = "MIT, part of archdsl"


def load(request: "Request") -> "Splits":
    """The images of `shapes` and the boxes of the visible pixels of their shapes."""
    import numpy as np

    from ..drawn_shapes import draw_boxes
    from ..images import Splits, hold_out

    assert SPEC.images is not None
    assert SPEC.shape is not None
    train_count, test_count = SPEC.images
    everything = draw_boxes(train_count + test_count, SPEC.shape[-1])
    train, validation = hold_out(everything.take(np.arange(train_count)), request.split)
    return Splits(train, validation, everything.take(np.arange(train_count, train_count + test_count)))
