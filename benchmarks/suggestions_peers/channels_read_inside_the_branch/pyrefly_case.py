import torch
from shape_extensions import Int, IntVar
from torch import Tensor, nn


class SE[C: IntVar, S: IntVar](nn.Module):
    def __init__(self, c: Int[C], squeezed: Int[S]):
        super().__init__()
        self.squeeze = nn.Conv2d(c, squeezed, 1)
        self.excite = nn.Conv2d(squeezed, squeezed, 1)  # right: self.excite = nn.Conv2d(squeezed, c, 1)

    def forward[B: IntVar, H: IntVar, W: IntVar](self, x: Tensor[[B, C, H, W]]) -> Tensor[[B, C, H, W]]:
        y = self.squeeze(x.mean((2, 3), keepdim=True)).relu()
        y = self.excite(y).sigmoid()
        return x * y


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.se = SE(64, 16)
        self.fc = nn.Linear(64, 10)

    def forward[B: IntVar](self, inputs: Tensor[[B, 64, 28, 28]]) -> Tensor[[B, 10]]:
        x = self.se(inputs)
        return self.fc(x.mean((2, 3)))


model = Net()
model(torch.zeros(2, 64, 28, 28))
