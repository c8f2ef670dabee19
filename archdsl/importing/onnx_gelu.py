"""GELU as exporters write it for versions of ONNX without it: x·(1 + erf(x/√2))/2."""

from collections.abc import Mapping
from math import prod, sqrt
from typing import Any

from .onnx_tensors import to_tensor


def join_gelu(graph: Any) -> None:
    """Replace the operations of each GELU by one `Gelu`."""
    from onnx import helper

    producers = {name: node for node in graph.node for name in node.output}
    single = {each.name: each for each in graph.initializer if prod(each.dims) == 1}
    single |= {
        name: attribute.t
        for node in graph.node
        for name, attribute in zip(node.output, node.attribute, strict=False)
        if node.op_type == "Constant" and attribute.name == "value" and prod(attribute.t.dims) == 1
    }
    scalars = {name: float(to_tensor(each).flatten()[0]) for name, each in single.items()}
    found: dict[str, str] = {}
    for node in graph.node:
        if node.op_type == "Mul" and (x := _gelu_of(node, producers, scalars)) is not None:
            found[node.output[0]] = x
    nodes = [
        helper.make_node("Gelu", [found[node.output[0]]], list(node.output), node.name)
        if node.output[0] in found
        else node
        for node in graph.node
    ]
    wanted = _needed_tensors(nodes, [each.name for each in graph.output])
    del graph.node[:]
    graph.node.extend(node for node in nodes if any(name in wanted for name in node.output))


def _needed_tensors(nodes: list[Any], outputs: list[str]) -> set[str]:
    """The tensors that the outputs depend on."""
    found = set(outputs)
    for node in reversed(nodes):
        if any(name in found for name in node.output):
            found.update(node.input)
    return found


def _gelu_of(node: Any, producers: Mapping[str, Any], scalars: Mapping[str, float]) -> str | None:
    """The tensor whose GELU a product computes; None if the product is not a GELU."""
    factors = _factors(node, producers)
    half = [name for name in factors if abs(scalars.get(name, 0) - 0.5) < 1e-6]
    rest = [name for name in factors if name not in half]
    if len(half) != 1 or len(rest) != 2:
        return None
    for x, other in (rest, rest[::-1]):
        if _erf_of(other, producers, scalars) == x:
            return x
    return None


def _factors(node: Any, producers: Mapping[str, Any]) -> list[str]:
    """The factors of a product of three, in any order of multiplication."""
    found: list[str] = []
    for name in node.input:
        inner = producers.get(name)
        found += list(inner.input) if inner is not None and inner.op_type == "Mul" and not found[1:] else [name]
    return found


def _erf_of(name: str, producers: Mapping[str, Any], scalars: Mapping[str, float]) -> str | None:
    """x, if the tensor is 1 + erf(x/√2)."""
    plus = producers.get(name)
    if plus is None or plus.op_type != "Add" or not any(scalars.get(each) == 1 for each in plus.input):
        return None
    (other,) = [each for each in plus.input if scalars.get(each) != 1] or [""]
    erf = producers.get(other)
    inner = producers.get(erf.input[0]) if erf is not None and erf.op_type == "Erf" else None
    if inner is None or inner.op_type not in ("Div", "Mul"):
        return None
    numbers = [each for each in inner.input if each in scalars]
    wanted = sqrt(2) if inner.op_type == "Div" else 1 / sqrt(2)
    if len(numbers) != 1 or abs(scalars[numbers[0]] - wanted) > 1e-4:
        return None
    return str(next(each for each in inner.input if each != numbers[0]))
