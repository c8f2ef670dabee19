import torch
from shape_extensions import IntVar
from torch import Tensor, nn
from torch.nn import functional as F


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1 = nn.LayerNorm(384)
        self.attention = nn.MultiheadAttention(384, 5, batch_first=True)  # right: self.attention = nn.MultiheadAttention(384, 6, batch_first=True)
        self.norm2 = nn.LayerNorm(384)
        self.fc1 = nn.Linear(384, 1536)
        self.fc2 = nn.Linear(1536, 384)
        self.head = nn.Linear(384, 10)

    def forward[B: IntVar](self, inputs: Tensor[[B, 128, 384]]) -> Tensor[[B, 10]]:
        x = inputs
        y = self.norm1(x)
        x = x + self.attention(y, y, y)[0]
        x = x + self.fc2(F.gelu(self.fc1(self.norm2(x))))
        return self.head(x[:, 0])


model = Encoder()
model(torch.zeros(2, 128, 384))
