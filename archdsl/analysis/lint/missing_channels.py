"""An image that is written without its channels."""

from collections.abc import Iterator

from ...diagnostics import Diagnostic, Edit, Fix, Severity
from ...graph.axis_order import written_sizes
from ...shapes.shape import Layout
from ._facts import Facts

_SIDE = 8


class MissingChannels(Diagnostic):
    """An input of two equal sizes looks like an image without channels, but a kernel reads it as a signal.

    `28x28` means 28 channels of length 28 for `conv` and pooling layers. A grayscale image is `1x28x28`. For a
    signal, write `conv1d` instead of `conv`.

    Source: torch.nn.Conv2d, "(N, C, H, W)", and torch.nn.Conv1d, "(N, C, L)".
    """

    code = "W0925"
    title = "image without channels"
    wrong = "input 28x28\nconv 6 k5\n"
    right = "input 1x28x28\nconv 6 k5\n"
    severity = Severity.WARNING
    fix_is_tried = True

    sizes: str
    side: int
    reader: str

    def message(self) -> str:
        return f"`{self.reader}` reads `{self.sizes}` as a signal: {self.side} channels of length {self.side}"

    def label(self) -> str:
        return f"did you mean `1x{self.sizes}`?"

    def fix(self) -> Fix | None:
        if self.span.text != self.sizes:
            return None
        return Fix(title=f"write `1x{self.sizes}`", edits=(Edit(span=self.span, text=f"1x{self.sizes}"),))


def find(facts: Facts) -> Iterator[MissingChannels]:
    """Square inputs over which a kernel slides first, unless the layer's name says that it is for signals."""
    for i in facts.graph.inputs:
        node = facts.graph.nodes[i]
        dims = node.shape.dims
        if node.shape.layout is not Layout.OPEN or len(dims) != 2 or dims[0] != dims[1] or type(dims[0]) is not int:
            continue
        reader = facts.slides_first(i)
        if reader is None or dims[0] < _SIDE or reader.text.split()[0].endswith("1d"):
            continue
        span, sizes = written_sizes(node.span, node.shape)
        yield MissingChannels(span=span, sizes=sizes, side=dims[0], reader=reader.text.split()[0])
