"""The draft of an edited version is the one that elaborating its whole text gives."""

import random
from typing import Any

import pytest

from archdsl.diagnostics import Sink
from archdsl.elaborate import Elaboration, versions
from archdsl.elaborate.example_sizes import elaborate_examples
from archdsl.elaborate.versions import Versions
from archdsl.graph import Draft, likely_shape
from archdsl.syntax import parse
from archdsl.syntax.pieces import Pieces
from archdsl.text.library import MemoryLibrary, Stack
from archdsl.text.source import Source, Span
from archdsl.zoo import entries, shipped

PROGRAMS = [
    "net N(width = 8, act = relu)\ninput 3x32x32\nblock a(c) { conv c k3 p1; act }\nblock b { a width; a 2*width }\n"
    "conv 8 k3\nb\nb\nlet n = 3\nrepeat n { b }\ngap; fc 10 as logits\noutput logits",
    "input 3xHxW\nconv 8 k3 s2\nassert @h > 3\nstage s { conv 16 k3; relu }\nresidual { conv 16 k3 p1 }\ngap\nfc 10",
    "use std\nuse \"other.arch\"\ninput 3x32x32\nconv 8 k3 p1\nmine 8\nmine 16\naux side { gap; fc 3 }\ngap\nfc 10",
    "input a 8\ninput b 8\nfrom a; fc 4 as x\nfrom b; fc 4 as y\nconcat x y as z\nfc 3\nreuse x\nfc 2",
]  # fmt: skip
LIBRARY = Stack(MemoryLibrary({"other.arch": "block mine(c) { conv c k3 p1; relu }\n"}), shipped())
TYPED = [
    "1",
    "16",
    "",
    " ",
    "\n",
    "relu\n",
    "conv 8 k3\n",
    "x2",
    "}",
    "{",
    "a",
    "b",
    " as t",
    "k99",
    "block b { relu }\n",
]


def source_range(span: Span) -> tuple[str, int, int]:
    return span.source.name, span.source.start + span.start, span.source.start + span.end


def described(draft: Draft, sink: Sink) -> Any:
    """All of a draft and what was reported, with places in the file."""
    nodes = [
        (n.id, type(n).__name__, repr(n.op), n.inputs, likely_shape(n), n.path, source_range(n.span), n.alias,
         tuple((use.block, source_range(use.span)) for use in n.uses), getattr(n, "shared", None),
         None if n.statement is None else source_range(n.statement.span),
         {name: source_range(span) for name, span in n.arguments.items()})
        for n in draft.nodes
    ]  # fmt: skip
    found = [
        (item.diagnostic.code, source_range(item.diagnostic.span), item.diagnostic.message(), item.other_occurrences)
        for item in sink
    ]
    rest = (draft.name, draft.inputs, draft.input_names, draft.outputs, draft.settings, draft.scopes, draft.errors)
    more = (len(draft.training), len(draft.asserts), sorted(draft.symbols), len(draft.conditions))
    return nodes, rest, more, sorted(found)


def check(pieces: Pieces, drafts: Versions) -> None:
    sink, scratch = Sink(), Sink()
    draft = drafts.draft(pieces.program, sink)
    whole = parse(Source(pieces.source.text), Sink())
    assert described(draft, sink) == described(elaborate_examples(whole, scratch, {}, None, LIBRARY), scratch)


def edited_at_random(text: str, seed: object, count: int) -> None:
    rng = random.Random(str(seed))
    pieces, drafts = Pieces(Source(text)), Versions(LIBRARY)
    check(pieces, drafts)
    for _ in range(count):
        length = len(pieces.source.text)
        start = rng.randint(0, length)
        end = min(length, start + rng.choice([0, 0, 1, 1, 3]))
        pieces.edit(start, end, rng.choice(TYPED))
        check(pieces, drafts)
        if rng.random() < 0.3:
            pieces.edit(0, len(pieces.source.text), text)


@pytest.mark.parametrize("text", PROGRAMS)
@pytest.mark.parametrize("seed", range(3))
def test_draft_after_random_edits_matches_full_elaboration(
    text: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "_CACHED", 7)
    edited_at_random(text, seed, 40)


@pytest.mark.parametrize("name", sorted(entries())[::12])
def test_draft_after_random_edits_of_zoo_networks_matches_full_elaboration(name: str) -> None:
    edited_at_random(entries()[name].source().text, name, 12)


def test_edit_reelaborates_only_what_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "# c\ninput 3x32x32\n" + "conv 8 k3 p1\n" * 50 + "block b { relu }\nb\nfc 10\n"
    pieces, drafts = Pieces(Source(text)), Versions(LIBRARY)
    ran: list[object] = []
    run = Elaboration._run

    def noted(elaboration: Elaboration, state: Any, statement: Any) -> None:
        ran.append(statement)
        run(elaboration, state, statement)

    monkeypatch.setattr(Elaboration, "_run", noted)
    check_only(pieces, drafts)
    assert len(ran) == 54
    for typed, at, count in (("1", len(text) - 1, 1), ("# x\n", 4, 1), ("gelu; ", text.index("relu"), 4)):
        ran.clear()
        pieces.edit(at, at, typed)
        check_only(pieces, drafts)
        assert len(ran) <= count, typed


def check_only(pieces: Pieces, drafts: Versions) -> None:
    drafts.draft(pieces.program, Sink())


def test_layer_argument_in_a_used_file_after_an_edit() -> None:
    """The names of layers are known again where the values of arguments are those of an earlier version."""
    pieces, drafts = Pieces(Source("use std\ninput 8x8x8\nconv 8 k3\nunit 8\nfc 10\n")), Versions(LIBRARY)
    check(pieces, drafts)
    at = pieces.source.text.index("3\nunit")
    pieces.edit(at, at + 1, "1")
    check(pieces, drafts)
