import torch
from torch import nn


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Conv2d(1, 16, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.mid = nn.Conv2d(16, 32, 3, padding=1)
        self.up = nn.ConvTranspose2d(32, 16, 3, stride=2, padding=1)  # right: self.up = nn.ConvTranspose2d(32, 16, 2, stride=2)
        self.dec = nn.Conv2d(32, 16, 3, padding=1)
        self.head = nn.Conv2d(16, 2, 1)

    def forward(self, x):
        e1 = self.enc(x).relu()
        y = self.up(self.mid(self.pool(e1)).relu())
        y = torch.cat([e1, y], dim=1)
        return self.head(self.dec(y).relu())


model = UNet()
model(torch.zeros(2, 1, 64, 64))
