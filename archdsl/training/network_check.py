"""Checks of the network against its recipe and its data, before any file of the data is read.

Imports pydantic if there is a recipe to check, and neither torch nor numpy.
"""

from math import prod
from typing import TYPE_CHECKING

from ..diagnostics import Sink
from ..diagnostics.catalog.file_errors import PackageFault
from ..diagnostics.catalog.task_errors import NotForTask
from ..diagnostics.catalog.training_errors import (
    BadSetting,
    NotForImages,
    OutputWithoutLoss,
    UnreachedWeights,
    WrongInput,
)
from ..graph import Graph
from ..packages.failures import PackageFailed
from ..shapes.shape import Layout
from ..text.counts import counted
from ..text.names import nearest
from ..text.source import Span
from ..text.word_lists import first_of, listed
from .data.dataset_spec import NO_TARGETS, DataSpec, ImageShape, InputShape
from .data.registry import data_sets
from .recipe.class_weights import class_weights_error, parse_class_weights
from .recipe.part_names import FREE, frozen_parts, is_part
from .tasks.choice import TASKS, resolved, task_named, task_names
from .tasks.sample_input import image_setting, sample_input, stream_setting, symbolic_input, targets_of, words_input
from .tasks.task import Task

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
    spec = data_sets().get(recipe.data.name or "")
    if spec is None and graph.packages:
        from .data.package_data import spec_in_packages

        spec = spec_in_packages(recipe.data.name or "", graph.packages, sink)
    if spec is not None:
        check(graph, spec, recipe, sink)


def input_shape(graph: Graph) -> InputShape:
    """The input of a network that `check` accepted."""
    shape = graph.nodes[graph.inputs[0]].shape
    return ImageShape(*shape.dims) if shape.layout is Layout.IMAGE else tuple(shape.dims)


def check(graph: Graph, spec: DataSpec, recipe: "Recipe", sink: Sink) -> None:
    """Report what does not fit: the input's kind and shape, settings that are not for the task, outputs and their
    losses, weights that no loss reaches. A task of a package that fails is reported at the `use` of the package.

    `check_names` reports a task that does not exist.
    """
    if recipe.task != "auto" and recipe.task not in task_names(graph.packages):
        return
    try:
        _check(graph, spec, resolved(recipe, spec, graph), sink)
    except PackageFailed as failure:
        span = next((used.span for used in graph.packages if used.package.name == failure.package), graph.output.span)
        sink.emit(PackageFault(span=span, name=failure.package, why=failure.why))


def _check(graph: Graph, spec: DataSpec, recipe: "Recipe", sink: Sink) -> None:
    if symbolic_input(graph, spec, sink):
        return
    if spec.targets == "caption" and recipe.task == "captioning":
        if words_input(graph, spec, sink):
            _input(graph, spec, recipe.data.fit, sink)
    elif spec.inputs != "image":
        sample_input(graph, spec, sink)
    elif _takes_an_image(graph, spec, sink):
        _input(graph, spec, recipe.data.fit, sink)
    if _suits_task(graph, spec, recipe, sink):
        _outputs(graph, spec, recipe, sink)


def _suits_task(graph: Graph, spec: DataSpec, recipe: "Recipe", sink: Sink) -> bool:
    """Whether the data have what the task learns from; reports settings of the recipe that do not apply to it."""
    task = task_named(recipe.task, graph.packages)
    if spec.targets not in task.targets or spec.inputs not in task.inputs:
        able = (name for name, each in TASKS.items() if spec.targets in each.targets and spec.inputs in each.inputs)
        fits = ", ".join(able)
        why = f"`{spec.name}` has {targets_of(spec)}, from which {task.name} cannot learn"
        _not_for_task(graph, ("task",), why, f"tasks for this data set: {fits}", sink)
        return False
    if spec.targets == "class" and len(spec.classes) == 1 and task.of_classes:
        why, help_text = f"`{spec.name}` has only one class, `{spec.classes[0]}`", "give samples of two or more classes"
        if spec.classes == NO_TARGETS:
            why, help_text = f"`{spec.name}` has inputs without targets", "give both: `(inputs, targets)`"
        _not_for_task(graph, ("data", "name"), why, help_text, sink)
        return False
    if not _suits_images(graph, spec, recipe, sink):
        return False
    named = (recipe.loss.name, *(loss for loss in recipe.loss.by_output.values() if isinstance(loss, str)))
    if unfit := [loss for loss in named if loss not in (*task.losses, FREE)]:
        why = f"{task.name} cannot minimize `{unfit[0]}`"
        weighted = getattr(recipe.loss, "class_weights", None) is not None
        if weighted and not {"class", "classes", "mask"} & set(task.targets):
            why = f"the losses of {task.name} take no `class_weights`"
        name = "name" if unfit[0] == recipe.loss.name else "output_losses"
        _not_for_task(graph, ("loss", name), why, f"its losses are {listed(task.losses)}", sink)
        return False
    _loss_settings(graph, spec, recipe, task, sink)
    fields = type(recipe.augment).model_fields
    for name in fields:
        if name not in task.augmentations and getattr(recipe.augment, name) != fields[name].default:
            why = f"`{name}` is not supported for {task.name}"
            _not_for_task(graph, ("augment", name), why, f"leave out `{name}`", sink)
    if recipe.tta not in task.test_time:
        why = f"`tta {recipe.tta}` averages class predictions, which {task.name} does not have"
        _not_for_task(graph, ("tta",), why, "leave out `tta`", sink)
    return True


def _suits_images(graph: Graph, spec: DataSpec, recipe: "Recipe", sink: Sink) -> bool:
    """Whether the settings for images apply to the data and the network's input; reports the first that does not."""
    if spec.inputs != "image" and (setting := image_setting(recipe)) is not None:
        _not_for_task(
            graph, setting[0], f"`{setting[1]}` changes images, but `{spec.name}` has none", "leave it out", sink
        )
        return False
    if not spec.streams and (setting := stream_setting(recipe)) is not None:
        why = f"`{setting[1]}` is for images that can be decoded in every epoch, but those of `{spec.name}` cannot be"
        help_text = f"use a folder of images with one subfolder per class, or leave out `{setting[1]}`"
        _not_for_task(graph, setting[0], why, help_text, sink)
        return False
    if (resize := recipe.data.test_resize) is not None and resize < max(graph.nodes[graph.inputs[0]].shape.dims[1:]):
        size = "x".join(map(str, graph.nodes[graph.inputs[0]].shape.dims[1:]))
        why = f"`test_resize={resize}` is smaller than the input, {size}, which is cropped from it"
        _not_for_task(
            graph, ("data", "test_resize"), why, "a larger one, such as 8/7 of the input's size: 256 for 224", sink
        )
        return False
    return True


def _loss_settings(graph: Graph, spec: DataSpec, recipe: "Recipe", task: Task, sink: Sink) -> None:
    """Report settings of the loss that the task does not use, and weights of classes that do not exist."""
    fields, common = type(recipe.loss).model_fields, ("name", "sum", "output_losses")
    for name in fields:
        unused = name not in (*common, *task.loss_settings)
        if unused and getattr(recipe.loss, name) != fields[name].default:
            why = f"`{name}` has no effect on the loss of {task.name}"
            _not_for_task(graph, ("loss", name), why, f"leave out `{name}`", sink)
    text = getattr(recipe.loss, "class_weights", None)
    if text is not None and "class_weights" in task.loss_settings:
        wrong = class_weights_error(parse_class_weights(text), spec.classes)
        if wrong is not None:
            _not_for_task(graph, ("loss", "class_weights"), wrong[0], wrong[1], sink)


def _not_for_task(graph: Graph, setting: tuple[str, ...], why: str, suggestion: str, sink: Sink) -> None:
    """Report a setting at its line of the text; without a line, it comes from an option (recipe/refused_option.py)."""
    span = next((line.span for line in graph.training if line.name == setting[0]), graph.output.span)
    sink.emit(NotForTask(span=span, why=why, suggestion=suggestion, setting=setting))


def _takes_an_image(graph: Graph, spec: DataSpec, sink: Sink) -> bool:
    entries = [graph.nodes[i] for i in graph.inputs]
    if len(entries) > 1:
        sink.emit(NotForImages(span=entries[1].span, found=counted(len(entries), "input")))
        return False
    shape = entries[0].shape
    if shape.layout is Layout.IMAGE:
        return True
    found = "integer IDs" if shape.layout is Layout.IDS else str(shape)
    fits = shape.numel == _numel(spec) and shape.layout is not Layout.IDS
    sink.emit(NotForImages(span=entries[0].span, found=found, wanted=str(spec.shape) if fits else ""))
    return False


def _numel(spec: DataSpec) -> int | None:
    return prod(spec.shape) if spec.shape else None


def _input(graph: Graph, spec: DataSpec, fit: str, sink: Sink) -> None:
    entry = graph.nodes[graph.inputs[0]]
    found = ImageShape(*entry.shape.dims)
    wanted = ImageShape(*spec.shape) if spec.shape else None
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


def _outputs(graph: Graph, spec: DataSpec, recipe: "Recipe", sink: Sink) -> None:
    task, losses, before = task_named(recipe.task, graph.packages), recipe.loss.by_output, sink.errors
    learned = []
    if task.joins_outputs and losses:
        why = f"all outputs of {task.name} share one loss"
        _not_for_task(graph, ("loss", "output_losses"), why, f"leave out `{next(iter(losses))}`", sink)
        return
    for index, (name, node) in enumerate(graph.outputs):
        if task.joins_outputs:
            task.check(graph, graph.nodes[node], spec, sink)
            learned.append(node)
        elif index and name not in losses:
            sink.emit(OutputWithoutLoss(span=graph.nodes[node].span, name=name, loss=recipe.loss.name))
        elif index == 0 or losses[name] != FREE:
            task.check(graph, graph.nodes[node], spec, sink)
            learned.append(node)
    if sink.errors == before:
        _unreached(graph, recipe, learned, sink)


def _unreached(graph: Graph, recipe: "Recipe", learned: list[int], sink: Sink) -> None:
    """Report the trainable weights that lead to none of the outputs that have a loss."""
    reached: set[int] = set()
    waiting = list(learned)
    while waiting:
        node = graph.nodes[waiting.pop()]
        if node.id not in reached:
            reached.add(node.id)
            waiting.extend(node.inputs)
    owners = {graph.nodes[i].shared for i in reached}
    frozen = frozen_parts(recipe.freeze.name) if recipe.freeze.after == 0 else ()
    found = [
        node
        for node in graph.layers
        if node.id not in reached
        and node.id not in owners
        and node.shared is None
        and set(node.op.weights_of(graph.shapes_in(node))) - set(node.op.frozen_weights())
        and not any(is_part(node.name, part) for part in frozen)
    ]
    if found:
        names = tuple(dict.fromkeys(node.path[0] for node in found if not _any_reached(graph, node.path[0], reached)))
        sink.emit(UnreachedWeights(span=found[0].span, uses=found[0].uses, names=names or tuple(n.name for n in found)))


def _any_reached(graph: Graph, part: str, reached: set[int]) -> bool:
    """Whether a loss reaches a layer of this part of the network."""
    return any(node.path[0] == part and node.id in reached for node in graph.layers)


def check_names(graph: Graph, recipe: "Recipe", sink: Sink) -> str | None:
    """Report names of tasks, frozen parts and outputs that do not exist: at their position in the text; for an option,
    return the message, which begins with the option.
    """
    return (
        _check_task(graph, recipe, sink)
        or _check_frozen(graph, recipe, sink)
        or _check_all_frozen(graph, recipe, sink)
        or _check_outputs(graph, recipe, sink)
    )


def _check_task(graph: Graph, recipe: "Recipe", sink: Sink) -> str | None:
    known = ("auto", *task_names(graph.packages))
    if recipe.task in known:
        return None
    near = nearest(recipe.task, known)
    suggested = f"did you mean `{near}`?" if near else f"tasks: {', '.join(known)}"
    spans = [line.value_spans[0] for line in graph.training if line.name == "task" and line.values == (recipe.task,)]
    return _unknown_name(spans, "--task", f"there is no task `{recipe.task}`", suggested, sink)


def _check_frozen(graph: Graph, recipe: "Recipe", sink: Sink) -> str | None:
    parts = {".".join(node.path[:depth]) for node in graph.layers for depth in range(1, len(node.path) + 1)}
    wrong = [part for part in frozen_parts(recipe.freeze.name) if part not in parts]
    if not wrong:
        return None
    near = nearest(wrong[0], parts)
    suggested = f"did you mean `{near}`?" if near else f"its parts: {first_of(sorted(parts), 8)}"
    return _unknown_name(
        _frozen_spans(graph, recipe), "--freeze", f"no part of the network is named `{wrong[0]}`", suggested, sink
    )


def _check_all_frozen(graph: Graph, recipe: "Recipe", sink: Sink) -> str | None:
    """Report a recipe that freezes all trainable weights before the training ends: there would be no gradient."""
    frozen = frozen_parts(recipe.freeze.name)
    if not frozen or recipe.freeze.after >= recipe.epochs:
        return None
    trained = [
        node
        for node in graph.layers
        if node.shared is None and set(node.op.weights_of(graph.shapes_in(node))) - set(node.op.frozen_weights())
    ]
    if not trained or not all(any(is_part(node.name, part) for part in frozen) for node in trained):
        return None
    after = f" after {recipe.freeze.after} of {counted(recipe.epochs, 'epoch')}" if recipe.freeze.after else ""
    why = f"all trainable weights are frozen{after}, so there is nothing left to train"
    suggested = f"leave out a part, such as `{frozen[-1]}`" if len(frozen) > 1 else "freeze a smaller part, or none"
    return _unknown_name(_frozen_spans(graph, recipe), "--freeze", why, suggested, sink)


def _frozen_spans(graph: Graph, recipe: "Recipe") -> list[Span]:
    """The positions of the frozen parts in the text; none if an option states them."""
    lines = (line for line in graph.training if line.name == "freeze" and line.values)
    return [line.value_spans[0] for line in lines if line.values[0] == recipe.freeze.name]


def _check_outputs(graph: Graph, recipe: "Recipe", sink: Sink) -> str | None:
    outputs, losses = tuple(name for name, _ in graph.outputs), recipe.loss.by_output
    wrong = next((name for name in losses if name not in outputs), None)
    if wrong is not None:
        near = nearest(wrong, outputs)
        suggested = f"did you mean `{near}`?" if near else f"its outputs: {', '.join(outputs)}"
        why = f"the network has no output `{wrong}`"
    elif losses.get(outputs[0]) == FREE:
        wrong, suggested = outputs[0], "list the prediction first: `output a, b`"
        why = f"the first output, `{wrong}`, is the prediction, so it needs a loss"
    elif isinstance(losses.get(outputs[0]), float):
        wrong, suggested = outputs[0], "weights of other outputs are relative to it"
        why = f"the first output, `{wrong}`, is the prediction, and its loss has weight 1"
    else:
        return None
    lines = (s for s in graph.training if s.name == "loss")
    named = (pair for s in lines for pair in zip(s.named, s.named_spans, strict=True))
    return _unknown_name([span for (name, _), span in named if name == wrong], "--output-losses", why, suggested, sink)


def _unknown_name(spans: list[Span], option: str, why: str, suggested: str, sink: Sink) -> str | None:
    if not spans:
        return f"{option}: {why}; {suggested}"
    sink.emit(BadSetting(span=spans[0], why=why, help_texts=(suggested,)))
    return None
