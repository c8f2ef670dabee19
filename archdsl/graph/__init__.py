"""The network as a graph, and the draft it is checked from."""

from .assertion import Assertion
from .graph import BaseGraph, Draft, Graph
from .node import DraftNode, Node, NodeSite, Unresolved, likely_shape
from .setting import Setting

__all__ = [
    "Assertion",
    "BaseGraph",
    "Draft",
    "DraftNode",
    "Graph",
    "Node",
    "NodeSite",
    "Setting",
    "Unresolved",
    "likely_shape",
]
