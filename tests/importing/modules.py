"""Torch modules of many kinds, each with the sizes of its input."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F


class Residual(nn.Module):
    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: torch.Tensor) -> Any:
        return x + self.body(x)


class Function(nn.Module):
    """A function of tensors and of layers."""

    def __init__(self, function: Callable[..., Any], **layers: nn.Module) -> None:
        super().__init__()
        self.function = function
        self.layers = nn.ModuleDict(layers)

    def forward(self, *x: torch.Tensor) -> Any:
        return self.function(*x, *self.layers.values())


class Window(nn.Module):
    """Attention within windows of 4×4, shifted by 2, with a learned table of relative positions."""

    def __init__(self, size: int, shift: int) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(12, 36), nn.Linear(12, 12)
        self.table = nn.Parameter(torch.randn(49, 3))
        self.size, self.shift = size, shift
        at = torch.arange(4)
        y, x = (each.flatten() for each in torch.meshgrid(at, at, indexing="ij"))
        self.index: torch.Tensor
        self.register_buffer("index", (y[:, None] - y + 3) * 7 + x[:, None] - x + 3)

    def forward(self, x: torch.Tensor) -> Any:
        n, count = self.size, self.size // 4
        x = x.permute(0, 2, 3, 1).roll((-self.shift, -self.shift), (1, 2))
        windows = x.reshape(-1, count, 4, count, 4, 12).permute(0, 1, 3, 2, 4, 5).reshape(-1, 16, 12)
        q, k, v = self.qkv(windows).reshape(-1, 16, 3, 3, 4).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-2, -1) * 0.5 + self.table[self.index].permute(2, 0, 1)
        if self.shift:
            part = torch.zeros(n, n)
            for i, rows in enumerate((slice(0, -4), slice(-4, -self.shift), slice(-self.shift, None))):
                for j, columns in enumerate((slice(0, -4), slice(-4, -self.shift), slice(-self.shift, None))):
                    part[rows, columns] = 3 * i + j
            part = part.reshape(count, 4, count, 4).permute(0, 2, 1, 3).reshape(-1, 16)
            hidden = (part[:, None] != part[:, :, None]) * -100.0
            scores = (scores.reshape(-1, count**2, 3, 16, 16) + hidden[:, None]).reshape(-1, 3, 16, 16)
        made = self.out((scores.softmax(-1) @ v).transpose(1, 2).reshape(-1, 16, 12))
        made = made.reshape(-1, count, count, 4, 4, 12).permute(0, 1, 3, 2, 4, 5).reshape(-1, n, n, 12)
        return made.roll((self.shift, self.shift), (1, 2)).permute(0, 3, 1, 2)


def _channel_shuffle(x: torch.Tensor) -> Any:
    return x.reshape(-1, 2, 6, 8, 8).transpose(1, 2).reshape(-1, 12, 8, 8)


def _squeeze(x: torch.Tensor, down: nn.Module, up: nn.Module) -> Any:
    return x * torch.sigmoid(up(F.relu(down(x.mean((2, 3), keepdim=True)))))


def _convolve_half(x: torch.Tensor, conv: nn.Module) -> Any:
    left, right = x.chunk(2, 1)
    return torch.cat([left, conv(right)], 1)


def _shared(x: torch.Tensor, conv: nn.Module) -> Any:
    return conv(conv(x))


def _unet(x: torch.Tensor, down: nn.Module, inner: nn.Module, up: nn.Module) -> Any:
    small = down(x)
    return torch.cat([x, up(F.interpolate(inner(small), scale_factor=2))], 1)


def _outputs(x: torch.Tensor, a: nn.Module, b: nn.Module) -> dict[str, torch.Tensor]:
    return {"first": a(x), "second": b(F.relu(x)).mean((2, 3))}


def _heads(x: torch.Tensor, qkv: nn.Module, out: nn.Module) -> Any:
    q, k, v = qkv(x).reshape(-1, 10, 3, 2, 6).permute(2, 0, 3, 1, 4)
    return out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


def _patches(x: torch.Tensor, conv: nn.Module, norm: nn.Module, fc: nn.Module) -> Any:
    return fc(norm(conv(x).flatten(2).transpose(1, 2)).mean(1))


def _mixer(x: torch.Tensor, tokens: nn.Module, channels: nn.Module) -> Any:
    x = x + tokens(x.transpose(1, 2)).transpose(1, 2)
    return x + channels(x)


def _growing(x: torch.Tensor, *layers: nn.Module) -> Any:
    made = [x]
    for layer in layers:
        made.append(layer(torch.cat(made, 1)))
    return torch.cat(made, 1)


def conv(c: int, n: int, k: int = 3, **more: Any) -> nn.Conv2d:
    return nn.Conv2d(c, n, k, padding=more.pop("padding", k // 2), **more)


IMAGE, SEQUENCE = (12, 8, 8), (10, 12)


class Filtered(nn.Module):
    """Each channel with a filter that is not learned."""

    def __init__(self, *rows: list[float], stride: int = 1) -> None:
        super().__init__()
        self.filter: torch.Tensor
        self.register_buffer("filter", torch.tensor(rows)[None, None], persistent=False)
        self.stride = stride

    def forward(self, x: torch.Tensor) -> Any:
        filters = self.filter.expand(x.shape[1], -1, -1, -1)
        return F.conv2d(F.pad(x, (1, 1, 1, 1), "reflect"), filters, stride=self.stride, groups=x.shape[1])


class Standardized(nn.Conv2d):
    """Standardized filters with a learned gain."""

    def __init__(self, *args: Any, eps: float = 1e-5, **more: Any) -> None:
        super().__init__(*args, **more)
        self.eps = eps
        self.gain = nn.Parameter(torch.rand(self.out_channels, 1, 1, 1))

    def forward(self, x: torch.Tensor) -> Any:
        flat = self.weight.flatten(1)[None]
        gain = self.gain.flatten() * flat.shape[-1] ** -0.5
        weight = F.batch_norm(flat, None, None, gain, training=True, momentum=0.0, eps=self.eps).reshape_as(self.weight)
        return F.conv2d(x, weight, self.bias, self.stride, self.padding, self.dilation, self.groups)


class NamedGraph(nn.Module):
    """A part has a name that torch's own modules use."""

    def __init__(self) -> None:
        super().__init__()
        self.graph = nn.Linear(9, 5)

    def forward(self, x: Any) -> Any:
        return self.graph(x)


MODULES: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "chain": (lambda: nn.Sequential(conv(12, 6), nn.BatchNorm2d(6), nn.ReLU(), nn.Flatten(), nn.Linear(384, 5)), IMAGE),
    "residual": (lambda: nn.Sequential(Residual(nn.Sequential(conv(12, 12), nn.BatchNorm2d(12))), nn.ReLU()), IMAGE),
    "two branches": (lambda: Function(lambda x, a, b: a(x) * b(x), a=conv(12, 4), b=conv(12, 4, 1)), IMAGE),
    "shared weights": (lambda: Function(_shared, conv=conv(12, 12)), IMAGE),
    "squeeze and excite": (lambda: Function(_squeeze, down=conv(12, 3, 1), up=conv(3, 12, 1)), IMAGE),
    "channel shuffle": (lambda: Function(_channel_shuffle), IMAGE),
    "half of the channels": (lambda: Function(_convolve_half, conv=conv(6, 6)), IMAGE),
    "growing": (lambda: Function(_growing, **{f"layer{i}": conv(12 + 4 * i, 4) for i in range(5)}), IMAGE),
    "u-net": (lambda: Function(_unet, down=conv(12, 5, stride=2), inner=conv(5, 5), up=conv(5, 7)), IMAGE),
    "grouped": (lambda: nn.Sequential(conv(12, 24, groups=12), conv(24, 8, groups=4, bias=False)), IMAGE),
    "transposed": (lambda: nn.ConvTranspose2d(12, 5, 4, stride=2, padding=1, output_padding=1), IMAGE),
    "dilated": (lambda: conv(12, 5, 3, dilation=2, padding=(2, 1)), IMAGE),
    "signal": (
        lambda: nn.Sequential(nn.Conv1d(3, 8, 5, stride=2), nn.BatchNorm1d(8), nn.AdaptiveMaxPool1d(1)),
        (3, 40),
    ),
    "volume": (
        lambda: nn.Sequential(nn.Conv3d(2, 4, 3), nn.InstanceNorm3d(4, affine=True), nn.AvgPool3d(2)),
        (2, 8, 8, 8),
    ),
    "pools": (
        lambda: Function(lambda x, a, b: torch.cat([a(x), b(x)], 1), a=nn.MaxPool2d(3, 2, 1), b=nn.AvgPool2d(3, 2, 1)),
        IMAGE,
    ),
    "padding beside a joined batch": (
        lambda: Function(
            lambda x: F.pad(x.reshape(-1, *x.shape[2:]), (1, 2)).reshape(x.shape[0], x.shape[1], x.shape[2], -1)
        ),
        IMAGE,
    ),
    "padding of rows beside a joined batch": (
        lambda: Function(
            lambda x: F.pad(x.movedim(1, -1).flatten(0, 1), (0, 0, 2, 0)).reshape(
                x.shape[0], x.shape[2], x.shape[3] + 2, x.shape[1]
            )
        ),
        IMAGE,
    ),
    "other activations": (
        lambda: nn.Sequential(nn.GELU(), nn.SiLU(), nn.Hardswish(), nn.PReLU(12), nn.LeakyReLU(0.2), nn.Mish()),
        IMAGE,
    ),
    "exponential units": (lambda: nn.Sequential(nn.ELU(0.5), nn.SELU(), nn.CELU(0.7)), IMAGE),
    "softplus": (nn.Softplus, IMAGE),
    "normalization": (
        lambda: nn.Sequential(nn.GroupNorm(3, 12), nn.InstanceNorm2d(12), nn.BatchNorm2d(12, eps=1e-3, affine=False)),
        IMAGE,
    ),
    "blurred": (
        lambda: Filtered([1 / 16, 1 / 8, 1 / 16], [1 / 8, 0.25, 1 / 8], [1 / 16, 1 / 8, 1 / 16], stride=2),
        IMAGE,
    ),
    "another fixed filter": (lambda: Filtered([0.1, -2, 0.3], [1 / 3, 5, 1e-5]), IMAGE),
    "standardized": (lambda: nn.Sequential(Standardized(12, 8, 3), Standardized(8, 6, 1, bias=False)), IMAGE),
    "resized": (lambda: nn.Upsample((11, 13), mode="bilinear"), IMAGE),
    "pixel shuffle": (lambda: nn.Sequential(nn.PixelShuffle(2), nn.PixelUnshuffle(4)), IMAGE),
    "padding of each edge": (lambda: nn.ReflectionPad2d((1, 2, 3, 0)), IMAGE),
    "patches": (
        lambda: Function(_patches, c=conv(12, 6, 4, stride=4, padding=0), n=nn.LayerNorm(6), f=nn.Linear(6, 3)),
        IMAGE,
    ),
    "encoder layer": (lambda: nn.TransformerEncoderLayer(12, 3, 24, batch_first=True), SEQUENCE),
    "multi-head attention": (
        lambda: Function(
            lambda x, a: a(x, x, x, need_weights=False)[0], a=nn.MultiheadAttention(12, 4, batch_first=True)
        ),
        SEQUENCE,
    ),
    "attention by hand": (lambda: Function(_heads, qkv=nn.Linear(12, 36), out=nn.Linear(12, 12)), SEQUENCE),
    "attention in windows": (lambda: Window(8, 0), IMAGE),
    "attention in shifted windows": (lambda: Window(8, 2), IMAGE),
    "mixer": (lambda: Function(_mixer, tokens=nn.Linear(10, 10), channels=nn.Linear(12, 12)), SEQUENCE),
    "features along the last axis": (lambda: nn.Sequential(nn.Linear(12, 20), nn.LayerNorm(20), nn.Tanh()), SEQUENCE),
    "channels last": (
        lambda: Function(
            lambda x, n, f: f(n(x.permute(0, 2, 3, 1))).permute(0, 3, 1, 2), n=nn.LayerNorm(12), f=nn.Linear(12, 5)
        ),
        IMAGE,
    ),
    "reshaped across moved axes": (lambda: Function(lambda x: x.permute(0, 2, 3, 1).reshape(-1, 24, 32)), IMAGE),
    "reshaped to an image": (
        lambda: Function(lambda x, c: c(x.permute(0, 2, 3, 1).reshape(-1, 16, 6, 8)), c=conv(16, 3)),
        IMAGE,
    ),
    "arithmetic": (lambda: Function(lambda x: (2 * x + 1) / 3 - x.clamp(-1, 1) ** 2), IMAGE),
    "several outputs": (lambda: Function(_outputs, a=conv(12, 3), b=conv(12, 4)), IMAGE),
    "a part named graph": (NamedGraph, (9,)),
    "vector": (lambda: nn.Sequential(nn.Linear(9, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 2)), (9,)),
}
