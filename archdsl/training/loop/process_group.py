"""The processes that train together, as the training uses them. This is one process; distributed.py has several."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext

from torch import Tensor, nn

from ..errors.problem import Problem
from ..tasks.outputs import Objective


class ProcessGroup:
    """The processes of a training run. This one has a single member, so every operation is local."""

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

    def prepares_data(self) -> bool:
        """Whether this process prepares the data on its machine while the others wait."""
        return True

    def agree(self, stop: bool, keep: bool, at_once: bool = False) -> tuple[bool, bool]:
        """Whether all stop, and whether all save a checkpoint now: if any process stops, if the leader saves.

        Every process calls it after each step. It may return False for a while; with `at_once`, the answer is final.
        """
        return stop, keep

    def shard(self, indices: Tensor) -> tuple[Tensor, int]:
        """This process's part of a batch, and how many of its images count; the ones after those only fill the forward
        pass.
        """
        return indices, len(indices)

    def slice(self, count: int) -> slice:
        """This process's part of the images to evaluate."""
        return slice(0, count)

    def prepare(self, model: nn.Module) -> nn.Module:
        """The network after adapting its layers for several processes; its parameters remain the same objects."""
        return model

    def wrap(
        self, model: nn.Module, objective: Objective, example: tuple[Tensor, ...], changing: bool = False
    ) -> nn.Module:
        """The network for training: its backward pass computes the mean of the processes' gradients.

        `changing` says that the set of trainable parameters changes during training.
        """
        return model

    def no_sync(self) -> AbstractContextManager[object]:
        """A context in which backward passes add to this process's gradients without communication."""
        return nullcontext()

    def total(self, loss: Tensor, correct: Tensor, count: int) -> tuple[Tensor, Tensor]:
        """Mean loss and correct predictions over all processes, from those of this one's `count` images."""
        return loss, correct

    def sync_buffers(self) -> None:
        """Average the running statistics of normalization layers over all processes. Called after each step."""

    def gather(self, rows: Tensor, count: int) -> Tensor:
        """The rows of all processes, `count` in total; each process contributes those of its `slice`."""
        return rows

    def total_of(self, sums: Tensor) -> Tensor:
        """The sum over all processes, element by element."""
        return sums

    def collect(self, states: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The leader's small byte tensors under their names, and those of the others under `RANK.NAME`."""
        return dict(states)

    def select_own(self, states: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """This process's part of the result of `collect`; empty if there were fewer processes then."""
        return {name: tensor for name, tensor in states.items() if "." not in name}

    def broadcast_text(self, text: str) -> str:
        """The leader's text."""
        return text

    def broadcast(self, tensors: Mapping[str, Tensor]) -> None:
        """Copy the leader's values into the tensors."""

    def any(self, here: bool) -> bool:
        """Whether the condition holds in any process."""
        return here


SINGLE_PROCESS = ProcessGroup()
