"""Two linear layers with nothing between them."""

from collections.abc import Iterator

from ...contract.layer import Op
from ...diagnostics import Diagnostic, Label, Related, Severity
from ...graph import Node
from ...layers.conv import Conv
from ...layers.linear import Linear
from ...layers.regularization import Dropout
from ...shapes.symbolic import concrete
from ._facts import Facts


class TwoLinear(Diagnostic):
    """A linear layer directly follows another: a single layer could compute the same function.

    `fc 128; fc 64` has more weights than `fc 64`, but no more expressive power. The same holds for two convolutions if
    one of them has `k1`, except at padded edges. Usually an activation is missing; dropout is not one. A bottleneck,
    with fewer features between the two layers than at either end, is not reported: it is a low-rank map.

    Source: Goodfellow, Bengio & Courville, Deep Learning, 2016: a product of matrices is a matrix.
    """

    code = "W0921"
    title = "two linear layers in a row"
    wrong = "input 784\nfc 128; fc 10\n"
    right = "input 784\nfc 128; relu; fc 10\n"
    severity = Severity.WARNING

    first: str
    second: str
    maker: Related

    def message(self) -> str:
        return (
            f"`{self.second}` follows `{self.first}` with no activation between them: together they are one linear map"
        )

    def others(self) -> tuple[Label, ...]:
        return (Label(span=self.maker.span, text="the first"),) if self.maker.span != self.span else ()

    def help(self) -> tuple[str, ...]:
        return ("put an activation between them, such as `relu`, or remove one of them",)


def find(facts: Facts) -> Iterator[TwoLinear]:
    """Pairs of `fc`, or of convolutions with `k1` in at least one, whose middle is no narrower than both ends."""
    again = {node.shared for node in facts.graph.nodes}
    for node, op in facts.layers(Linear, Conv):
        between, before = _before(facts, node)
        if before is None or before.id in again or node.id in again or before.shared is not None:
            continue
        if facts.after(before) is between and _are_one(before.op, op) and not _is_low_rank(facts, before, node):
            yield TwoLinear(
                span=node.span,
                uses=node.uses,
                first=before.op.keyword,
                second=op.keyword,
                maker=Related(span=before.span, shape=str(before.shape)),
            )


def _before(facts: Facts, node: Node) -> tuple[Node, Node | None]:
    """The first dropout between a layer and the node that it reads, or else the layer itself; and that node."""
    before = facts.before(node)
    while before is not None and isinstance(before.op, Dropout) and facts.after(before) is node:
        node, before = before, facts.before(before)
    return node, before


def _are_one(first: Op, second: Op) -> bool:
    """Whether one layer could compute what two layers compute."""
    match first, second:
        case Linear(), Linear():
            return first.axis == second.axis and not (first.frozen or second.frozen)
        case Conv(), Conv():
            plain_groups = first.groups == second.groups == 1 and not (first.frozen or second.frozen)
            return plain_groups and (_is_pointwise(first) or _is_pointwise(second))
        case _:
            return False


def _is_pointwise(op: Conv) -> bool:
    kernel = op.kernel if isinstance(op.kernel, tuple) else (op.kernel,)
    stride = op.stride if isinstance(op.stride, tuple) else (op.stride,)
    return set(kernel) == {1} and set(stride) == {1} and op.padding in (0, "same", "same_upper")


def _is_low_rank(facts: Facts, before: Node, node: Node) -> bool:
    x = facts.graph.nodes[before.inputs[0]].shape
    if isinstance(before.op, Linear) and isinstance(node.op, Linear):
        axis = before.op.axis_of(x)
        start, middle, end = (concrete(shape.dims[axis]) for shape in (x, before.shape, node.shape))
    else:
        start, middle, end = (concrete(shape.channels) for shape in (x, before.shape, node.shape))
    return middle < min(start, end)
