"""Evaluation of a network on labeled images."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..data.stream.image_stream import ImageStream
from ..tasks.main_output import main_output
from ..tasks.meter import Meter, Scores
from .decoded_batches import evaluated
from .device_setup import DeviceSetup
from .process_group import SINGLE_PROCESS, ProcessGroup
from .standardization import Standardizer
from .tensor_parts import copy_tensors, weights_of

S = TypeVar("S", bound=Scores)


def evaluate(
    model: nn.Module,
    images: Tensor,
    targets: Tensor,
    meter: Meter[S],
    setup: DeviceSetup,
    standardize: Standardizer,
    feed: Callable[[Tensor, Tensor], tuple[Tensor, ...]] | None = None,
    combined: Callable[[object], Tensor] = main_output,
    batch: int = 512,
    tta: str = "none",
    group: ProcessGroup = SINGLE_PROCESS,
    noise: float | None = None,
    stream: ImageStream | None = None,
) -> S:
    """Scores on images, uint8 of N×C×H×W, in the setup's precision; `tta` is the recipe's.

    The images of a `stream` are decoded during the evaluation; `images` is then empty, and so is `targets` if the
    targets are the images.

    `feed` makes the network's input from inputs and targets, by default the inputs alone; `combined` makes the
    prediction from the outputs, by default the first one. `noise` is the standard deviation of noise that is added to
    the inputs, for pixels in 0..1: always the same noise for an image, whatever the batch size.

    The network is in evaluation mode during the call. Each process of a group evaluates its part; all get the complete
    scores.
    """
    trained = model.training
    model.eval()
    try:
        total = len(targets) if stream is None else len(stream)
        mine = group.slice(total)
        count = mine.stop - mine.start
        part = mine if count else slice(0, 1)  # a process without images contributes empty rows of the same shape
        first, batches = part.start, 0
        inputs = wanted = targets  # a part is never empty
        with group.no_gradients():
            for pixels, wanted in _pairs(images, targets, stream, part, batch, setup.device):
                inputs = standardize(pixels.to(setup.device))
                if noise is not None:
                    inputs = standardize.with_noise(inputs, fixed_noise(first, inputs), noise)
                first += len(pixels)
                wanted = wanted.to(setup.device)
                with setup.autocast():
                    output = _output(model, inputs, wanted, feed, tta, combined)
                    meter.observe(model, inputs, wanted)
                counted = min(count, len(output))
                meter.update(output[:counted], wanted[:counted])
                batches += 1
            # processes gather a sharded network together, so all must run it equally often
            for _ in range(batches, -(-group.largest_slice(total) // batch)):
                with setup.autocast():
                    _output(model, inputs, wanted, feed, tta, combined)
        return meter.scores(group, total)
    finally:
        model.train(trained)


def _output(
    model: nn.Module,
    inputs: Tensor,
    targets: Tensor,
    feed: Callable[[Tensor, Tensor], tuple[Tensor, ...]] | None,
    tta: str,
    combined: Callable[[object], Tensor],
) -> Tensor:
    """The prediction for a batch."""
    if feed is not None and tta == "none":
        return combined(model(*feed(inputs, targets)))
    return answers(model, inputs, tta, combined)


def _pairs(
    images: Tensor, targets: Tensor, stream: ImageStream | None, part: slice, batch: int, device: torch.device
) -> Iterator[tuple[Tensor, Tensor]]:
    """The images of a part in batches, with their targets."""
    if stream is None:
        yield from zip(torch.split(images[part], batch), torch.split(targets[part], batch), strict=True)
        return
    for pixels, place in evaluated(stream, part, batch, device):
        yield pixels, pixels if targets is images else targets[place]


def fixed_noise(first: int, inputs: Tensor) -> Tensor:
    """Normally distributed noise for inputs, the first of which is image number `first` of its split."""
    made, generator = torch.empty(inputs.shape), torch.Generator()
    for number, image in enumerate(made, first):
        image.normal_(generator=generator.manual_seed(number))
    return made.to(inputs.device)


def answers(model: nn.Module, inputs: Tensor, tta: str, combined: Callable[[object], Tensor] = main_output) -> Tensor:
    """Logits N×K of inputs N×C×H×W: the mean over the augmented copies of the recipe's `tta`."""
    logits = combined(model(inputs))
    if tta == "none":
        return logits
    logits = (logits + combined(model(inputs.flip(3)))) / 2
    if tta == "flip":
        return logits
    h, w = inputs.shape[2:]
    padded = F.pad(inputs, (1, 1, 1, 1), "reflect" if min(h, w) > 1 else "replicate")
    corners = (padded[:, :, :h, :w], padded[:, :, 2:, 2:])
    moved = [answers(model, corner, "flip", combined) for corner in corners]
    return (logits + (moved[0] + moved[1]) / 2) / 2


@contextmanager
def averaged(model: nn.Module, average: dict[str, Tensor] | None) -> Iterator[None]:
    """The model with the averaged weights, if there are any."""
    if average is None:
        yield
        return
    weights = weights_of(model)
    kept = {name: tensor.clone() for name, tensor in weights.items()}
    try:
        copy_tensors(average, weights)
        yield
    finally:
        copy_tensors(kept, weights)
