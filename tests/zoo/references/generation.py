"""References of networks that generate images, written by hand after their papers."""

from torch import Tensor, nn


class VAE(nn.Module):
    """Appendix C.2 of the paper, with the sizes of PyTorch's example."""

    def __init__(self, code: int = 20, hidden: int = 400) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(784, hidden), nn.ReLU())
        self.mean, self.log_variance = nn.Linear(hidden, code), nn.Linear(hidden, code)
        self.decoder = nn.Sequential(nn.Linear(code, hidden), nn.ReLU(), nn.Linear(hidden, 784), nn.Sigmoid())

    def forward(self, image: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        features = self.encoder(image)
        mean, log_variance = self.mean(features), self.log_variance(features)
        return self.decoder(mean + noise * (log_variance / 2).exp()), mean, log_variance
