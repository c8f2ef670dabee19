"""Scenes of one or two colored shapes, with two sentences about each; generated."""

from typing import TYPE_CHECKING

from ..dataset_spec import DataSpec, ImageShape

if TYPE_CHECKING:
    from ..images import Request, Splits

_SIDE, _TRAIN, _TEST = 32, 4_000, 400
_WORDS = (
    "<padding> <start> <end> <unknown> a above background below blue circle dark green is left of on purple red right "
    "square the there to triangle white yellow"
)
SPEC = DataSpec(
    "shape_captions",
    tuple(_WORDS.split()),
    ImageShape(3, _SIDE, _SIDE),
    images=(_TRAIN, _TEST),
    shipped=True,
    targets="caption",
    vocabulary=len(_WORDS.split()),
)
LICENSE = "MIT, part of archdsl"


def load(request: "Request") -> "Splits":
    """4,000 training and 400 test images, always the same ones."""
    import numpy as np

    from ..captions import encoded
    from ..drawn_scenes import draw_scenes
    from ..images import ImageSet, Splits, hold_out

    images, sentences = draw_scenes(_TRAIN + _TEST, _SIDE)
    everything = ImageSet(images, encoded(sentences, SPEC.classes))
    train, validation = hold_out(everything.take(np.arange(_TRAIN)), request.split)
    return Splits(train, validation, everything.take(np.arange(_TRAIN, _TRAIN + _TEST)))
