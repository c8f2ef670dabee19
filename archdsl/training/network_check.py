"""Checks of the network against its recipe and its data, before any file of the data is read.

Imports pydantic if there is a recipe to check, and neither torch nor numpy.
"""

from typing import TYPE_CHECKING

from ..diagnostics import Sink
from ..diagnostics.catalogue.training_errors import BadSetting, NotForImages, SeveralOutputs, WrongInput
from ..graph import Graph
from ..shapes.shape import Layout
from ..text.names import nearest
from .data.dataset_spec import DataSpec, ImageShape
from .data.registry import data_sets
from .tasks.choice import TASKS

if TYPE_CHECKING:
    from .recipe.recipe import Recipe


def check_recipe(graph: Graph, sink: Sink) -> None:
    """Report errors in the `train` block, and in the network with respect to it and to the data set that it names.

    A folder of images is checked by `train`, which reads it.
    """
    from .recipe.composition import compose

    recipe = compose(graph.training, {}, sink)
    if recipe is None:
        return
    check_names(graph, recipe, sink)
    if recipe.data.name in data_sets():
        check(graph, data_sets()[recipe.data.name], recipe.data.fit, sink)


def image_shape(graph: Graph) -> ImageShape:
    """The input of a network that `check` accepted."""
    shape = graph.nodes[graph.inputs[0]].shape
    return ImageShape(*shape.dims)


def check(graph: Graph, spec: DataSpec, fit: str, sink: Sink) -> None:
    """Report what does not fit: the input's kind and shape, the number of classes at the end.

    `fit` is the recipe's `data fit=`.
    """
    if _takes_an_image(graph, spec, sink):
        _input(graph, spec, fit, sink)
    _output(graph, spec, sink)


def _takes_an_image(graph: Graph, spec: DataSpec, sink: Sink) -> bool:
    entries = [graph.nodes[i] for i in graph.inputs]
    if len(entries) > 1:
        sink.emit(NotForImages(span=entries[1].span, found=f"{len(entries)} inputs"))
        return False
    shape = entries[0].shape
    if shape.layout is Layout.IMAGE:
        return True
    found = "integer IDs" if shape.layout is Layout.IDS else str(shape)
    fits = shape.numel == _numel(spec) and shape.layout is not Layout.IDS
    sink.emit(NotForImages(span=entries[0].span, found=found, wanted=str(spec.shape) if fits else ""))
    return False


def _numel(spec: DataSpec) -> int | None:
    return spec.shape.channels * spec.shape.height * spec.shape.width if spec.shape else None


def _input(graph: Graph, spec: DataSpec, fit: str, sink: Sink) -> None:
    entry = graph.nodes[graph.inputs[0]]
    found, wanted = image_shape(graph), spec.shape
    if wanted is None:  # images of any size, resized for the network
        if found.channels not in (1, 3):
            wanted = ImageShape(3, found.height, found.width)
        else:
            return
    same_channels = found.channels == wanted.channels
    if found == wanted or (same_channels and fit != "exact"):
        return
    sink.emit(
        WrongInput(
            span=entry.span,
            data=spec.name,
            wanted=str(wanted),
            found=str(entry.shape),
            same_channels=same_channels and spec.shape is not None,
        )
    )


def _output(graph: Graph, spec: DataSpec, sink: Sink) -> None:
    if len(graph.outputs) > 1:  # only the first output has a loss: the weights of the others would never change
        name, other = graph.outputs[1]
        sink.emit(SeveralOutputs(span=graph.nodes[other].span, count=len(graph.outputs), name=name))
        return
    TASKS["classification"].check(graph, spec, sink)


def check_names(graph: Graph, recipe: "Recipe", sink: Sink) -> str | None:
    """Report names of `freeze` that do not exist: at their position in the text, else as the return value."""
    from .recipe.sections import frozen_parts

    known = {".".join(node.path[:depth]) for node in graph.layers for depth in range(1, len(node.path) + 1)}
    unknown = [part for part in frozen_parts(recipe.freeze) if part not in known]
    if not unknown:
        return None
    why = f"no part of the network is named `{unknown[0]}`"
    near = nearest(unknown[0], known)
    suggested = f"did you mean `{near}`?" if near else f"its parts: {', '.join(sorted(known)[:8])}, …"
    for setting in graph.training:
        if setting.name == "freeze" and setting.values and setting.values[0] == recipe.freeze.name:
            sink.emit(BadSetting(span=setting.value_spans[0], why=why, helps=(suggested,)))
            return None
    return f"{why}; {suggested}"
