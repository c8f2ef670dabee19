"""Networks computed without torch, for small examples: what every layer returns for one image.

It supports chains of the layers of the tutorial. Browsers have no torch; the tests compare the results with it.
"""

from collections.abc import Callable, Mapping, Sequence
from math import inf, tanh

from ..graph import Graph, Node
from ..layers.activation import ReLU, Tanh
from ..layers.conv import Conv
from ..layers.linear import Linear
from ..layers.pool import AvgPool, GlobalAveragePool, GlobalMaxPool, MaxPool
from ..layers.reshape import Flatten
from ..shapes.shape import Window

Map = list[list[float]]
"""A feature map: rows of values."""
Maps = list[Map]
"""Feature maps by channel. A vector is a list of maps of 1×1."""
Weights = Mapping[str, Sequence[float]]
"""The values of each tensor, in row-major order, by its name in torch: `features.conv1.weight`."""


def evaluate(graph: Graph, weights: Weights, image: Maps) -> dict[int, Maps]:
    """The output of every node for one image, by node id.

    Raises ValueError for a network that is not a chain, and for a layer or an argument that is not supported.
    """
    if len(graph.inputs) != 1:
        raise ValueError("only networks with one input are supported")
    found = {graph.inputs[0]: image}
    for node in graph.layers:
        if len(node.inputs) != 1:
            raise ValueError(f"`{node.op.keyword}` has several inputs, which is not supported")
        found[node.id] = _apply(graph, node, weights, found[node.inputs[0]])
    return found


def _apply(graph: Graph, node: Node, weights: Weights, x: Maps) -> Maps:
    name = ".".join(node.path)
    match node.op:
        case Conv(groups=1, fixed=None, weight=None, pad_mode="zeros" | "constant") as conv:
            windows = conv.windows(graph.shapes_in(node)[0])
            return _conv(x, windows, weights[f"{name}.weight"], weights.get(f"{name}.bias"), conv.pad_value)
        case MaxPool() as pool:
            return _pool(x, pool.windows(graph.shapes_in(node)[0]), max, -inf)
        case AvgPool(count_include_pad=True, ceil=False) as pool:
            return _pool(x, pool.windows(graph.shapes_in(node)[0]), lambda values: sum(values) / len(values), 0.0)
        case GlobalAveragePool():
            return [[[sum(map(sum, channel)) / (len(channel) * len(channel[0]))]] for channel in x]
        case GlobalMaxPool():
            return [[[max(map(max, channel))]] for channel in x]
        case ReLU():
            return [[[max(value, 0.0) for value in row] for row in channel] for channel in x]
        case Tanh():
            return [[[tanh(value) for value in row] for row in channel] for channel in x]
        case Flatten():
            return [[[value]] for channel in x for row in channel for value in row]
        case Linear(weight=None):
            return _linear(x, weights[f"{name}.weight"], weights.get(f"{name}.bias"))
    raise ValueError(f"`{node.op.keyword}` is not supported with these arguments")


def padded(channel: Map, windows: Sequence[Window], value: float) -> Map:
    """A map with the padding of its windows."""
    rows, columns = windows
    width = len(channel[0]) + columns.before + columns.after
    middle = [[value] * columns.before + row + [value] * columns.after for row in channel]
    return [[value] * width for _ in range(rows.before)] + middle + [[value] * width for _ in range(rows.after)]


def _conv(
    x: Maps, windows: Sequence[Window], weight: Sequence[float], bias: Sequence[float] | None, value: float
) -> Maps:
    rows, columns = windows
    height, width = rows.out(len(x[0])), columns.out(len(x[0][0]))
    inputs = [padded(channel, windows, value) for channel in x]
    taps = [
        (c, i * rows.dilation, j * columns.dilation)
        for c in range(len(x))
        for i in range(rows.kernel)
        for j in range(columns.kernel)
    ]
    outputs = []
    for filter in range(len(weight) // len(taps)):
        own = weight[filter * len(taps) : (filter + 1) * len(taps)]
        start = bias[filter] if bias is not None else 0.0
        output = []
        for r in range(height):
            sums = [start] * width
            for (c, i, j), factor in zip(taps, own, strict=True):
                line = inputs[c][r * rows.stride + i][j : j + (width - 1) * columns.stride + 1 : columns.stride]
                sums = [total + factor * each for total, each in zip(sums, line, strict=True)]
            output.append(sums)
        outputs.append(output)
    return outputs


def _pool(x: Maps, windows: Sequence[Window], reduce: Callable[[list[float]], float], value: float) -> Maps:
    rows, columns = windows
    height, width = rows.out(len(x[0])), columns.out(len(x[0][0]))
    outputs = []
    for channel in x:
        full = padded(channel, windows, value)
        outputs.append(
            [
                [reduce(_under(full, rows, columns, r * rows.stride, c * columns.stride)) for c in range(width)]
                for r in range(height)
            ]
        )
    return outputs


def _under(full: Map, rows: Window, columns: Window, top: int, left: int) -> list[float]:
    """The values under a window; with `ceil`, a window may end outside."""
    lines = full[top : top + rows.extent : rows.dilation]
    return [value for line in lines for value in line[left : left + columns.extent : columns.dilation]]


def _linear(x: Maps, weight: Sequence[float], bias: Sequence[float] | None) -> Maps:
    values = [channel[0][0] for channel in x]
    count = len(weight) // len(values)
    sums = (
        sum(a * b for a, b in zip(weight[unit * len(values) : (unit + 1) * len(values)], values, strict=True))
        for unit in range(count)
    )
    return [[[total + (bias[unit] if bias is not None else 0.0)]] for unit, total in enumerate(sums)]
