"""A kernel that steps over elements without reading them."""

from collections.abc import Iterator
from math import gcd, prod

from ...diagnostics import Diagnostic, Severity
from ...shapes.shape import Window
from ._facts import Facts
from .unread_pixels import reads_all


class StrideOverKernel(Diagnostic):
    """The stride is larger than the kernel, so rows and columns between the kernel's positions are never read.

    A `conv` with `k1 s2` reads one pixel in four. ResNet's strided shortcut does the same, but is not reported, because
    the body of the residual reads all pixels; pooling before the convolution (ResNet-D) is better.

    Source: He et al., Bag of Tricks for Image Classification with CNNs, 2019, section 4.
    """

    code = "W0905"
    title = "stride larger than the kernel"
    wrong = "input 3x33x33\nconv 8 k1 s2\n"
    right = "input 3x33x33\nconv 8 k3 s2\n"
    severity = Severity.WARNING

    keyword: str
    extent: int
    stride: int
    read: int
    period: int

    def message(self) -> str:
        spans = f"moves by {self.stride} elements but its kernel spans {self.extent}"
        return f"`{self.keyword}` {spans}: it skips the elements in between"

    def label(self) -> str:
        return f"reads {self.read:,} of every {self.period:,} elements"

    def help(self) -> tuple[str, ...]:
        return (f"use a kernel of at least {self.stride}, or average pooling before the layer and a stride of 1",)


def find(facts: Facts) -> Iterator[StrideOverKernel]:
    """Windows with gaps between them, unless another layer reads the entire input."""
    known: dict[int, list[Window]] = {}
    for node, op, x, slides in facts.windowed:
        wide = known.get(id(slides))
        if wide is None:
            # A dimension that is as long as the kernel has no gaps.
            wide = known[id(slides)] = [w for w, side in slides if w.stride > w.extent and side > w.extent]
        if not wide or any(reads_all(facts, each, x) for each in facts.readers[x.id]):
            continue
        yield StrideOverKernel(
            span=node.span,
            uses=node.uses,
            keyword=op.keyword,
            extent=wide[0].extent,
            stride=wide[0].stride,
            read=prod(_residues(window) for window in wide),
            period=prod(window.stride for window in wide),
        )


def _residues(window: Window) -> int:
    """How many of as many neighboring elements as the stride are read, far from the ends."""
    return min(window.kernel, window.stride // gcd(window.stride, window.dilation))
