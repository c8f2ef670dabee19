"""References of networks for text lines, signals and point clouds, written by hand from their papers."""

import itertools
import runpy
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional


class Lstm(nn.LSTM):
    """The equations of an LSTM, step by step: torch counts nothing in its own."""

    def _direction(self, x: Tensor, suffix: str, backward: bool) -> Tensor:
        w, u = getattr(self, f"weight_ih_{suffix}"), getattr(self, f"weight_hh_{suffix}")
        b, c = getattr(self, f"bias_ih_{suffix}"), getattr(self, f"bias_hh_{suffix}")
        hidden = cell = x.new_zeros(len(x), self.hidden_size)
        steps = []
        for step in reversed(x.unbind(1)) if backward else x.unbind(1):
            gates = functional.linear(step, w, b) + functional.linear(hidden, u, c)
            i, f, g, o = gates.chunk(4, 1)
            cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
            hidden = o.sigmoid() * cell.tanh()
            steps.append(hidden)
        return torch.stack(steps[::-1] if backward else steps, 1)

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]  # one output
        for layer in range(self.num_layers):
            found = [self._direction(x, f"l{layer}", False)]
            if self.bidirectional:
                found.append(self._direction(x, f"l{layer}_reverse", True))
            x = torch.cat(found, 2)
        return x


class CRNN(nn.Module):
    """Table 1 of the paper; its poolings of 1x2 as in the authors' code."""

    def __init__(self, units: int = 256, characters: int = 37) -> None:
        super().__init__()

        def conv(c: int, out: int, norm: bool = False) -> list[nn.Module]:
            return [nn.Conv2d(c, out, 3, padding=1, bias=not norm), *([nn.BatchNorm2d(out)] if norm else []), nn.ReLU()]

        wide = nn.MaxPool2d((2, 2), (2, 1), (0, 1))
        self.convolutions = nn.Sequential(
            *(*conv(1, 64), nn.MaxPool2d(2), *conv(64, 128), nn.MaxPool2d(2)),
            *(*conv(128, 256), *conv(256, 256), wide, *conv(256, 512, True), *conv(512, 512, True), wide),
            *(nn.Conv2d(512, 512, 2), nn.ReLU()),
        )
        self.recurrent = Lstm(512, units, 2, batch_first=True, bidirectional=True)
        self.transcription = nn.Linear(2 * units, characters)

    def forward(self, x: Tensor) -> Tensor:
        x = self.convolutions(x)
        y: Tensor = self.transcription(self.recurrent(x[:, :, 0].transpose(1, 2)))
        return y


class EEGNet(nn.Module):
    """Table 2 of the paper."""

    def __init__(self, S: int = 64, T: int = 128, filters: int = 8, depth: int = 2, classes: int = 4) -> None:
        super().__init__()
        wide = depth * filters
        self.temporal, self.norm1 = nn.Conv2d(1, filters, (1, 64), bias=False), nn.BatchNorm2d(filters, 1e-3)
        self.spatial = nn.Conv2d(filters, wide, (S, 1), groups=filters, bias=False)
        self.norm2 = nn.BatchNorm2d(wide, 1e-3)
        self.each, self.all = (
            nn.Conv2d(wide, wide, (1, 16), groups=wide, bias=False),
            nn.Conv2d(wide, wide, 1, bias=False),
        )
        self.norm3 = nn.BatchNorm2d(wide, 1e-3)
        self.dense = nn.Linear(wide * (T // 32), classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm1(self.temporal(functional.pad(x, (31, 32))))
        x = functional.avg_pool2d(functional.elu(self.norm2(self.spatial(x))), (1, 4))
        x = self.norm3(self.all(self.each(functional.pad(x, (7, 8)))))
        x = functional.avg_pool2d(functional.elu(x), (1, 8))
        y: Tensor = self.dense(x.flatten(1))
        return y


class WaveNet(nn.Module):
    """Figures 3 and 4 of the paper; the residual of the last layer, which nothing reads, is left out."""

    def __init__(
        self, levels: int = 256, width: int = 64, skip: int = 256, cycles: int = 3, n: int = 10, **_: int
    ) -> None:
        super().__init__()
        self.start = nn.Conv1d(levels, width, 2)
        dilations = [2**i for _ in range(cycles) for i in range(n)]
        self.dilations = dilations
        self.filters, self.gates = (
            nn.ModuleList(nn.Conv1d(width, width, 2, dilation=d) for d in dilations) for _ in range(2)
        )
        self.skips = nn.ModuleList(nn.Conv1d(width, skip, 1) for _ in dilations)
        self.residuals = nn.ModuleList(nn.Conv1d(width, width, 1) for _ in dilations[1:])
        self.last = nn.Sequential(nn.ReLU(), nn.Conv1d(skip, skip, 1), nn.ReLU(), nn.Conv1d(skip, levels, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = self.start(functional.pad(x, (1, 0)))
        found = []
        for index, dilation in enumerate(self.dilations):
            past = functional.pad(x, (dilation, 0))
            z = self.filters[index](past).tanh() * self.gates[index](past).sigmoid()
            found.append(self.skips[index](z))
            if index < len(self.residuals):
                x = x + self.residuals[index](z)
        y: Tensor = self.last(torch.stack(found).sum(0))
        return y


def conv_tasnet(**sizes: int) -> nn.Module:
    """torchaudio's, read from its file alone: its package needs the torch that it was built for."""
    given = {
        "num_sources": "speakers", "enc_kernel_size": "L", "enc_num_feats": "N", "msk_kernel_size": "P",
        "msk_num_feats": "B", "msk_num_hidden_feats": "H", "msk_num_layers": "X", "msk_num_stacks": "R",
    }  # fmt: skip
    package = find_spec("torchaudio")
    assert package is not None
    assert package.origin is not None
    path = Path(package.origin).parent / "models" / "conv_tasnet.py"
    made: nn.Module = runpy.run_path(str(path))["ConvTasNet"](
        **{theirs: sizes[ours] for theirs, ours in given.items() if ours in sizes}
    )
    return made


class PointNet(nn.Module):
    """Figure 2 of the paper."""

    def __init__(self, C: int = 3, L: int = 1024, classes: int = 40) -> None:
        super().__init__()
        self.transform1, self.points1 = Transform(C), points(C, 64, 64)
        self.transform2, self.points2 = Transform(64), points(64, 64, 128, 1024)
        self.classes = nn.Sequential(features(1024, 512, 256), nn.Linear(256, classes))

    def forward(self, x: Tensor) -> Tensor:
        x = self.points1(self.transform1(x))
        x = self.points2(self.transform2(x))
        y: Tensor = self.classes(x.amax(2))
        return y


class Transform(nn.Module):
    """The T-Net, and the product of each point with its matrix."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.points, self.features = points(c, 64, 128, 1024), features(1024, 512, 256)
        self.matrix = nn.Linear(256, c * c)

    def forward(self, x: Tensor) -> Tensor:
        matrix = self.matrix(self.features(self.points(x).amax(2))).unflatten(1, (x.shape[1], x.shape[1]))
        return torch.bmm(x.transpose(1, 2), matrix).transpose(1, 2)


def points(*channels: int) -> nn.Sequential:
    pairs = itertools.pairwise(channels)
    return nn.Sequential(*(part for c, out in pairs for part in (nn.Conv1d(c, out, 1), nn.BatchNorm1d(out), nn.ReLU())))


def features(*units: int) -> nn.Sequential:
    pairs = itertools.pairwise(units)
    return nn.Sequential(*(part for c, out in pairs for part in (nn.Linear(c, out), nn.BatchNorm1d(out), nn.ReLU())))
