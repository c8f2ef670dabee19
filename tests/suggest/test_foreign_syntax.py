"""Comments, chains and continued lines of other languages: the first suggestion means the same here."""

import itertools

import pytest

import archdsl
from archdsl.diagnostics import Sink
from archdsl.diagnostics.fixes import edited_text
from archdsl.network import analyze
from archdsl.syntax import ast, parse
from archdsl.text.source import Source

COMMENTS = {
    "HEAD\n// a comment\nrelu": "HEAD\n# a comment\nrelu",
    "HEAD\n-- a comment\nrelu": "HEAD\n# a comment\nrelu",
    "HEAD\n% a comment\nrelu": "HEAD\n# a comment\nrelu",
    "HEAD; conv 4 k1 // the stem of it\nrelu": "HEAD; conv 4 k1  # the stem of it\nrelu",
    "HEAD; conv 4 k1 -- the stem\nrelu": "HEAD; conv 4 k1  # the stem\nrelu",
    "HEAD\n/* a comment */\nrelu": "HEAD\n# a comment\nrelu",
    "HEAD\n/* one\n * two\n */\nrelu": "HEAD\n# one\n# two\nrelu",
    "HEAD\nstage a {\n  /* one\n     two */\n  relu\n}": "HEAD\nstage a {\n  # one\n  # two\n  relu\n}",
    "HEAD\n/* one */ relu": "HEAD\n# one\nrelu",
    "HEAD; conv 4 k1 /* the stem */; relu": "HEAD; conv 4 k1; relu  # the stem",
    "HEAD /* a */\nrelu /* b */": "HEAD # a\nrelu # b",
    "HEAD\n<!-- a comment -->\nrelu": "HEAD\n# a comment\nrelu",
    '"""A network."""\nHEAD; relu': "# A network.\nHEAD; relu",
    "'''\nA network.\n'''\nHEAD; relu": "# A network.\nHEAD; relu",
}
CHAINS = {
    "assert 1 < 2 < 3": "assert 1 < 2 and 2 < 3",
    "assert 1 < @c < 9 <= 9": "assert 1 < @c and @c < 9 and 9 <= 9",
    "if @h == @w == 8 { relu }": "if @h == @w and @w == 8 { relu }",
    "if not 1 < @c < 9 { relu }": "if not (1 < @c and @c < 9) { relu }",
    "if not 1 < @c < 9 and @h < @w + 1 < 5 { }": "if not (1 < @c and @c < 9) and @h < @w + 1 and @w + 1 < 5 { }",
    "if @c == 4 or 1 < max(@c, 2) < 9 { relu }": "if @c == 4 or 1 < max(@c, 2) and max(@c, 2) < 9 { relu }",
    "if (1 < (@c) < 9) { relu }": "if (1 < (@c) and (@c) < 9) { relu }",
    "conv (1 if 2 < @c < 9 else 4) k1": "conv (1 if 2 < @c and @c < 9 else 4) k1",
    "residual when 1 < @c < 9 { conv 8 k3 p1 }": "residual when 1 < @c and @c < 9 { conv 8 k3 p1 }",
}
LINES = {
    "HEAD\nconv 4 \\\n  k3": "HEAD\nconv 4 k3",
    "HEAD\nconv 4\\\n  k3 \\\n s2\nrelu": "HEAD\nconv 4 k3 s2\nrelu",
}
NUMBERS = {
    "scale ½": "scale 0.5",
    "scale -½": "scale -0.5",
    "scale 1¾": "scale 1.75",
    "scale 1234567½": "scale 1234567.5",
    "dropout p=⅛": "dropout p=0.125",
    "conv 4² k1": "conv 4**2 k1",
    "conv 2k k1": "conv 2000 k1",
    "assert params < 64k": "assert params < 64K",
    "relu as b x3": "relu x3 as b",
    "relu x2 as b x3": "relu x2 as b",
    "conv 4 as b k3": "conv 4 k3 as b",
    "conv 4 as b k3 s2; relu": "conv 4 k3 s2 as b; relu",
}
HEAD = "input 8x8x8"


def suggested(text: str) -> list[str]:
    """The texts that the suggestions make of a text."""
    found = analyze(Source(text), Sink()).diagnostics
    return [edited_text(text, fix.edits) for item in found for fix in item.suggestions]


@pytest.mark.parametrize(("text", "wanted"), {**COMMENTS, **LINES}.items())
def test_foreign_comments_and_line_continuations_are_rewritten(text: str, wanted: str) -> None:
    found = suggested(text.replace("HEAD", HEAD))
    assert found[0] == wanted.replace("HEAD", HEAD)
    assert archdsl.check(text=found[0]).ok


@pytest.mark.parametrize("statement", [*CHAINS, *NUMBERS])
def test_foreign_chains_and_numbers_are_rewritten(statement: str) -> None:
    found = suggested(f"{HEAD}; {statement}")
    assert found[0] == f"{HEAD}; {({**CHAINS, **NUMBERS})[statement]}"
    assert archdsl.check(text=found[0]).ok


@pytest.mark.parametrize(("count", "step"), [(3, 2), (4, 13)])
def test_rewritten_comparison_chain_matches_python(count: int, step: int) -> None:
    """Compare with Python, in which comparisons are chained."""
    for signs in [*itertools.product(("<", "<=", "==", "!="), repeat=count - 1)][::step]:
        for values in ((1, 2, 3, 4), (2, 2, 1, 1)):
            chain = " ".join(str(part) for pair in zip(values, (*signs, ""), strict=False) for part in pair).strip()
            for prefix in ("", "not "):
                found = suggested(f"{HEAD}; relu; if {prefix}{chain} {{ tanh }}")
                program = parse(Source(found[0]), Sink())
                assert isinstance(program.statements[-1], ast.If)
                layers = len(archdsl.loads(found[0]).layers)
                assert layers == 1 + bool(eval(prefix + chain)), found[0]


@pytest.mark.parametrize("statement", ["fc 64 // grops", "fc 64 // grops nobias", "conv 8 // 2 k1 nobais"])
def test_integer_division_is_not_treated_as_a_comment(statement: str) -> None:
    assert not [text for text in suggested(f"net N(groups = 2)\ninput 8; {statement}") if "#" in text]


@pytest.mark.parametrize("number", ["½", "⅓", "2⅔", "k3²", "x³", "Ⅳ", "k①②"])
def test_suggestions_do_not_drop_numbers(number: str) -> None:
    for text in suggested(f"{HEAD}; pool {number}; scale {number}"):
        assert sum(map(text.count, ("pool ;", "scale;", "scale\n"))) == 0
        assert not text.endswith("scale")


@pytest.mark.parametrize(
    "word", ["9" * 400 + "½", "9" * 5000 + "½", "k" + "9" * 5000 + ".5", "k3" + "x3" * 60 + "!", "3" + "x3" * 60 + "!"]
)
def test_long_words_take_neither_exponential_time_nor_large_numbers(word: str) -> None:
    assert not archdsl.check(text=f"{HEAD}; conv 4 k1 {word}").ok


@pytest.mark.parametrize("size", [34, 40, 64])
def test_oversized_crop_suggests_padding(size: int) -> None:
    found = suggested(f"input 3x32x32; crop {size}")
    assert len(found) == 2
    assert {str(archdsl.loads(text).graph.output.shape) for text in found} == {"3×32×32", f"3×{size}×{size}"}


@pytest.mark.parametrize("words", ["b x3", "b k3", "b x2 x3", "b, c x2"])
def test_suggestions_do_not_join_a_name_with_an_argument(words: str) -> None:
    for text in suggested(f"{HEAD}; relu as {words}"):
        assert not {"bx3", "b_x3", "bk3", "b_k3", "cx2", "c_x2", "bx2"} & {*text.replace(";", " ").split()}
        assert " as x" not in text
