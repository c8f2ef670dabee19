"""Random programs: every construct of the language, with the layers of the registry."""

from random import Random

from archdsl.diagnostics import Sink
from archdsl.elaborate import elaborate
from archdsl.graph import Graph
from archdsl.syntax import parse
from archdsl.text.source import Source

from . import block_statements, control_statements, merge_statements, name_statements, tensor_statements
from .maker import Maker, Statement

FLAT: dict[str, Statement] = {
    "let": name_statements.let,
    "from": name_statements.from_,
    "reuse": name_statements.reuse,
    "like": tensor_statements.like,
    "attention": tensor_statements.attention,
    "recurrent": tensor_statements.recurrent,
    "pattern": tensor_statements.pattern,
}
"""Statements without a body, by kind."""
NESTED: dict[str, Statement] = {
    "merge": merge_statements.merge,
    "contraction": merge_statements.contraction,
    "residual": merge_statements.residual,
    "stage": control_statements.stage,
    "repeat": control_statements.repeat,
    "carry": control_statements.carry,
    "if": control_statements.if_,
    "scan": control_statements.scan,
    "moe": control_statements.moe,
    "aux": control_statements.aux,
    "block": block_statements.block,
    "block of a layer": block_statements.of_layer,
    "block of a block": block_statements.of_block,
    "block of a list": block_statements.of_list,
    "block of a tensor": block_statements.of_tensor,
    "standard block": block_statements.standard,
}
"""Statements with a body or a definition, by kind."""


def program(random: Random) -> str:
    """A program without errors."""
    maker = Maker(random, FLAT, NESTED)
    good, names, x = maker.head()
    for _ in range(random.randint(1, 5)):
        before = dict(names.tensors), dict(names.numbers), list(maker.definitions)
        line, y = maker.statement(x, names, 0)
        text = f"{good}{maker.separator()}{line}"
        if built(maker.whole(text))[1].errors:
            names.tensors, names.numbers, maker.definitions = before
            maker.blocks = [block for block in maker.blocks if any(f" {block[0]}" in d for d in maker.definitions)]
        else:
            good, x = text, y
    named = list(names.tensors)
    if named and maker.bernoulli(0.2):
        outputs = ", ".join(dict.fromkeys(random.choices(named, k=random.randint(1, 2))))
        good += f"\noutput {outputs}"
    return maker.whole(good)


def built(text: str) -> tuple[Graph | None, Sink]:
    """The graph of a text, and its diagnostics."""
    sink = Sink()
    return elaborate(parse(Source(text), sink), sink).checked(), sink


def graph_of(text: str) -> Graph:
    """The graph of a text without errors."""
    graph, found = built(text)
    assert graph is not None, [each.diagnostic.message() for each in found]
    return graph
