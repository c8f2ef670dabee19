"""The kinds of layers, which decide the color and the box of a layer in a diagram."""

from ..record import Record


class LayerStyle(Record):
    """One kind of layer.

    `legend` is its name in the legend of a diagram; empty for a kind without a color of its own. `keeps_shape`: every
    layer of this kind keeps the shape of its input. `stacked`: it is drawn in the box of the layer before it. A closed
    block has the color of the kind with the lowest `color_priority` in it, from 1.
    """

    name: str
    legend: str = ""
    keeps_shape: bool = False
    stacked: bool = False
    color_priority: int | None = None


# In the order of the legend.
_ALL = (
    LayerStyle(name="conv", legend="convolution", color_priority=1),
    LayerStyle(name="pool", legend="pooling", color_priority=5),
    LayerStyle(name="norm", legend="normalization", keeps_shape=True, stacked=True, color_priority=6),
    LayerStyle(name="activation", legend="activation", stacked=True, color_priority=7),
    LayerStyle(name="linear", legend="linear", color_priority=4),
    LayerStyle(name="attention", legend="attention", color_priority=2),
    LayerStyle(name="recurrent", legend="recurrent", color_priority=3),
    LayerStyle(name="regularization", keeps_shape=True, stacked=True),
    LayerStyle(name="arithmetic", stacked=True),
    LayerStyle(name="shape"),
    LayerStyle(name="merge"),
)
STYLES = {style.name: style for style in _ALL}
SHAPE_KEEPING = frozenset(style.name for style in _ALL if style.keeps_shape)
STACKED = frozenset(style.name for style in _ALL if style.stacked)
COLOR_PRIORITY = tuple(
    style.name
    for style in sorted(_ALL, key=lambda style: style.color_priority or 99)
    if style.color_priority is not None
)
