"""One `fc` after a flatten with most of the parameters."""

from collections.abc import Iterator

from ...contract.layer import Layer
from ...diagnostics import Diagnostic, Related, Severity
from ...diagnostics.diagnostic import Label
from ...graph import Node
from ...layers.conv import Convolution
from ...layers.linear import Linear
from ...layers.reshape import Flatten
from ._facts import Facts

_PART = 0.8
_MANY = 100_000


class HeavyLayer(Diagnostic):
    """One `fc` that reads a flattened image has more than 80% of the network's parameters, and more than 100,000.

    Every unit has a separate weight for each pixel of each channel, so a pattern is learned separately at each
    position. After `gap`, a unit needs one weight per channel; more pooling shrinks the image.

    Source: Lin, Chen & Yan, Network In Network, 2013, section 3.2.
    """

    code = "W0911"
    title = "one layer has most of the parameters"
    wrong = "input 3x32x32\nrepeat 3 { conv 32 k3 p1; relu }\nflatten\nfc 128; relu\nfc 10\n"
    right = "input 3x32x32\nrepeat 3 { conv 32 k3 p1; relu; maxpool 2 }\ngap\nfc 128; relu\nfc 10\n"
    severity = Severity.WARNING

    parameters: int
    total: int
    maker: Related
    channels: int

    def message(self) -> str:
        part = f"{self.parameters / self.total:.1%}"
        return f"this `fc` has {part} of the network's parameters: {self.parameters:,} of {self.total:,}"

    def others(self) -> tuple[Label, ...]:
        return (self.maker.label(),)

    def help(self) -> tuple[str, ...]:
        return (f"use `gap`, which leaves {self.channels:,} features, instead of `flatten`, or add pooling",)


def find(facts: Facts) -> Iterator[HeavyLayer]:
    """A linear map that reads a flattened image, in a network with convolutions."""
    total = facts.costs.total.parameters
    for node, _ in facts.layers(Linear):
        cost = facts.costs[node.id]
        if cost.parameters <= max(_PART * total, _MANY):
            continue
        flat = _flattened(facts, node)
        x = facts.before(flat) if flat is not None else None
        if flat is None or x is None or max(x.shape.spatial_size) == 1:
            continue
        if any(facts.layers(Convolution)):
            maker = Related(span=flat.span, shape=str(flat.shape))
            yield HeavyLayer(
                span=node.span,
                uses=node.uses,
                maker=maker,
                parameters=cost.parameters,
                total=total,
                channels=x.shape.channels,
            )


def _flattened(facts: Facts, node: Node) -> Node | None:
    """The flatten of an image that a node reads, possibly through dropout and activations."""
    before = facts.before(node)
    while before is not None and isinstance(before.op, Layer) and before.op.style in ("activation", "regularization"):
        before = facts.before(before)
    if before is None or not isinstance(before.op, Flatten):
        return None
    x = facts.before(before)
    return before if x is not None and x.shape.spatial else None
