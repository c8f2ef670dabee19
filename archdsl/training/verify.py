"""The `train { … }` block of a network, checked without training. Imports neither torch nor numpy."""

from ..diagnostics import Sink
from ..graph import Graph
from .check import check
from .compose import compose
from .data.spec import SPECS


def verify(graph: Graph, sink: Sink) -> None:
    """Put mistakes of the block into the sink, and where it names a published data set what does not fit to that.

    The graph must be free of mistakes itself.
    """
    recipe = compose(graph.training, {}, sink)
    if recipe is not None and recipe.data.name in SPECS:
        check(graph, SPECS[recipe.data.name], recipe.data.fit, sink)
