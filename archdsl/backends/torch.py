"""A graph as a torch module: a `torch.fx.GraphModule`, whose forward is plain generated code."""

import importlib
import keyword
import operator
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from ..contract.call import Apply, Module, Placeholder, Step, Steps
from ..graph import Graph, Node

# What the code that torch.fx writes calls things: an input of such a name would hide it.
_NAMES_IN_CODE = frozenset({"self", "torch", "operator", "math", "inf", "nan", "NoneType", "device"})


def to_torch(graph: Graph) -> nn.Module:
    """The module of a graph without mistakes: a batch for each input in, the output (or a tuple of them) out.

    Submodules are named by the nodes' paths, so that `state_dict` follows stages and layers. Weights are fresh, as the
    text says or else as torch draws them; `init=whiten` needs images (`training.whiten`), and is as torch draws until.
    """
    root = nn.Module()
    code = torch.fx.Graph()
    values: dict[int, torch.fx.Node] = {}
    for index, name in zip(graph.inputs, graph.input_names, strict=True):
        hides = name in _NAMES_IN_CODE or keyword.iskeyword(name)
        values[index] = code.placeholder(f"{name}_" if hides else name)
    for node in graph.layers:
        values[node.id] = _emit(graph, node, root, code, [values[i] for i in node.inputs])
    results = tuple(values[i] for _, i in graph.outputs)
    code.output(results[0] if len(results) == 1 else results)
    return torch.fx.GraphModule(root, code, class_name=graph.name)


def _emit(
    graph: Graph, node: Node, root: nn.Module, code: torch.fx.Graph, inputs: list[torch.fx.Node]
) -> torch.fx.Node:
    """Add a node's steps to the code, and its module to the tree unless it shares another's."""
    owner = node if node.shared is None else graph.nodes[node.shared]
    inputs = inputs + [code.get_attr(f"{owner.name}.{weight}") for weight in node.op.shared_weights]
    current = list(inputs)
    result = inputs[0]
    for step in node.op.steps(_shapes(graph, node)):
        if isinstance(step, Module):
            if node.shared is None:
                module = make_module(step)
                initialize(module, node.op.initializers_of(_shapes(graph, node)))
                for name in node.op.frozen_weights():
                    module.get_parameter(name).requires_grad_(False)
                _attach(root, owner.path, module)
            result = code.call_module(owner.name, tuple(current))
        else:
            result = _emit_call(code, step, current)
        current = [result, *inputs[1:]]
    return result


def _emit_call(code: torch.fx.Graph, step: Apply, inputs: list[torch.fx.Node]) -> torch.fx.Node:
    args = tuple(fill(arg, inputs) for arg in step.args)
    kwargs = {name: fill(value, inputs) for name, value in step.kwargs}
    if step.target.startswith("."):
        return code.call_method(step.target[1:], args, kwargs)
    return code.call_function(resolve(step.target), args, kwargs)


def _shapes(graph: Graph, node: Node) -> tuple[Any, ...]:
    shapes = graph.shapes_in(node)
    assert None not in shapes, f"{node.name} has an input without a shape"
    return shapes


def _attach(root: nn.Module, path: Sequence[str], module: nn.Module) -> None:
    parent = root
    for name in path[:-1]:
        if name not in dict(parent.named_children()):
            parent.add_module(name, nn.Module())
        parent = parent.get_submodule(name)
    parent.add_module(path[-1], module)


@cache
def resolve(target: str) -> Callable[..., Any]:
    """What a dotted name stands for: `torch.nn.functional.pad`."""
    if target.startswith("operator."):
        found = getattr(operator, target.removeprefix("operator."))
    else:
        module, _, name = target.rpartition(".")
        found = getattr(importlib.import_module(module), name)
    return found  # type: ignore[no-any-return]  # getattr by name


def make_module(call: Module) -> nn.Module:
    """The module that a description stands for."""
    module = resolve(call.target)(*call.args, **dict(call.kwargs))
    assert isinstance(module, nn.Module)
    return module


@torch.no_grad()
def initialize(module: nn.Module, initializers: Mapping[str, Steps]) -> None:
    """Fill the weights whose beginning the text names, by their calls."""
    for name, steps in initializers.items():
        weight: Tensor = module.get_parameter(name)
        for step in steps:
            weight = apply(step, None, [weight])


def fill(value: Any, inputs: Sequence[Any]) -> Any:
    """The value with tensors in place of its holes."""
    if isinstance(value, Placeholder):
        return list(inputs) if value.index < 0 else inputs[value.index]
    if isinstance(value, tuple):
        return tuple(fill(each, inputs) for each in value)
    return value


def apply(step: Step, module: nn.Module | None, inputs: Sequence[Tensor]) -> Any:
    """Run one step on tensors; `module` is what `make_module` made of it, for a module."""
    if isinstance(step, Module):
        assert module is not None
        return module(*inputs)
    args = [fill(arg, inputs) for arg in step.args]
    kwargs = {name: fill(value, inputs) for name, value in step.kwargs}
    if step.target.startswith("."):
        return getattr(args[0], step.target[1:])(*args[1:], **kwargs)
    return resolve(step.target)(*args, **kwargs)
