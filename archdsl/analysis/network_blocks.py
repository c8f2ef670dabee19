"""The blocks of a network: the parts that recompute their activations, and those that are sharded one at a time."""

from math import prod

from ..graph import Graph, Node
from ..shapes.symbolic import concrete

Path = tuple[str, ...]

_STRUCTURE = ("stage", "branch", "aux")
_LARGE_LAYER = 1 << 20
"""Minimum number of weights for a layer outside of blocks to be sharded by itself: embeddings, large classifiers."""


def blocks(graph: Graph) -> tuple[Path, ...]:
    """The paths of the outermost blocks, and of the stages, branches and auxiliary heads that contain no block."""
    found: list[Path] = []
    holding = {node.path[:depth] for node in graph.layers if node.shared is None for depth in range(1, len(node.path))}
    for path in sorted(graph.scopes, key=len):
        if path not in holding or any(path[: len(outer)] == outer for outer in found):
            continue
        if graph.scopes[path] not in _STRUCTURE or not _contains_block(graph, path, holding):
            found.append(path)
    return tuple(found)


def _contains_block(graph: Graph, path: Path, holding: set[Path]) -> bool:
    return any(
        kind not in _STRUCTURE and inner in holding and inner[: len(path)] == path
        for inner, kind in graph.scopes.items()
    )


def sharded_parts(graph: Graph) -> tuple[Path, ...]:
    """The parts whose weights are gathered together, inner ones first: blocks, large layers outside of them, and the
    stages around them that have other weights. Weights that are in no part belong to the whole network.

    Weights that are used from outside of a part cannot be gathered with it: such a part is left out.
    """
    outermost = blocks(graph)
    layers = [
        node.path
        for node in graph.layers
        if node.shared is None and weights_in(graph, node) >= _LARGE_LAYER and not _inside(node.path, outermost)
    ]
    around = [path for path in graph.scopes if any(_inside(block, (path,)) for block in (*outermost, *layers))]
    crossing = [(node.path, graph.nodes[node.shared].path) for node in graph.layers if node.shared is not None]
    parts = {
        path
        for path in (*outermost, *layers, *around)
        if not any(_inside(user, (path,)) != _inside(owner, (path,)) for user, owner in crossing)
    }
    # A part whose weights all belong to inner parts gathers nothing.
    inner = {path: [other for other in parts if len(other) > len(path) and _inside(other, (path,))] for path in parts}
    own = {
        path: any(
            node.shared is None
            and weights_in(graph, node)
            and _inside(node.path, (path,))
            and not _inside(node.path, tuple(inner[path]))
            for node in graph.layers
        )
        for path in parts
    }
    return tuple(sorted((path for path in parts if own[path]), key=lambda path: (-len(path), path)))


def weights_in(graph: Graph, node: Node) -> int:
    """Number of weights of a node."""
    return sum(concrete(prod(dims)) for dims in node.op.weights_of(graph.shapes_in(node)).values())


def _inside(path: Path, parts: tuple[Path, ...]) -> bool:
    return any(path[: len(part)] == part for part in parts)
