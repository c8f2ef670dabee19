"""The network as a graph, and the draft it is checked from."""

from .graph import Graph, Node

__all__ = ["Graph", "Node"]
