"""The splits of a data set as streams."""

from collections.abc import Mapping
from math import prod

import numpy as np

from ..arrays import TargetArray
from ..dataset_spec import ImageShape
from ..decoded_cache import MAPPED
from ..images import ImageSet, Labels, Request, Splits, divide
from .decoder_pool import DecoderPool, ImageView
from .encoded import EncodedImages
from .image_stream import ImageStream, StreamSettings
from .transform import Transform


def stream_splits(
    parts: Mapping[str, tuple[EncodedImages, Labels]], request: Request, settings: StreamSettings
) -> Splits | None:
    """The splits as streams; None if streams are not needed and the decoded images fit into memory.

    `parts` are the images and classes of `train`, and perhaps of `validation` and `test`. Without validation images,
    the request's `split` decides which part of the training images is held out. Raises NothingToLearnFrom.
    """
    images = sum(len(labels) for _, labels in parts.values())
    size = images * prod(request.shape)
    if not settings.needed and size <= MAPPED:
        return None
    pool = DecoderPool(settings.workers)

    def made(name: str) -> ImageSet | None:
        encoded, labels = found.get(name, (None, None))
        if encoded is None or labels is None or not len(labels):
            return None
        return streamed(encoded, labels, request.image, settings, pool)

    found = dict(parts)
    if not _has(found, "validation"):
        encoded, labels = found["train"]
        learn, validate = divide(len(labels), request.split)
        found["train"] = encoded.take(learn), labels[learn]
        found["validation"] = encoded.take(validate), labels[validate]
    train = made("train")
    assert train is not None
    return Splits(train, made("validation"), made("test"), (_note(size, settings),))


def _has(parts: Mapping[str, tuple[EncodedImages, Labels]], name: str) -> bool:
    return name in parts and len(parts[name][1]) > 0


def _note(size: int, settings: StreamSettings) -> str:
    count = settings.workers
    by = f"{count} process{'es' * (count > 1)}" if count else "the training process"
    kept = "" if settings.needed else f": decoded, they would take {size / 1e9:.1f} GB (`loading=cache` keeps them)"
    return f"images are decoded in every epoch, by {by}{kept}"


def streamed(
    images: EncodedImages, labels: TargetArray, shape: ImageShape, settings: StreamSettings, pool: DecoderPool
) -> ImageSet:
    """The images of a split for a network that takes this shape."""
    channels, height, width = shape
    size = settings.train_size
    plain = Transform(channels, height, width, settings.resize)
    augmented = Transform(channels, size or height, size or width, settings.resize, settings.changes)
    stream = ImageStream(ImageView(images, plain), ImageView(images, augmented), pool, settings.repeats, settings.seed)
    return ImageSet(np.empty((0, *shape), np.uint8), labels, stream=stream)
