import torch
from shape_extensions import IntVar
from torch import Tensor, nn


class Unit(nn.Module):
    def __init__(self, c_in, c, stride=1):
        super().__init__()
        self.conv = nn.Conv2d(c_in, filters, 3, stride=stride, padding=1)  # right: self.conv = nn.Conv2d(c_in, c, 3, stride=stride, padding=1)
        self.bn = nn.BatchNorm2d(c)

    def forward(self, x):
        return self.bn(self.conv(x)).relu()


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.units = nn.Sequential(Unit(3, 32), Unit(32, 64, 2))
        self.fc = nn.Linear(64, 10)

    def forward[B: IntVar](self, inputs: Tensor[[B, 3, 32, 32]]) -> Tensor[[B, 10]]:
        x = inputs
        return self.fc(self.units(x).mean((2, 3)))


model = Net()
model(torch.zeros(2, 3, 32, 32))
