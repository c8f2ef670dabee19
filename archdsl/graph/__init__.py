"""The network as a graph, and the draft it is checked from."""

from .assertion import Assertion
from .graph import Draft, Graph, Outline
from .node import DraftNode, Node, Site, Unresolved, likely_shape
from .setting import Setting

__all__ = [
    "Assertion",
    "Draft",
    "DraftNode",
    "Graph",
    "Node",
    "Outline",
    "Setting",
    "Site",
    "Unresolved",
    "likely_shape",
]
