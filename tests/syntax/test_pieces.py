"""A text that is edited in pieces is the program that parsing the whole text gives."""

import random

import pytest

from archdsl.diagnostics import Sink
from archdsl.syntax import ast, parse
from archdsl.syntax.pieces import Pieces
from archdsl.text.source import Source, Span
from archdsl.zoo import entries

NAMES = sorted(entries())[::5]
INSERTED = [
    "", "x", " ", "\n", ";", "{", "}", "(", ")", "[", "]", "-", "-3", "#", '"', "x2", " as x2", "conv 8 k3\n", "relu; ",
    "residual ", "shortcut { }", "else { }", "block stack { relu }\n", "stack a b\n", "moe experts=4 { fc 3 }\n", "for",
    "repeat 2 {", "\n\n", "let x2 = 3\n", "[d for d in", "from ", "as ", "@c", "when ", "block moe { relu }\n", "\r\n",
]  # fmt: skip


def spans(part: object) -> list[tuple[int, int]]:
    """The places of all spans in a tree, in the file."""
    found: list[tuple[int, int]] = []
    stack = [part]
    while stack:
        item = stack.pop()
        if isinstance(item, Span):
            found.append((item.source.start + item.start, item.source.start + item.end))
        elif isinstance(item, tuple):
            stack.extend(item)
        elif hasattr(item, "record_fields"):
            stack.extend(value for _, value in item)  # type: ignore[attr-defined]  # a record
    return found


def reported(sink: Sink) -> list[tuple[str, int, int, str, str, str]]:
    """The diagnostics with their places in the file."""
    found = [item.diagnostic for item in sink]
    return sorted(
        (
            d.code,
            d.span.source.start + d.span.start,
            d.span.source.start + d.span.end,
            d.message(),
            d.label(),
            str(d.help()),
        )
        for d in found
    )


def check(pieces: Pieces) -> None:
    text = pieces.source.text
    sink = Sink()
    whole = parse(Source(text), sink)
    assert reported(pieces.found) == reported(sink), text
    assert ast.same(pieces.program.statements, whole.statements), text
    assert pieces.program.names == whole.names, text
    assert spans(pieces.program.statements) == spans(whole.statements), text


@pytest.mark.parametrize("name", NAMES)
def test_program_after_random_edits_matches_a_full_parse(name: str) -> None:
    rng = random.Random(name)
    text = entries()[name].source().text
    pieces = Pieces(Source(text))
    check(pieces)
    for _ in range(30):
        length = len(pieces.source.text)
        start = rng.randint(0, length)
        end = min(length, start + rng.choice([0, 0, 0, 1, 1, 2, 5, 40]))
        pieces.edit(start, end, rng.choice(INSERTED))
        check(pieces)
        if rng.random() < 0.4:
            pieces.edit(0, len(pieces.source.text), text)
            check(pieces)


def test_edit_keeps_the_trees_of_other_statements() -> None:
    text = "# a net\nnet N\ninput 3x8x8  # three\nblock b { conv 8 k3 }\nb; relu\nb\nfc 10\n"
    pieces = Pieces(Source(text))
    before = pieces.program.statements
    at = text.index("relu")
    pieces.edit(at, at + 4, "gelu")
    after = pieces.program.statements
    assert [a is b for a, b in zip(before, after, strict=True)] == [True, True, True, True, False, True, True]
    assert after[-1].span.line == 7
    pieces.edit(0, 0, "# more\n\n")
    assert all(a is b for a, b in zip(after, pieces.program.statements, strict=True))
    assert after[-1].span.line == 9
    pieces.edit(pieces.source.text.index("three"), pieces.source.text.index("three") + 5, "two")
    assert all(a is b for a, b in zip(after, pieces.program.statements, strict=True))
