"""Formatting: `fmt` preserves the graph; its output parses without errors and is a fixed point of `fmt`."""

from collections.abc import Iterator
from random import Random

from archdsl.diagnostics import Sink
from archdsl.layers import synonyms
from archdsl.syntax import parse
from archdsl.syntax.ast import Program, same
from archdsl.syntax.format import format_program
from archdsl.text.source import Source

from . import generated_texts
from .accepted import accepted, signature
from .example import Example
from .failure_kinds import Broken
from .resource_guard import limited

NAME = "formatting"


def draw(random: Random) -> Iterator[Example]:
    """A text of any kind."""
    yield Example(holds=NAME, files=(("a.arch", generated_texts.text(random)),))


def check(example: Example) -> None:
    """Check the property on a text; texts with syntax errors are skipped."""
    text = example.main_text()
    with limited():
        tree = parsed(text)
        if tree is None:
            return
        for names in (None, synonyms()):
            made = format_program(tree, names) if names is not None else format_program(tree)
            again = parsed(made)
            if again is None:
                raise Broken("what fmt writes does not parse", made)
            if names is None and not same(tree.statements, again.statements):
                raise Broken("fmt changes the tree", made)
            twice = format_program(again, names) if names is not None else format_program(again)
            if twice != made:
                raise Broken("fmt changes what fmt wrote", f"{made!r} becomes {twice!r}")
            _keeps_graph(text, made)


def _keeps_graph(text: str, made: str) -> None:
    before, after = accepted(text), accepted(made)
    if (before is None) != (after is None):
        raise Broken("fmt changes whether a text is accepted", made)
    if before is not None and after is not None and signature(before.graph) != signature(after.graph):
        raise Broken("fmt changes the graph", made)


def parsed(text: str) -> Program | None:
    """The tree of a text; None if it has errors."""
    sink = Sink()
    tree = parse(Source(text), sink)
    return None if sink.errors else tree
