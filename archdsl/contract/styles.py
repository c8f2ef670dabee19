"""The styles of layers: what kind each is, which decides its color and its place in a diagram."""

from ..record import Record


class Style(Record):
    """One kind of layers.

    `legend` is what a diagram's legend calls it, empty for a kind without a color of its own. `keeps_shape` says that
    every layer of it keeps the shape of its input; `stacked` that it is drawn with the layer before it. `chief` ranks
    the kinds that a closed block may be colored by, from 1.
    """

    name: str
    legend: str = ""
    keeps_shape: bool = False
    stacked: bool = False
    chief: int | None = None


# In the order of a legend.
_ALL = (
    Style(name="conv", legend="convolution", chief=1),
    Style(name="pool", legend="pooling", chief=5),
    Style(name="norm", legend="normalization", keeps_shape=True, stacked=True, chief=6),
    Style(name="activation", legend="activation", stacked=True, chief=7),
    Style(name="linear", legend="linear", chief=4),
    Style(name="attention", legend="attention", chief=2),
    Style(name="recurrent", legend="recurrent", chief=3),
    Style(name="regularisation", keeps_shape=True, stacked=True),
    Style(name="arithmetic", stacked=True),
    Style(name="shape"),
    Style(name="merge"),
)
STYLES = {style.name: style for style in _ALL}
KEEPING = frozenset(style.name for style in _ALL if style.keeps_shape)
STACKED = frozenset(style.name for style in _ALL if style.stacked)
CHIEF = tuple(style.name for style in sorted(_ALL, key=lambda style: style.chief or 99) if style.chief is not None)
