"""A graph as a torch module: one with its own `forward` for the network, each stage, branch and block."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ..contract.call import Copies, Module, Step, Steps
from ..graph import Graph, Node, Subgraph
from .package_layers import check_package_layer
from .part_class import part_class
from .part_code import fill, forward_source, resolve
from .part_tree import part_tree
from .python_source import class_name
from .units import Unit, nodes_of

_STRUCTURE = {"stage": "A stage", "branch": "A branch", "aux": "A side branch with its own output"}


def to_torch(graph: Graph) -> nn.Module:
    """The module of a graph without errors: it takes a batch for each input and returns the output, or a tuple.

    Each stage, branch and block is a module with its own `forward`; one that applies its modules in order is an
    nn.Sequential. Submodules are named by the nodes' paths, so that `state_dict` follows stages and layers, and are in
    the order of execution. Weights are initialized by the program's initializers, or as torch initializes them;
    `init=whiten` needs images (`training.whiten`); until these are given, the weights are as torch initializes them.

    Raises PackageFailed for a layer of a package whose module fails, or differs from what the layer declares.
    """
    # Built in the order of execution, so that the weights for a seed do not depend on the parts.
    modules = {node.id: module for node in graph.layers if (module := _layer(graph, node)) is not None}
    return _part(part_tree(graph), modules)


def _layer(graph: Graph, node: Node) -> nn.Module | None:
    """The module of a node; None if it has none, or shares that of another node."""
    if node.shared is not None:
        return None
    shapes = graph.shapes_in(node)
    check_package_layer(node.op, shapes, lambda: LayerAlone(node.op.steps(shapes)))
    for step in node.op.steps(shapes):
        if isinstance(step, Module):
            module = make_module(step)
            initialize(module, node.op.initializers_of(shapes))
            for name in node.op.frozen_of(shapes):
                module.get_parameter(name).requires_grad_(False)
            return module
    return None


class LayerAlone(nn.Module):
    """A layer as a separate module: it takes the layer's inputs, and has the module of its call as `layer`."""

    def __init__(self, steps: Sequence[Step]) -> None:
        super().__init__()
        self.steps = tuple(steps)
        call = next((step for step in steps if isinstance(step, Module)), None)
        self.layer = None if call is None else make_module(call)

    def forward(self, x: Tensor, *others: Tensor) -> Any:
        """The result of the layer's steps."""
        for step in self.steps:
            x = apply(step, self.layer if isinstance(step, Module) else None, [x, *others])
        return x


def _part(unit: Unit, modules: Mapping[int, nn.Module]) -> nn.Module:
    """The module of a unit, with those of its items."""
    source = None if unit.chain else forward_source(unit)
    part = part_class(class_name(unit.name if unit.is_root else unit.kind), _doc(unit), _layers_digest(unit), source)()
    for item in unit.items:
        if isinstance(item, Unit):
            if item.original is None:
                _attach(part, item.path[len(unit.path) :], _part(item, modules))
        elif item.id in modules:
            _attach(part, item.path[len(unit.path) :], modules[item.id])
    return part


def _doc(unit: Unit) -> str:
    """What a unit is, with its shapes."""
    what = "" if unit.is_root else _STRUCTURE.get(unit.kind, f"The block `{unit.kind}`") + ": "
    ins, outs = (", ".join(str(unit.graph.nodes[i].shape) for i in values) for values in (unit.inputs, unit.outputs))
    return f"{what}{ins} → {outs}, each with a leading batch dimension."


def _layers_digest(unit: Unit) -> str:
    """A digest that is the same for units with equal layers.

    Units with other layers get separate classes: torch.compile stops compiling after a few versions of one method.
    """
    depth = len(unit.path)
    layers = [(node.path[depth:], node.op.steps(unit.graph.shapes_in(node))) for node in nodes_of(unit)]
    return hashlib.sha256(repr(layers).encode()).hexdigest()[:12]


def _attach(part: nn.Module, path: Sequence[str], module: nn.Module) -> None:
    for name in path[:-1]:
        if name not in dict(part.named_children()):
            part.add_module(name, nn.Module())
        part = part.get_submodule(name)
    part.add_module(path[-1], module)


def make_module(call: Module) -> nn.Module:
    """The module that a call describes."""
    module = resolve(call.target)(*map(_built, call.args), **dict(call.kwargs))
    if not isinstance(module, nn.Module):
        raise TypeError(f"`{call.target}` returned {type(module).__name__}, not a module")
    return module


def _built(arg: Any) -> Any:
    """An argument of a module: the modules that are described as arguments are built."""
    match arg:
        case Module():
            return make_module(arg)
        case Subgraph():
            return to_torch(arg.graph)
        case Copies():
            return [_built(arg.body) for _ in range(arg.count)]
        case _:
            return arg


@torch.no_grad()
def initialize(module: nn.Module, initializers: Mapping[str, Steps]) -> None:
    """Initialize the weights that have an initializer, by running its calls."""
    for name, steps in initializers.items():
        weight: Tensor = module.get_parameter(name)
        for step in steps:
            weight = apply(step, None, [weight])


def apply(step: Step, module: nn.Module | None, inputs: Sequence[Tensor]) -> Any:
    """Run one step on tensors; `module` is the result of `make_module` if the step is a module."""
    if isinstance(step, Module):
        assert module is not None
        tensors, named = step.applied(inputs)
        return module(*tensors, **named)
    args = [fill(arg, inputs) for arg in step.args]
    kwargs = {name: fill(value, inputs) for name, value in step.kwargs}
    if step.target.startswith("."):
        return getattr(args[0], step.target[1:])(*args[1:], **kwargs)
    return resolve(step.target)(*args, **kwargs)
