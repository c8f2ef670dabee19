"""An input with its channels last."""

from collections.abc import Iterator

from ...diagnostics import Diagnostic, Edit, Fix, Severity
from ...graph import Draft, Node
from ...graph.axis_order import channels_last
from ...layers.resample import Resampling
from ...layers.reshape import Reshape
from ._facts import Facts

_ELEMENTWISE, _SPATIAL = ("activation", "norm"), ("conv", "pool")


class ChannelsLast(Diagnostic):
    """The shape of an input looks like height × width × channels, but it is read as channels × height × width.

    `32x32x3` means 32 channels of 32×3. PyTorch puts the channels first; Keras and image files put them last. The
    same holds for signals, where `128x9` in Keras is 128 steps of 9 features, for volumes, and for `reshape 7x7x128`.

    Source: torch.nn.Conv2d, "(N, C, H, W)"; keras.layers.Conv2D, `data_format="channels_last"`.
    """

    code = "W0915"
    title = "channels last"
    wrong = "input 32x32x3\nconv 8 k3\n"
    right = "input 3x32x32\nconv 8 k3\n"
    severity = Severity.WARNING
    fix_is_tried = True

    sizes: str
    reordered: str

    def message(self) -> str:
        channels, *sides = self.sizes.split("x")
        return f"`{self.sizes}` is read as {channels} channels of {'×'.join(sides)}: channels come first"

    def label(self) -> str:
        return f"did you mean `{self.reordered}`?"

    def fix(self) -> Fix:
        edits = (Edit(span=self.span, text=self.reordered),) if self.span.text == self.sizes else ()
        return Fix(title=f"write `{self.reordered}`", edits=edits)


def find(facts: Facts) -> Iterator[ChannelsLast]:
    """Inputs with few columns and many channels and rows, unless they already cause an error."""
    for i in facts.graph.inputs:
        found = channels_last(facts.graph.nodes[i])
        if found is not None and (len(found.sizes.split("x")) > 2 or facts.slides_first(i) is not None):
            yield ChannelsLast(span=found.span, sizes=found.sizes, reordered=found.reordered)
    for node, _ in facts.layers(Reshape):
        found = channels_last(node)
        if found is not None and _is_read_as_image(facts, node):
            yield ChannelsLast(span=found.span, uses=node.uses, sizes=found.sizes, reordered=found.reordered)


def _is_read_as_image(facts: Facts, node: Node) -> bool:
    """Whether a convolution, pooling or resampling layer reads a node, perhaps after elementwise layers."""
    after = facts.after(node)
    while after is not None and after.op.style in _ELEMENTWISE:
        after = facts.after(after)
    return after is not None and (after.op.style in _SPATIAL or isinstance(after.op, Resampling))


def find_in_draft(draft: Draft) -> Iterator[ChannelsLast]:
    """Like `find`, for images and volumes of a network with errors."""
    for i in draft.inputs:
        found = channels_last(draft.nodes[i])
        if found is not None and len(found.sizes.split("x")) > 2:
            yield ChannelsLast(span=found.span, sizes=found.sizes, reordered=found.reordered)
