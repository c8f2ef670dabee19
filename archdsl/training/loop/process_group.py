"""The processes that train together, as the training uses them: here a single one, in distributed.py several."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

import torch
from torch import Tensor, nn

from ..errors.problem import Problem
from ..tasks.outputs import Objective
from .tensor_parts import copy_tensors

T = TypeVar("T")


class ProcessGroup:
    """The processes of a training run. The base class has a single member, so every operation is local."""

    rank = 0
    """Index of this process, from 0."""
    size = 1
    """Number of processes."""
    local_size = 1
    """Number of processes on this machine."""

    @property
    def is_leader(self) -> bool:
        """Whether this process prints and writes."""
        return self.rank == 0

    def device(self, wanted: str) -> str:
        """The device of this process if `auto` or `cuda` is requested."""
        return wanted

    def notes(self, model: nn.Module, batch: int) -> tuple[str, ...]:
        """Messages for the user about the division of the work."""
        return ()

    def explain_error(self, error: RuntimeError) -> Problem | None:
        """The problem that a torch error indicates, if it comes from the communication between processes."""
        return None

    def prepare_data(self, work: Callable[[], T]) -> T | None:
        """The result of the work in one process of each machine, None in the others; returns when all have finished."""
        return work()

    def agree(self, stop: bool, keep: bool, at_once: bool = False) -> tuple[bool, bool]:
        """Whether all stop now (if any process stops), and whether all save a checkpoint now (if the leader does).

        Every process calls this after each step. The answer may come some calls later, unless `at_once` is set.
        """
        return stop, keep

    def shard(self, indices: Tensor) -> tuple[Tensor, int]:
        """This process's part of a batch, and how many of its images count; the remaining ones only pad the forward
        pass.
        """
        return indices, len(indices)

    def slice(self, count: int) -> slice:
        """This process's part of the images to evaluate."""
        return slice(0, count)

    def largest_slice(self, count: int) -> int:
        """The largest number of images that a process evaluates."""
        return count

    def no_gradients(self) -> AbstractContextManager[object]:
        """A context for evaluation."""
        return torch.inference_mode()

    def prepare(self, model: nn.Module, device: torch.device, parts: Sequence[str] | None = None) -> nn.Module:
        """The network on the device, after adapting its layers for several processes.

        With `parts`, it is sharded: those modules, inner ones first, are gathered one at a time. Otherwise its
        parameters remain the same objects.
        """
        return model.to(device)

    def wrap(
        self, model: nn.Module, objective: Objective, example: tuple[Tensor, ...], changing: bool = False
    ) -> nn.Module:
        """The network for training: its backward pass computes the mean of the processes' gradients.

        `changing` means that the set of trainable parameters changes during training.
        """
        return model

    def no_sync(self) -> AbstractContextManager[object]:
        """A context in which backward passes add to this process's gradients without communication."""
        return nullcontext()

    def total(self, loss: Tensor, correct: Tensor, weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Mean loss, correct predictions and weight over all processes, from those of this process: the loss is a mean
        over terms that sum to the weight.
        """
        return loss, correct, weight

    def sync_buffers(self) -> None:
        """Average the running statistics of normalization layers over all processes. Called after each step."""

    def gather(self, rows: Tensor, count: int) -> Tensor:
        """The rows of all processes, `count` in total; each process contributes those of its `slice`."""
        return rows

    def total_of(self, sums: Tensor) -> Tensor:
        """The sum over all processes, element by element."""
        return sums

    def collect(self, states: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The leader's small byte tensors under their names, and those of the other processes under `RANK.NAME`."""
        return dict(states)

    def select_own(self, states: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """This process's part of the result of `collect`; empty if fewer processes collected it."""
        return {name: tensor for name, tensor in states.items() if "." not in name}

    def broadcast_text(self, text: str) -> str:
        """The leader's text."""
        return text

    def receive(self, source: Mapping[str, Tensor] | None, tensors: Mapping[str, Tensor]) -> None:
        """Copy the leader's whole tensors, `source`, into the tensors or shards. Other processes pass None."""
        if source is not None:
            copy_tensors(source, tensors)

    def full_tensors(self, tensors: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
        """The tensors by name, shards as whole tensors: only the leader gets them, but all processes take part.

        All processes must exhaust the iterator.
        """
        yield from tensors.items()

    def any(self, condition: bool) -> bool:
        """Whether the condition holds in any process."""
        return condition


SINGLE_PROCESS = ProcessGroup()
