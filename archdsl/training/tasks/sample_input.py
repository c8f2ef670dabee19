"""Checks of inputs that are not images, and of settings that only apply to images. Imports neither torch nor numpy."""

from typing import TYPE_CHECKING

from ...diagnostics import Sink
from ...diagnostics.catalog.task_errors import WrongSampleInput
from ...diagnostics.catalog.training_errors import WrongInput
from ...graph import Graph
from ...shapes.input_options import example_size
from ...shapes.shape import Layout, Shape
from ...shapes.symbolic import Sym
from ...text.counts import counted
from ..data.dataset_spec import DataSpec

if TYPE_CHECKING:
    from ..recipe.recipe import Recipe

_LENGTH = 128
"""The length of a sequence of IDs in a suggestion."""
_KINDS = {"image": (Layout.IMAGE,), "ids": (Layout.IDS,)}
"""The layouts of inputs for data that are not numbers."""
_HAS = {
    "class": "a class",
    "classes": "a set of classes",
    "mask": "a mask",
    "numbers": "numbers to predict",
    "next": "the IDs that follow",
    "caption": "captions",
    "boxes": "boxes of objects",
}
_SAMPLE = {"image": "image", "numbers": "sample", "ids": "sequence"}


def targets_of(spec: DataSpec) -> str:
    """The targets of a data set in words: `a class for each image`."""
    return f"{_HAS[spec.targets]} for each {_SAMPLE[spec.inputs]}"


def image_setting(recipe: "Recipe") -> tuple[tuple[str, ...], str] | None:
    """The path of the first setting of a recipe that changes images, and the setting as written, or None."""
    fields = type(recipe.augment).model_fields
    changed = [name for name in fields if getattr(recipe.augment, name) != fields[name].default]
    if changed:
        return ("augment", changed[0]), changed[0]
    if recipe.tta != "none":
        return ("tta",), f"tta {recipe.tta}"
    return (("data", "fit"), f"fit {recipe.data.fit}") if recipe.data.fit != "exact" else None


def stream_setting(recipe: "Recipe") -> tuple[tuple[str, ...], str] | None:
    """The path of the first setting of a recipe that is for streamed images, and the setting; None if there is none."""
    if recipe.augment.streamed:
        return ("augment", recipe.augment.streamed[0]), recipe.augment.streamed[0]
    data = recipe.data
    found = (
        "loading=stream" if data.loading == "stream" else
        "loading=cache" if data.loading == "cache" else
        "workers" if data.workers is not None else
        "test_resize" if data.test_resize is not None else None
    )  # fmt: skip
    return (("data", found.partition("=")[0]), found) if found else None


def symbolic_input(graph: Graph, spec: DataSpec, sink: Sink) -> bool:
    """Whether the first input has symbolic dimensions and is of the data's kind: training needs their values.

    Such an input is reported with a size that fits the data. An input of another kind gets another error.
    """
    entry = graph.nodes[graph.inputs[0]]
    own = entry.shape.dims
    if not any(isinstance(size, Sym) for size in own) or not _same_kind(entry.shape, spec):
        return False
    if spec.shape is not None:
        size = "x".join(map(str, spec.shape))
    elif spec.inputs == "ids":
        size = str(_LENGTH)
    elif spec.sample_rate is not None:
        channels = 1 if isinstance(own[0], Sym) else own[0]
        size = f"{channels}x{spec.sample_rate if isinstance(own[1], Sym) else own[1]}"
    else:
        size = example_size(entry.shape)
    name = f"{graph.input_names[0]}=" if len(graph.inputs) > 1 else ""
    sink.emit(
        WrongInput(
            span=entry.span,
            data=spec.name,
            wanted=size,
            found=str(entry.shape),
            same_channels=True,
            symbolic=True,
            option=f"--input {name}{size}",
        )
    )
    return True


def _same_kind(shape: Shape, spec: DataSpec) -> bool:
    """Whether the shape fits the data for some values of its symbolic dimensions."""
    if shape.layout not in _KINDS.get(spec.inputs, (shape.layout,)) or (
        spec.inputs == "numbers" and shape.layout is Layout.IDS
    ):
        return False
    if spec.shape is None:
        return spec.sample_rate is None or shape.rank == 2
    pairs = zip(shape.dims, spec.shape, strict=False)
    return shape.rank == len(spec.shape) and all(isinstance(own, Sym) or own == size for own, size in pairs)


def sample_input(graph: Graph, spec: DataSpec, sink: Sink) -> None:
    """Report an input that does not fit the data, which are numbers of some shape or sequences of IDs."""
    entries = [graph.nodes[i] for i in graph.inputs]
    shape = entries[0].shape
    if len(entries) == 1 and _fits(shape, spec):
        return
    wrong = entries[min(1, len(entries) - 1)]
    ids = shape.layout is Layout.IDS
    found = f"IDs below {shape.vocabulary}" if ids else str(shape)
    named = [name for name, value in graph.settings.items() if value == shape.vocabulary] if ids else []
    option = f"--set {named[0]}={spec.vocabulary}" if named and spec.vocabulary else ""
    sink.emit(
        WrongSampleInput(
            span=wrong.span,
            data=spec.name,
            has=_has(spec),
            found=counted(len(entries), "input") if len(entries) > 1 else found,
            wanted=_wanted(shape, spec),
            option=option,
        )
    )


def words_input(graph: Graph, spec: DataSpec, sink: Sink) -> bool:
    """Whether the network has an image and the words of a caption as inputs; reported if not."""
    entries = [graph.nodes[i] for i in graph.inputs]
    wanted = f"words 20 int({spec.vocabulary})"
    if len(entries) == 2:
        image, words = (entry.shape for entry in entries)
        if image.layout is Layout.IMAGE and words.layout is Layout.IDS and words.rank == 1:
            if words.vocabulary == spec.vocabulary:
                return True
            wanted = f"words {words.dims[0]} int({spec.vocabulary})"
    found = ", ".join(
        f"IDs below {entry.shape.vocabulary}" if entry.shape.layout is Layout.IDS else str(entry.shape)
        for entry in entries
    )
    named = [name for name, value in graph.settings.items() if value == entries[-1].shape.vocabulary]
    option = f"--set {named[0]}={spec.vocabulary}" if named else ""
    has = f"images with captions of {counted(spec.vocabulary or 0, 'different word')}"
    sink.emit(
        WrongSampleInput(span=entries[-1].span, data=spec.name, has=has, found=found, wanted=wanted, option=option)
    )
    return False


def _fits(shape: Shape, spec: DataSpec) -> bool:
    if spec.inputs == "ids":
        length = spec.shape is None or tuple(shape.dims) == spec.shape
        return shape.layout is Layout.IDS and shape.rank == 1 and shape.vocabulary == spec.vocabulary and length
    if spec.sample_rate is not None:
        return shape.layout is not Layout.IDS and shape.rank == 2
    return shape.layout is not Layout.IDS and tuple(shape.dims) == spec.shape


def _wanted(shape: Shape, spec: DataSpec) -> str:
    """The input that would fit, as written."""
    if spec.sample_rate is not None:
        return f"1x{shape.dims[-1] if shape.rank == 1 and shape.layout is not Layout.IDS else spec.sample_rate}"
    if spec.inputs == "numbers":
        return "x".join(map(str, spec.shape or ()))
    own = shape.dims[0] if shape.layout is Layout.IDS and shape.rank == 1 else _LENGTH
    return f"{spec.shape[0] if spec.shape else own} int({spec.vocabulary})"


def _has(spec: DataSpec) -> str:
    """What a sample consists of: `10 numbers per sample`, `IDs below 256`."""
    if spec.inputs == "ids":
        return f"IDs below {spec.vocabulary}"
    if spec.sample_rate is not None:
        return f"audio of {counted(spec.sample_rate, 'sample')} per second"
    dims = spec.shape or ()
    if len(dims) == 1:
        return f"{counted(dims[0], 'number')} per sample"
    return f"samples of {'×'.join(map(str, dims))}"
