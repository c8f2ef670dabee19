"""References of networks that generate images: those of the package `diffusers`, and one written by hand."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from torch import Tensor, nn

from scripts.conformance import torchvision_models


class VAE(nn.Module):
    """Appendix C.2 of the paper, with the sizes of PyTorch's example."""

    def __init__(self, code: int = 20, hidden: int = 400) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(784, hidden), nn.ReLU())
        self.mean, self.log_variance = nn.Linear(hidden, code), nn.Linear(hidden, code)
        self.decoder = nn.Sequential(nn.Linear(code, hidden), nn.ReLU(), nn.Linear(hidden, 784), nn.Sigmoid())

    def forward(self, image: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        features = self.encoder(image)
        mean, log_variance = self.mean(features), self.log_variance(features)
        return self.decoder(mean + noise * (log_variance / 2).exp()), mean, log_variance


class Noise(nn.Module):
    """A U-Net of `diffusers` that takes and returns tensors."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, time: Tensor, *inputs: Tensor) -> Tensor:
        *text, image = inputs
        y: Tensor = self.model(image, time[:, 0], *text).sample
        return y


def ddpm(width: int = 128, groups: int = 32, S: int = 32) -> nn.Module:
    model = _diffusers().UNet2DModel(
        sample_size=S,
        block_out_channels=(width, 2 * width, 2 * width, 2 * width),
        down_block_types=("DownBlock2D", "AttnDownBlock2D", "DownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "UpBlock2D", "AttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=None,
        downsample_padding=0,
        flip_sin_to_cos=False,
        freq_shift=1,
        norm_eps=1e-6,
        norm_num_groups=groups,
    )
    return Noise(model)


def stable_diffusion(
    width: int = 320, groups: int = 32, heads: int = 8, T: int = 77, C: int = 768, S: int = 64
) -> nn.Module:
    model = _diffusers().UNet2DConditionModel(
        sample_size=S,
        block_out_channels=(width, 2 * width, 4 * width, 4 * width),
        attention_head_dim=heads,
        cross_attention_dim=C,
        norm_num_groups=groups,
    )
    return Noise(model)


def _diffusers() -> Any:
    """The package; it imports torchvision where that is installed."""
    if find_spec("torchvision") is not None:
        torchvision_models()
    return import_module("diffusers")
