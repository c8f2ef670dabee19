"""Which blocks and stages of a page are closed at first."""

from ....graph import Graph
from ..boxes import UNNAMED_SCOPES
from ..build import expanded_scopes
from ..engine import CannotDraw
from ..figure import Cluster, Diagram
from ..view import View

MANY = 120
"""Up to this many boxes are open at first, unless a view was requested."""


def closed_frames(diagram: Diagram, graph: Graph, view: View | None, expand: tuple[str, ...]) -> set[int]:
    """The frames that are closed at first, by their indices. Raises CannotDraw for a name that is unknown or open."""
    closed = _closed(diagram, graph, view)
    for name in expand:
        opened = expanded_scopes(graph, (name,))
        found = {index for index in closed if diagram.clusters[index].scope in opened}
        if not found:
            raise CannotDraw(f"the page already shows what is inside `{name}`")
        closed -= found
    return closed


def _closed(diagram: Diagram, graph: Graph, view: View | None) -> set[int]:
    named = [(index, cluster) for index, cluster in enumerate(diagram.clusters) if cluster.scope is not None]
    blocks = {index for index, cluster in named if not _is_stage(cluster, graph)}
    match view or _chosen(diagram, graph):
        case View.LAYERS:
            return set()
        case View.BLOCKS:
            return blocks
        case _:
            return {index for index, _ in named}


def _chosen(diagram: Diagram, graph: Graph) -> View:
    """The most detailed view with few boxes."""
    if len(diagram.boxes) <= MANY:
        return View.LAYERS
    blocks = {
        cluster.path for cluster in diagram.clusters if cluster.scope is not None and not _is_stage(cluster, graph)
    }
    # A closed block is one box; those inside it are hidden.
    outer = {box.cluster[:length] for box in diagram.boxes for length in _lengths(box.cluster, blocks)}
    alone = sum(not any(_lengths(box.cluster, blocks)) for box in diagram.boxes)
    return View.BLOCKS if len(outer) + alone <= MANY else View.STAGES


def _lengths(path: tuple[str, ...], blocks: set[tuple[str, ...]]) -> list[int]:
    """The path length of the outermost block around a place, if there is one."""
    return [length for length in range(1, len(path) + 1) if path[:length] in blocks][:1]


def _is_stage(cluster: Cluster, graph: Graph) -> bool:
    """Whether a frame is a stage, or a group of the figure."""
    return cluster.scope is not None and graph.scopes[cluster.scope] in UNNAMED_SCOPES
