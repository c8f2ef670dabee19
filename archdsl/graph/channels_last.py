"""Which way round the sizes of an image are written."""

from typing import NamedTuple

from ..shapes.shape import Layout, times
from ..text.source import Span
from .node import DraftNode, likely_shape

_SIDE = 16


class Turned(NamedTuple):
    """Sizes that look like height × width × channels: where they stand, as written, and with the channels first."""

    span: Span
    sizes: str
    turned: str


def channels_last(node: DraftNode) -> Turned | None:
    """How an input was most likely meant: one with 1 or 3 columns and many channels and rows; None for all others."""
    shape = likely_shape(node)
    if shape is None or shape.layout is not Layout.IMAGE:
        return None
    height, width, channels = shape.dims
    if channels not in (1, 3) or height < _SIDE or width < _SIDE:
        return None
    sizes = times(shape.dims).replace("×", "x")
    at = node.span.text.rfind(sizes)
    span = node.span
    if at >= 0:
        span = span._replace(start=span.start + at, end=span.start + at + len(sizes))
    return Turned(span, sizes, f"{channels}x{height}x{width}")
