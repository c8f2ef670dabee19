"""Property of parts: a stage or block of a module is a module that returns what its layers of the flat graph return."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from archdsl.backends.torch import to_torch
from archdsl.graph import Graph, Node

from .flat import flat_outputs, flat_values


@dataclass(frozen=True)
class Call:
    """One call of a part."""

    path: tuple[str, ...]
    part: nn.Module
    args: tuple[Any, ...]
    result: Any


def scopes(graph: Graph) -> dict[tuple[str, ...], list[Node]]:
    """The layers in each stage, branch and block."""
    found: dict[tuple[str, ...], list[Node]] = {}
    for node in graph.layers:
        for depth in range(1, len(node.path)):
            if node.path[:depth] in graph.scopes:
                found.setdefault(node.path[:depth], []).append(node)
    return found


def recorded(graph: Graph, module: nn.Module, inputs: list[Tensor]) -> tuple[list[Call], Any]:
    """The calls of the parts, and the result of the module."""
    calls: list[Call] = []

    def record(path: tuple[str, ...], part: nn.Module) -> Any:
        return part.register_forward_hook(lambda part, args, result: calls.append(Call(path, part, args, result)))

    hooks = [record(path, module.get_submodule(".".join(path))) for path in scopes(graph)]
    result = module(*inputs)
    for hook in hooks:
        hook.remove()
    return calls, result


def check_parts(graph: Graph, inputs: list[Tensor]) -> list[Call]:
    """Compare a module and its parts with the flat graph, bit by bit. Raises AssertionError."""
    module = to_torch(graph).eval()
    with torch.no_grad():
        values = flat_values(graph, module, inputs)
        calls, result = recorded(graph, module, inputs)
        results = result if len(graph.outputs) > 1 else (result,)
        for (name, i), made in zip(graph.outputs, results, strict=True):
            assert same(made, values[i]), f"another output `{name}`"
        check_calls(graph, calls, values)
        for call in calls:
            assert same(call.part(*call.args), call.result), f"{call.path} returns something else when called alone"
    check_training(graph, module.train(), inputs)
    return calls


def check_counts(graph: Graph, calls: list[Call], whole: bool = False) -> None:
    """Each part is called once, and once more where `reuse` applies all that is in it again.

    `whole` is whether the program only reuses whole parts: `reuse` of each layer of a part is no use of the part.
    """
    uses = Counter(node.id if node.shared is None else node.shared for node in graph.layers)
    counts = Counter(call.path for call in calls)
    for path, nodes in scopes(graph).items():
        most = min((uses[node.id] for node in nodes if node.shared is None), default=1)
        assert (most if whole else 1) <= counts[path] <= most, f"{path}: {counts[path]} calls"


def check_calls(graph: Graph, calls: list[Call], values: dict[int, Tensor]) -> None:
    """Each part is called first where it stands, with the values that its layers read and make there."""
    check_counts(graph, calls)
    for path, nodes in scopes(graph).items():
        inside = {node.id for node in nodes}
        read = list(dict.fromkeys(i for node in nodes for i in node.inputs if i not in inside))
        first = next(call for call in calls if call.path == path)
        tensors = [each for each in first.args if isinstance(each, Tensor)]
        assert all(map(same, tensors, (values[i] for i in read))), f"{path} is called with something else"
        read_outside = {i for node in graph.layers if node.id not in inside for i in node.inputs}
        outputs = inside & (read_outside | {i for _, i in graph.outputs})
        made = first.result if isinstance(first.result, tuple) else (first.result,)
        for i in outputs:
            assert any(same(each, values[i]) for each in made), f"{path} does not return {graph.nodes[i].name}"


def check_training(graph: Graph, module: nn.Module, inputs: list[Tensor]) -> None:
    """In training, results and gradients are equal, and the layers take their random numbers in the same order."""
    state = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    made = trained(module, inputs, module)
    module.load_state_dict(state)
    flat = trained(module, inputs, lambda *given: flat_outputs(graph, module, given))
    for what, first, second in zip(("result", "gradients", "state"), made, flat, strict=True):
        assert first.keys() == second.keys(), f"other {what} in training"
        for name in first:
            assert same(first[name], second[name]), f"another {what} of {name} in training"


def trained(module: nn.Module, inputs: list[Tensor], run: Callable[..., Any]) -> tuple[dict[str, Tensor], ...]:
    """The results of a function of the inputs, the gradients of its inputs and of a module, and the module's state."""
    inputs = [each.detach().clone().requires_grad_(each.is_floating_point()) for each in inputs]
    torch.manual_seed(0)
    result = run(*inputs)
    results = {str(i): each for i, each in enumerate(result if isinstance(result, tuple) else (result,))}
    losses = [(each * each).sum() for each in results.values() if each.requires_grad]
    if losses:
        torch.autograd.backward(losses)
    read = {**dict(module.named_parameters()), **{f"input {i}": each for i, each in enumerate(inputs)}}
    gradients = {name: grad for name, tensor in read.items() if (grad := tensor.grad) is not None}
    module.zero_grad()
    return results, gradients, {name: tensor.clone() for name, tensor in module.state_dict().items()}


def same(a: Any, b: Any) -> bool:
    """Whether two results are bit-identical; NaN equals NaN."""
    if isinstance(a, tuple):
        return isinstance(b, tuple) and len(a) == len(b) and all(map(same, a, b))
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    return bool(torch.equal(a, b)) or bool(torch.equal(torch.nan_to_num(a), torch.nan_to_num(b)))
