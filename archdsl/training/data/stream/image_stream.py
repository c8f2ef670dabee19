"""The images of a split as a stream: decoded when they are needed, with or without random changes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import final

import numpy as np

from ..arrays import Pixels
from .decoder_pool import BatchPlan, DecoderPool, ImageView, PixelBatches
from .encoded import Indices, joined
from .transform import RandomChanges
from .worker import DecodeFailure

_TINY, _TRIED = 16, 256
"""Size and number of images that are decoded together to find unreadable ones; JPEGs are decoded at a reduced size."""
_DECODED_HERE = 32
"""Largest number of images that are decoded faster here than by processes."""


@dataclass(frozen=True)
class StreamSettings:
    """How images are decoded in every epoch.

    `needed` requires that, even if the decoded images would fit into memory. `workers` is the number of processes.
    `resize` is for images without random resized crops; `train_size` is the height and width of those with random
    `changes`, if not the network's. `repeats` is how often an epoch contains each of its images.
    """

    needed: bool
    workers: int
    resize: int | None = None
    train_size: int | None = None
    changes: RandomChanges = field(default_factory=RandomChanges)
    repeats: int = 1
    seed: int = 0


@final
@dataclass(frozen=True)
class ImageStream:
    """The encoded images of a split with two transforms, and the processes that decode them.

    `augmented` is for training. Its samples are numbered: with N repeats, sample s is image s // N.
    """

    plain: ImageView
    augmented: ImageView
    pool: DecoderPool
    repeats: int = 1
    seed: int = 0

    def __len__(self) -> int:
        return len(self.plain.images)

    def name(self, index: int) -> str:
        """The name of an image for messages and reports."""
        return self.plain.images.name(index)

    def pixels(self, indices: Indices) -> Pixels:
        """The images with these indices, without random changes: uint8 of N×C×H×W. Raises UndecodableImage."""
        parts = [indices[first : first + _DECODED_HERE] for first in range(0, len(indices), _DECODED_HERE)] or [indices]
        pool = self.pool if len(indices) > _DECODED_HERE else DecoderPool(0)
        decoded = [batch.copy() for batch in pool.batches(self.plain, BatchPlan.plain(parts))]
        return np.ascontiguousarray(np.concatenate(decoded).transpose(0, 3, 1, 2))

    def evaluated(self, batches: Sequence[Indices]) -> PixelBatches:
        """Batches without random changes, uint8 of N×H×W×C, each valid until the next one is taken.

        Raises UndecodableImage or DecoderEnded.
        """
        return self.pool.batches(self.plain, BatchPlan.plain(batches))

    def trained(self, batches: Sequence[Indices], epoch: int) -> PixelBatches:
        """Batches of samples with random changes, uint8 of N×H×W×C, each valid until the next one is taken.

        Random numbers are a function of the seed, the epoch and the sample. Raises UndecodableImage or DecoderEnded.
        """
        seeds = [[(self.seed, epoch, sample) for sample in batch.tolist()] for batch in batches]
        return self.pool.batches(self.augmented, BatchPlan([batch // self.repeats for batch in batches], seeds))

    def unreadable(self, advance: Callable[[int], None]) -> tuple[tuple[str, str], ...]:
        """The names of all images that cannot be decoded, with the reasons; `advance` gets the numbers of images that
        have been tried. Raises DecoderEnded.
        """
        tiny = replace(self.plain.transform, height=_TINY, width=_TINY, resize=None)
        order = np.arange(len(self), dtype=np.int64)
        failures: list[DecodeFailure] = []
        plan = BatchPlan.plain([order[first : first + _TRIED] for first in range(0, len(order), _TRIED)])
        for batch in self.pool.batches(ImageView(self.plain.images, tiny), plan, failures):
            advance(len(batch))
        return tuple(sorted((each.name, each.why) for each in failures))

    def joined(self, others: "Sequence[ImageStream]") -> "ImageStream":
        """The images of this stream, then those of other streams of the same folder."""
        images = joined([self.plain.images, *(each.plain.images for each in others)])
        return replace(
            self, plain=ImageView(images, self.plain.transform), augmented=ImageView(images, self.augmented.transform)
        )
