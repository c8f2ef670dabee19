"""The few modules that torch lacks. Each class stands by itself on torch, so that printed source can carry its text."""

import torch
from torch import nn


class DropPath(nn.Module):
    """Zero whole samples with probability p while training, and scale up the others."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or self.p == 0:
            return x
        keep = torch.rand(x.shape[0], *(1,) * (x.ndim - 1), device=x.device) >= self.p
        return x * keep.to(x.dtype) / (1 - self.p) if self.p < 1 else x * 0

    def extra_repr(self) -> str:
        return f"p={self.p}"


class Scale(nn.Module):
    """x times learned numbers of these sizes."""

    def __init__(self, *sizes: int, init: float = 1.0) -> None:
        super().__init__()
        self.init = init
        self.weight = nn.Parameter(torch.empty(sizes))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        nn.init.constant_(self.weight, self.init)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.weight

    def extra_repr(self) -> str:
        return f"{', '.join(map(str, self.weight.shape))}, init={self.init}"


class ClassToken(nn.Module):
    """A learned vector before the steps of a sequence: N×T×C becomes N×(T + 1)×C."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(1, 1, features))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        nn.init.zeros_(self.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.weight.expand(x.shape[0], -1, -1), x], 1)

    def extra_repr(self) -> str:
        return f"{self.weight.shape[2]}"


class Positions(nn.Module):
    """A learned vector added to each step of a sequence of at most `length` steps."""

    def __init__(self, length: int, features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(1, length, features))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        nn.init.normal_(self.weight, std=0.02)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.weight[:, : x.shape[1]]

    def extra_repr(self) -> str:
        return f"{self.weight.shape[1]}, {self.weight.shape[2]}"


class SinePositions(nn.Module):
    """Sines and cosines of wavelengths from 2π to 10000·2π, added to each step of a sequence."""

    table: torch.Tensor

    def __init__(self, length: int, features: int) -> None:
        super().__init__()
        rates = 10000.0 ** (-torch.arange(0, features, 2) / features)
        angles = torch.arange(length)[:, None] * rates
        table = torch.stack([angles.sin(), angles.cos()], 2).flatten(1)[:, :features]
        self.register_buffer("table", table, persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.table[: x.shape[1]]

    def extra_repr(self) -> str:
        return f"{self.table.shape[0]}, {self.table.shape[1]}"
