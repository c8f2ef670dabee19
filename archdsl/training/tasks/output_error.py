"""The error of an output that does not have the shape that a task needs."""

from ...diagnostics import Sink
from ...diagnostics.catalog.task_errors import WrongImageOutput
from ...graph import Node


def report_output(node: Node, wanted: str, why: str, sink: Sink, feature_map: tuple[int, ...] = ()) -> None:
    """Report that an output does not have the shape that a task needs: `why` is the message, `wanted` that shape.

    `feature_map` is the shape C×H×W if the task needs a feature map of a fixed size; fixes are then suggested.
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
