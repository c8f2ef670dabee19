"""Texts that a check accepts, and the facts of their graphs that the properties compare."""

from random import Random
from typing import Any

import archdsl
from archdsl.graph import Graph
from archdsl.network import ArchError, Network

from . import generated_texts
from .resource_guard import TooLong, limited


def accepted(text: str, sizes: tuple[int | str, ...] | None = None) -> Network | None:
    """The network of a text, optionally with other sizes of its only input; None if it has errors."""
    try:
        return archdsl.loads(text, input=sizes)
    except ArchError:
        return None


def accepted_text(random: Random, tries: int = 6) -> str | None:
    """A text of any kind that a check accepts; None if it accepts none of a few."""
    for _ in range(tries):
        text = encodable(generated_texts.text(random))
        if may_be_accepted(text):
            return text
    return None


def may_be_accepted(text: str) -> bool:
    """Whether a check accepts a text or crashes: crashes are for the property to find, not for the generator."""
    try:
        with limited():
            return accepted(text) is not None
    except (Exception, TooLong):
        return True


def encodable(text: str) -> str:
    """A text without the bytes that are not UTF-8."""
    return text.encode("utf-8", "replace").decode()


def signature(graph: Graph) -> list[Any]:
    """A graph without its source positions."""
    nodes = [(node.path, node.op, node.inputs, node.shape, node.shared) for node in graph.nodes]
    return [nodes, graph.inputs, graph.input_names, graph.outputs, sorted(graph.settings.items()), list(graph.symbols)]
