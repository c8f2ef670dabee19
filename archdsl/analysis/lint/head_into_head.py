"""An output that the next head reads, although both should read the same tensor."""

from collections.abc import Iterator, Mapping

from ...contract.layer import Layer
from ...diagnostics import Diagnostic, Label, Related, Severity
from ...graph import Node
from ...layers.activation import LogSoftmax, Sigmoid, Softmax
from ...layers.conv import Convolution
from ...layers.linear import Linear
from ._facts import Facts

_OUTPUT_ACTIVATIONS = (Sigmoid, Softmax, LogSoftmax)


class HeadIntoHead(Diagnostic):
    """The head of one output reads only another output of the network.

    In `fc 1 as age; fc 2 as gender`, the gender is computed from the age. To make the second head read the same tensor
    as the first, start it with `from`, which goes back to that tensor. If a hidden layer is meant to be an output too,
    put an activation before the next layer.

    Source: Caruana, Multitask Learning, 1997: the tasks' heads share one hidden representation.
    """

    code = "W0920"
    title = "output feeds another head"
    wrong = "input 64\nfc 32; relu\nfc 1 as age\nfc 2 as gender\noutput age, gender\n"
    right = "input 64\nfc 32; relu as trunk\nfc 1 as age\nfrom trunk; fc 2 as gender\noutput age, gender\n"
    severity = Severity.WARNING

    first: str
    second: str
    trunk: str | None
    maker: Related

    def message(self) -> str:
        return f"the head of output `{self.second}` reads only the output `{self.first}`"

    def label(self) -> str:
        return f"reads `{self.first}`, of shape {self.maker.shape}"

    def others(self) -> tuple[Label, ...]:
        return (Label(span=self.maker.span, text=f"computes `{self.first}`"),)

    def help(self) -> tuple[str, ...]:
        if self.trunk is not None:
            return (f"write `from {self.trunk}` before this layer to go back to the input of `{self.first}`",)
        return ("name the tensor that both should read, `… as trunk`, and write `from trunk` before this layer",)


def find(facts: Facts) -> Iterator[HeadIntoHead]:
    """Layers with weights that read such a layer of another output, with at most output activations in between."""
    nodes = facts.graph.nodes
    names = {node: name for name, node in facts.graph.outputs}
    if len(names) < 2:
        return
    for name, end in facts.graph.outputs:
        layer = _head(facts, nodes[end])
        first = layer and _output_before(facts, layer, names)
        maker = first and _head(facts, first)
        if layer is None or first is None or maker is None or first.id == end or maker.id == layer.id:
            continue
        origin = nodes[maker.inputs[0]]
        if layer.shape == origin.shape:
            continue  # An autoencoder: a code, and its reconstruction.
        related = Related(span=maker.span, shape=str(first.shape))
        trunk = origin.alias or next((n for n, i in _inputs(facts) if i == origin.id), None)
        yield HeadIntoHead(
            span=layer.span, uses=layer.uses, first=names[first.id], second=name, trunk=trunk, maker=related
        )


def _head(facts: Facts, node: Node) -> Node | None:
    """The layer with weights that computes an output, before its activation."""
    while isinstance(node.op, _OUTPUT_ACTIVATIONS):
        before = facts.before(node)
        if before is None:
            return None
        node = before
    return node if isinstance(node.op, Linear | Convolution) and isinstance(node.op, Layer) else None


def _output_before(facts: Facts, layer: Node, names: Mapping[int, str]) -> Node | None:
    """The output that a layer reads, directly or through an output's activation."""
    node = facts.before(layer)
    while node is not None and node.id not in names and isinstance(node.op, _OUTPUT_ACTIVATIONS):
        node = facts.before(node)
    return node if node is not None and node.id in names else None


def _inputs(facts: Facts) -> Iterator[tuple[str, int]]:
    return zip(facts.graph.input_names, facts.graph.inputs, strict=True)
