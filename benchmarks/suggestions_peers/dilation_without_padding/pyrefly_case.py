import torch
from shape_extensions import IntVar
from torch import Tensor, nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(64, 64, 3, padding=1, dilation=2)  # right: self.conv1 = nn.Conv2d(64, 64, 3, padding=2, dilation=2)
        self.conv2 = nn.Conv2d(64, 64, 3, padding=1)
        self.fc = nn.Linear(64, 10)

    def forward[B: IntVar](self, inputs: Tensor[[B, 64, 32, 32]]) -> Tensor[[B, 10]]:
        x = inputs
        y = self.conv1(x).relu()
        y = self.conv2(y)
        x = (x + y).relu()
        return self.fc(x.mean((2, 3)))


model = Net()
model(torch.zeros(2, 64, 32, 32))
