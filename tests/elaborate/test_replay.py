"""A use of a block that is copied from an earlier one is what elaborating it again would give."""

from typing import Any

import pytest

from archdsl.diagnostics import Sink
from archdsl.elaborate.example_sizes import elaborate_examples
from archdsl.elaborate.replay import replay as archdsl_replay
from archdsl.graph import Draft
from archdsl.syntax import parse
from archdsl.text.source import Source
from archdsl.zoo import entries, shipped

PROGRAMS = {
    "two results": "input 8x8x8\nblock b { conv 8 k3 p1 as a; relu as c; output c, a }\n"
    "b as x, y; add x y\nb as z, w\nadd z w",
    "the input as a result": "input 8x8x8\nblock b { conv 8 k3 p1 as a; output a, in }\nb as x, y; b as z, w; add z w",
    "nothing": "input 8x8x8\nblock b { }\nb; b; relu",
    "shared weights": "input 8x8x8\nblock b { conv 8 k3 p1 as a; reuse a }\nrepeat 4 { b }",
    "stages and repetitions": "input 8x8x8\n"
    "block b(n) { stage s { repeat n { conv 8 k3 p1 } }; relu }\nrepeat 3 { b 2 }",
    "blocks in blocks": "input 8x8x8\nblock a { relu }\nblock b { a x2; residual { a } }\nb x4 as last",
    "an assertion": "input 8x8x8\nblock b { conv 8 k3 p1; assert @c == 8 }\nb x3",
    "an error": "input 8x8x8\nblock b { conv 8 k30 }\nb; b; relu",
    "an error at last": "input 8x8x8\nblock b { conv 8 k3 }\nb x9",
    "a warning": "input 8x8x8\nblock b { conv 8 k3 s4; relu; relu }\nb; b",
    "the input of the network": "input 8x8x8\nblock b { residual { relu } shortcut { from in } }\nb; b; b",
    "a layer as an argument": "input 8x8x8\nblock b(act) { act }\nb relu; b gelu; b relu; b gelu",
    "several inputs": "input a 8x8x8\ninput c 8x8x8\nblock b { relu }\nfrom a; b; b as x\nfrom c; b; b as y\nadd x y",
    "values that differ": "input 8x8x8\nblock b(n) { conv n k1 }\nrepeat [8, 4, 8, 4] as d { b d }",
    "the body of a scan": "input 6x8\nblock b { fc 8; relu }\nb\nscan carry h = 8 { b; add in h as h; b }\nb; b",
    "equal values of two kinds": "input 8x8x8\nblock b(p) { dropout p }\nb 0; b 0.0; b 1*0.5; b 0.5",
}


def described(draft: Draft, sink: Sink) -> Any:
    """All of a draft, and what was reported."""
    nodes = [
        (n.id, type(n), n.op, n.inputs, getattr(n, "shape", None), n.path, n.span, n.uses, n.alias,
         n.statement, dict(n.arguments), getattr(n, "shared", None))
        for n in draft.nodes
    ]  # fmt: skip
    rest = (draft.outputs, dict(draft.scopes), draft.inputs, len(draft.asserts), draft.errors)
    return nodes, rest, [(each.other_occurrences, each.diagnostic.message(), each.diagnostic.span) for each in sink]


def elaborated(source: Source) -> Any:
    sink, found = Sink(), Sink()
    program = parse(source, sink)
    return lambda: described(elaborate_examples(program, found, {}, None, shipped()), found)


@pytest.mark.parametrize("name", [*PROGRAMS, *(f"zoo:{name}" for name in sorted(entries())[::4])])
def test_copied_block_use_matches_elaboration(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source = entries()[name[4:]].source() if name.startswith("zoo:") else Source(PROGRAMS[name])
    run = elaborated(source)
    copied = run()
    monkeypatch.setattr("archdsl.elaborate.control.replay", lambda *_: None)
    assert repr(copied) == repr(elaborated(source)())  # `std` is read each time


def test_repeated_block_uses_are_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    copied = []
    replay = archdsl_replay

    def noted(*args: Any) -> Any:
        found = replay(*args)
        copied.append(found is not None)
        return found

    monkeypatch.setattr("archdsl.elaborate.control.replay", noted)
    elaborated(Source(PROGRAMS["blocks in blocks"]))()
    assert sum(copied) > 3
