"""The network as a graph, and the draft from which the graph is checked."""

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
