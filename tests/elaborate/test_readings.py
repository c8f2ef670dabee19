"""Words with several meanings, layers as arguments, several results: each text against one that says it at length."""

import pytest

import archdsl
from archdsl.diagnostics import Sink
from archdsl.diagnostics.fixes import edited_text
from archdsl.network import analyze
from archdsl.text.source import Source

HEAD = """input 8x16x16
block up(c, skip) { conv c k1; add skip }
block gate(s) { mul s }
block may(c, skip = 0) { conv c k1 }
conv 4 k1 as c4; relu as x1; sigmoid as x2; tanh as s0; relu as x00
"""


def graph(text: str) -> list[object]:
    """What a network is, without the names of its modules."""
    return [(node.op, node.inputs, node.shape, node.alias) for node in archdsl.loads(text).graph.nodes]


def codes(text: str) -> list[str]:
    sink = Sink()
    analyze(Source(text), sink)
    return [each.diagnostic.code for each in sink]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("up 4 c4", "up 4 skip=c4"),
        ("up c=4 c4", "up skip=c4 c=4"),
        ("may 3 c4", "may c=3 skip=c4"),
        ("add x1 x2", "from x00; add { from x1 } { from x2 }"),
        ("concat x1 x2", "concat x1 { from x2 }"),
        ("concat { } x1", "concat { } { from x1 }"),
        ("from x1; reuse x2 as x3; add x3", "from x1; reuse x2 as y3; add y3"),
        ("up 4 x1", "up 4 skip=x1"),
        ("conv 4 k1 x2", "repeat 2 { conv 4 k1 }"),
        ("conv 4 k1 x1", "conv 4 k1"),
        ("up 4 x1 x2", "repeat 2 { up 4 x1 }"),
        ("add { relu } x3", "repeat 3 { add { relu } }"),
        ("residual { relu } x2", "repeat 2 { residual { relu } }"),
        ("let s2 = 1; conv 4 k1 s2", "conv 4 kernel=1 stride=2"),
        ("let k3 = 5; conv k3 k1", "conv 5 k1"),
        ("let c7 = 5; conv c7 k1", "conv 5 k1"),
        ("from x2; tanh as x5; add x5", "from x2; tanh as y; add y"),
    ],
)
def test_word_with_several_meanings_resolves_to_the_one_that_fits(text: str, meant: str) -> None:
    first, second = (archdsl.loads(f"{HEAD}{each}\n").graph for each in (text, meant))
    assert [(n.op, n.inputs, n.shape) for n in first.nodes] == [(n.op, n.inputs, n.shape) for n in second.nodes]
    assert [i for _, i in first.outputs] == [i for _, i in second.outputs]


@pytest.mark.parametrize(
    ("text", "meanings"),
    [
        ("let k5 = 3; conv 8 k5", {"conv 8 kernel=5", "conv 8 kernel=k5"}),
        ("may c4", {"may c=4"}),
        ("up skip=c4 c4", {"up skip=c4 c=4"}),
        ("gate s0", {"gate s=s0"}),
        ("up c4 x1", {"up c=4 x1"}),
        ("may 8 x2", {"may 8 skip=x2", "repeat 2 { may 8 }"}),
        ("mul { conv 4 k1 } x2", {"mul { conv 4 k1 } { from x2 }", "repeat 2 { mul { conv 4 k1 } }"}),
    ],
)
def test_ambiguous_word_has_a_suggestion_for_each_meaning(text: str, meanings: set[str]) -> None:
    source = Source(f"{HEAD}{text}\n")
    (found,) = analyze(source, Sink()).diagnostics
    assert found.diagnostic.code == "E0209"
    edited = {edited_text(source.text, fix.edits) for fix in found.suggestions}
    before = text.partition("; ")[0] + "; " if ";" in text else ""
    assert edited == {f"{HEAD}{before}{meaning}\n" for meaning in meanings}
    for each in edited:
        archdsl.loads(each)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("block b(c, f = relu) { conv c k1; f }\ninput 8x4x4; b 4; b 4 f=silu", "conv 4 k1; relu; conv 4 k1; silu"),
        ("block b(f) { f; f x2 }\ninput 8x4x4; b relu", "relu; relu; relu"),
        ("block b(f, c) { f c k3 p1 }\ninput 8x4x4; b conv 4", "conv 4 k3 p1"),
        ("block a(c) { conv c k1 }\nblock b(f) { f 4; f c2 }\ninput 8x4x4; b a", "conv 4 k1; conv 2 k1"),
        ("block b(norm = bn) { norm }\ninput 8x4x4; b", "bn"),
        ("block b(f) { g f=f }\nblock g(f) { f }\ninput 8x4x4; b tanh", "tanh"),
        ("net N(act = relu)\ninput 8x4x4; act; act", "relu; relu"),
        ("input 8x4x4; let f = tanh if @c > 4 else relu; f", "tanh"),
        ("input 8x4x4; repeat [[4, relu], [2, tanh]] as [c, f] { conv c k1; f }", "conv 4 k1; relu; conv 2 k1; tanh"),
    ],
)
def test_layer_argument_is_equivalent_to_its_explicit_form(text: str, meant: str) -> None:
    assert graph(text) == graph(f"input 8x4x4; {meant}")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("block s { relu as a; tanh as b; output b, a }\ninput 8x4x4\ns as p, q\nadd q", "relu as a; tanh as b; add a"),
        ("block s { relu as a; tanh; output a }\ninput 8x4x4\ns as p\nbn", "relu as a; tanh; from a; bn"),
        (
            "block s { relu as a; tanh as b; output a, b }\ninput 8x4x4\ns x2 as p, q\nadd q",
            "relu as a; tanh as b; from a; relu as a2; tanh as b2; from a2; add b2",
        ),
        ("input 8x4x4\nlet y = 0\nif y { relu } as p\ntanh\nreuse p\nbn", "tanh; bn"),
        (
            "input 8x4x4\nrelu as z; sigmoid\nstage p { from z }\ntanh\nreuse p\nbn",
            "relu as z; sigmoid; from z; tanh; from z; bn",
        ),
        ("input 8x4x4\nrepeat [relu, tanh] as f { f } as p\nfrom in; add p", "relu; tanh as p; from in; add p"),
        ("input 8x4x4\nrelu as p; tanh as q\nrepeat [p, q] as t { add t }", "relu as p; tanh as q; add p; add q"),
    ],
)
def test_several_results_are_equivalent_to_named_results(text: str, meant: str) -> None:
    first, second = archdsl.loads(text).graph, archdsl.loads(f"input 8x4x4; {meant}").graph
    assert [(n.op, n.inputs, n.shape) for n in first.nodes] == [(n.op, n.inputs, n.shape) for n in second.nodes]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("input @c", ["E0207"]),
        ("let a = @c\ninput 8\nfc a", ["E0207"]),
        ("net N(a = @c)\ninput 8\nfc a", ["E0207"]),
        ("input 3x(@c)x4", ["E0207"]),
        ("input user int(1000)\nembedding 8; fc 2", []),
        ("input 3x8x8\nconv3d 4 k3", ["E0410"]),
        ("input 3x8x8\nmaxpool1d 2", ["E0410"]),
        ("block if(c) { fc c }\ninput 8\nfc 8", ["E0107"]),
        ("net stage(c = 3)\ninput 8\nfc c", ["E0107"]),
        ("input 8\nrelu x0", ["E0110"]),
        ("input 8\nrelu as x0; relu x0", ["E0110"]),
        ("input 3x(1.5)x8", ["E0306"]),
        ("input 3x(0)x8\nrelu", ["E0503"]),
    ],
)
def test_invalid_statement_before_result_names_is_an_error(text: str, found: list[str]) -> None:
    assert codes(f"{text}\n") == found
