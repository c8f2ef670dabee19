import torch
from shape_extensions import IntVar
from torch import Tensor, nn
from torch.nn import functional as F


class Mixer(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(384)
        self.fc1 = nn.Linear(384, 1536)
        self.fc2 = nn.Linear(1536, 1536)  # right: self.fc2 = nn.Linear(1536, 384)
        self.head = nn.Linear(384, 10)

    def forward[B: IntVar](self, inputs: Tensor[[B, 196, 384]]) -> Tensor[[B, 10]]:
        x = inputs
        y = self.fc2(F.gelu(self.fc1(self.norm(x))))
        x = x + y
        return self.head(x[:, 0])


model = Mixer()
model(torch.zeros(2, 196, 384))
