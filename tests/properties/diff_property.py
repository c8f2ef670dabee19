"""Differences: `diff` reports a difference exactly if two graphs differ in more than names of tensors, in both orders.

The graphs are compared node by node, which needs no alignment of their layers.
"""

import re
from collections.abc import Iterator
from random import Random

from archdsl.analysis.diff import diff
from archdsl.analysis.diff.diff_markdown import render as as_markdown
from archdsl.analysis.diff.diff_report import report
from archdsl.analysis.diff.diff_text import render
from archdsl.analysis.diff.differences import Diff, NetworkTotals
from archdsl.graph import Graph
from archdsl.layers import synonyms
from archdsl.network import Network
from archdsl.syntax.format import format_program
from tests.programs.generate import program

from . import generated_texts
from .accepted import accepted, encodable, may_be_accepted
from .example import Example
from .failure_kinds import Broken
from .formatting_property import parsed
from .resource_guard import limited

NAME = "differences"
_UNORDERED = ("add", "mul", "minimum", "maximum")
_WORD = re.compile(r"\b[a-z]\w*\b")


def draw(random: Random) -> Iterator[Example]:
    """A text and an edited one, the formatted one, or any other."""
    first = encodable(program(random) if random.random() < 0.7 else generated_texts.text(random))
    for _ in range(8):
        second = encodable(_edited(random, first))
        if second != first and may_be_accepted(second):
            yield Example(holds=NAME, files=(("a.arch", first), ("b.arch", second)))
            return


def _edited(random: Random, text: str) -> str:
    match random.randrange(8):
        case 0:
            return program(random)
        case 1:
            tree = parsed(text)
            return text if tree is None else format_program(tree, synonyms())
        case 2 | 3:
            return _other_name(random, text)
        case _:
            return generated_texts.changed(random, text)


def _other_name(random: Random, text: str) -> str:
    """A text in which a use of a tensor names another one."""
    names = re.findall(r"\bas (\w+)|\binput ([a-z]\w*)", text)
    named = [one or other for one, other in names]
    uses = [found for found in _WORD.finditer(text) if found[0] in {*named, "in"}]
    if not named or not uses:
        return text
    use = random.choice(uses)
    return f"{text[: use.start()]}{random.choice(named)}{text[use.end() :]}"


def check(example: Example) -> None:
    """Compare what `diff` says of two texts with their graphs; texts with errors are skipped."""
    (_, first), (_, second) = example.files
    with limited():
        a, b = accepted(first), accepted(second)
        if a is None or b is None:
            return
        there, back = diff(a.graph, b.graph), diff(b.graph, a.graph)
        _check_renderings(there)
        same = _facts(a.graph) == _facts(b.graph)
    if same == there.differs:
        raise Broken("diff finds a difference in equal networks" if same else "diff misses a difference", second)
    if there.differs != back.differs:
        raise Broken("diff depends on the order of the networks", second)
    for network, totals in ((a, there.a), (b, there.b)):
        _check_totals(network, totals)


def _facts(graph: Graph) -> object:
    """A graph without positions in the text and names of outputs, and with the inputs of a sum in a fixed order."""
    nodes = [
        (
            node.path,
            node.op,
            () if node.op.starts else sorted(node.inputs) if node.op.keyword in _UNORDERED else list(node.inputs),
            node.shape,
            node.shared,
        )
        for node in graph.nodes
    ]
    return nodes, graph.inputs, [node for _, node in graph.outputs]


def _check_renderings(found: Diff) -> None:
    """Every format can show it, and the text shows a changed layer if one differs."""
    report(found)
    as_markdown(found)
    text = render(found, full=True)
    if any(row.kind == "changed" for row in found.rows) and "\n~" not in text:
        raise Broken("the text of a diff lacks a changed layer", text)


def _check_totals(network: Network, totals: NetworkTotals) -> None:
    """The totals are those of `check`."""
    wanted = network.parameters, str(network.macs), len(network.graph.layers)
    found = totals.parameters, str(totals.macs), totals.layers
    if found != wanted:
        raise Broken("diff has other totals than check", f"{found}, not {wanted}")
