"""Detect an input shape that is written with its channels last."""

from typing import NamedTuple

from ..shapes.shape import Layout, Shape, times
from ..text.source import Span
from .node import DraftNode, likely_shape

_SIDE = 16
_STEPS, _FEATURES, _RATIO = 32, 16, 6
_LEAST_SIDE, _DEPTH = 4, 4
"""The least side of a square feature map, and how many times as many channels it then has."""


class ReorderedSizes(NamedTuple):
    """A shape that looks like height × width × channels: its span, as written, and with the channels first."""

    span: Span
    sizes: str
    reordered: str


def channels_last(node: DraftNode) -> ReorderedSizes | None:
    """The likely intended shape of an input read by a kernel, if its channels seem to come last; else None.

    That is an image with 1 or 3 columns or a volume with at most 4, if it also has many channels and rows; or a signal
    with many channels and few positions, unless its symbols mark it as a signal. For `reshape`, it is a square feature
    map with its channels last: `7x7x128`.
    """
    shape = likely_shape(node)
    if shape is None or not (_is_square_map(shape) if node.inputs else _looks_last(shape)):
        return None
    *others, channels = shape.dims
    span, sizes = written_sizes(node.span, shape)
    return ReorderedSizes(span, sizes, "x".join(map(str, (channels, *others))))


def written_sizes(span: Span, shape: Shape) -> tuple[Span, str]:
    """The sizes of a shape as they are written, and where in a statement; the whole statement if not so."""
    sizes = times(shape.dims).replace("×", "x")
    at = span.text.rfind(sizes)
    return (span if at < 0 else span._replace(start=span.start + at, end=span.start + at + len(sizes))), sizes


def _is_square_map(shape: Shape) -> bool:
    if shape.layout is not Layout.IMAGE:
        return False
    height, width, channels = shape.dims
    return _LEAST_SIDE <= height == width and channels >= _DEPTH * width


def _looks_last(shape: Shape) -> bool:
    *others, last = shape.dims or (0,)
    match shape.layout:
        case Layout.IMAGE:
            return last in (1, 3) and min(others) >= _SIDE
        case Layout.VOLUME:
            return last <= 4 and others[0] >= _SIDE // 2 and min(others[1:]) >= _SIDE
        case Layout.OPEN:
            return last <= _FEATURES and others[0] >= max(_STEPS, _RATIO * last)
        case _:
            return False
