"""Filters that whiten image patches, computed from training images as `init=whiten` specifies (Jordan 2024)."""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

from .standardization import Standardizer

WHITENING_IMAGES = 5_000
_BATCH = 250


@torch.no_grad()
def whiten(model: nn.Module, layers: Mapping[str, float], images: Tensor, standardize: Standardizer) -> None:
    """Set the filters of these convolutions, in this order; `layers` has the value added to the variances, by name.

    The filters are the directions of the largest variances of the patches that the layer sees in the images (uint8,
    N×C×H×W), each divided by the square root of its variance, followed by their negatives.
    """
    trained = model.training
    model.eval()
    try:
        for name, eps in layers.items():
            layer = model.get_submodule(name)
            weight = layer.weight
            assert isinstance(weight, Tensor)
            sums, count = (
                torch.zeros(weight[0].numel(), weight[0].numel(), dtype=torch.float64, device=weight.device),
                0,
            )
            for inputs in _layer_inputs(model, layer, images, standardize):
                patches = patches_of(inputs, tuple(weight.shape[2:]))
                sums += (patches.T @ patches).double()
                count += len(patches)
            weight.copy_(_filters(sums / count, len(weight) // 2, eps).view_as(weight))
    finally:
        model.train(trained)


def patches_of(inputs: Tensor, kernel: tuple[int, ...]) -> Tensor:
    """Every patch of this size as a row, with its elements in the order of a filter: N×C×… to P×(C·k·k)."""
    for axis, size in enumerate(kernel):
        inputs = inputs.unfold(2 + axis, size, 1)
    places = range(2, 2 + len(kernel))
    elements = (1, *range(2 + len(kernel), inputs.ndim))
    return inputs.permute(0, *places, *elements).flatten(0, len(kernel)).flatten(1)


def _filters(covariance: Tensor, count: int, eps: float) -> Tensor:
    """The eigenvectors of the largest eigenvalues, as rows, scaled to variance 1; then their negatives."""
    values, vectors = torch.linalg.eigh(covariance)
    rows = (vectors / (values + eps).sqrt()).T.flip(0)[:count]
    return torch.cat([rows, -rows]).float()


def _layer_inputs(model: nn.Module, layer: nn.Module, images: Tensor, standardize: Standardizer) -> Iterator[Tensor]:
    """The inputs of a layer, batch by batch."""
    inputs: list[Tensor] = []
    hook = layer.register_forward_pre_hook(lambda _, given: inputs.append(given[0]))
    try:
        for part in torch.split(images, _BATCH):
            model(standardize(part))
            yield inputs.pop()
    finally:
        hook.remove()
