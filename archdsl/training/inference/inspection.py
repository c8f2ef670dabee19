"""The filters of a network's first layer, and its feature maps of one image."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ...backends.torch import to_torch
from ...contract.layer import LayerOp
from ...contract.styles import STACKED
from ...graph import Graph, Node
from ...shapes.shape import Layout
from ..runs.loaded_run import LoadedRun

_MIN_POINTS, _MAX_POINTS = 3, 24


@dataclass(frozen=True)
class Filters:
    """The first weights that are applied to the image: float32 of K×C×H×W, of the layer `name`.

    A linear layer after a `flatten` has weights of the image's size. `node` is the id of a convolution, each of whose
    filters produces a map.
    """

    name: str
    text: str
    weights: Tensor
    node: int | None = None


@dataclass(frozen=True)
class Maps:
    """The output of a part of the network for one image: float32 of C×H×W."""

    name: str
    text: str
    values: Tensor


class InspectionPoint(NamedTuple):
    """A point in the network: the name of the part, its layers as written, and the id of its last node."""

    name: str
    text: str
    node: int


def first_filters(loaded: LoadedRun) -> Filters | None:
    """The filters of the first layer with weights; None if they do not have the shape of an image."""
    graph = loaded.network.graph
    weights = loaded.model.state_dict()
    for node in graph.layers:
        weight = weights.get(f"{node.name}.weight")
        if weight is None or weight.dim() < 2:
            continue
        if weight.dim() == 4:
            return Filters(node.name, node.text, weight.cpu(), node.id)
        shape = tuple(loaded.shape)
        if weight.dim() == 2 and weight.shape[1] == shape[0] * shape[1] * shape[2]:
            return Filters(node.name, node.text, weight.reshape(-1, *shape).cpu())
        return None
    return None


def inspection_points(graph: Graph) -> list[InspectionPoint]:
    """The points to show: the ends of the stages, or of blocks or single layers if there are only a few stages.

    Only outputs that are images are shown; a layer is shown with the normalization and the activation after it.
    """
    deepest = max((len(node.path) for node in graph.layers), default=1)
    found: list[InspectionPoint] = []
    for depth in range(1, deepest + 1):
        finer = _at_depth(graph, depth)
        if found and len(finer) > _MAX_POINTS:
            break
        found = finer
        if len(found) >= _MIN_POINTS:
            break
    return found


def inspection_point(graph: Graph, name: str) -> InspectionPoint | None:
    """The point with this name: a layer, a stage or the use of a block. None if none of its layers outputs an image."""
    path = tuple(name.split("."))
    inside = [node for node in graph.layers if node.path[: len(path)] == path and _is_image(node)]
    return InspectionPoint(name, inside[-1].text if len(inside) == 1 else "", inside[-1].id) if inside else None


def _at_depth(graph: Graph, depth: int) -> list[InspectionPoint]:
    """The parts of the network when scopes are expanded down to `depth`."""
    parts: list[list[Node]] = []
    for node in graph.layers:
        before = parts[-1][-1] if parts else None
        folded = len(node.path) > depth
        if before is not None and (
            (folded and before.path[:depth] == node.path[:depth])
            or (not folded and before.path[:-1] == node.path[:-1] and _joins(node))
        ):
            parts[-1].append(node)
        else:
            parts.append([node])
    points = []
    for nodes in parts:
        if _is_image(nodes[-1]):
            folded = len(nodes[0].path) > depth
            name = ".".join(nodes[0].path[:depth]) if folded else nodes[-1].name
            points.append(InspectionPoint(name, "" if folded else "; ".join(node.text for node in nodes), nodes[-1].id))
    return points


def _joins(node: Node) -> bool:
    return isinstance(node.op, LayerOp) and node.op.style in STACKED


def _is_image(node: Node) -> bool:
    return node.shape.layout is Layout.IMAGE


def maps(loaded: LoadedRun, image: Tensor, points: Sequence[InspectionPoint]) -> list[Maps]:
    """The outputs at these points for one standardized image, float32 of C×H×W."""
    graph = loaded.network.graph
    outputs = tuple((f"place{number}", point.node) for number, point in enumerate(points))
    model: nn.Module = to_torch(graph.replace(outputs=outputs)).to(loaded.device).eval()
    loaded.give_weights(model)
    with torch.inference_mode():
        made = model(image[None])
    given = made if isinstance(made, tuple | list) else (made,)
    return [Maps(point.name, point.text, values[0].float().cpu()) for point, values in zip(points, given, strict=True)]
