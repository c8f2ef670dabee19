"""How a network is trained, as far as the memory that training takes goes."""

from ..graph import Graph
from ..record import Record
from .memory import Memory, largest_batch, memory

BATCH, OPTIMIZER, PRECISION = 32, "adam", "fp32"
"""The recipe's defaults; the precision that `auto` may choose is known on the machine alone."""


class MemoryOptions(Record):
    """The batch, the optimizer and whether it has a momentum, the precision, and running means of the weights."""

    batch: int = BATCH
    optimizer: str = OPTIMIZER
    precision: str = PRECISION
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
