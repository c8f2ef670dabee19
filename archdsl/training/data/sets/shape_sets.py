"""Which shapes are in an image: the images of `shapes`, with the set of their classes; generated."""

from typing import TYPE_CHECKING

from ..dataset_spec import DataSpec
from . import shapes

if TYPE_CHECKING:
    from ..images import Request, Splits

SPEC = DataSpec(
    "shape_sets", shapes.SPEC.classes[1:], shapes.SPEC.shape, images=shapes.SPEC.images, shipped=True, targets="classes"
)
LICENSE = "MIT, part of archdsl"


def load(request: "Request") -> "Splits":
    """The images of `shapes`; a class is in the set if one of its pixels is visible."""
    from dataclasses import replace

    import numpy as np

    from ..images import ImageSet, Splits

    found = shapes.load(request)

    def sets(images: ImageSet | None) -> ImageSet | None:
        if images is None:
            return None
        visible = [(images.labels == number).any((1, 2)) for number in range(1, len(SPEC.classes) + 1)]
        return replace(images, labels=np.stack(visible, 1).astype(np.uint8))

    train = sets(found.train)
    assert train is not None
    return Splits(train, sets(found.validation), sets(found.test))
