"""Reused stages and blocks as separate scopes, so that a view closes both towers of a siamese network alike."""

from itertools import groupby

from ...graph import Graph, Node

Path = tuple[str, ...]


def with_reused_scopes(graph: Graph) -> Graph:
    """The graph in which the layers of each reused stage or block are in a scope of that kind, named after it."""
    scopes = dict(graph.scopes)
    labels = list(graph.figure.labels) if graph.figure is not None else []
    nodes = list(graph.nodes)
    for original, group in groupby(graph.nodes, key=lambda node: _reused(graph, node)):
        run = list(group)
        if original is None:
            continue
        for use in _uses(run):
            name = _name(original[-1], run[0].path[: -len(original) - 2], scopes)
            scopes[name] = graph.scopes[original]
            labels = [each.replace(scopes=each.scopes | {name}) if original in each.scopes else each for each in labels]
            for node in use:
                nodes[node.id] = moved(node, (*name, *node.path[-1:]))
    if len(scopes) == len(graph.scopes):
        return graph
    figure = None if graph.figure is None else graph.figure.replace(labels=tuple(labels))
    return graph.replace(nodes=tuple(nodes), scopes=scopes, figure=figure)


def _reused(graph: Graph, node: Node) -> Path | None:
    """The scope whose layer a node reuses, if it is the whole scope that is reused and not a single layer."""
    if node.shared is None:
        return None
    scope = graph.nodes[node.shared].path[:-1]
    return scope if scope in graph.scopes and scope != node.path[: len(scope)] else None


def _uses(run: list[Node]) -> list[list[Node]]:
    """The layers of consecutive uses of the same scope: each starts where an earlier layer is reused again."""
    uses: list[list[Node]] = []
    for node in run:
        if not uses or (node.shared or 0) <= (uses[-1][-1].shared or 0):
            uses.append([])
        uses[-1].append(node)
    return uses


def _name(name: str, around: Path, scopes: dict[Path, str]) -> Path:
    """A free name in a scope: `tower again`, `tower again 2`."""
    found, number = (*around, f"{name} again"), 2
    while found in scopes:
        found, number = (*around, f"{name} again {number}"), number + 1
    return found


def moved(node: Node, path: Path) -> Node:
    """A node with another path."""
    return Node(
        node.id,
        node.op,
        node.inputs,
        node.shape,
        path,
        node.span,
        node.uses,
        node.shared,
        node.alias,
        node.statement,
        node.arguments,
    )
