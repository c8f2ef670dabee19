"""The usual way to see the shapes of a network: build it in torch, and call torchinfo.

The layers are those of torchvision's `vgg16_bn`. With `meta` as its argument the weights are not allocated, which is
faster than torchinfo's documented usage.
"""

import sys

import torch
import torchinfo
from torch import nn

WIDTHS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))


def features() -> nn.Sequential:
    layers: list[nn.Module] = []
    channels = 3
    for group in WIDTHS:
        for width in group:
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()]
            channels = width
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers)


def vgg16_bn() -> nn.Sequential:
    classifier = (nn.Linear(512 * 7 * 7, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout())
    return nn.Sequential(features(), nn.Flatten(), *classifier, nn.Linear(4096, 1000))


if __name__ == "__main__":
    device = sys.argv[1] if len(sys.argv) > 1 else "cpu"
    with torch.device(device):
        network = vgg16_bn()
    torchinfo.summary(network, input_size=(1, 3, 224, 224), device=device)
