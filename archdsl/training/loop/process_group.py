"""One process, or several that train together: what the training asks of them. Here is one; see distributed.py."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext

from torch import Tensor, nn

from ..errors.problem import Problem


class Team:
    """The processes of a training. This one has a single member, so that everything is its own."""

    rank = 0
    """Which one this is, from 0."""
    size = 1
    """How many they are."""

    @property
    def leads(self) -> bool:
        """Whether this one tells and writes."""
        return self.rank == 0

    def device(self, wanted: str) -> str:
        """The device of this one, where `auto` or `cuda` is wanted of all."""
        return wanted

    def notes(self, model: nn.Module, batch: int) -> tuple[str, ...]:
        """What is worth telling the user about the division of the work."""
        return ()

    def meaning(self, error: RuntimeError) -> Problem | None:
        """What an error of torch means, where it is one of the exchange between processes."""
        return None

    def goes_first(self) -> bool:
        """Whether this one prepares the data on its machine while the others wait."""
        return True

    def agree(self, stop: bool, keep: bool, at_once: bool = False) -> tuple[bool, bool]:
        """Whether all stop, and whether all keep a checkpoint now: if any wants to stop, if the leader wants to keep.

        Every process calls it after each step. It may answer no for a while; `at_once` it answers for good.
        """
        return stop, keep

    def shard(self, indices: Tensor) -> tuple[Tensor, int]:
        """This one's part of a batch, and how many of it count; those behind are there for the forward pass alone."""
        return indices, len(indices)

    def slice(self, count: int) -> slice:
        """This one's part of so many images to evaluate."""
        return slice(0, count)

    def prepare(self, model: nn.Module) -> nn.Module:
        """The network with what makes the processes one; its parameters stay the same objects."""
        return model

    def wrap(self, model: nn.Module, example: Tensor, changing: bool = False) -> nn.Module:
        """The network to train by: its backward pass gives the mean of the processes' gradients.

        `changing` says that what trains is not the same throughout.
        """
        return model

    def holding_back(self) -> AbstractContextManager[object]:
        """A context in which backward passes add to this one's gradients and exchange nothing."""
        return nullcontext()

    def total(self, loss: Tensor, correct: Tensor, count: int) -> tuple[Tensor, Tensor]:
        """Mean loss and right answers over all, from those of this one's `count` images."""
        return loss, correct

    def settle(self) -> None:
        """Make the running statistics of normalisations those of all. Called after each step."""

    def gather(self, rows: Tensor, count: int) -> Tensor:
        """The rows of all, `count` together, each one's being its `slice`."""
        return rows

    def collect(self, states: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The leader's small tensors of bytes under their names, and those of the others under `RANK.NAME`."""
        return dict(states)

    def own(self, states: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Of what `collect` gave, this one's; empty where there were fewer processes then."""
        return {name: tensor for name, tensor in states.items() if "." not in name}

    def share(self, text: str) -> str:
        """The leader's text."""
        return text

    def spread(self, tensors: Mapping[str, Tensor]) -> None:
        """Give the tensors the leader's values."""

    def any(self, here: bool) -> bool:
        """Whether it is so in any of them."""
        return here


ALONE = Team()
