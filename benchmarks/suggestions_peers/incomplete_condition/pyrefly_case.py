import torch
from shape_extensions import Int, IntVar
from torch import Tensor, nn


class Unit[CIn: IntVar, C: IntVar, S: IntVar = 1](nn.Module):
    def __init__(self, c_in: Int[CIn], c: Int[C], stride: Int[S] = 1):
        super().__init__()
        self.conv1 = nn.Conv2d(c_in, c, 3, stride=stride, padding=1)
        self.conv2 = nn.Conv2d(c, c, 3, padding=1)
        self.shortcut = nn.Identity()
        if stride != 1:  # right: if stride != 1 or c_in != c:
            self.shortcut = nn.Conv2d(c_in, c, 1, stride=stride)

    def forward[B: IntVar, H: IntVar, W: IntVar](self, x: Tensor[[B, CIn, H, W]]):
        y = self.conv2(self.conv1(x).relu())
        return (self.shortcut(x) + y).relu()


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.units = nn.Sequential(Unit(64, 64), Unit(64, 128), Unit(128, 256, 2))
        self.fc = nn.Linear(256, 10)

    def forward[B: IntVar](self, x: Tensor[[B, 64, 32, 32]]) -> Tensor[[B, 10]]:
        return self.fc(self.units(x).mean((2, 3)))


model = Net()
model(torch.zeros(2, 64, 32, 32))
