"""airbench94 with the handwritten loop of its paper, the reference for `archdsl train examples/airbench94.arch`.

    python benchmarks/_airbench94_handwritten.py [--data-dir FOLDER] [--precision bf16|fp32] [--epochs 9.9]
        [--keep FILE]

archdsl only reads the images; everything else is here: Jordan's initialization, whitening, alternating flips, shifts,
learning rates, slow weights and test-time augmentation (arXiv 2404.00498, listing of airbench94). It prints the
accuracy and the time, and writes both to FILE in the format that scripts/accuracy.py reads.
"""

import argparse
import json
import math
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import torch
import torch.nn.functional as F
from _nets import Airbench94
from torch import Tensor, nn

from archdsl.text import paths
from archdsl.training.data.images import ImageSet, Request, Splits
from archdsl.training.data.registry import find_source

BATCH, WHITEN_EPOCHS, LABEL_SMOOTHING = 1024, 3, 0.2
LR, MOMENTUM, WEIGHT_DECAY, BIAS_SCALER = 11.5, 0.85, 0.0153, 64.0
CIFAR_MEAN, CIFAR_STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)


def read(data_dir: Path | None) -> Splits:
    """CIFAR-10: all of its training images, and its test images."""
    source = find_source("cifar10")
    assert source.spec.shape is not None
    return source.load(Request(source.spec.shape, paths.user_cache(), data_dir=data_dir, split=1.0))


def pixels_of(images: ImageSet) -> Tensor:
    """The images, standardized with the constants of the paper's code."""
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (CIFAR_MEAN, CIFAR_STD))
    return torch.from_numpy(images.images).float().div_(255).sub_(mean).div_(std)


def reset(model: Airbench94, pixels: Tensor) -> None:
    """Identity filters for the first channels, and a first layer that whitens 2×2 patches."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d) and module is not model.whiten:
            nn.init.dirac_(module.weight.data[: module.weight.shape[1]])
    patches = pixels[:5000].unfold(2, 2, 1).unfold(3, 2, 1).transpose(1, 3).reshape(-1, 12).double()
    # `transpose` leaves N×W×H×C×2×2: each row is a patch, its elements in the order of a filter's
    values, vectors = torch.linalg.eigh(patches.T @ patches / len(patches), UPLO="U")
    scaled = (vectors.T / (values + 5e-4).sqrt()[:, None]).flip(0).view(12, 3, 2, 2).float()
    model.whiten.weight.data[:] = torch.cat((scaled, -scaled))
    assert model.whiten.bias is not None
    model.whiten.bias.data.zero_()


def mirrored_and_shifted(pixels: Tensor, padded: Tensor, epoch: int) -> Tensor:
    """All images of an epoch: mirrored in every other epoch, shifted by up to 2 pixels."""
    count = len(pixels)
    shifts = torch.randint(-2, 3, (count, 2))
    out = torch.empty_like(pixels)
    for dy in range(-2, 3):
        for dx in range(-2, 3):
            mask = (shifts[:, 0] == dy) & (shifts[:, 1] == dx)
            out[mask] = padded[mask, :, 2 + dy : 34 + dy, 2 + dx : 34 + dx]
    return out.flip(-1) if epoch % 2 else out


class SlowWeights:
    """Jordan's LookaheadState."""

    def __init__(self, model: nn.Module) -> None:
        self.slow = {name: tensor.clone() for name, tensor in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model: nn.Module, decay: float) -> None:
        """Move the slow weights toward the network's weights, and then copy them back."""
        for name, tensor in model.state_dict().items():
            if tensor.is_floating_point():
                self.slow[name].lerp_(tensor, 1 - decay)
                tensor.copy_(self.slow[name])


def make_optimizer(model: nn.Module) -> torch.optim.SGD:
    """SGD with learning rates for the sum of the loss over a batch, 64 times as high for the biases of norm layers;
    decay for all.
    """
    kilostep = 1024 * (1 + 1 / (1 - MOMENTUM))
    lr, decay = LR / kilostep, WEIGHT_DECAY * BATCH / kilostep
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    norms = [p for name, p in trained.items() if "norm" in name]
    others = [p for name, p in trained.items() if "norm" not in name]
    fast = lr * BIAS_SCALER
    groups = [
        {"params": norms, "lr": fast, "weight_decay": decay / fast},
        {"params": others, "lr": lr, "weight_decay": decay / lr},
    ]
    return torch.optim.SGD(groups, momentum=MOMENTUM, nesterov=True, fused=True)


def triangle(step: int, steps: int) -> float:
    """The factor of the learning rate: from 0.2 up to 1 and down to 0.07."""
    peak = int(0.23 * steps)
    return 0.2 + 0.8 * step / peak if step <= peak else 1 - 0.93 * (step - peak) / (steps - peak)


def train(images: ImageSet, epochs: float, autocast: AbstractContextManager[object]) -> Airbench94:
    """The trained network; prints a line for each epoch."""
    model = Airbench94()
    pixels = pixels_of(images)
    reset(model, pixels)
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # mypy's stub of `to` lacks this overload
    flip = torch.rand(len(pixels)) < 0.5
    pixels = torch.where(flip[:, None, None, None], pixels.flip(-1), pixels)
    padded, labels = F.pad(pixels, (2,) * 4, "reflect"), torch.from_numpy(images.labels)
    optimizer, slow, done = make_optimizer(model), SlowWeights(model), 0
    peaks = [group["lr"] for group in optimizer.param_groups]
    batches = len(labels) // BATCH
    steps = math.ceil(batches * epochs)
    for epoch in range(math.ceil(epochs)):
        assert model.whiten.bias is not None
        model.whiten.bias.requires_grad_(epoch < WHITEN_EPOCHS)
        changed = mirrored_and_shifted(pixels, padded, epoch)
        model.train()
        total, begun = 0.0, time.perf_counter()
        for indices in torch.split(torch.randperm(len(labels))[: batches * BATCH], BATCH):
            for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                group["lr"] = peak * triangle(done, steps)
            with autocast:
                logits = model(changed[indices].contiguous(memory_format=torch.channels_last))
            loss = F.cross_entropy(logits.float(), labels[indices], label_smoothing=LABEL_SMOOTHING, reduction="sum")
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]  # torch has no types here
            optimizer.step()
            total += loss.item()
            done += 1
            if done % 5 == 0:
                slow.update(model, 0.95**5 * (done / steps) ** 3)
            if done == steps:
                slow.update(model, 1.0)
                break
        speed = batches * BATCH / (time.perf_counter() - begun)
        print(f"epoch {epoch + 1:2}  loss {total / (batches * BATCH):.4f}  {speed:.0f} images/s", flush=True)
    return model


@torch.inference_mode()
def accuracy(model: Airbench94, images: ImageSet, autocast: AbstractContextManager[object]) -> tuple[float, float]:
    """Accuracy without test-time augmentation, and with the mean over mirror images and two shifts."""
    model.eval()
    pixels, labels = pixels_of(images), torch.from_numpy(images.labels)

    def both(inputs: Tensor) -> Tensor:
        original, mirrored = (model(x).float() for x in (inputs, inputs.flip(-1)))
        return torch.lerp(original, mirrored, 0.5)

    plain = right = 0
    for inputs, wanted in zip(torch.split(pixels, 500), torch.split(labels, 500), strict=True):
        padded = F.pad(inputs, (1,) * 4, "reflect")
        with autocast:
            shifted = 0.5 * both(padded[:, :, :32, :32]) + 0.5 * both(padded[:, :, 2:, 2:])
            augmented = 0.5 * both(inputs) + 0.5 * shifted
            plain += int((model(inputs).argmax(1) == wanted).sum())
        right += int((augmented.argmax(1) == wanted).sum())
    return plain / len(labels), right / len(labels)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--precision", choices=("bf16", "fp32"), default="bf16")
    parser.add_argument("--epochs", type=float, default=9.9)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    splits = read(options.data_dir)
    assert splits.test is not None
    autocast = torch.autocast("cpu", torch.bfloat16) if options.precision == "bf16" else nullcontext()
    begun = time.perf_counter()
    model = train(splits.train, options.epochs, autocast)
    seconds = time.perf_counter() - begun
    plain, right = accuracy(model, splits.test, autocast)
    print(f"test accuracy {plain:.2%}, {right:.2%} with test-time augmentation; {seconds:.0f} s of training")
    if options.keep:
        found = {
            "network": {"name": "Airbench94", "parameters": sum(p.numel() for p in model.parameters())},
            "data": {"name": "cifar10", "images": {"training": len(splits.train), "test": len(splits.test)}},
            "epochs": options.epochs,
            "setup": {"device": "cpu", "precision": options.precision, "layout": "channels_last"},
            "result": {"test": {"accuracy": right, "without_augmentation": plain}, "seconds": seconds},
            "history": [],
        }
        options.keep.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
