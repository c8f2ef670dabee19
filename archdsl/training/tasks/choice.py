"""The tasks by name, and the choice of one. Imports pydantic only to change a recipe, and no torch."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ...graph import Graph
from ..data.dataset_spec import DataSpec
from .classification import Classification
from .reconstruction import Reconstruction
from .segmentation import Segmentation
from .task import Task

if TYPE_CHECKING:
    from ..recipe.recipe import Recipe

TASKS: Mapping[str, Task] = {task.name: task for task in (Classification(), Segmentation(), Reconstruction())}
"""The tasks by name."""


def choose(spec: DataSpec, recipe: "Recipe", graph: Graph | None) -> Task:
    """The task of a recipe, else the one that suits the data and the network's output."""
    if recipe.task != "auto":
        return TASKS[recipe.task]
    if spec.targets == "mask":
        return TASKS["segmentation"]
    reproduces = graph is not None and graph.output.shape.dims == graph.nodes[graph.inputs[0]].shape.dims
    reconstruction = TASKS["reconstruction"]
    if reproduces and ("loss" not in recipe.model_fields_set or recipe.loss.name in reconstruction.losses):
        return reconstruction
    return TASKS["classification"]


def task_of(name: str) -> Task:
    """The task that a run's settings name; runs older than tasks are classification."""
    return TASKS["classification" if name == "auto" else name]


def resolved(recipe: "Recipe", spec: DataSpec, graph: Graph | None) -> "Recipe":
    """The recipe with its task, and with the task's own loss if it names none."""
    from ..recipe.recipe import loss_named

    task = choose(spec, recipe, graph)
    changes: dict[str, object] = {"task": task.name}
    if "loss" not in recipe.model_fields_set and recipe.loss.name != task.losses[0]:
        changes["loss"] = loss_named(task.losses[0])
    return recipe.model_copy(update=changes)
