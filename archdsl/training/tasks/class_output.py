"""The error of an output whose size is not the number of classes."""

from ...diagnostics.catalog.training_errors import WrongOutput
from ...graph import Graph, Node
from ..data.dataset_spec import DataSpec


def wrong_class_output(graph: Graph, node: Node, spec: DataSpec) -> WrongOutput:
    """The error, which suggests `--set classes=…` if the network's parameter `classes` is the size of the output."""
    classes = len(spec.classes)
    is_setting = node.shape.rank == 1 and graph.settings.get("classes") == node.shape.dims[0]
    option = f"--set classes={classes}" if is_setting else ""
    return WrongOutput(span=node.span, data=spec.name, classes=classes, found=str(node.shape), option=option)
