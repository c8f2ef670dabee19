"""`same` with an even kernel."""

from collections.abc import Iterator

from ...diagnostics import Diagnostic, Severity
from ...layers.conv import Convolution
from ...layers.pool import Pooling
from ...shapes.shape import Window
from ...shapes.symbolic import concrete
from ._facts import Facts


class EvenSame(Diagnostic):
    """`same` with an even kernel cannot pad both ends equally: the extra element goes to the end.

    This shifts the output by half a pixel, unless the stride makes up for it; only shifts are reported. An odd kernel
    has a center.

    Source: Wu et al., Convolution with even-sized kernels and symmetric padding, 2019.
    """

    code = "W0914"
    title = "`same` with an even kernel"
    wrong = "input 3x32x32\nconv 16 k4 same\n"
    right = "input 3x32x32\nconv 16 k5 same\n"
    severity = Severity.WARNING

    extent: int
    before: int
    after: int

    def message(self) -> str:
        return f"for a kernel of {self.extent}, `same` pads by {self.before} before and {self.after} after"

    def label(self) -> str:
        return "shifts the output by half a pixel"

    def help(self) -> tuple[str, ...]:
        return (f"a kernel of {self.extent - 1} or {self.extent + 1} has a center",)


def find(facts: Facts) -> Iterator[EvenSame]:
    """`same` if it shifts the windows' center; `same_upper` intentionally pads like another framework."""
    for node, op in facts.layers(Convolution, Pooling):
        x = facts.graph.nodes[node.inputs[0]].shape
        if op.padding != "same" or x is None:
            continue
        uneven = next((w for w, side in zip(op.windows(x), x.spatial_size, strict=False) if _is_shifted(w, side)), None)
        # Pooling whose stride is its own size skips no elements.
        if uneven is not None and uneven.stride != uneven.kernel:
            yield EvenSame(
                span=node.span, uses=node.uses, extent=uneven.extent, before=uneven.before, after=uneven.after
            )


def _is_shifted(window: Window, size: int) -> bool:
    """Whether the extra element at the end moves the center of all windows away from that of the dimension.

    The windows' center is (S·(W_out − 1) + K' − 1)/2 − P, and that of the dimension (W − 1)/2.
    """
    if window.before == window.after:
        return False
    if window.stride == 1:
        return True  # whatever the size, which may be symbolic
    span = window.stride * (window.out(concrete(size)) - 1) + window.extent - 1
    return span - 2 * window.before > concrete(size) - 1
