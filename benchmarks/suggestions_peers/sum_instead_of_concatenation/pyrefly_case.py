import torch
from shape_extensions import IntVar
from torch import Tensor, nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.branch1 = nn.Conv2d(64, 32, 1)
        self.branch2a = nn.Conv2d(64, 48, 1)
        self.branch2b = nn.Conv2d(48, 64, 3, padding=1)
        self.fc = nn.Linear(96, 10)

    def forward[B: IntVar](self, inputs: Tensor[[B, 64, 28, 28]]) -> Tensor[[B, 10]]:
        x = inputs
        a = self.branch1(x).relu()
        b = self.branch2b(self.branch2a(x).relu()).relu()
        x = a + b  # right: x = torch.cat([a, b], dim=1)
        return self.fc(x.mean((2, 3)))


model = Net()
model(torch.zeros(2, 64, 28, 28))
