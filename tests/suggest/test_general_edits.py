"""Edits for errors of kinds that no generator was written for: one of those shown makes the intended network."""

import pytest

from archdsl.diagnostics import Severity, Sink
from archdsl.diagnostics.fixes import edited_text
from archdsl.network import analyze
from archdsl.text.source import Source

STEM = "net N\ninput 3x32x32\n"
RIGHT_AND_WRONG = {
    "padding of a layer in the middle": (
        STEM + "residual { conv 3 k3 p1; relu; conv 3 k3 p1 }\n",
        STEM + "residual { conv 3 k3 p2; relu; conv 3 k3 p1 }\n",
    ),
    "kernel of a layer in the middle": (
        STEM + "residual { conv 3 k3 p1; relu; conv 3 k3 p1 }\n",
        STEM + "residual { conv 3 k5 p1; relu; conv 3 k3 p1 }\n",
    ),
    "units along an axis": (
        "input 16x8\nresidual { layernorm; fc 32 axis=0; gelu; fc 16 axis=0 }\n",
        "input 16x8\nresidual { layernorm; fc 32 axis=0; gelu; fc 24 axis=0 }\n",
    ),
    "widths swapped": (
        "input 16x8\nresidual { fc 32; gelu; fc 8 }\n",
        "input 16x8\nresidual { fc 8; gelu; fc 32 }\n",
    ),
    "output padding": (
        "input 3x16x16\nconv 8 k3 s2 p1; upconv 3 k3 s2 p1 output_padding=1\nassert out == 3x16x16\n",
        "input 3x16x16\nconv 8 k3 s2 p1; upconv 3 k3 s2 p1\nassert out == 3x16x16\n",
    ),
    "parameter renamed in the header": (
        STEM + "block unit(c) { conv c k3 p1; bn; relu; conv c k3 p1 }\nunit 8\n",
        STEM + "block unit(filters) { conv c k3 p1; bn; relu; conv c k3 p1 }\nunit 8\n",
    ),
    "block renamed": (
        STEM + "block double(c) { conv c k3 p1; relu }\ndouble 8\n",
        STEM + "block pair(c) { conv c k3 p1; relu }\ndouble 8\n",
    ),
    "missing operator": (
        "let n = 2\ninput 3x32x32\nlet m = 4*n\nconv m k3\n",
        "let n = 2\ninput 3x32x32\nlet m = 4 n\nconv m k3\n",
    ),
    "name written twice": (
        "let n = 2\ninput 3x32x32\nlet m = 4*n//8\nconv m k3\n",
        "let n = 2\ninput 3x32x32\nlet m = 4*n n//8\nconv m k3\n",
    ),
    "missing line break after a number": (
        "input 3x32x32\nlet a = 2\naux g { conv 4 k3 }\nconv a k3\n",
        "input 3x32x32\nlet a = 2aux g { conv 4 k3 }\nconv a k3\n",
    ),
    "missing parenthesis": (
        "input 3x32x32\nlet a = 2*(2 + 2)\nconv a k3\n",
        "input 3x32x32\nlet a = 2*(2 + 2\nconv a k3\n",
    ),
    "surplus parenthesis": ("input 3x32x32\nconv 8 k3\nrelu\n", "input 3x32x32\nconv (8 k3\nrelu\n"),
    "keyword as an argument": (
        STEM + "block b(c, act = relu) { conv c k3; act }\nb 8 act=relu\n",
        STEM + "block b(c, act = relu) { conv c k3; act }\nb 8 act=add\n",
    ),
    "layer that needs arguments as an argument": (
        STEM + "block b(c, act = relu) { conv c k3; act }\nb 8 act=relu\n",
        STEM + "block b(c, act = relu) { conv c k3; act }\nb 8 act=conv\n",
    ),
    "argument without a value": (STEM + "conv 8 k3 s2\n", STEM + "conv 8 k3 s\n"),
    "version as a stride": (STEM + "conv 8 k3 s1\n", STEM + "conv 8 k3 s1.2.3\n"),
    "layer written twice": (
        "input 3x32x32\nconv 64 k7 s2\nrelu\n",
        "input 3x32x32\nconv conv 64 k7 s2\nrelu\n",
    ),
    "activation written twice": (
        "input 3x32x32\nconv 8 k3; bn; relu\n",
        "input 3x32x32\nconv 8 k3; bn bn; relu\n",
    ),
    "keyword written twice": (
        "input 3x32x32\nrepeat 3 { conv 8 k3 }\n",
        "input 3x32x32\nrepeat repeat 3 { conv 8 k3 }\n",
    ),
    "block written twice": (
        "block d(c) { conv c k3 }\ninput 3x32x32\nd 8\n",
        "block d(c) { conv c k3 }\ninput 3x32x32\nd d 8\n",
    ),
    "sign written twice": (
        "net N(c = 10)\ninput 3x32x32\nconv c k3\n",
        "net N(c = = 10)\ninput 3x32x32\nconv c k3\n",
    ),
    "brace written twice": (
        "input 3x32x32\nstage a { conv 8 k3 }\nrelu\n",
        "input 3x32x32\nstage a {{ conv 8 k3 }\nrelu\n",
    ),
    "space one letter late": (
        "input 3x32x32\nmaxpool 3 s2 p1\n",
        "input 3x32x32\nmaxpool 3 s2p 1\n",
    ),
    "space one letter early": (
        "input 3x32x32\nmaxpool 3 s2 ceil\n",
        "input 3x32x32\nmaxpool 3s 2 ceil\n",
    ),
    "sign in a layer": (
        "input 3x32x32\nconv 8 k3\nsigmoid\n",
        "input 3x32x32\nconv 8 k3\nsigm+id\n",
    ),
    "misspelled `net`": (
        "net N(c = 10)\ninput 3x32x32\nconv c k3\n",
        "ent N(c = 10)\ninput 3x32x32\nconv c k3\n",
    ),
    "missing `=` of a parameter": (
        "net N(a = 1, c = 10)\ninput 3x32x32\nconv c k3\nconv a k3\n",
        "net N(a = 1, c 10)\ninput 3x32x32\nconv c k3\nconv a k3\n",
    ),
    "misspelled parameter that is used twice": (
        "net N(width = 8)\ninput 3x32x32\nconv width k3; conv width k3\n",
        "net N(widtth = 8)\ninput 3x32x32\nconv width k3; conv width k3\n",
    ),
    "misspelled parameter next to a symbolic size": (
        "net N(filters = 8, S = 16)\ninput 3xSxS\nconv 2*filters k3; conv filters k3\n",
        "net N(filters = 8, S = 16)\ninput 3xSxS\nconv 2*filtrs k3; conv filters k3\n",
    ),
    "missing separator between blocks": (
        "input 3x32x32\nblock unit(c, k = 3) { conv c k=k }\nunit 8 k3; unit 4 k3\n",
        "input 3x32x32\nblock unit(c, k = 3) { conv c k=k }\nunit 8 k3 unit 4 k3\n",
    ),
    "letter of an argument written twice": (
        "input 3x32x32\nconv 8 k3 s2\n",
        "input 3x32x32\nconv 8 k3 ss2\n",
    ),
    "space in a parameter": (
        "net N(width = 8)\ninput 3x32x32\nconv width k3\n",
        "net N(widt h= 8)\ninput 3x32x32\nconv width k3\n",
    ),
    "sign in a name": (
        "net N(channels = 8)\ninput 3x32x32\nconv channels k3\n",
        "net N(channels = 8)\ninput 3x32x32\nconv c-annels k3\n",
    ),
    "misspelled stage that is used twice": (
        "input 3x32x32\nstage steps { conv 8 k3 }\nconv 8 k3 p1; add steps; conv 8 k3 p1; add steps\n",
        "input 3x32x32\nstage stepss { conv 8 k3 }\nconv 8 k3 p1; add steps; conv 8 k3 p1; add steps\n",
    ),
    "copied name": (
        STEM + "conv 8 k3 p1 as a\nmaxpool 2; conv 8 k3 p1 as b\nupsample 2; concat a\nfrom b; conv 4 k1\n",
        STEM + "conv 8 k3 p1 as a\nmaxpool 2; conv 8 k3 p1 as a\nupsample 2; concat a\nfrom b; conv 4 k1\n",
    ),
    "prose": (STEM + "gap; fc 10\n", "This is the network of the paper, with a stem.\n" + STEM + "gap; fc 10\n"),
    "words of a paper's table": (STEM + "conv 8 k3 s2 p1\n", STEM + "conv 8 k3s2p1\n"),
    "batch": ("input 3x32x32\nconv 8 k3\n", "input 16x3x8x32x32\nconv 8 k3\n"),
    "definition below its use": (
        "net N(width = 8)\ninput 3x32x32\nconv width k3\n",
        "input 3x32x32\nnet N(width = 8)\nconv width k3\n",
    ),
    "return": (
        STEM + "block unit(c) {\n  conv c k3 p1\n  relu\n}\nunit 8\n",
        STEM + "block unit(c) {\n  conv c k3 p1\n  relu\n  return x\n}\nunit 8\n",
    ),
}


def shown(text: str) -> list[str]:
    """The text after each of the suggestions that are shown for its first error that has some."""
    found = analyze(Source(text), Sink()).diagnostics
    errors = [item for item in found if item.diagnostic.severity is Severity.ERROR]
    assert errors
    fixes = next((item.suggestions for item in errors if item.suggestions), ())
    return [edited_text(text, fix.edits) for fix in fixes]


def errors(text: str) -> int:
    return sum(item.diagnostic.severity is Severity.ERROR for item in analyze(Source(text), Sink()).found)


def layers(text: str) -> list[tuple[str, str]]:
    """The layers of a network with their shapes; none for a text with errors."""
    network = analyze(Source(text), Sink()).network
    nodes = network.graph.nodes if network is not None else ()
    return [(type(node.op).__name__, str(node.shape)) for node in nodes]


@pytest.mark.parametrize("name", [name for name in RIGHT_AND_WRONG if name != "batch"])
def test_intended_network_is_suggested(name: str) -> None:
    right, wrong = RIGHT_AND_WRONG[name]
    assert layers(right)
    assert layers(right) in [layers(text) for text in shown(wrong)]


@pytest.mark.parametrize("name", RIGHT_AND_WRONG)
def test_each_suggestion_reduces_the_number_of_errors(name: str) -> None:
    _, wrong = RIGHT_AND_WRONG[name]
    assert shown(wrong)
    assert all(errors(text) < errors(wrong) for text in shown(wrong))


@pytest.mark.parametrize("name", RIGHT_AND_WRONG)
def test_suggestions_are_deterministic(name: str) -> None:
    _, wrong = RIGHT_AND_WRONG[name]
    assert shown(wrong) == shown(wrong)


@pytest.mark.parametrize(
    "text", ["input 8\nqqfc 10; relu\n", "input 3x8x8; conv 8 relu\n", "input 3x8x8\nconv 8 k3 k5\n"]
)
def test_suggestions_do_not_turn_statements_into_comments(text: str) -> None:
    assert not any("#" in each for each in shown(text))
