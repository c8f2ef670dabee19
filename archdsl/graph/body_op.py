"""Layers that run a body: a scan, and a mixture of experts."""

from ..contract.layer import Op
from ..record import Record
from ..shapes.shape import Shape
from .subgraph import Subgraph


class BodyRuns(Record):
    """How often a layer runs its body, and where the body's inputs come from.

    `times`: runs for each sample. `copies`: bodies with weights of their own. `sources`: for each input of the body,
    the layer's input that it is a view of; None for a tensor of the run. `carried`: for such an input, the output of
    the body that becomes this input in the next run. `saves_result`: whether the layer itself saves the result of each
    run for the backward pass.
    """

    times: int
    copies: int
    sources: tuple[int | None, ...]
    carried: tuple[int | None, ...]
    saves_result: bool


class BodyOp(Op):
    """A layer with a body. `saves_of` is what it saves besides what its body saves."""

    body: Subgraph

    def runs_of(self, xs: tuple[Shape, ...]) -> BodyRuns:
        """How it runs its body."""
        raise NotImplementedError
