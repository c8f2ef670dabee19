"""Everything that changes during a training run: the content of a checkpoint."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Generator, Tensor, nn

from .metrics import EpochMetrics
from .process_group import SINGLE_PROCESS, ProcessGroup


@dataclass(frozen=True)
class Best:
    """The best epoch so far (from 1): by the value of the task's metric on the validation images, then by loss."""

    epoch: int
    metric: str
    value: float
    loss: float

    def record(self) -> dict[str, float]:
        """For JSON: `{"epoch": 3, "accuracy": 0.98, "loss": 0.1}`."""
        return {"epoch": self.epoch, self.metric: self.value, "loss": self.loss}


class RandomGenerators:
    """The random number generators of a run: one on the CPU, one on the device that augments batches.

    Each process of a group has its own generators with different seeds; the leader's are those of a single process.
    """

    def __init__(self, seed: int, device: torch.device, group: ProcessGroup = SINGLE_PROCESS) -> None:
        self.group = group
        self.host = Generator().manual_seed(derive(seed, process_purpose("host", group)))
        self.device = Generator(device).manual_seed(derive(seed, process_purpose("device", group)))

    def states(self) -> dict[str, Tensor]:
        """The states of these generators and of torch's global ones (used by dropout), of all processes."""
        states = {"host": self.host.get_state(), "device": self.device.get_state(), "torch": torch.get_rng_state()}
        if self.device.device.type == "cuda":
            states["cuda"] = torch.cuda.get_rng_state(self.device.device)
        return self.group.collect(states)

    def restore(self, states: dict[str, Tensor]) -> None:
        """Continue from `states`. Generators of devices or processes without a saved state do not change."""
        states = self.group.select_own(states)
        if not states:
            return
        self.host.set_state(states["host"])
        torch.set_rng_state(states["torch"])
        if states["device"].shape == self.device.get_state().shape:
            self.device.set_state(states["device"])
        if "cuda" in states and self.device.device.type == "cuda":
            torch.cuda.set_rng_state(states["cuda"], self.device.device)


def derive(seed: int, purpose: str) -> int:
    """A separate 63-bit seed for a purpose: a fixed function of the run's seed."""
    return int.from_bytes(hashlib.sha256(f"{seed} {purpose}".encode()).digest()[:8], "big") >> 1


def process_purpose(purpose: str, group: ProcessGroup) -> str:
    """The purpose for `derive` if each process of a group needs its own seed."""
    return f"{purpose} {group.rank}" if group.rank else purpose


@dataclass
class TrainingState:
    """The state of a training run at one moment. `epoch` counts from 0, `batch` is the next one in it, and `step`
    counts updates.
    """

    model: nn.Module
    optimizer: torch.optim.Optimizer
    rng: RandomGenerators
    metrics: EpochMetrics
    average: dict[str, Tensor] | None = None
    scaler: torch.amp.GradScaler | None = None
    epoch: int = 0
    batch: int = 0
    step: int = 0
    best: Best | None = None
    stale: int = 0
    seconds: float = 0.0
    history: list[dict[str, Any]] = field(default_factory=list)
