"""Batches of decoded images as tensors on a device."""

from collections.abc import Generator, Iterator

import numpy as np
import torch
from torch import Tensor

from ..data.stream.decoder_pool import PixelBatches
from ..data.stream.image_stream import ImageStream

TensorGenerator = Generator[Tensor, None, None]
"""Tensors, one after the other; `close` ends the decoding of the rest."""


def decoded_batches(batches: PixelBatches, device: torch.device) -> TensorGenerator:
    """Decoded images, uint8 of N×H×W×C, as tensors of N×C×H×W on the device; on the CPU, they share the memory of the
    decoded images.

    Each is valid until the next one is taken.
    """
    try:
        for pixels in batches:
            images = torch.from_numpy(pixels).permute(0, 3, 1, 2)
            yield images.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else images
    finally:
        batches.close()


def evaluated(stream: ImageStream, part: slice, batch: int, device: torch.device) -> Iterator[tuple[Tensor, slice]]:
    """The images of a part of a stream in batches, in the form of `decoded_batches`, and their positions."""
    indices = [
        np.arange(first, min(first + batch, part.stop), dtype=np.int64) for first in range(part.start, part.stop, batch)
    ]
    decoded = decoded_batches(stream.evaluated(indices), device)
    try:
        for images, numbers in zip(decoded, indices, strict=True):
            yield images, slice(int(numbers[0]), int(numbers[-1]) + 1)
    finally:
        decoded.close()
