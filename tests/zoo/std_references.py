"""The blocks of `std` as torch modules, written by hand from their papers; submodules in the order of their use."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional


class Chain(nn.Sequential):
    """Convolution without bias that keeps the size, batch normalization, activation."""

    def __init__(
        self, c: int, out: int, k: int, activation: nn.Module, *, s: int = 1, d: int = 1, g: int = 1, eps: float = 1e-5
    ) -> None:
        conv = nn.Conv2d(c, out, k, s, d * (k - 1) // 2, d, groups=g, bias=False)
        super().__init__(conv, nn.BatchNorm2d(out, eps=eps), activation)


class SqueezeExcitation(nn.Module):
    def __init__(self, c: int, squeeze: int, activation: nn.Module) -> None:
        super().__init__()
        self.reduce, self.activation, self.expand = nn.Conv2d(c, squeeze, 1), activation, nn.Conv2d(squeeze, c, 1)

    def forward(self, x: Tensor) -> Tensor:
        gate = self.expand(self.activation(self.reduce(x.mean((2, 3), keepdim=True))))
        y: Tensor = x * gate.sigmoid()
        return y


class EfficientChannelAttention(nn.Module):
    def __init__(self, k: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(1, 1, k, padding=k // 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        gate = self.conv(x.mean((2, 3))[:, None]).sigmoid()
        y: Tensor = x * gate[:, 0, :, None, None]
        return y


class BlockAttention(nn.Module):
    """CBAM."""

    def __init__(self, c: int, squeeze: int, k: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Conv2d(c, squeeze, 1, bias=False), nn.ReLU(), nn.Conv2d(squeeze, c, 1, bias=False))
        self.conv = nn.Conv2d(2, 1, k, padding=k // 2, bias=False)
        self.norm = nn.BatchNorm2d(1)

    def forward(self, x: Tensor) -> Tensor:
        channels = self.mlp(x.mean((2, 3), keepdim=True)) + self.mlp(x.amax((2, 3), keepdim=True))
        x = x * channels.sigmoid()
        positions = torch.stack([x.mean(1), x.amax(1)], 1)
        y: Tensor = x * self.norm(self.conv(positions)).sigmoid()
        return y


class ResponseNorm(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.zeros(c, 1, 1)), nn.Parameter(torch.zeros(c, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        norms = x.flatten(2).pow(2).sum(2).sqrt()
        relative = norms / (norms.mean(1, keepdim=True) + 1e-6)
        scaled = x * relative[:, :, None, None]
        return self.weight * scaled + self.bias + x


class Residual(nn.Module):
    """f(x) + g(x), then an activation."""

    def __init__(self, f: nn.Module, g: nn.Module | None = None, after: nn.Module | None = None) -> None:
        super().__init__()
        self.f, self.g, self.after = f, g or nn.Identity(), after or nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.after(self.f(x) + self.g(x))
        return y


def projection(c: int, out: int, s: int) -> nn.Module:
    return Chain(c, out, 1, nn.Identity(), s=s) if s != 1 or c != out else nn.Identity()


def basic(c: int, out: int, s: int) -> nn.Module:
    f = nn.Sequential(Chain(c, out, 3, nn.ReLU(), s=s), Chain(out, out, 3, nn.Identity()))
    return Residual(f, projection(c, out, s), nn.ReLU())


def bottleneck(c: int, width: int, s: int, d: int, groups: int = 1, base: int = 64) -> nn.Module:
    mid = width * base // 64 * groups
    middle = Chain(mid, mid, 3, nn.ReLU(), s=s, d=d, g=groups)
    f = nn.Sequential(Chain(c, mid, 1, nn.ReLU()), middle, Chain(mid, 4 * width, 1, nn.Identity()))
    return Residual(f, projection(c, 4 * width, s), nn.ReLU())


def inverted(
    c: int, out: int, expand: int, k: int, s: int, activation: Callable[[], nn.Module], squeeze: bool
) -> nn.Module:
    mid = c * expand
    parts: list[nn.Module] = [Chain(c, mid, 1, activation())] if expand != 1 else []
    parts.append(Chain(mid, mid, k, activation(), s=s, g=mid))
    if squeeze:
        parts.append(SqueezeExcitation(mid, c // 4, activation()))
    parts.append(Chain(mid, out, 1, nn.Identity()))
    f = nn.Sequential(*parts)
    return Residual(f) if s == 1 and c == out else f


def cbs(c: int, out: int, k: int = 1, s: int = 1) -> nn.Module:
    return Chain(c, out, k, nn.SiLU(), s=s, eps=1e-3)


def cbs_pair(c: int, mid: int, skip: bool = True) -> nn.Module:
    pair = nn.Sequential(cbs(c, mid, 3), cbs(mid, c, 3))
    return Residual(pair) if skip else pair


class CrossStage(nn.Module):
    """C3: one projection passes through the units, another does not."""

    def __init__(self, c: int, out: int, n: int) -> None:
        super().__init__()
        self.first = cbs(c, out // 2)
        self.units = nn.Sequential(*(cbs_pair(out // 2, out // 2) for _ in range(n)))
        self.second = cbs(c, out // 2)
        self.last = cbs(out, out)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.last(torch.cat([self.units(self.first(x)), self.second(x)], 1))
        return y


class SplitStage(nn.Module):
    """C2f and C3k2: half of the channels pass through the units; all results are concatenated."""

    def __init__(self, c: int, out: int, mid: int, units: list[nn.Module]) -> None:
        super().__init__()
        self.first = cbs(c, 2 * mid)
        self.units = nn.ModuleList(units)
        self.last = cbs((2 + len(units)) * mid, out)

    def forward(self, x: Tensor) -> Tensor:
        results = list(self.first(x).chunk(2, 1))
        for unit in self.units:
            results.append(unit(results[-1]))
        y: Tensor = self.last(torch.cat(results, 1))
        return y


class FastPyramidPooling(nn.Module):
    """SPPF, as the pyramid that it replaces: poolings of 5, 9 and 13, side by side."""

    def __init__(self, c: int, out: int) -> None:
        super().__init__()
        self.first, self.last = cbs(c, c // 2), cbs(2 * c, out)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        pooled = [functional.max_pool2d(x, k, 1, k // 2) for k in (5, 9, 13)]
        y: Tensor = self.last(torch.cat([x, *pooled], 1))
        return y


class AtrousPyramid(nn.Module):
    """ASPP."""

    def __init__(self, c: int, out: int, rate: int) -> None:
        super().__init__()
        sizes = [(1, 1), (3, rate), (3, 2 * rate), (3, 3 * rate)]
        self.branches = nn.ModuleList(Chain(c, out, k, nn.ReLU(), d=d) for k, d in sizes)
        self.pooled = Chain(c, out, 1, nn.ReLU())
        self.project = Chain(5 * out, out, 1, nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        parts = [branch(x) for branch in self.branches]
        pooled = self.pooled(x.mean((2, 3), keepdim=True)).expand(-1, -1, *x.shape[2:])
        y: Tensor = self.project(torch.cat([*parts, pooled], 1))
        return functional.dropout(y, training=self.training)


class GatedFeedForward(nn.Module):
    """SwiGLU and GEGLU."""

    def __init__(self, c: int, hidden: int, activation: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.gate, self.value = nn.Linear(c, hidden, False), nn.Linear(c, hidden, False)
        self.down = nn.Linear(hidden, c, False)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.down(self.activation(self.gate(x)) * self.value(x))
        return y


class PatchEmbedding(nn.Module):
    """Each patch is flattened and projected by one matrix, here kept as the kernel of a convolution."""

    def __init__(self, width: int, patch: int) -> None:
        super().__init__()
        self.projection, self.patch = nn.Conv2d(3, width, patch), patch

    def forward(self, x: Tensor) -> Tensor:
        patches = functional.unfold(x, self.patch, stride=self.patch).transpose(1, 2)
        return functional.linear(patches, self.projection.weight.flatten(1), self.projection.bias)


class DenseLayer(nn.Module):
    def __init__(self, c: int, growth: int) -> None:
        super().__init__()
        self.norm1, self.conv1 = nn.BatchNorm2d(c), nn.Conv2d(c, 4 * growth, 1, bias=False)
        self.norm2, self.conv2 = nn.BatchNorm2d(4 * growth), nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        new = self.conv1(functional.relu(self.norm1(x)))
        new = self.conv2(functional.relu(self.norm2(new)))
        return torch.cat([x, new], 1)


class FeaturePyramid(nn.Module):
    def __init__(self, channels: tuple[int, int, int], out: int) -> None:
        super().__init__()
        self.sides = nn.ModuleList(nn.Conv2d(c, out, 1) for c in channels)
        self.smooth = nn.ModuleList(nn.Conv2d(out, out, 3, padding=1) for _ in channels)

    def forward(self, *maps: Tensor) -> tuple[Tensor, ...]:
        found: list[Tensor] = []
        above = None
        for side, smooth, x in reversed([*zip(self.sides, self.smooth, maps, strict=True)]):
            x = side(x)
            if above is not None:
                x = x + functional.interpolate(above, size=x.shape[2:])
            found.insert(0, smooth(x))
            above = x
        return tuple(found)


class PathAggregation(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(c, c, 3, s, 1) for s in (2, 1, 2, 1))

    def forward(self, *maps: Tensor) -> tuple[Tensor, ...]:
        found = [maps[0]]
        for x, down, smooth in zip(maps[1:], self.convs[::2], self.convs[1::2], strict=True):
            found.append(smooth(x + down(found[-1]).relu()).relu())
        return tuple(found)
