"""Shapes without the batch, and the arithmetic of sliding windows."""

from enum import StrEnum
from functools import partial
from math import prod

from ..record import Record
from .symbolic import form_of, grouped


class Layout(StrEnum):
    """The meaning of the axes of a tensor."""

    VECTOR = "vector"
    """C."""
    SEQUENCE = "sequence"
    """T×C: features last, as in torch's transformer layers."""
    SIGNAL = "signal"
    """C×L."""
    OPEN = "signal or sequence"
    """Two dimensions of an input that no layer has interpreted yet."""
    IMAGE = "image"
    """C×H×W."""
    VOLUME = "volume"
    """C×D×H×W."""
    IDS = "ids"
    """Integer IDs: T, or a single ID."""


_LETTERS = {
    Layout.VECTOR: "c",
    Layout.SEQUENCE: "tc",
    Layout.SIGNAL: "cl",
    Layout.OPEN: "cl",
    Layout.IMAGE: "chw",
    Layout.VOLUME: "cdhw",
    Layout.IDS: "t",
}
_BY_RANK = {1: Layout.VECTOR, 2: Layout.OPEN, 3: Layout.IMAGE, 4: Layout.VOLUME}


class Shape:
    """The dimensions of one sample's tensor, in torch's axis order after the batch, and their layout.

    `vocabulary` is set only for ids: they are integers from 0 to `vocabulary` − 1.
    """

    __slots__ = ("_hash", "_key", "dims", "layout", "vocabulary")

    def __init__(self, *dims: int, layout: Layout | None = None, vocabulary: int | None = None) -> None:
        self.dims = dims
        self.layout = layout if layout is not None else _BY_RANK[len(dims)]
        self.vocabulary = vocabulary
        # Symbolic dimensions are compared by closed form here: comparing their values would record a condition.
        self._key = tuple(map(_key, dims)), self.layout, vocabulary
        self._hash = hash(self._key)

    def __reduce__(self) -> "tuple[partial[Shape], tuple[()]]":
        # Constructed again: the hash of a string differs between processes.
        return partial(Shape, *self.dims, layout=self.layout, vocabulary=self.vocabulary), ()

    @property
    def rank(self) -> int:
        """The number of axes, without the batch."""
        return len(self.dims)

    @property
    def numel(self) -> int:
        """The number of elements."""
        return prod(self.dims)

    @property
    def spatial(self) -> bool:
        """Whether it is channels first with one to three spatial dimensions."""
        return self.layout in (Layout.SIGNAL, Layout.OPEN, Layout.IMAGE, Layout.VOLUME)

    @property
    def channel_axis(self) -> int:
        """The axis of the channels or features: the last of a sequence, else the first."""
        return 1 if self.layout is Layout.SEQUENCE else 0

    @property
    def channels(self) -> int:
        """The channels of an image; the features of a vector or a sequence."""
        return self.dims[self.channel_axis]

    @property
    def spatial_size(self) -> tuple[int, ...]:
        """The spatial size: H×W of an image."""
        return self.dims[1:]

    @property
    def features(self) -> int:
        """The last axis of a vector or a sequence."""
        return self.dims[-1]

    def size(self, letter: str) -> int | None:
        """The size called `@letter`, or None if this shape has no such axis."""
        letters = self.letters
        return self.dims[letters.index(letter)] if letter in letters else None

    @property
    def letters(self) -> str:
        """The names of the axes, in order: `chw`."""
        return _LETTERS[self.layout][: self.rank]

    def with_channels(self, channels: int) -> "Shape":
        """The same shape with another number of channels."""
        return self.with_size(self.channel_axis, channels)

    def with_size(self, axis: int, size: int) -> "Shape":
        """The same shape with another size along one axis."""
        dims = (*self.dims[:axis], size, *self.dims[axis + 1 :])
        return Shape(*dims, layout=self.layout, vocabulary=self.vocabulary)

    def with_spatial_size(self, channels: int, spatial_size: tuple[int, ...]) -> "Shape":
        """Channels first with this spatial size: a signal, an image or a volume."""
        return Shape(channels, *spatial_size, layout=SPATIAL[len(spatial_size)])

    def read_as(self, layout: Layout) -> "Shape":
        """The same dimensions in another layout."""
        return self if layout is self.layout else Shape(*self.dims, layout=layout)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Shape):
            return NotImplemented
        return self._key == other._key

    def __hash__(self) -> int:
        return self._hash

    def __str__(self) -> str:
        return times(self.dims) if self.dims else "one ID"

    def __repr__(self) -> str:
        vocabulary = "" if self.vocabulary is None else f", vocabulary={self.vocabulary}"
        return f"Shape({', '.join(map(str, self.dims))}, layout={self.layout.name}{vocabulary})"


def _key(dim: int) -> object:
    return dim if type(dim) is int else form_of(dim)


SPATIAL = {1: Layout.SIGNAL, 2: Layout.IMAGE, 3: Layout.VOLUME}
"""The layout for each number of spatial dimensions."""


def times(sizes: tuple[int, ...]) -> str:
    """`3×32×32`."""
    return "×".join(str(size) if type(size) is int else grouped(form_of(size)) for size in sizes)


class Window(Record):
    """A window that slides along one dimension: floor((W − K' + P)/S) + 1 positions with K' = D·(K − 1) + 1.

    Lengths are in elements; `before` and `after` are the padding at the two ends.
    """

    kernel: int
    stride: int = 1
    before: int = 0
    after: int = 0
    dilation: int = 1
    ceil: bool = False

    @property
    def extent(self) -> int:
        """K': the extent of the kernel, including the gaps of dilation."""
        return self.dilation * (self.kernel - 1) + 1

    def room(self, size: int) -> int:
        """W − K' + P: how far the window can move. Negative if it does not fit."""
        return size - self.extent + self.before + self.after

    def out(self, size: int) -> int:
        """The number of positions of the window on a dimension of this size; below 1 if it does not fit."""
        room = self.room(size)
        if not self.ceil:
            return room // self.stride + 1
        # ceil(room/S) + 1, but torch wants the last window to start inside the input or the padding before it: at most
        # floor((W + P − 1)/S) + 1. Both are floors of W plus a number over S, so the smaller number decides.
        return (size + self.before - 1 + min(self.after + self.stride - self.extent, 0)) // self.stride + 1

    def explain(self, size: int) -> str:
        """The arithmetic with its numbers: `floor((32 − 5 + 2·2)/1) + 1 = 32`."""
        extent = str(self.kernel) if self.dilation == 1 else f"({self.dilation}·({self.kernel} − 1) + 1)"
        if self.before == self.after:
            padding = f" + 2·{self.before}" if self.before else ""
        else:
            padding = f" + {self.before} + {self.after}"
        rounding = "ceil" if self.ceil else "floor"
        result = self.out(size)
        plain = -(-self.room(size) // self.stride) + 1
        drops = self.ceil and plain != result
        dropped = f" − 1 (the last window would start in the padding) = {result}" if drops else ""
        shown = str(plain if dropped else result).replace("-", "−")
        return f"{rounding}(({size} − {extent}{padding})/{self.stride}) + 1 = {shown}{dropped}"
