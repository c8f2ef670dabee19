"""The device, precision and memory layout of a training run: given, or chosen by timing."""

import copy
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..errors.device_errors import NoDevice
from ..tasks.outputs import Objective

_TRIAL_SECONDS = 0.2
_TRIAL_STEPS = 3
_GAIN_FOR_BF16 = 1.15
_GAIN_FOR_LAYOUT = 1.05

_FORMATS = {"channels_first": torch.contiguous_format, "channels_last": torch.channels_last}


@dataclass(frozen=True)
class DeviceSetup:
    """The device, the precision of the forward pass (fp32, bf16, fp16) and the memory layout of images."""

    device: torch.device
    precision: str = "fp32"
    layout: str = "channels_first"

    @property
    def memory_format(self) -> torch.memory_format:
        """The layout as torch's memory format."""
        return _FORMATS[self.layout]

    def autocast(self) -> AbstractContextManager[object]:
        """A context in which the forward pass runs at this precision."""
        if self.precision == "fp32":
            return nullcontext()
        dtype = torch.bfloat16 if self.precision == "bf16" else torch.float16
        return torch.autocast(self.device.type, dtype=dtype)

    def __str__(self) -> str:
        return f"{self.device.type} {self.precision} {self.layout}"


def choose_device(wanted: str) -> torch.device:
    """The device for `auto`, `cpu` or `cuda` (optionally with an index). Raises NoDevice."""
    if wanted == "cpu" or (wanted == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    try:
        device = torch.device("cuda" if wanted == "auto" else wanted)
    except RuntimeError as error:
        raise NoDevice(wanted) from error
    if device.type != "cuda" or not torch.cuda.is_available() or (device.index or 0) >= torch.cuda.device_count():
        raise NoDevice(wanted)
    return device


Trial = tuple[DeviceSetup, float]


def choose_setup(
    model: nn.Module,
    objective: Objective,
    example: tuple[Tensor, Tensor],
    device: torch.device,
    precision: str,
    layout: str,
) -> tuple[DeviceSetup, list[Trial]]:
    """The setup, and the images per second of each candidate that was timed (none if everything was given).

    `example` is one batch on the device: inputs N×C×H×W in 32 bits, and targets. A candidate other than fp32 and
    channels first is chosen only if it is clearly faster. The model and torch's global generators do not change.
    """
    layouts = ["channels_first", "channels_last"] if layout == "auto" else [layout]
    precisions = ["fp32", "bf16"] if precision == "auto" else [precision]
    candidates = [DeviceSetup(device, p, form) for p in precisions for form in layouts]
    if len(candidates) == 1:
        return candidates[0], []
    with torch.random.fork_rng(enabled=True):
        trials = [(candidate, _speed(model, objective, example, candidate)) for candidate in candidates]
    chosen, best = trials[0]
    for candidate, speed in trials[1:]:
        gain = _GAIN_FOR_BF16 if candidate.precision != chosen.precision else _GAIN_FOR_LAYOUT
        if speed > gain * best:
            chosen, best = candidate, speed
    return chosen, trials


def _speed(model: nn.Module, objective: Objective, example: tuple[Tensor, Tensor], setup: DeviceSetup) -> float:
    """Images per second of forward and backward passes, after a warm-up pass."""
    trial = copy.deepcopy(model).to(memory_format=setup.memory_format).train()  # type: ignore[call-overload]  # torch's types lack this overload
    inputs = example[0].to(memory_format=setup.memory_format)

    def step() -> None:
        with setup.autocast():
            value = objective(objective.outputs(trial(*objective.task.feed(inputs, example[1]))), example[1])
        value.backward()  # type: ignore[no-untyped-call]  # torch has no types here
        if setup.device.type == "cuda":
            torch.cuda.synchronize(setup.device)

    step()
    return len(inputs) * _rate(step)


def _rate(step: Callable[[], None]) -> float:
    """Steps per second of the fastest of several repetitions, which other work on the machine affects least."""
    shortest, first, count = float("inf"), time.perf_counter(), 0
    while count < _TRIAL_STEPS or time.perf_counter() - first < _TRIAL_SECONDS:
        start = time.perf_counter()
        step()
        shortest = min(shortest, time.perf_counter() - start)
        count += 1
        if time.perf_counter() - first > 10 * _TRIAL_SECONDS:
            break
    return 1 / shortest
