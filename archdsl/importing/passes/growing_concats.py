"""Growing concatenations: each appends to the previous one, as in DenseNet."""

from collections.abc import Sequence
from typing import Any

from ..building import Builder


def growing_concats(b: Builder, live: Sequence[int]) -> None:
    """Rewrite each concatenation whose first tensors are those of an earlier one, so that it appends to that one.

    Each then belongs to the module that makes what it appends: the layer of a dense block.
    """
    known: dict[tuple[Any, tuple[int, ...]], int] = {}
    for i in live:
        node = b.nodes[i]
        if node.op.keyword != "concat":
            continue
        inputs = node.inputs
        known.setdefault((node.op, inputs), i)
        for count in range(len(inputs) - 1, 1, -1):
            shorter = known.get((node.op, inputs[:count]))
            if shorter is not None:
                node.inputs = (shorter, *inputs[count:])
                _move_to_last_scopes(b, shorter)
                _move_to_last_scopes(b, i)
                break


def _move_to_last_scopes(b: Builder, concat: int) -> None:
    node = b.nodes[concat]
    if len(node.inputs) == 2:
        node.scopes = b.nodes[node.inputs[1]].scopes
