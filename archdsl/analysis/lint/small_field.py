"""A head that averages over positions with a small receptive field."""

from collections.abc import Iterator

from ...contract.layer import Layer
from ...diagnostics import Diagnostic, Severity
from ...graph import Node
from ...layers.merge import Mul
from ...layers.pool import AdaptiveAvgPool, GlobalAveragePool
from ...shapes.shape import Layout, Shape
from ._facts import Facts

_PART = 2


class SmallField(Diagnostic):
    """The head averages positions that each see less than half of the input along an axis.

    No position can relate distant parts of the image, so the average only counts local patterns. More depth, stride or
    pooling enlarges the receptive field; the effective receptive field is smaller than the theoretical one.

    Source: Araujo, Norris & Sim, Computing Receptive Fields of Convolutional Neural Networks, 2019; Luo et al.,
    Understanding the Effective Receptive Field in Deep Convolutional Neural Networks, 2016.
    """

    code = "W0910"
    title = "small receptive field"
    wrong = "input 3x64x64\nrepeat 4 { conv 32 k3 p1; relu }\ngap; fc 10\n"
    right = "input 3x64x64\nrepeat 4 { conv 32 k3 p1; relu; maxpool 2 }\ngap; fc 10\n"
    severity = Severity.WARNING

    keyword: str
    field: int
    side: int

    def message(self) -> str:
        return f"`{self.keyword}` averages positions that each see {self.field} of {self.side} elements along an axis"

    def label(self) -> str:
        return f"a receptive field of {self.field}"

    def help(self) -> tuple[str, ...]:
        return (
            "an early stride of 2 or pooling nearly doubles the receptive field of later layers; so does `d2` in all "
            "of them",
        )


def find(facts: Facts) -> Iterator[SmallField]:
    """Averages over all positions, except those that a later merge depends on, such as gates."""
    if len(facts.graph.inputs) != 1 or facts.graph.symbols:
        return
    entry = facts.graph.nodes[facts.graph.inputs[0]]
    averages = list(facts.layers(GlobalAveragePool, AdaptiveAvgPool))
    if not entry.shape.spatial or not averages:
        return
    lengths = _lengths(facts, entry)
    for node, op in averages if lengths else ():
        whole = isinstance(op, GlobalAveragePool) or set(node.shape.spatial_size) == {1}
        if not whole or _is_gate(facts, node) or _has_large_field(facts, node, min(lengths)):
            continue
        for seen in facts.fields[node.inputs[0]]:
            field, side = min(
                (side if f.size is None else f.size, side) for f, side in zip(seen.dimensions, lengths, strict=True)
            )
            if field * _PART < side:
                yield SmallField(span=node.span, uses=node.uses, keyword=op.keyword, field=field, side=side)


def _lengths(facts: Facts, entry: Node) -> tuple[int, ...]:
    """The sizes of the dimensions of the input along which there is a receptive field."""
    if entry.shape.layout is not Layout.OPEN:
        return entry.shape.spatial_size
    from ..receptive_field import input_axes  # importing fractions is slow, and few inputs need it

    return tuple(entry.shape.dims[axis] for axis in input_axes(facts.graph, entry))


def _has_large_field(facts: Facts, node: Node, side: int) -> bool:
    """Whether one path to a node has a large enough field, and thus their union; if False, another path may have one.

    Most networks have such a path, and finding it is faster than following every path.
    """
    field = 1
    while field * _PART < side and node.inputs:
        x = facts.graph.nodes[max(node.inputs)]
        if x.shape is not node.shape and _adds_positions(x.shape, node.shape):
            return False
        slides = facts.slides(node.op, x) if isinstance(node.op, Layer) else ()
        if slides:
            field = min((field - 1) * window.stride + window.extent for window, _ in slides)
        node = x
    return field * _PART >= side


def _adds_positions(x: Shape, y: Shape) -> bool:
    """Whether a layer adds positions, or changes the meaning of a position."""
    if not y.spatial:
        return False
    return (
        not x.spatial
        or x.rank != y.rank
        or any(out > side for out, side in zip(y.spatial_size, x.spatial_size, strict=True))
    )


def _is_gate(facts: Facts, node: Node) -> bool:
    """Whether a later merge depends on the result of a node, which may then be a gate."""
    found, queue = {node.id}, [node]
    for each in queue:
        for reader in facts.readers[each.id]:
            if isinstance(reader.op, Mul) or not isinstance(reader.op, Layer):
                return True
            if reader.id not in found:
                found.add(reader.id)
                queue.append(reader)
    return False
