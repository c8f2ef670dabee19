"""The tasks by name, and the choice of one. Imports pydantic only to change a recipe, and no torch."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ...graph import Graph
from ...packages.package import UsedPackage
from ..data.dataset_spec import DataSpec
from ..errors.data_errors import UnknownTask
from .captioning import Captioning
from .classification import Classification
from .detection import Detection
from .language import Language
from .multilabel import Multilabel
from .package_tasks import package_tasks, task_in_packages
from .reconstruction import Reconstruction
from .regression import Regression
from .segmentation import Segmentation
from .task import Task

if TYPE_CHECKING:
    from ..recipe.recipe import Recipe

TASKS: Mapping[str, Task] = {
    task.name: task
    for task in (
        Classification(),
        Multilabel(),
        Regression(),
        Segmentation(),
        Reconstruction(),
        Language(),
        Captioning(),
        Detection(),
    )
}
"""The built-in tasks by name."""


def task_names(packages: Sequence[UsedPackage] = ()) -> tuple[str, ...]:
    """The tasks that a recipe may name, for a network that names these packages."""
    return (*TASKS, *(name for name in package_tasks(packages) if name not in TASKS))


def task_named(name: str, packages: Sequence[UsedPackage] = ()) -> Task:
    """A built-in task, or one of the packages that the network names. Raises UnknownTask or PackageFailed."""
    found = TASKS.get(name) or task_in_packages(name, packages)
    if found is None:
        raise UnknownTask(name, task_names(packages))
    return found


_BY_TARGETS = {
    "classes": "multilabel",
    "numbers": "regression",
    "mask": "segmentation",
    "next": "language",
    "caption": "captioning",
    "boxes": "detection",
}
"""The task for targets that are not one class for each sample."""


def choose(spec: DataSpec, recipe: "Recipe", graph: Graph | None) -> Task:
    """The task of a recipe, else the one that suits the data and the network's output.

    Raises UnknownTask or PackageFailed.
    """
    if recipe.task != "auto":
        return task_named(recipe.task, graph.packages if graph else ())
    if spec.targets != "class":
        return TASKS[_BY_TARGETS[spec.targets]]
    reproduces = (
        spec.inputs == "image"
        and graph is not None
        and graph.output.shape.dims == graph.nodes[graph.inputs[0]].shape.dims
    )
    reconstruction = TASKS["reconstruction"]
    if reproduces and ("loss" not in recipe.model_fields_set or recipe.loss.name in reconstruction.losses):
        return reconstruction
    return TASKS["classification"]


def task_of(name: str, packages: Sequence[UsedPackage] = ()) -> Task:
    """The task that a run's settings name; a run from before there were tasks is a classification run. `packages` are
    those of its network.

    Raises UnknownTask or PackageFailed.
    """
    return task_named("classification" if name == "auto" else name, packages)


def resolved(recipe: "Recipe", spec: DataSpec, graph: Graph | None) -> "Recipe":
    """The recipe with its task, and with the task's own loss if it names none. Raises UnknownTask or PackageFailed."""
    from ..recipe.recipe import loss_named

    task = choose(spec, recipe, graph)
    changes: dict[str, object] = {"task": task.name}
    if "loss" not in recipe.model_fields_set and recipe.loss.name != task.losses[0]:
        changes["loss"] = loss_named(task.losses[0])
    return recipe.model_copy(update=changes)
