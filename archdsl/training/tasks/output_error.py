"""The error of an output that does not have the shape that a task needs."""

from ...diagnostics import Sink
from ...diagnostics.catalogue.task_errors import WrongImageOutput
from ...graph import Node


def report_output(node: Node, wanted: str, why: str, sink: Sink, feature_map: tuple[int, ...] = ()) -> None:
    """Report that an output does not have the shape that a task needs: `why` states it, and `wanted` is that shape.

    If it is a feature map of a fixed size, `feature_map` is that shape, too: C×H×W. Fixes are then suggested.
    """
    sink.emit(
        WrongImageOutput(
            span=node.span,
            uses=node.uses,
            why=why,
            found=str(node.shape),
            wanted=wanted,
            channels=feature_map[0] if feature_map else 0,
            size=feature_map[1:],
        )
    )
