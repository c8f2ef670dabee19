"""Rows and columns at the end that no window reads."""

from collections.abc import Iterator

from ...contract.layer import Layer
from ...diagnostics import Diagnostic, Related, Severity
from ...diagnostics.diagnostic import Label
from ...graph import Node
from ...shapes.shape import Window, times
from ._facts import Facts


class UnreadPixels(Diagnostic):
    """The last window ends before the input does, so the elements after it are never read.

    In the symbols of E0401, (W − K' + 2P) mod S is more than the padding at the end.

    This is valid and mostly harmless, but the image is read off-center, and the network cannot learn from the part that
    is cut off. Padding, another kernel or another input size avoids it; a pooling layer can round up with `ceil`.

    Source: Dumoulin & Visin, A guide to convolution arithmetic for deep learning, 2016, section 2.4.
    """

    code = "W0904"
    title = "pixels that no window reads"
    wrong = "input 3x32x32\nconv 8 k3 s3\n"
    right = "input 3x33x33\nconv 8 k3 s3\n"
    severity = Severity.WARNING

    keyword: str
    unread: tuple[int, ...]
    sides: tuple[int, ...]
    arithmetic: str
    pool: bool
    maker: Related | None

    def message(self) -> str:
        parts = [f"{unread} of {side}" if unread > 1 else f"of {side}" for side, unread in self._counts() if unread]
        return f"`{self.keyword}` never reads the last {' and the last '.join(parts)} elements"

    def _counts(self) -> tuple[tuple[int, int], ...]:
        return tuple(dict.fromkeys(zip(self.sides, self.unread, strict=True)))

    def label(self) -> str:
        return self.arithmetic

    def others(self) -> tuple[Label, ...]:
        return (self.maker.label(),) if self.maker else ()

    def help(self) -> tuple[str, ...]:
        least = times(tuple(side - unread for side, unread in zip(self.sides, self.unread, strict=True)))
        rest = "`ceil`" if self.pool else "padding"
        return (f"an input of {least} gives the same output; use {rest} to read the rest",)


def find(facts: Facts) -> Iterator[UnreadPixels]:
    """Windows that stop early, unless another layer reads the remaining elements."""
    if facts.graph.symbols:
        return  # the remainder depends on the size
    known: dict[int, tuple[int, ...]] = {}
    for node, op, x, slides in facts.windowed:
        unread = known.get(id(slides))
        if unread is None:
            unread = known[id(slides)] = tuple(_unread(window, side) for window, side in slides)
        if not any(unread) or any(reads_all(facts, each, x) for each in facts.readers[x.id]):
            continue
        window, side = next((window, side) for window, side in slides if _unread(window, side))
        yield UnreadPixels(
            span=node.span,
            uses=node.uses,
            keyword=op.keyword,
            unread=unread,
            sides=tuple(side for _, side in slides),
            arithmetic=_arithmetic(window, side),
            pool=op.style == "pool",
            maker=None if x.span == node.span else Related(span=x.span, shape=str(x.shape)),
        )


def _arithmetic(window: Window, side: int) -> str:
    padding = f" + {window.before + window.after}" if window.before + window.after else ""
    rest = f"({side} − {window.extent}{padding}) mod {window.stride} = {window.room(side) % window.stride}"
    return f"{rest}, {window.after} of it padding" if window.after else rest


def _unread(window: Window, side: int) -> int:
    """The number of elements at the end of a dimension that no window reads, not counting padding."""
    if window.stride > window.extent:
        return 0
    reached = (window.out(side) - 1) * window.stride + window.extent - window.before
    return max(0, side - reached)


def reads_all(facts: Facts, node: Node, x: Node) -> bool:
    """Whether a reader of x reads all of it."""
    if not isinstance(node.op, Layer):
        return True
    return not any(_unread(window, side) or window.stride > window.extent for window, side in facts.slides(node.op, x))
