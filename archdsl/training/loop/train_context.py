"""The constants of a training run, and how it builds its batches."""

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from ..data.images import ImageSet
from ..data.stream.image_stream import ImageStream
from ..recipe.recipe import Recipe
from ..tasks.outputs import Objective
from ..tasks.task import Task
from . import augmentation
from .box_augmentation import change_boxed
from .callback import StopRequest
from .decoded_batches import TensorGenerator, decoded_batches
from .device_setup import DeviceSetup
from .process_group import SINGLE_PROCESS, ProcessGroup
from .standardization import Standardizer
from .training_state import RandomGenerators, derive

_PART_OF_GPU = 0.5
_MOST_COPIED = 1 << 30
"""Largest size in bytes of a second copy of the images in memory, in another layout."""


@dataclass(frozen=True)
class Batches:
    """Inputs and targets of samples, as in `ImageSet`, on one device: the CPU if they are too large for a GPU.

    The images have the layout of the batches, channels first or last, unless they are too large to copy. Those of a
    `stream` are decoded when they are needed, and `images` is empty: uint8 of 0×C×H×W.
    """

    images: Tensor
    labels: Tensor
    stream: ImageStream | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def example(self) -> Tensor:
        """The first input, or zeros of the size of a stream's training images: an example of the network's input."""
        if self.stream is None:
            return self.images[:1]
        height, width, channels = self.stream.augmented.transform.shape
        return torch.zeros(1, channels, height, width, dtype=torch.uint8)


def on_device(images: ImageSet, device: torch.device, layout: torch.memory_format = torch.contiguous_format) -> Batches:
    """Inputs and targets on the device; on the CPU if they would take more than half of a GPU's free memory.

    The images are converted to the layout once instead of for each batch, if they are small enough to copy.
    """
    if images.stream is not None:
        return Batches(torch.from_numpy(images.images), torch.from_numpy(images.labels).to(device), images.stream)
    if device.type == "cuda" and images.images.nbytes > _PART_OF_GPU * torch.cuda.mem_get_info(device)[0]:
        device = torch.device("cpu")
    pixels = torch.from_numpy(images.images).to(device)
    if pixels.ndim == 4 and images.images.nbytes <= _MOST_COPIED:
        pixels = pixels.contiguous(memory_format=layout)
    return Batches(pixels, torch.from_numpy(images.labels).to(device))


@dataclass(frozen=True)
class TrainContext:
    """The constants of a training run. `stop` returns whether the user wants it to stop.

    `inputs` are all training images, standardized, if they are small and never change: float32 of N×C×H×W. `sharded`
    are the names of the modules that are gathered one at a time if the network is sharded, and `recomputed` those of
    the modules that recompute their activations.
    """

    recipe: Recipe
    setup: DeviceSetup
    objective: Objective
    standardize: Standardizer
    classes: int
    train: Batches
    validation: Batches | None
    stop: StopRequest
    group: ProcessGroup = SINGLE_PROCESS
    inputs: Tensor | None = None
    sharded: tuple[str, ...] | None = None
    recomputed: tuple[str, ...] = ()

    @property
    def task(self) -> Task:
        """What the network learns."""
        return self.objective.task

    @property
    def batches(self) -> int:
        """Batches per epoch. A last batch of a single image is dropped: it has no variance to normalize by."""
        whole, rest = divmod(len(self.train), self.recipe.batch)
        return max(1, whole + (rest > 1))

    @property
    def updates(self) -> int:
        """Weight updates per epoch."""
        return math.ceil(self.batches / self.recipe.accumulate)

    @property
    def epochs(self) -> int:
        """Number of epochs, including a last partial one."""
        return math.ceil(self.steps / self.updates)

    @property
    def steps(self) -> int:
        """Weight updates in the entire training."""
        return max(1, math.ceil(round(self.updates * self.recipe.epochs, 6)))  # 100 · 1.1 is slightly above 110

    def batches_of(self, epoch: int) -> int:
        """Batches of an epoch, counted from 0: fewer for a last partial one."""
        return min(self.batches, (self.steps - epoch * self.updates) * self.recipe.accumulate)

    def images_left(self, epoch: int, batch: int) -> int:
        """Number of images from a batch of an epoch to the end of the training."""
        whole, last = self.images_in(0, self.batches), self.epochs - 1
        total = last * whole + self.images_in(0, self.batches_of(last))
        return total - epoch * whole - self.images_in(0, batch)

    def images_in(self, first: int, last: int) -> int:
        """Number of images in the batches from `first` up to but excluding `last`."""
        return min(last * self.recipe.batch, len(self.train)) - first * self.recipe.batch

    def order(self, epoch: int) -> Tensor:
        """The order of the samples in an epoch: a fixed function of the seed and the epoch."""
        generator = Generator().manual_seed(derive(self.recipe.seed, f"order {epoch}"))
        order = torch.randperm(len(self.train), generator=generator)
        if self.repeats > 1:
            order = order[: -(-len(order) // self.repeats), None] * self.repeats + torch.arange(self.repeats)
            order = order.flatten()[: len(self.train)]
        return order.to(self.train.labels.device)

    @property
    def repeats(self) -> int:
        """How often an epoch contains each of its images: sample s of the order is image s // repeats."""
        return self.recipe.augment.repeats or 1

    def streamed(self, epoch: int, batches: list[Tensor]) -> TensorGenerator | None:
        """This process's parts of batches of an epoch, decoded and randomly changed, uint8 of N×C×H×W on the device.

        Each is valid until the next one is taken. None for images in memory.
        """
        stream = self.train.stream
        if stream is None:
            return None
        mine = [self.group.shard(samples)[0].cpu().numpy() for samples in batches]
        return decoded_batches(stream.trained(mine, epoch), self.setup.device)

    def mirrored(self, epoch: int) -> Tensor | None:
        """Which images are mirrored in an epoch, for alternating flips: random at first, then alternating for each
        image.
        """
        if not self.recipe.augment.alternate:
            return None
        generator = Generator().manual_seed(derive(self.recipe.seed, "mirrored"))
        first = torch.rand(len(self.train), generator=generator) < 0.5
        return (first ^ bool(epoch % 2)).to(self.train.labels.device)

    def feed(
        self, indices: Tensor, mirrored: Tensor | None, rng: RandomGenerators, decoded: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Inputs, float32 of N×C×H×W (or numbers of another shape, or IDs), and targets of the samples with these
        indices: those of `ImageSet`, class probabilities N×K, or the images, uint8 of N×C×H×W.

        `decoded` are the images themselves if they come from a stream.
        """
        changes, indices = self.recipe.augment, indices // self.repeats if self.repeats > 1 else indices
        labels = self.train.labels.index_select(0, indices)
        if labels.device != self.setup.device:
            labels = labels.to(self.setup.device, non_blocking=True)
        inputs, targets = self._inputs(indices, mirrored, rng, labels, decoded)
        if changes.cutout:
            inputs = augmentation.cutout(inputs, changes.cutout, rng.device)
        if changes.noise:
            noise = torch.empty_like(inputs).normal_(generator=rng.device)
            inputs = self.standardize.with_noise(inputs, noise, changes.noise)
        return augmentation.mix(inputs, targets, self.classes, changes, rng.host)

    def _inputs(
        self,
        indices: Tensor,
        mirrored: Tensor | None,
        rng: RandomGenerators,
        labels: Tensor,
        decoded: Tensor | None,
    ) -> tuple[Tensor, Tensor]:
        """The images with these indices, augmented and standardized, and their targets, changed in the same way."""
        labels = self.task.sample_targets(labels, rng.device)
        if self.inputs is not None and not self.task.of_input:
            return augmentation.select(self.inputs, indices), labels
        device = self.setup.device
        pixels = augmentation.select(self.train.images, indices) if decoded is None else decoded
        if pixels.device != device:
            pixels = pixels.to(device, non_blocking=True)
        flipped = mirrored[indices].to(device) if mirrored is not None else None
        if labels.ndim == 3 and labels.dtype == torch.uint8:
            pixels, labels = augmentation.change_masked(pixels, labels, self.recipe.augment, rng.device, flipped)
        elif labels.ndim == 3 and labels.dtype == torch.float32:
            pixels, labels = change_boxed(pixels, labels, self.recipe.augment, rng.device, flipped)
        else:
            changes = self.recipe.augment
            if decoded is not None:  # mirrored while they were decoded
                changes = changes.model_copy(update={"flip": False})
            pixels = augmentation.change_pixels(pixels, changes, rng.device, flipped)
        return self.standardize(pixels), pixels if self.task.of_input else labels
