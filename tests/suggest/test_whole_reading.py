"""Reading the lines around an edit again decides what reading the whole text decides."""

import re
from random import Random

import pytest

from archdsl import zoo
from archdsl.diagnostics import Edit, Sink
from archdsl.diagnostics.fixes import edited_text
from archdsl.suggest.statements import edited_program
from archdsl.suggest.whole_reading import reads_alike
from archdsl.syntax import ast, parse
from archdsl.text.source import Source, Span

NAMES = ("lenet5", "resnet18", "unet", "squeezenet1_0", "densenet121", "mobilenet_v2")
WORDS = (
    "conv 8 k3",
    "k5",
    "",
    "; relu",
    "same",
    "as x2",
    "x3",
    "{ relu }",
    "# none",
    "7",
    "s2; bn",
    "let x2 = 3",
    "{",
    "add",
)
EDITS = 60


def edits(source: Source, random: Random) -> list[Edit]:
    """One or two edits at words of a text."""
    found = [match.span() for match in re.finditer(r"\w+|[;{}]|$", source.text)]
    places = sorted(random.sample(found, random.choice((1, 1, 2))))
    return [Edit(span=Span(source, *place), text=random.choice(WORDS)) for place in places]


@pytest.mark.parametrize("name", NAMES)
def test_partial_reparse_agrees_with_a_full_parse(name: str) -> None:
    source, random = Source(zoo.find(name).source().text), Random(name)
    program = parse(source, Sink())
    seen = set()
    for _ in range(EDITS):
        some = edits(source, random)
        tried = edited_program(program, some)
        if tried is not None:
            whole = parse(Source(edited_text(source.text, some)), Sink())
            alike = ast.same(whole.statements, tried.statements)
            assert reads_alike(program, some, tried) is alike, edited_text(source.text, some)
            seen.add(alike)
    assert True in seen


def test_edit_that_changes_later_statements_is_detected() -> None:
    source = Source("input 3x8x8\nconv 8 k3; relu\nconv 8 k3 as x2; relu x2\ngap\n")
    program = parse(source, Sink())
    start = source.text.index("k3; relu")
    edit = Edit(span=Span(source, start, start + 2), text="k3 # a comment")
    tried = edited_program(program, [edit])
    assert tried is None or not reads_alike(program, [edit], tried)
