import torch
from shape_extensions import IntVar
from torch import Tensor, nn


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(64, 3136)
        self.up1 = nn.ConvTranspose2d(64, 32, 4, stride=2, padding=1)
        self.up2 = nn.ConvTranspose2d(32, 1, 4, stride=2, padding=1)

    def forward[B: IntVar](self, inputs: Tensor[[B, 64]]) -> Tensor[[B, 1, 28, 28]]:
        x = inputs
        x = self.fc(x).relu()
        x = x.reshape(x.shape[0], 64, 8, 8)  # right: x = x.reshape(x.shape[0], 64, 7, 7)
        x = self.up1(x).relu()
        return self.up2(x).sigmoid()


model = Decoder()
model(torch.zeros(2, 64))
