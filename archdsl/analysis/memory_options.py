"""The training options that determine how much memory training takes."""

from ..graph import Graph
from ..record import Record
from .memory import Memory, largest_batch, memory

BATCH, OPTIMIZER, PRECISION = 32, "adam", "fp32"
"""The recipe's defaults; the precision that `auto` selects depends on the machine."""


class MemoryOptions(Record):
    """The batch size, the optimizer, whether it has momentum, the optimizer to which muon leaves other weights, the
    precision, the number of running means of the weights, activation checkpointing, and the number of processes with
    shards.
    """

    batch: int = BATCH
    optimizer: str = OPTIMIZER
    precision: str = PRECISION
    momentum: bool | None = None
    other: str = "adamw"
    copies: int = 0
    activation_checkpointing: bool = False
    shards: int = 1

    def memory(self, graph: Graph) -> Memory:
        """The memory that training takes."""
        return memory(
            graph,
            batch=self.batch,
            optimizer=self.optimizer,
            precision=self.precision,
            momentum=self.momentum,
            other=self.other,
            copies=self.copies,
            activation_checkpointing=self.activation_checkpointing,
            shards=self.shards,
        )

    def largest_batch(self, graph: Graph, bytes: int) -> int:
        """The largest batch that fits in this many bytes; 0 if not even one sample fits."""
        return largest_batch(
            graph,
            bytes,
            optimizer=self.optimizer,
            precision=self.precision,
            momentum=self.momentum,
            other=self.other,
            copies=self.copies,
            activation_checkpointing=self.activation_checkpointing,
            shards=self.shards,
        )
