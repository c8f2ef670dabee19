"""Standardization of inputs: pixels are divided by 255; then, as for numbers, the mean is subtracted and the result
divided by the standard deviation. IDs do not change.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..data.images import Inputs, Pixels, kind_of

_SMALLEST_DEVIATION = 1 / 255
_MOST_MEASURED = 10_000
_SMALLEST_PART = 1e-7
"""Smallest standard deviation, as a fraction of the mean: a smaller one is a rounding error of 32-bit floats."""


@dataclass(frozen=True)
class Standard:
    """Mean and standard deviation of each channel over the training images, of pixels in 0..1.

    For numbers, they are those of each feature or channel, in the units of the data; for IDs, they are empty.
    """

    mean: tuple[float, ...]
    deviation: tuple[float, ...]


def measure(inputs: Inputs) -> Standard:
    """The standard of the training samples' inputs."""
    match kind_of(inputs):
        case "image":
            return _of_pixels(inputs)
        case "numbers":
            return of_numbers(inputs)
        case _:
            return Standard((), ())


def of_numbers(numbers: NDArray[np.float32]) -> Standard:
    """Mean and standard deviation of each feature or channel, dimension 1. A constant one has the deviation 1."""
    axes = (0, *range(2, numbers.ndim))
    means = numbers.mean(axes, dtype=np.float64)
    deviations = np.sqrt(np.square(numbers - means.reshape(1, -1, *(1,) * (numbers.ndim - 2))).mean(axes))
    constant = deviations <= _SMALLEST_PART * np.maximum(np.abs(means), 1e-30)
    return Standard(tuple(means.tolist()), tuple(np.where(constant, 1.0, deviations).tolist()))


def _of_pixels(images: Pixels) -> Standard:
    """Mean and standard deviation of each channel, exact, from counts of the 256 values. A constant one has the
    deviation 1/255.
    """
    values = np.arange(256) / 255
    means, deviations = [], []
    for channel in range(images.shape[1]):
        counts = np.zeros(256, np.int64)
        for part in np.array_split(
            images[:, channel], max(1, len(images) // 4096)
        ):  # bincount converts its input to int64
            counts += np.bincount(part.ravel(), minlength=256)
        share = counts / counts.sum()
        mean = float(values @ share)
        means.append(mean)
        deviations.append(max(float(np.sqrt((values - mean) ** 2 @ share)), _SMALLEST_DEVIATION))
    return Standard(tuple(means), tuple(deviations))


def brightness_range(images: Inputs) -> tuple[float, float] | None:
    """The smallest and the largest mean of an image, for pixels in 0..1, of at most 10,000 images; None for other
    inputs.
    """
    if kind_of(images) != "image":
        return None
    some = images[:: max(1, -(-len(images) // _MOST_MEASURED))]
    means = [part.mean((1, 2, 3)) / 255 for part in np.array_split(some, max(1, some.nbytes >> 26))]
    return float(min(map(np.min, means))), float(max(map(np.max, means)))


class Standardizer:
    """Applies a `Standard` to batches on a device."""

    def __init__(self, standard: Standard, device: torch.device, layout: torch.memory_format) -> None:
        self._mean = torch.tensor(standard.mean, device=device).mul_(255).view(1, -1, 1, 1)
        self._scale = torch.tensor(standard.deviation, device=device).mul_(255).reciprocal_().view(1, -1, 1, 1)
        self._layout = layout
        self._row: tuple[Tensor, Tensor] | None = None
        self._own_mean = torch.tensor(standard.mean, device=device)
        self._own_scale = torch.tensor(standard.deviation, device=device).reciprocal_()

    def __call__(self, images: Tensor) -> Tensor:
        """Images, uint8 of N×C×H×W, as float32 of the same shape in the memory layout; numbers as float32; IDs as
        int64.
        """
        if images.ndim != 4 or images.is_floating_point():
            return self._other(images)
        inputs = images.to(torch.float32, memory_format=self._layout)
        if self._layout is torch.channels_last and inputs.shape[1] > 1:
            mean, scale = self._rows(inputs.shape[3])
            inputs.permute(0, 2, 3, 1).flatten(2).sub_(mean).mul_(scale)  # views the inputs' own memory
            return inputs
        return inputs.sub_(self._mean).mul_(self._scale)

    def _other(self, inputs: Tensor) -> Tensor:
        if not inputs.is_floating_point():
            return inputs.to(torch.int64)
        shape = (1, -1, *(1,) * (inputs.ndim - 2))
        return (inputs - self._own_mean.view(shape)) * self._own_scale.view(shape)

    def with_noise(self, inputs: Tensor, noise: Tensor, deviation: float) -> Tensor:
        """Standardized inputs plus noise of standard deviation 1, scaled to `deviation` for pixels in 0..1."""
        return inputs + noise * (self._scale * 255 * deviation)

    def _rows(self, width: int) -> tuple[Tensor, Tensor]:
        """Means and factors for a row of pixels with their channels: a CPU is slow on rows as short as the channels."""
        if self._row is None or len(self._row[0]) != width * self._mean.numel():
            self._row = self._mean.flatten().repeat(width), self._scale.flatten().repeat(width)
        return self._row
