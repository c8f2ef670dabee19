"""The layers through which a network reads later steps of a sequence, with the changes that would prevent it. Imports
no torch.
"""

import re

from ...contract.layer import Op, Reject
from ...graph import Graph, Node
from ...layers.recurrent import Recurrent
from ...layers.sequence import Attention

_MOST = 3
"""The largest number of layers that are named."""


def causal_changes(graph: Graph) -> tuple[str, ...]:
    """Changes to the statements of layers after the last input that can be restricted to earlier steps; at most 3."""
    behind = {graph.inputs[-1]}
    found: dict[str, None] = {}
    for node in graph.nodes:
        if node.id in behind or behind.intersection(node.inputs):
            behind.add(node.id)
            if (change := _change(graph, node)) is not None:
                found[change] = None
    return tuple(found)[:_MOST]


def _change(graph: Graph, node: Node) -> str | None:
    written = re.split(r"\s+as\s", node.text)[0]
    op, line = node.op, f"line {node.span.line}"
    if isinstance(op, Recurrent) and op.bidirectional and not op.last:
        return f"remove `bidirectional` from `{written}`, {line}"
    if not isinstance(op, Attention) or op.causal or len(node.inputs) > 1:  # keys and values of another tensor
        return None
    if not _accepts(op.replace(causal=True), graph, node):
        return None
    return f"write `{written} causal` instead of `{written}`, {line}"


def _accepts(op: Op, graph: Graph, node: Node) -> bool:
    try:
        op.infer(graph.shapes_in(node))
    except Reject:
        return False
    return True
