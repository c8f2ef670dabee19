"""What can be exported: a trained run, or a text with newly initialized weights."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from ...backends.export_formats import Exportable, ExportInput
from ...backends.package_layers import package_layers
from ...backends.torch import LayerAlone
from ...network import Network
from ...shapes.shape import Layout, Shape
from ...text.counts import counted
from ...version import __version__
from ..data.dataset_spec import InputKind
from ..loop.standardization import Standard
from ..runs.loaded_run import LoadedRun


class Prepared(nn.Module):
    """A network preceded by the standardization of its images: takes pixels, uint8 of N×C×H×W."""

    def __init__(self, network: nn.Module, standard: Standard) -> None:
        super().__init__()
        self.network = network
        # not simply `mean`: exporters use that name for outputs of operators
        self.standard_mean: Tensor
        self.standard_scale: Tensor
        self.register_buffer("standard_mean", torch.tensor(standard.mean).mul_(255).view(1, -1, 1, 1))
        self.register_buffer(
            "standard_scale", torch.tensor(standard.deviation).mul_(255).reciprocal_().view(1, -1, 1, 1)
        )
        self.eval()

    def forward(self, pixels: Tensor, words: Tensor | None = None) -> Any:
        """The network's outputs, for exactly the inputs that it was trained on; captioning needs the previous words."""
        if torch.jit.is_tracing():  # type: ignore[attr-defined, no-untyped-call]  # torch has no types here
            pixels = pixels.bitwise_or(0)  # TorchScript does not check dtypes: this operation rejects floats
        inputs = (pixels.to(torch.float32) - self.standard_mean) * self.standard_scale
        return self.network(inputs) if words is None else self.network(inputs, words)


class PreparedNumbers(nn.Module):
    """A network preceded by the standardization of its numbers."""

    def __init__(self, network: nn.Module, standard: Standard, rank: int) -> None:
        super().__init__()
        self.network = network
        shape = (1, -1, *(1,) * (rank - 1))
        self.standard_mean: Tensor
        self.standard_scale: Tensor
        self.register_buffer("standard_mean", torch.tensor(standard.mean).view(shape))
        self.register_buffer("standard_scale", torch.tensor(standard.deviation).reciprocal_().view(shape))
        self.eval()

    def forward(self, numbers: Tensor) -> Any:
        """The network's outputs, for exactly the inputs that it was trained on."""
        return self.network((numbers - self.standard_mean) * self.standard_scale)


def of_run(loaded: LoadedRun, prepare: bool, batch: int | None = None) -> Exportable:
    """A trained network; takes pixels or numbers as they are if `prepare`, else standardized ones."""
    settings, network = loaded.settings, loaded.network
    data = settings.data
    standard = Standard(tuple(data.mean), tuple(data.deviation))
    inputs = _inputs(network)
    module = loaded.model
    if prepare and data.inputs == "image":
        module = Prepared(module, standard)
        inputs = (ExportInput("pixels", inputs[0].sizes, torch.uint8), *inputs[1:])
    elif prepare and data.inputs == "numbers":
        module = PreparedNumbers(module, standard, len(inputs[0].sizes))
        inputs = (ExportInput("numbers", inputs[0].sizes),)
    facts = {
        **_facts(network, loaded.run.network.name),
        "input": _description(inputs[0], data.inputs, prepare),
        "classes": data.classes,
        "task": loaded.task.name,
        "output": loaded.task.output_words(settings.recipe.loss),
        "mean": data.mean,
        "deviation": data.deviation,
        "fit": settings.recipe.data.fit,
        "tta": settings.recipe.tta,
        "data": data.name,
    }
    if data.target_mean:
        facts |= {"target_mean": data.target_mean, "target_deviation": data.target_deviation}
    if data.features:
        facts["features"] = data.features
    return Exportable(
        module, inputs, _output_names(network), facts, batch, suspects=partial(_of_packages, network, batch)
    )


def of_network(network: Network, seed: int, batch: int | None = None) -> Exportable:
    """A network with newly initialized weights, which depend on the seed."""
    torch.manual_seed(seed)
    facts = {**_facts(network, network.program.source.name), "seed": seed}
    module, suspects = network.to_torch().eval(), partial(_of_packages, network, batch)
    return Exportable(module, _inputs(network), _output_names(network), facts, batch, suspects=suspects)


def _of_packages(network: Network, batch: int | None) -> Iterator[tuple[str, Exportable]]:
    """Each layer of a package that has a single input, as a separate network, by its text and line."""
    graph = network.graph
    for node, package in package_layers(graph):
        shapes = graph.shapes_in(node)
        if len(shapes) > 1:
            continue
        module = LayerAlone(node.op.steps(shapes)).eval()
        inputs = tuple(_input(f"x{number}", shape) for number, shape in enumerate(shapes))
        name = f"{node.text}, line {node.span.line}"
        yield name, Exportable(module, inputs, ("y",), {}, batch, f"this layer of the package `{package}`")


def _facts(network: Network, file: str) -> dict[str, Any]:
    return {
        "written_by": f"archdsl {__version__}",
        "network": network.graph.name,
        "settings": dict(network.graph.settings),
        "file": file,
        "text": network.text,
    }


def _description(of: ExportInput, kind: InputKind, prepare: bool) -> str:
    sizes = "×".join(map(str, of.sizes))
    if kind == "ids":
        return f"IDs, int64 of N×{sizes}"
    if kind == "numbers":
        return f"float32 of N×{sizes}{'' if prepare else ': numbers minus `mean`, divided by `deviation`'}"
    order = {1: "gray", 3: "red, green, blue"}.get(of.sizes[0], counted(of.sizes[0], "channel"))
    if prepare:
        return f"pixels 0..255, uint8 of N×{sizes}, {order}"
    return f"float32 of N×{sizes}, {order}: pixels / 255, minus `mean`, divided by `deviation`"


def _inputs(network: Network) -> tuple[ExportInput, ...]:
    graph = network.graph
    found = []
    for name, index in zip(graph.input_names, graph.inputs, strict=True):
        shape = graph.nodes[index].shape
        found.append(_input(name, shape))
    return tuple(found)


def _input(name: str, shape: Shape) -> ExportInput:
    if shape.layout is Layout.IDS:
        return ExportInput(name, tuple(shape.dims), torch.int64, shape.vocabulary)
    return ExportInput(name, tuple(shape.dims))


def _output_names(network: Network) -> tuple[str, ...]:
    return tuple(name for name, _ in network.graph.outputs)
