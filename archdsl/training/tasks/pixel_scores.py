"""Losses and scores of reconstruction, from outputs N×C×H×W and images, uint8 of the same shape, read as 0..1."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..recipe.recipe import AnyLoss, Bce, Mse
from .meter import Gatherer, Loss, Meter, Scores
from .presentation import SHOWN

_SMALLEST_ERROR = 1e-10
"""Lower bound of the mean squared error: an exact reconstruction has 100 dB."""


def make_pixel_loss(recipe: AnyLoss) -> Loss:
    """The mean over the values of a batch, as a scalar."""
    match recipe:
        case Mse():
            return lambda output, images: F.mse_loss(output, images.float() / 255)
        case Bce():
            return lambda output, images: F.binary_cross_entropy_with_logits(output, images.float() / 255)
        case _:
            raise AssertionError(f"{recipe.name} is not a loss of reconstruction")


def as_pixels(output: Tensor, loss: AnyLoss) -> Tensor:
    """The reconstruction in 0..1, from the output of a network that was trained with this loss."""
    return output.sigmoid() if isinstance(loss, Bce) else output.clamp(0, 1)


def to_bytes(pixels: Tensor) -> Tensor:
    """Pixels in 0..1 as uint8."""
    return (pixels * 255).round().to(torch.uint8)


def psnr_of(pixels: Tensor, images: Tensor) -> Tensor:
    """The peak signal-to-noise ratio of each image in dB, float64 of N: 10·log10(1 / mean squared error)."""
    error = (pixels.double() - images.double() / 255).square().flatten(1).mean(1)
    return -10 * error.clamp(min=_SMALLEST_ERROR).log10()


@dataclass(frozen=True)
class PixelScores(Scores):
    """The mean loss and the mean PSNR of the images.

    `shown` are the reconstructions of the first images, uint8 of at most 12×C×H×W, and `qualities` their PSNRs.
    """

    loss: float
    psnr: float
    shown: Tensor
    qualities: tuple[float, ...]
    all_finite: bool

    @property
    def finite(self) -> bool:
        return self.all_finite

    def summary(self) -> dict[str, float]:
        return {"loss": self.loss, "psnr": self.psnr}


class PixelMeter(Meter[PixelScores]):
    """Sums losses and PSNRs."""

    def __init__(self, loss: Loss, recipe: AnyLoss) -> None:
        self._loss, self._recipe = loss, recipe
        self._sums: Tensor | None = None
        self._shown: list[Tensor] = []
        self._qualities: list[float] = []

    def update(self, output: Tensor, targets: Tensor) -> None:
        if self._sums is None:
            self._sums = torch.zeros(3, dtype=torch.float64, device=output.device)
        pixels = as_pixels(output, self._recipe)
        quality = psnr_of(pixels, targets)
        missing = SHOWN - len(self._qualities)
        if missing > 0:
            self._shown.append(to_bytes(pixels[:missing]).cpu())
            self._qualities += quality[:missing].tolist()
        if len(output):
            infinite = (~output.isfinite()).any().double()
            loss = self._loss(output, targets).double() * len(output)
            self._sums += torch.stack([loss, quality.sum(), infinite])

    def scores(self, group: Gatherer, count: int) -> PixelScores:
        assert self._sums is not None
        loss, quality, infinite = group.total_of(self._sums).tolist()
        shown = torch.cat(self._shown)
        return PixelScores(loss / count, quality / count, shown, tuple(self._qualities), infinite == 0)
