"""Random programs against the formatter, torch and printed source; and arbitrary texts."""

import re
import time
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archdsl.diagnostics import Sink
from archdsl.diagnostics.terminal import render
from archdsl.layers import synonyms
from archdsl.network import analyze
from archdsl.syntax import parse
from archdsl.syntax.ast import same
from archdsl.syntax.format import format_program
from archdsl.text.source import Source

from . import network_property
from .generate import graph_of, program

few = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
many = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

# Sampling each choice with Hypothesis would be slower; with a seed, the program that fails is shown as well.
programs = st.integers(0, 2**32).map(lambda seed: program(Random(seed)))


@few
@given(programs)
def test_networks_agree_with_torch(text: str) -> None:
    """Shapes, state and multiply-accumulates are torch's; printed source builds the same."""
    network_property.check(graph_of(text))


@many
@given(programs)
def test_formatting_keeps_the_tree(text: str) -> None:
    tree = parse(Source(text), Sink())
    made = format_program(tree)
    again = parse(Source(made), Sink())
    assert same(tree.statements, again.statements)
    assert format_program(again) == made
    assert made.count("#") == text.count("#")


@many
@given(programs)
def test_formatting_keeps_the_network(text: str) -> None:
    made = format_program(parse(Source(text), Sink()), synonyms())
    before, after = graph_of(text), graph_of(made)
    assert [(n.path, n.op, n.inputs, n.shape) for n in before.nodes] == [
        (n.path, n.op, n.inputs, n.shape) for n in after.nodes
    ]


CONSTRUCTS = {
    "a list": r"= \[",
    "an entry of a list": r"\w\[-?\d\]",
    "a comprehension": r" for \w+ in ",
    "a table": r"as \[i\d, j\]",
    "a list as an argument": r"block \w+\(sizes",
    "a block as an argument": r"block \w+\((k = 1, )?f(, k)?",
    "a tensor as an argument": r"block \w+\(skip\)",
    "several results": r" as \w+, \w+",
    "a standard block": r"(?m)^use std",
    "rearrange": r"rearrange ",
    "reduce": r"reduce ",
    "einsum": r"einsum ",
    "matmul": r"matmul ",
    "scan": r"scan carry ",
    "moe": r"moe ",
    "a carried tensor": r"repeat .* carry ",
    "upsample like": r"upsample like=",
    "crop like": r"crop like=",
    "learned": r"learned ",
    "keys of another tensor": r"from=",
    "values of another tensor": r"value=\w",
    "a mask": r"mask=",
    "a sliding window": r"sliding",
    "an initial state": r"initial=\w",
    "a size of a named tensor": r"\w@[chwtl]",
    "a name of another framework": r"(?i)\b(conv2d|dense|linear|batchnorm|multiheadattention)\b",
    "a name after a scan": r"} as \w",
    "two inputs": r"input \w+ .*\ninput ",
    "two outputs": r"\noutput \w+, \w+",
}


def test_random_programs_cover_every_construct() -> None:
    texts = [program(Random(seed)) for seed in range(400)]
    missing = [name for name, form in CONSTRUCTS.items() if not any(re.search(form, text) for text in texts)]
    assert not missing


_PIECES = [
    *'{}();,=+-*/%@<>#"\n .x0',
    "x3",
    "as",
    "else",
    "shortcut",
    "when",
    "if 1 {",
    "in",
    "1e",
    "9" * 30,
    "não",
    "3x",
    "\r",
    "\x00",
]


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A program that was truncated, or in which pieces were inserted, removed, doubled or swapped."""
    random = Random(draw(st.integers(0, 2**32)))
    text = program(random)
    for _ in range(random.randint(1, 4)):
        a, b = sorted(random.randrange(len(text) + 1) for _ in range(2))
        b = min(b, a + random.choice([1, 5, 40]))
        match random.randrange(5):
            case 0:
                text = text[:a] + text[b:]
            case 1:
                text = text[:a] + random.choice(_PIECES) + text[a:]
            case 2:
                text = text[:b] + text[a:b] + text[b:]
            case 3:
                text = text[:a]
            case _:
                words = text.split(" ")
                random.shuffle(words)
                text = " ".join(words[: len(words) // 2 + 1]) if random.random() < 0.2 else text[a:] + text[:a]
    return text


def check_any(text: str) -> None:
    """Any text quickly gives a network, or errors that can be shown, and nothing else."""
    start = time.process_time()
    source, sink = Source(text), Sink()
    draft = analyze(source, sink).draft
    for found in sink:
        assert 0 <= found.diagnostic.span.start <= found.diagnostic.span.end <= len(found.diagnostic.span.source.text)
    render(tuple(sink), root=source)
    assert sink.errors or draft.checked() is not None
    assert time.process_time() - start < 5


@many
@given(damaged())
def test_mutated_program_is_valid_or_reported(text: str) -> None:
    check_any(text)


@st.composite
def unsized(draw: st.DrawFn) -> str:
    """A program with symbolic input dimensions."""
    random = Random(draw(st.integers(0, 2**32)))

    def forget(found: re.Match[str]) -> str:
        sizes = found[2].split("x")
        return found[1] + "x".join(
            size if random.random() < 0.4 else letter + random.choice(["", "1"])
            for size, letter in zip(sizes, "CHWT", strict=False)
        )

    text = re.sub(r"(input (?:[a-z]\w* )?)([\dA-Z]+(?:x[\dA-Z]+)*)(?=[\s;])", forget, program(random))
    return re.sub(r"^net .*\n", "", text) if random.random() < 0.5 else text


@many
@given(unsized())
def test_symbolic_dimensions_are_supported_or_reported(text: str) -> None:
    check_any(text)


@many
@given(st.text(max_size=200) | st.lists(st.sampled_from(_PIECES), max_size=60).map(" ".join))
def test_arbitrary_text_is_valid_or_reported(text: str) -> None:
    check_any(text)


@many
@given(damaged())
def test_mutated_programs_are_formatted_if_they_parse(text: str) -> None:
    sink = Sink()
    tree = parse(Source(text), sink)
    if not sink.errors:
        made = format_program(tree)
        assert same(tree.statements, parse(Source(made), Sink()).statements)
        assert format_program(parse(Source(made), Sink())) == made
