"""The `train` block, and the network against the data that it names, as far as nothing heavy is needed for it."""

from ..diagnostics import Sink
from ..graph import Graph


def check_recipe(graph: Graph, sink: Sink) -> None:
    """Report what is wrong with the recipe, and with the network for it and for its data. Imports pydantic.

    A folder of images is left to `train`, which looks into it.
    """
    from .check import check, check_names
    from .data.dataset_spec import SPECS
    from .recipe.composition import compose

    recipe = compose(graph.training, {}, sink)
    if recipe is not None:
        check_names(graph, recipe, sink)
    if recipe is not None and recipe.data.name in SPECS:
        check(graph, SPECS[recipe.data.name], recipe.data.fit, sink)
