"""References of networks for segmentation: torchvision's, and U-Nets written by hand from their papers."""

from typing import Any

import torch
from torch import Tensor, nn

from scripts.conformance import torchvision_models


class Labels(nn.Module):
    """The outputs of a network of torchvision without their names."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        found = self.model(x)
        return found["out"], found["aux"]


def _torchvision(name: str, n3: int, **settings: Any) -> nn.Module:
    model = f"{name}_resnet{({6: 50, 23: 101})[n3]}"
    build = getattr(torchvision_models().segmentation, model)
    return Labels(build(weights=None, weights_backbone=None, aux_loss=True, **settings))


def fcn(n3: int = 6, classes: int = 21, S: int = 520) -> nn.Module:
    return _torchvision("fcn", n3, num_classes=classes)


def deeplab_v3(n3: int = 6, classes: int = 21, S: int = 520) -> nn.Module:
    return _torchvision("deeplabv3", n3, num_classes=classes)


class UNetPlusPlus(nn.Module):
    """The nodes X(i, j) of the paper's figure 1, row i and column j."""

    def __init__(self, width: int = 32, classes: int = 1, S: int = 512) -> None:
        super().__init__()
        self.ups, self.nodes = nn.ModuleDict(), nn.ModuleDict()
        for j in range(5):
            for i in range(5 - j):
                c = width * 2**i
                before = j * c + c if j else (c // 2 if i else 3)
                if j:
                    self.ups[f"{i}{j}"] = nn.ConvTranspose2d(2 * c, c, 2, 2)
                self.nodes[f"{i}{j}"] = nn.Sequential(
                    nn.Conv2d(before, c, 3, padding=1), nn.ReLU(), nn.Conv2d(c, c, 3, padding=1), nn.ReLU()
                )
        self.labels = nn.ModuleList(nn.Conv2d(width, classes, 1) for _ in range(4))
        self.pool = nn.MaxPool2d(2)

    def forward(self, image: Tensor) -> Tensor:
        x: dict[tuple[int, int], Tensor] = {(0, 0): self.nodes["00"](image)}
        for i in range(1, 5):
            x[i, 0] = self.nodes[f"{i}0"](self.pool(x[i - 1, 0]))
        for j in range(1, 5):
            for i in range(5 - j):
                row = [x[i, k] for k in range(j)]
                x[i, j] = self.nodes[f"{i}{j}"](torch.cat([*row, self.ups[f"{i}{j}"](x[i + 1, j - 1])], 1))
        found = [label(x[0, j + 1]).sigmoid() for j, label in enumerate(self.labels)]
        return torch.stack(found).mean(0)


class ShiftedNorm(nn.Module):
    """Batch normalization with a learned shift and no scale."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.norm, self.shift = nn.BatchNorm3d(c, affine=False), nn.Parameter(torch.zeros(c, 1, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.norm(x) + self.shift
        return y


class UNet3D(nn.Module):
    def __init__(self, width: int = 32, classes: int = 3) -> None:
        super().__init__()

        def pair(c: int, a: int, b: int) -> nn.Sequential:
            first = [nn.Conv3d(c, a, 3, bias=False), ShiftedNorm(a), nn.ReLU()]
            return nn.Sequential(*first, nn.Conv3d(a, b, 3, bias=False), ShiftedNorm(b), nn.ReLU())

        w = width
        self.down = nn.ModuleList([pair(3, w, 2 * w), pair(2 * w, 2 * w, 4 * w), pair(4 * w, 4 * w, 8 * w)])
        self.bottom = pair(8 * w, 8 * w, 16 * w)
        ups = [(16 * w, 8 * w), (8 * w, 4 * w), (4 * w, 2 * w)]
        self.ups = nn.ModuleList(nn.ConvTranspose3d(c, c, 2, 2, bias=False) for c, _ in ups)
        self.pairs = nn.ModuleList(pair(c + out, out, out) for c, out in ups)
        self.last = nn.Conv3d(2 * w, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        skips = []
        for down in self.down:
            skips.append(down(x))
            x = nn.functional.max_pool3d(skips[-1], 2)
        x = self.bottom(x)
        for up, pair, skip in zip(self.ups, self.pairs, reversed(skips), strict=True):
            x = up(x)
            starts = [(a - b) // 2 for a, b in zip(skip.shape[2:], x.shape[2:], strict=True)]
            for axis, start in enumerate(starts, 2):
                skip = skip.narrow(axis, start, x.shape[axis])
            x = pair(torch.cat([skip, x], 1))
        y: Tensor = self.last(x)
        return y
