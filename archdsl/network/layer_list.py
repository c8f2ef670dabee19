"""The layers of a network as a sequence of plain values."""

from collections.abc import Iterator, Sequence
from typing import overload

from ..analysis.cost import Cost, Costs
from ..graph import Graph, Node
from ..record import Record
from ..shapes.shape import Shape
from ..text.names import nearest

TensorShape = tuple[int | str, ...]
"""Sizes without the batch; closed forms such as `"floor(H/2)"` where they depend on symbolic dimensions."""


class LayerInfo(Record):
    """One layer of a network.

    `inputs` are the names of the layers and inputs that it reads, in order. Costs are those of one sample; a layer that
    reuses the weights of another has no parameters of its own.
    """

    name: str
    """The name of its module in torch, separated by dots: `features.conv1`."""
    keyword: str
    """The keyword of the layer: `conv`."""
    text: str
    """The statement as written, on one line: `conv 64 k5 s1 same`."""
    line: int
    """The line number in the text."""
    inputs: tuple[str, ...]
    shape: TensorShape
    """The shape of its output, without the batch."""
    parameters: int
    trainable: int
    """The number of its trainable parameters."""
    buffers: int
    """The number of values in its buffers, such as running means."""
    macs: int | str
    """Multiply-accumulates; a closed form if they depend on symbolic dimensions."""


class LayerList(Sequence[LayerInfo]):
    """The layers in the order in which they run, by position or by name.

    >>> import archdsl
    >>> archdsl.loads("input 3x32x32; conv 8 k3 same; relu").layers["conv1"].shape
    (8, 32, 32)
    """

    def __init__(self, layers: Sequence[LayerInfo]) -> None:
        self._layers = tuple(layers)

    @overload
    def __getitem__(self, key: int | str) -> LayerInfo: ...
    @overload
    def __getitem__(self, key: slice) -> "LayerList": ...
    def __getitem__(self, key: int | str | slice) -> "LayerInfo | LayerList":
        """The layer with this position or name. Raises IndexError, KeyError."""
        if isinstance(key, slice):
            return LayerList(self._layers[key])
        if isinstance(key, str):
            return self._named(key)
        return self._layers[key]

    def _named(self, name: str) -> LayerInfo:
        for layer in self._layers:
            if layer.name == name:
                return layer
        near = nearest(name, [layer.name for layer in self._layers])
        raise KeyError(f"there is no layer `{name}`" + (f"; did you mean `{near}`?" if near else ""))

    def __iter__(self) -> Iterator[LayerInfo]:
        return iter(self._layers)

    def __len__(self) -> int:
        return len(self._layers)

    def __repr__(self) -> str:
        """One line per layer: name, statement, output."""
        if not self._layers:
            return "<no layers>"
        names = max(len(layer.name) for layer in self._layers)
        texts = max(len(layer.text) for layer in self._layers)
        return "\n".join(
            f"{layer.name:<{names}}  {layer.text:<{texts}}  {'×'.join(map(str, layer.shape))}" for layer in self._layers
        )


def layer_list(graph: Graph, costs: Costs) -> LayerList:
    """The layers of a graph, without its inputs."""
    return LayerList([_layer(graph, node, costs[node.id]) for node in graph.layers])


def _layer(graph: Graph, node: Node, cost: Cost) -> LayerInfo:
    return LayerInfo(
        name=node.name,
        keyword=node.op.keyword,
        text=node.text,
        line=node.span.line,
        inputs=tuple(graph.nodes[i].name for i in node.inputs),
        shape=shape_of(node.shape),
        parameters=cost.parameters,
        trainable=cost.trainable,
        buffers=cost.buffers,
        macs=plain_number(cost.macs),
    )


def shape_of(shape: Shape) -> TensorShape:
    """The sizes of a shape as plain values."""
    return tuple(plain_number(size) for size in shape.dims)


def plain_number(value: int) -> int | str:
    """A number, or its closed form if it depends on symbolic dimensions."""
    return value if type(value) is int else str(value)
