"""A head that averages over places which each see a small part of the input."""

from collections.abc import Iterator

from ...contract.layer import Layer
from ...diagnostics import Diagnostic, Severity
from ...graph import Node
from ...layers.merge import Mul
from ...layers.pool import AdaptiveAvgPool, GlobalAveragePool
from ...shapes.shape import Shape
from ..receptive_field import input_axes
from ._facts import Facts

_PART = 2


class SmallField(Diagnostic):
    """What the head averages are places that each see less than half of the input's side.

    No place can relate the two halves of the picture, and the average only counts local patterns. More depth, stride or
    pooling widens the receptive field, and what it uses well is smaller than what it reaches.

    Source: Araujo, Norris & Sim, Computing Receptive Fields of Convolutional Neural Networks, 2019; Luo et al., 2016.
    """

    code = "W0910"
    title = "a small receptive field"
    wrong = "input 3x64x64\nrepeat 4 { conv 32 k3 p1; relu }\ngap; fc 10\n"
    right = "input 3x64x64\nrepeat 4 { conv 32 k3 p1; relu; maxpool 2 }\ngap; fc 10\n"
    severity = Severity.WARNING

    keyword: str
    field: int
    side: int

    def message(self) -> str:
        return f"`{self.keyword}` averages places that each see {self.field} of the input's {self.side}"

    def label(self) -> str:
        return f"a receptive field of {self.field}"

    def help(self) -> tuple[str, ...]:
        return ("stride 2 or a pooling early on doubles what later layers see; so does `d2`",)


def find(facts: Facts) -> Iterator[SmallField]:
    """Averages over all places, the gates of `mul` left out."""
    if len(facts.graph.inputs) != 1 or facts.graph.symbols:
        return
    entry = facts.graph.nodes[facts.graph.inputs[0]]
    lengths = [entry.shape.dims[axis] for axis in input_axes(facts.graph, entry)]
    if not entry.shape.spatial or not lengths:
        return
    for node, op in facts.layers(GlobalAveragePool, AdaptiveAvgPool):
        whole = isinstance(op, GlobalAveragePool) or set(node.shape.sides) == {1}
        if not whole or _is_gate(facts, node) or _sees_enough(facts, node, min(lengths)):
            continue
        for seen in facts.fields[node.inputs[0]]:
            field, side = min(
                (side if f.size is None else f.size, side) for f, side in zip(seen.sides, lengths, strict=True)
            )
            if field * _PART < side:
                yield SmallField(span=node.span, uses=node.uses, keyword=op.keyword, field=field, side=side)


def _sees_enough(facts: Facts, node: Node, side: int) -> bool:
    """Whether one of the ways to a node sees so much by itself that all of them together do; False: not known yet.

    Most networks see enough, and this is quicker than to follow every way.
    """
    field = 1
    while field * _PART < side and node.inputs:
        x = facts.graph.nodes[max(node.inputs)]
        if _grows(x.shape, node.shape):
            return False
        slides = facts.slides(node.op, x) if isinstance(node.op, Layer) else ()
        if slides:
            field = min((field - 1) * window.stride + window.extent for window, _ in slides)
        node = x
    return field * _PART >= side


def _grows(x: Shape, y: Shape) -> bool:
    """Whether a layer makes places of its own, or changes what a place is."""
    if not y.spatial:
        return False
    return not x.spatial or x.rank != y.rank or any(out > side for out, side in zip(y.sides, x.sides, strict=True))


def _is_gate(facts: Facts, node: Node) -> bool:
    """Whether its result comes back into the picture through a merge."""
    found, queue = {node.id}, [node]
    for each in queue:
        for reader in facts.readers[each.id]:
            if isinstance(reader.op, Mul) or not isinstance(reader.op, Layer):
                return True
            if reader.id not in found:
                found.add(reader.id)
                queue.append(reader)
    return False
