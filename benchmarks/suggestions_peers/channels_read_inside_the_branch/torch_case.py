import torch
from torch import nn


class SE(nn.Module):
    def __init__(self, c, squeezed):
        super().__init__()
        self.squeeze = nn.Conv2d(c, squeezed, 1)
        self.excite = nn.Conv2d(squeezed, squeezed, 1)  # right: self.excite = nn.Conv2d(squeezed, c, 1)

    def forward(self, x):
        y = self.squeeze(x.mean((2, 3), keepdim=True)).relu()
        y = self.excite(y).sigmoid()
        return x * y


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.se = SE(64, 16)
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        x = self.se(x)
        return self.fc(x.mean((2, 3)))


model = Net()
model(torch.zeros(2, 64, 28, 28))
