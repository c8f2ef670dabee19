"""References of networks with recurrences of their own, written by hand from their papers."""

import torch
from torch import Tensor, nn


class ConvLSTMCell(nn.Module):
    """Equation 3 of the paper."""

    def __init__(self, c: int, width: int, size: int) -> None:
        super().__init__()
        self.gates = nn.Conv2d(c + width, 4 * width, size, padding=size // 2)
        self.peep = nn.ParameterList(torch.zeros(width, 1, 1) for _ in range(3))

    def forward(self, x: Tensor | None, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        i, f, o, g = self.gates(h if x is None else torch.cat([x, h], 1)).chunk(4, 1)
        c = (f + self.peep[1] * c).sigmoid() * c + (i + self.peep[0] * c).sigmoid() * g.tanh()
        return (o + self.peep[2] * c).sigmoid() * c.tanh(), c


class ConvLSTM(nn.Module):
    """Figure 2 of the paper: the forecasting network starts from the states of the encoding network."""

    def __init__(
        self,
        C: int = 16,
        T: int = 10,
        H: int = 16,
        W: int = 16,
        first: int = 128,
        second: int = 64,
        third: int = 64,
        size: int = 5,
    ) -> None:
        super().__init__()
        widths = (first, second, third)
        self.widths = widths
        self.read = nn.ModuleList(ConvLSTMCell(c, w, size) for c, w in zip((C, first, second), widths, strict=True))
        self.forecast = nn.ModuleList(ConvLSTMCell(c, w, size) for c, w in zip((0, first, second), widths, strict=True))
        self.last = nn.Conv2d(sum(widths), C, 1)

    def forward(self, images: Tensor) -> Tensor:
        states = [images.new_zeros(len(images), w, *images.shape[3:]) for w in self.widths]
        cells = [state.clone() for state in states]
        for image in images.unbind(2):
            x: Tensor | None = image
            for index, cell in enumerate(self.read):
                states[index], cells[index] = cell(x, states[index], cells[index])
                x = states[index]
        found = []
        for _ in range(images.shape[2]):
            x = None
            for index, cell in enumerate(self.forecast):
                states[index], cells[index] = cell(x, states[index], cells[index])
                x = states[index]
            found.append(self.last(torch.cat(states, 1)))
        return torch.stack(found, 2)
