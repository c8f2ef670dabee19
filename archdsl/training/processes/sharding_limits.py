"""What FSDP2 cannot train, checked before the data are read."""

from ...graph import Graph
from ..errors.process_errors import CannotShard
from ..recipe.recipe import Recipe
from ..tasks.task import Task


def refuse_unshardable(graph: Graph | None, recipe: Recipe, task: Task) -> None:
    """Raise CannotShard if the network or the task cannot be sharded. `recipe.py` checks the settings."""
    if not recipe.shard:
        return
    if task.reads_words:
        raise CannotShard(
            "each process writes captions of different lengths, and would wait for the weights of the others"
        )
    for node in graph.layers if graph else ():
        for name, dims in node.op.weights_of(graph.shapes_in(node)).items() if graph else ():
            if not dims and node.shared is None:
                raise CannotShard(f"`{node.name}.{name}` is a single number; FSDP2 divides the first dimension")
