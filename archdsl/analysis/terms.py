"""How a network is trained, as far as memory goes: what is asked for, else what its `train` block says."""

from ..diagnostics import Sink
from ..graph import Graph
from ..record import Record
from .memory import Memory, largest_batch, memory

_BATCH, _OPTIMIZER, _PRECISION = 32, "adam", "fp32"
"""The recipe's defaults; the precision that `auto` may choose is known on the machine alone."""


class Terms(Record):
    """The batch, the optimizer and whether it has a momentum, the precision, and running means of the weights."""

    batch: int = _BATCH
    optimizer: str = _OPTIMIZER
    precision: str = _PRECISION
    momentum: bool | None = None
    copies: int = 0

    def memory(self, graph: Graph) -> Memory:
        """What training takes."""
        return memory(
            graph,
            batch=self.batch,
            optimizer=self.optimizer,
            precision=self.precision,
            momentum=self.momentum,
            copies=self.copies,
        )

    def largest_batch(self, graph: Graph, bytes: int) -> int:
        """The largest batch that so many bytes hold; 0 where not one sample fits."""
        return largest_batch(
            graph,
            bytes,
            optimizer=self.optimizer,
            precision=self.precision,
            momentum=self.momentum,
            copies=self.copies,
        )


def terms(
    graph: Graph, *, batch: int | None = None, optimizer: str | None = None, precision: str | None = None
) -> Terms:
    """What is given, over what the text's `train` block says, over the recipe's defaults. Imports pydantic for a block.

    A block with mistakes, which `check` reports, says nothing here.
    """
    found = _of_block(graph) if graph.training else Terms()
    if optimizer is not None and optimizer != found.optimizer:
        found = found.replace(optimizer=optimizer, momentum=None)
    return found.replace(batch=batch or found.batch, precision=precision or found.precision)


def _of_block(graph: Graph) -> Terms:
    from ..training.recipe.composition import compose

    recipe = compose(graph.training, {}, Sink())
    if recipe is None:
        return Terms()
    return Terms(
        batch=recipe.batch,
        optimizer=recipe.optimizer.name,
        precision=_PRECISION if recipe.precision == "auto" else recipe.precision,
        momentum=getattr(recipe.optimizer, "momentum", 0.0) > 0,
        copies=(recipe.ema is not None) + (recipe.lookahead.every is not None),
    )
