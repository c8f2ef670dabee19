"""The torch modules of packages' layers: each is built and run once alone, so that an error names the layer."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from ..contract.layer import Op
from ..graph import Graph, Node
from ..packages.failures import PackageFailed, described
from ..packages.guarded_layer import package_of
from ..shapes.shape import Layout, Shape

_BATCH = 2
_LARGEST = 1 << 22
"""Largest number of values of the inputs with which a layer is run."""
_TRIED: set[tuple[type[Op], str]] = set()
"""The layers that work, with their arguments and inputs."""


def check_package_layer(op: Op, shapes: tuple[Shape, ...], build: Callable[[], nn.Module]) -> None:
    """Build and run a layer of a package alone, unless it was tried before; a built-in layer is skipped.

    `build` returns a module that takes the layer's inputs and has the module of its call, if there is one, as `layer`.
    Raises PackageFailed if it fails, or does not have the weights and the output that the layer declares.
    """
    package, key = package_of(op), (type(op), repr((op, shapes)))
    if package is None or key in _TRIED or op.shared_weights:
        return
    where = f"`{op.keyword}` failed in torch"
    try:
        with torch.random.fork_rng(devices=[]), torch.device("cpu"), torch.no_grad():
            module = build().eval()
            why = _difference(op, shapes, module)
    except Exception as error:
        raise PackageFailed(package, f"{where}: {described(error)}") from error
    if why:
        raise PackageFailed(package, f"{where}: {why}")
    _TRIED.add(key)


def _difference(op: Op, shapes: tuple[Shape, ...], module: nn.Module) -> str | None:
    """How a module differs from what its layer declares."""
    has = {name.removeprefix("layer."): tuple(weight.shape) for name, weight in module.named_parameters()}
    declared = {name: tuple(dims) for name, dims in op.weights_of(shapes).items()}
    if has != declared:
        return f"its module has the weights {_listed(has)}, but it declares {_listed(declared)}"
    sizes = [size for shape in shapes for size in shape.dims]
    if not all(isinstance(size, int) for size in sizes) or sum(shape.numel for shape in shapes) > _LARGEST:
        return None  # only its weights are compared
    result: object = module(*map(_example, shapes))
    wanted = (_BATCH, *op.infer(shapes).dims)
    if not isinstance(result, Tensor):
        return f"its module returns {type(result).__name__}, not a tensor"
    if tuple(result.shape) != wanted:
        return f"its module returns {_sizes(result.shape)} for a batch of {_BATCH}, but it declares {_sizes(wanted)}"
    return None


def _example(shape: Shape) -> Tensor:
    if shape.layout is Layout.IDS:
        return torch.zeros((_BATCH, *shape.dims), dtype=torch.int64)
    return torch.rand((_BATCH, *shape.dims))


def _listed(weights: dict[str, tuple[int, ...]]) -> str:
    return ", ".join(f"{name} {_sizes(dims)}" for name, dims in weights.items()) or "none"


def _sizes(dims: Any) -> str:
    return "×".join(map(str, dims)) or "scalar"


def package_layers(graph: Graph) -> Iterator[tuple[Node, str]]:
    """The layers of packages, with the package of each."""
    for node in graph.layers:
        package = package_of(node.op)
        if package is not None:
            yield node, package
