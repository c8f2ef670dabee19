"""An input with its channels last."""

from collections.abc import Iterator

from ...diagnostics import Diagnostic, Edit, Fix, Severity
from ...graph import Draft, DraftNode, Node, Outline
from ...graph.channels_last import channels_last
from ._facts import Facts


class ChannelsLast(Diagnostic):
    """The sizes of an input look like height × width × channels; they are read as channels × height × width.

    So `32x32x3` is 32 channels of 32×3. torch has the channels first, Keras and pictures in memory have them last.

    Source: torch.nn.Conv2d, "(N, C, H, W)"; keras.layers.Conv2D, `data_format="channels_last"`.
    """

    code = "W0915"
    title = "channels last"
    wrong = "input 32x32x3\nconv 8 k3\n"
    right = "input 3x32x32\nconv 8 k3\n"
    severity = Severity.WARNING

    sizes: str
    turned: str

    def message(self) -> str:
        channels, height, width = self.sizes.split("x")
        return f"`{self.sizes}` is read as {channels} channels of {height}×{width}: channels come first"

    def label(self) -> str:
        return f"did you mean `{self.turned}`?"

    def fix(self) -> Fix:
        edits = (Edit(span=self.span, text=self.turned),) if self.span.text == self.sizes else ()
        return Fix(title=f"write `{self.turned}`", edits=edits)


def find(facts: Facts) -> Iterator[ChannelsLast]:
    """Images with 1 or 3 columns and many channels and rows, where that is not an error already."""
    return _find(facts.graph)


def find_in_draft(draft: Draft) -> Iterator[ChannelsLast]:
    """The same of a network with errors."""
    return _find(draft)


def _find(network: Outline[Node] | Outline[DraftNode]) -> Iterator[ChannelsLast]:
    for i in network.inputs:
        found = channels_last(network.nodes[i])
        if found is not None:
            yield ChannelsLast(span=found.span, sizes=found.sizes, turned=found.turned)
