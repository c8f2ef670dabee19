"""The torch module. It depends on torch alone, so generated source can import it."""

import torch
from torch import Tensor, nn


class GeM(nn.Module):
    """The generalized mean of each channel: N×C×H×W to N×C."""

    def __init__(self, p: float = 3.0, eps: float = 1e-6) -> None:
        super().__init__()
        self.p = nn.Parameter(torch.full((1,), float(p)))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return x.clamp(min=self.eps).pow(self.p).mean((-2, -1)).pow(1 / self.p)

    def extra_repr(self) -> str:
        return f"p={self.p.item():g}, eps={self.eps:g}"
