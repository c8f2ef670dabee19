"""Networks in the language and their handwritten versions, training images, and a carefully written training loop."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import archdsl
from archdsl.training import assemble
from archdsl.training.data.images import ImageSet, Splits
from archdsl.training.loop.callback import StopRequest, TrainingCallback
from archdsl.training.loop.device_setup import DeviceSetup
from archdsl.training.loop.epoch import Epoch
from archdsl.training.loop.loop import score
from archdsl.training.loop.standardization import measure
from archdsl.training.recipe.recipe import Recipe
from archdsl.training.runs.run_folder import Run

ROOT = Path(__file__).resolve().parent.parent
CPU = torch.device("cpu")

SMALL = """net Small
input 3x32x32
conv 32 k3 p1; relu; maxpool 2
conv 64 k3 p1; relu; maxpool 2
conv 64 k3 p1; relu
gap; fc 10
"""
TINY = "net Tiny\ninput 1x4x4\nflatten; fc 16; relu; fc 10\n"


class Small(nn.Module):
    """SMALL, handwritten."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 32, 3, padding=1)
        self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
        self.conv3 = nn.Conv2d(64, 64, 3, padding=1)
        self.fc = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.relu(self.conv3(x))
        x = F.adaptive_avg_pool2d(x, 1).flatten(1)
        return self.fc(x)  # type: ignore[no-any-return]  # torch's modules have no types


class Tiny(nn.Module):
    """TINY, handwritten."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(16, 16), nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.relu(self.fc1(x.flatten(1))))  # type: ignore[no-any-return]  # torch's modules have no types


class _Group(nn.Module):
    def __init__(self, before: int, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, width, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(width, eps=1e-12, momentum=0.4)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(width, eps=1e-12, momentum=0.4)
        for norm in (self.norm1, self.norm2):
            norm.weight.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        x = F.gelu(self.norm1(F.max_pool2d(self.conv1(x), 2)))
        return F.gelu(self.norm2(self.conv2(x)))


class Airbench94(nn.Module):
    """The network of examples/airbench94.arch, handwritten (Jordan 2024)."""

    def __init__(self) -> None:
        super().__init__()
        self.whiten = nn.Conv2d(3, 24, 2)
        self.whiten.weight.requires_grad_(False)
        self.group1, self.group2, self.group3 = _Group(24, 64), _Group(64, 256), _Group(256, 256)
        self.fc = nn.Linear(256, 10, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = F.gelu(self.whiten(x))
        x = self.group3(self.group2(self.group1(x)))
        return self.fc(F.max_pool2d(x, 3).flatten(1)) * (1 / 9)  # type: ignore[no-any-return]  # torch's modules have no types


@dataclass(frozen=True)
class ModelSpec:
    """A network in both versions, and how it is timed: images per batch, and batches per round."""

    name: str
    text: str
    handwritten: Callable[[], nn.Module]
    batch: int
    batches: int

    def network(self) -> archdsl.Network:
        """The text's network."""
        return archdsl.loads(self.text, name=f"{self.name}.arch")


def airbench94(batch: int = 64, batches: int = 8) -> ModelSpec:
    """airbench94's network."""
    text = (ROOT / "examples" / "airbench94.arch").read_text(encoding="utf-8")
    return ModelSpec("airbench94", text.partition("\ntrain {")[0] + "\n", Airbench94, batch, batches)


def small(batch: int = 64, batches: int = 32) -> ModelSpec:
    """Three convolutions."""
    return ModelSpec("small", SMALL, Small, batch, batches)


def images(count: int, shape: tuple[int, int, int], seed: int = 0) -> ImageSet:
    """Noise images with labels; they have the size of CIFAR-10's images if `shape` is 3×32×32."""
    rng = np.random.default_rng(seed)
    return ImageSet(rng.integers(0, 256, (count, *shape)).astype(np.uint8), rng.integers(0, 10, count))


class ByArchdsl:
    """A training run as `archdsl train` executes it, in parts that can be repeated."""

    def __init__(self, model_spec: ModelSpec, recipe: Recipe, setup: DeviceSetup, shape: tuple[int, int, int]) -> None:
        given, held_out = both_parts(model_spec, shape)
        splits = Splits(given, held_out, None)
        self.context = assemble.make_context(recipe, setup, measure(given.images), splits, 10, StopRequest())
        self.state = assemble.first_state(model_spec.network().to_torch(), self.context)
        self.run = Run(Path(mkdtemp(prefix="archdsl-bench-")))
        self.run.checkpoints.mkdir()

    def steps(self) -> None:
        """The steps of an epoch."""
        self.state.epoch = self.state.batch = self.state.step = 0
        Epoch(self.state, self.context, self.state.model, self.run, TrainingCallback()).run()

    def validate(self) -> float:
        """Accuracy on the held-out images."""
        assert self.context.validation is not None
        return score(self.state, self.context, self.context.validation).summary()["accuracy"]

    def write(self) -> None:
        """What an epoch writes to disk: a checkpoint, the log, and the best weights."""
        self.run.keep(self.state)
        self.run.keep_weights(self.state, self.run.best)


class ByHand:
    """The training run of `ByArchdsl`, handwritten: images in memory, shifted and mirrored per batch, loss and accuracy
    computed.
    """

    def __init__(self, model_spec: ModelSpec, recipe: Recipe, setup: DeviceSetup, shape: tuple[int, int, int]) -> None:
        given, held_out = both_parts(model_spec, shape)
        self.model_spec, self.setup, self.shift = model_spec, setup, recipe.augment.crop or 0
        self.pixels, self.labels = torch.from_numpy(given.images), torch.from_numpy(given.labels)
        self.held_out = torch.from_numpy(held_out.images), torch.from_numpy(held_out.labels)
        standard = measure(given.images)
        self.mean = torch.tensor(standard.mean).mul(255).view(1, -1, 1, 1)
        self.scale = torch.tensor(standard.deviation).mul(255).reciprocal().view(1, -1, 1, 1)
        self.model = model_spec.handwritten().to(memory_format=setup.memory_format)  # type: ignore[call-overload]  # mypy's stub of `to` lacks this overload
        trained = [p for p in self.model.parameters() if p.requires_grad]
        decayed, undecayed = [p for p in trained if p.ndim > 1], [p for p in trained if p.ndim <= 1]
        groups: list[dict[str, Any]] = [{"params": decayed, "weight_decay": 5e-4}, {"params": undecayed}]
        self.optimizer = torch.optim.SGD(groups, lr=0.01, momentum=0.9, nesterov=True, fused=True)
        steps = model_spec.batches
        cosine = partial(_cosine, steps=steps)
        self.scheduler = torch.optim.lr_scheduler.LambdaLR(self.optimizer, cosine)
        self.folder = Path(mkdtemp(prefix="archdsl-bench-"))

    def inputs(self, pixels: Tensor) -> Tensor:
        """The images, standardized, in the memory layout."""
        return pixels.to(torch.float32, memory_format=self.setup.memory_format).sub_(self.mean).mul_(self.scale)

    def steps(self) -> None:
        """The steps of an epoch."""
        self.model.train()
        seen = total = right = 0.0
        for indices in torch.split(torch.randperm(len(self.labels)), self.model_spec.batch):
            batch, wanted = self.pixels[indices], self.labels[indices]
            if self.shift:
                batch = _shifted(batch, self.shift)
                batch = torch.where((torch.rand(len(batch)) < 0.5)[:, None, None, None], batch.flip(3), batch)
            with self.setup.autocast():
                logits = self.model(self.inputs(batch))
            loss = F.cross_entropy(logits.float(), wanted, label_smoothing=0.1)
            self.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch has no types here
            self.optimizer.step()
            self.scheduler.step()
            total += loss.item() * len(indices)
            right += (logits.argmax(1) == wanted).sum().item()
            seen += len(indices)

    @torch.inference_mode()
    def validate(self) -> float:
        """Accuracy on the held-out images."""
        self.model.eval()
        right = 0
        for pixels, wanted in zip(*(torch.split(part, 256) for part in self.held_out), strict=True):
            with self.setup.autocast():
                right += int((self.model(self.inputs(pixels)).argmax(1) == wanted).sum())
        return right / len(self.held_out[1])

    def write(self) -> None:
        """Write a checkpoint and the weights."""
        everything = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(),
        }
        torch.save(everything, self.folder / "checkpoint.pt")
        torch.save(self.model.state_dict(), self.folder / "best.pt")


def _cosine(step: int, steps: int) -> float:
    return 0.5 * (1 + math.cos(math.pi * step / steps))


def both_parts(model_spec: ModelSpec, shape: tuple[int, int, int]) -> tuple[ImageSet, ImageSet]:
    """Training images, and a ninth as many validation images, as with a split of 0.9."""
    count = model_spec.batch * model_spec.batches
    return images(count, shape), images(max(1, count // 9), shape, seed=1)


def _shifted(images: Tensor, pixels: int) -> Tensor:
    """The images, zero-padded and cropped at a random offset for each image, without a loop over images."""
    n, _, h, w = images.shape
    padded = F.pad(images, (pixels,) * 4)
    windows = padded.unfold(2, h, 1).unfold(3, w, 1)  # N×C×(2p+1)×(2p+1)×H×W, a view
    by = torch.randint(2 * pixels + 1, (2, n))
    return windows[torch.arange(n), :, by[0], by[1]]


def a_recipe(model_spec: ModelSpec, crop: int | None) -> Recipe:
    """The recipe of both training runs."""
    return Recipe.model_validate(
        {
            "augment": {"flip": crop is not None, "crop": crop},
            "optimizer": {"name": "sgd", "lr": 0.01, "momentum": 0.9, "nesterov": True, "weight_decay": 5e-4},
            "schedule": {"name": "cosine"},
            "loss": {"name": "cross_entropy", "smoothing": 0.1},
            "epochs": 1,
            "batch": model_spec.batch,
        }
    )
