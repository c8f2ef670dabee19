"""Many sigmoids or tanhs in a row."""

from collections.abc import Iterator

from ...contract.layer import Layer
from ...diagnostics import Diagnostic, Severity
from ...layers.activation import Sigmoid, Tanh
from ._facts import Facts

_SIGMOIDS = 4
_BOTH = 7


class SaturatingStack(Diagnostic):
    """Many sigmoids or tanhs follow each other without normalization or a residual connection between them.

    They saturate far from 0, and the slope of a sigmoid is at most 1/4, so almost no gradient reaches the first layers,
    which then do not learn. Use relu, normalize between them, or bypass them with `residual`.

    Source: Glorot & Bengio, Understanding the difficulty of training deep feedforward neural networks, 2010.
    """

    code = "W0912"
    title = "deep stack of sigmoid or tanh"
    wrong = "input 64\nrepeat 5 { fc 64; sigmoid }\nfc 10\n"
    right = "input 64\nrepeat 5 { fc 64; relu }\nfc 10\n"
    severity = Severity.WARNING

    sigmoids: int
    tanhs: int

    def message(self) -> str:
        counts = ((self.sigmoids, "sigmoid"), (self.tanhs, "tanh"))
        words = " and ".join(f"{count} `{word}`" for count, word in counts if count)
        return f"{words} layers let little of the gradient through"

    def label(self) -> str:
        return f"the slopes multiply the gradient by at most 1/{4**self.sigmoids:,}" if self.sigmoids else ""

    def help(self) -> tuple[str, ...]:
        return ("use `relu` instead, `bn` between them, or `residual { … }` around them",)


def find(facts: Facts) -> Iterator[SaturatingStack]:
    """The ends of long stacks; for several paths the shortest counts, because the gradient flows along it."""
    if not any(True for _ in facts.layers(Sigmoid, Tanh)):
        return
    depth: list[tuple[int, int]] = []
    ends: dict[int, tuple[int, int]] = {}
    for node in facts.graph.nodes:
        sigmoids, tanhs = min((depth[i] for i in node.inputs), key=sum, default=(0, 0))
        before = (sigmoids, tanhs)
        if isinstance(node.op, Layer) and node.op.style in ("norm", "sequence"):
            before = sigmoids, tanhs = (0, 0)
        sigmoids += isinstance(node.op, Sigmoid)
        tanhs += isinstance(node.op, Tanh)
        depth.append((sigmoids, tanhs))
        if (sigmoids, tanhs) != before:
            for i in node.inputs:
                ends = {end: count for end, count in ends.items() if not _is_reachable(facts, end, i)}
            if sigmoids >= _SIGMOIDS or sigmoids + tanhs >= _BOTH:
                ends[node.id] = (sigmoids, tanhs)
    for end, (sigmoids, tanhs) in ends.items():
        node = facts.graph.nodes[end]
        yield SaturatingStack(span=node.span, uses=node.uses, sigmoids=sigmoids, tanhs=tanhs)


def _is_reachable(facts: Facts, end: int, to: int) -> bool:
    """Whether a node can be reached from another by going back one input at a time."""
    node = facts.graph.nodes[to]
    while node.id > end and len(node.inputs) == 1:
        node = facts.graph.nodes[node.inputs[0]]
    return node.id == end
