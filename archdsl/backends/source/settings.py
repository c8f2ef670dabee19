"""Which values in a network come from its parameters: those that change with them in variants of the network."""

import keyword
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...contract.call import Module, Step
from ...graph import Graph, Node
from .calls import TAKEN, SourceText

Place = tuple[tuple[str, ...], int | str]
"""A value: the path of its layer, and the position or name of the argument of the layer's module."""
Variants = Mapping[str, Sequence[tuple[int, Graph]]]
"""For each parameter of a network, other values and the networks that they produce."""


def named_values(graph: Graph, variants: Variants, visible: frozenset[int]) -> dict[Place, SourceText]:
    """The values that are a parameter, or a multiple of it, with the expression.

    Only parameters that affect nothing else are named; `visible` are the layers whose modules the class of the network
    builds itself.
    """
    found: dict[Place, SourceText] = {}
    for name, others in variants.items():
        value = graph.settings[name]
        if not isinstance(value, int) or keyword.iskeyword(name) or name in TAKEN or not others:
            continue
        places = [_places(graph, other, visible) for _, other in others]
        if not places[0] or any(each is None or set(each) != set(places[0]) for each in places):
            continue
        texts = {place: _expression(name, (value, *(each[0] for each in others)), place, places) for place in places[0]}
        if all(text is not None for text in texts.values()) and not set(texts) & set(found):
            found |= {place: SourceText(text) for place, text in texts.items() if text is not None}
    return found


def _expression(
    name: str, settings: Sequence[int], place: Place, places: Sequence[dict[Place, tuple[Any, Any]] | None]
) -> str | None:
    """The parameter, or a multiple of it, that has the values at a place."""
    pairs = [each[place] for each in places if each is not None]
    values = [pairs[0][0], *(new for _, new in pairs)]
    if any(type(value) is not int for value in values) or not settings[0] or values[0] % settings[0]:
        return None
    factor = values[0] // settings[0]
    if any(value != factor * setting for value, setting in zip(values, settings, strict=True)):
        return None
    return name if factor == 1 else f"{factor} * {name}"


def _places(graph: Graph, other: Graph, visible: frozenset[int]) -> dict[Place, tuple[Any, Any]] | None:
    """The arguments of modules in which two networks differ; None if they differ in anything else."""
    if len(graph.nodes) != len(other.nodes):
        return None
    found: dict[Place, tuple[Any, Any]] = {}
    for a, b in zip(graph.layers, other.layers, strict=True):
        if a.path != b.path or a.inputs != b.inputs or a.shared != b.shared or type(a.op) is not type(b.op):
            return None
        steps = _steps(graph, a), _steps(other, b)
        if len(steps[0]) != len(steps[1]) or repr(_weights(graph, a)) != repr(_weights(other, b)):
            return None
        for first, second in zip(*steps, strict=True):
            if first == second:
                continue
            if not isinstance(first, Module) or not isinstance(second, Module) or a.id not in visible:
                return None
            differing = dict(_differing(first, second))
            if not differing:
                return None
            found |= {(a.path, place): pair for place, pair in differing.items()}
    return found


def _steps(graph: Graph, node: Node) -> tuple[Step, ...]:
    return node.op.steps(graph.shapes_in(node))


def _weights(graph: Graph, node: Node) -> Any:
    """How the weights of a layer are initialized, frozen and whitened, regardless of their sizes."""
    xs = graph.shapes_in(node)
    return node.op.initializers_of(xs), node.op.frozen_of(xs), node.op.whitening()


def _differing(a: Module, b: Module) -> Iterator[tuple[int | str, tuple[Any, Any]]]:
    """The arguments in which two calls differ; nothing if the calls do not have the same arguments."""
    names = [name for name, _ in a.kwargs]
    if a.target != b.target or len(a.args) != len(b.args) or names != [name for name, _ in b.kwargs]:
        return
    for index, (x, y) in enumerate(zip(a.args, b.args, strict=True)):
        if x != y:
            yield index, (x, y)
    for (name, x), (_, y) in zip(a.kwargs, b.kwargs, strict=True):
        if x != y:
            yield name, (x, y)
