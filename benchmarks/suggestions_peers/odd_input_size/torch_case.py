import torch
from torch import nn


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc1 = nn.Conv2d(1, 16, 3, padding=1)
        self.enc2 = nn.Conv2d(16, 32, 3, padding=1)
        self.mid = nn.Conv2d(32, 64, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.up2 = nn.ConvTranspose2d(64, 32, 2, stride=2)
        self.dec2 = nn.Conv2d(64, 32, 3, padding=1)
        self.up1 = nn.ConvTranspose2d(32, 16, 2, stride=2)
        self.dec1 = nn.Conv2d(32, 16, 3, padding=1)
        self.head = nn.Conv2d(16, 2, 1)

    def forward(self, x):
        e1 = self.enc1(x).relu()
        e2 = self.enc2(self.pool(e1)).relu()
        y = self.mid(self.pool(e2)).relu()
        d2 = self.dec2(torch.cat([e2, self.up2(y)], dim=1)).relu()
        d1 = self.dec1(torch.cat([e1, self.up1(d2)], dim=1)).relu()
        return self.head(d1)


model = UNet()
model(torch.zeros(2, 1, 50, 50))  # right: model(torch.zeros(2, 1, 48, 48))
