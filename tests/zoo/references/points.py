"""References of networks for points, sequences and captions, written by hand from their papers."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..std_references import bottleneck
from .signals import Lstm


class NeRF(nn.Module):
    """Figure 7 of the paper."""

    def __init__(self, width: int = 256) -> None:
        super().__init__()
        inputs = [63, *[width] * 4, width + 63, width, width]
        self.layers = nn.ModuleList(nn.Linear(c, width) for c in inputs)
        self.density, self.feature = nn.Linear(width, 1), nn.Linear(width, width)
        self.view, self.color = nn.Linear(width + 27, width // 2), nn.Linear(width // 2, 3)

    def forward(self, position: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
        point = x = encoded(position, 10)
        for index, layer in enumerate(self.layers):
            x = layer(torch.cat([x, point], 1) if index == 5 else x).relu()
        view = self.view(torch.cat([self.feature(x), encoded(direction, 4)], 1)).relu()
        return self.color(view).sigmoid(), self.density(x)


def encoded(x: Tensor, octaves: int) -> Tensor:
    waves = [f(2.0**i * x) for i in range(octaves) for f in (torch.sin, torch.cos)]
    return torch.cat([x, *waves], 1)


class NormedConv(nn.Module):
    """A causal convolution whose filters have a learned length and a direction."""

    def __init__(self, c: int, out: int, k: int, d: int) -> None:
        super().__init__()
        self.length, self.direction = nn.Parameter(torch.ones(out, 1, 1)), nn.Parameter(torch.randn(out, c, k))
        self.bias, self.dilation = nn.Parameter(torch.zeros(out)), d

    def forward(self, x: Tensor) -> Tensor:
        filters = self.length * self.direction / self.direction.norm(dim=(1, 2), keepdim=True)
        x = functional.pad(x, ((filters.shape[2] - 1) * self.dilation, 0))
        return functional.conv1d(x, filters, self.bias, dilation=self.dilation)


class TCN(nn.Module):
    def __init__(
        self, C: int = 1, L: int = 784, width: int = 25, n: int = 8, k: int = 7, drop: float = 0.05, classes: int = 10
    ) -> None:
        super().__init__()
        inputs = [C, *[width] * (n - 1)]
        self.first = nn.ModuleList(NormedConv(c, width, k, 2**i) for i, c in enumerate(inputs))
        self.second = nn.ModuleList(NormedConv(width, width, k, 2**i) for i in range(n))
        self.shortcut = nn.Conv1d(C, width, 1)
        self.classes = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        for index, (first, second) in enumerate(zip(self.first, self.second, strict=True)):
            y = second(first(x).relu()).relu()
            x = (y + (self.shortcut(x) if index == 0 else x)).relu()
        logits: Tensor = self.classes(x[:, :, -1])
        return logits


class ShowAndTell(nn.Module):
    def __init__(
        self,
        features: int = 512,
        units: int = 512,
        n2: int = 8,
        n3: int = 36,
        vocabulary: int = 9956,
        S: int = 224,
        T: int = 20,
    ) -> None:
        super().__init__()
        parts: list[nn.Module] = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
        parts.append(nn.MaxPool2d(3, 2, 1))
        c = 64
        for index, (width, count) in enumerate([(64, 3), (128, n2), (256, n3), (512, 3)]):
            for number in range(count):
                parts.append(bottleneck(c, width, 2 if index and not number else 1, 1))
                c = 4 * width
        self.encoder, self.project = nn.Sequential(*parts), nn.Linear(c, features)
        self.words = nn.Embedding(vocabulary, features)
        self.lstm, self.next = Lstm(features, units, batch_first=True), nn.Linear(units, vocabulary)

    def forward(self, image: Tensor, words: Tensor) -> Tensor:
        first = self.project(self.encoder(image).mean((2, 3)))
        y: Tensor = self.next(self.lstm(torch.cat([first[:, None], self.words(words)], 1)))
        return y
