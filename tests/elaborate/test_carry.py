"""`repeat … carry`: the text that is written out iteration by iteration is the same network."""

from collections.abc import Iterable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import archdsl
from archdsl.diagnostics import Severity, Sink
from archdsl.diagnostics.fixes import edited_text
from archdsl.network import Network, analyze
from archdsl.syntax import ast, parse
from archdsl.syntax.format import format_program
from archdsl.text.source import Source

BODIES = {
    "growth": ("all = given", "concat {all} as {all_}; conv 4 k1"),
    "two": ("a = given, b = start", "from {a}; conv 4 k1; add {b} as {b_}; conv 4 k1; add {a} as {a_}"),
    "both": ("a = given, b = start", "from {a}; sub {b} as {b_}; conv 4 k1; mul {b_} as {a_}"),
    "stage": ("a = given", "stage s {{ from {a}; conv 4 k3 p1 as {a_} }}"),
    "every other": ("a = given", "if {i} % 2 == 0 {{ from {a}; conv 4 k1 as {a_} }} else {{ add {a} }}"),
}
"""What is carried, and the body: `{a}` is a carried tensor before an iteration, `{a_}` after it."""
START = "input given 4x9\nconv 4 k1 as start\n"


def initial(case: str) -> dict[str, str]:
    """The tensors that the carried ones start with."""
    return dict(each.split(" = ") for each in BODIES[case][0].split(", "))


def ending(names: Iterable[str]) -> str:
    """Statements that read tensors."""
    return f"{''.join(f'from {name}; concat {{ }} start; ' for name in names)}relu\n"


def repeated(case: str, count: int) -> str:
    """The text with a repetition, which ends in what is carried."""
    carried, body = BODIES[case]
    names = {name: name for name in initial(case)}
    inner = body.format(i="i", **names, **{f"{name}_": name for name in names})
    return f"{START}repeat {count} as i carry {carried} {{ {inner} }}\n{ending(names)}"


def unrolled(case: str, count: int) -> str:
    """The same, iteration by iteration."""
    lines, now = [], initial(case)
    for i in range(count):
        after = {name: f"{name}{i}_next" for name in now}
        body = BODIES[case][1].replace("stage s", f"stage s{i}_")
        lines.append(body.format(i=i, **now, **{f"{name}_": value for name, value in after.items()}))
        now = now if case == "every other" and i % 2 else after
    return START + "\n".join(lines) + f"\n{ending(now.values())}"


def outputs(network: Network) -> torch.Tensor:
    """The output for fixed weights and input."""
    module = network.to_torch()
    with torch.no_grad():
        for index, weight in enumerate(module.parameters()):
            weight.copy_(torch.randn(weight.shape, generator=torch.Generator().manual_seed(index)))
        return module(torch.randn(2, 4, 9, generator=torch.Generator().manual_seed(99)))  # type: ignore[no-any-return]  # modules are untyped


@pytest.mark.parametrize("case", BODIES)
@pytest.mark.parametrize("count", [1, 2, 5])
def test_repeat_with_carry_matches_the_unrolled_text(case: str, count: int) -> None:
    ours, theirs = archdsl.loads(repeated(case, count)), archdsl.loads(unrolled(case, count))
    assert (ours.parameters, ours.macs) == (theirs.parameters, theirs.macs)
    assert ours.graph.output.shape == theirs.graph.output.shape
    torch.testing.assert_close(outputs(ours), outputs(theirs), rtol=0, atol=0)


@given(st.integers(1, 6), st.integers(1, 5))
def test_carry_initialized_with_zeros_accumulates_a_sum(count: int, width: int) -> None:
    body = f"from in; conv {width} k1 as z; add sums as sums"
    text = f"input 4x9\nrepeat {count} carry sums = {width}x(@l) {{ {body} }}\n"
    network = archdsl.loads(text)
    module = network.to_torch()
    x = torch.randn(2, 4, 9)
    convolutions = [part for part in module.modules() if isinstance(part, torch.nn.Conv1d)]
    assert len(convolutions) == count
    torch.testing.assert_close(module(x), torch.stack([conv(x) for conv in convolutions]).sum(0))
    assert network.macs == count * 4 * width * 9


def test_zero_initial_value_follows_the_input_size() -> None:
    texts = ("input 4xL\n", "input 4x9\n")
    for text in texts:
        module = archdsl.loads(f"{text}repeat 2 carry h = 4x(@l) {{ conv 4 k1; add h as h }}").to_torch()
        for length in (1, 5, 40):
            assert module(torch.randn(2, 4, length)).shape == (2, 4, length)
        double = module.double()
        assert double(torch.randn(2, 4, 3, dtype=torch.float64)).dtype is torch.float64
    ids = archdsl.loads("input 7 int(5)\nrepeat 1 carry h = 7x4 { embedding 4; add h as h }").to_torch()
    assert ids(torch.zeros(2, 7, dtype=torch.long)).dtype is torch.float32


def test_zero_iterations_return_the_initial_value() -> None:
    network = archdsl.loads("net N(n = 0)\ninput 4x9\nrelu as a\nrepeat n carry h = a { conv 4 k1 as h }\nfrom h; tanh")
    assert network.parameters == 0


@pytest.mark.parametrize("case", BODIES)
def test_formatting_preserves_carry(case: str) -> None:
    text = repeated(case, 3)
    program = parse(Source(text), Sink())
    made = format_program(program)
    again = parse(Source(made), Sink())
    assert ast.same(program.statements, again.statements)
    assert format_program(again) == made


def test_carry_is_not_reserved() -> None:
    text = "net N(carry = 3)\ninput 4x9\nconv 4 k1 as x1\n"
    for head in (
        "repeat carry { relu }", "repeat carry as x2 { conv x2+1 k1 }", "repeat 2 as carry { conv carry+1 k1 }",
        "repeat carry carry h = in { add h as h }", "repeat 2 carry x2 = x1 { add x2 as x2 }\nadd x2",
    ):  # fmt: skip
        sink = Sink()
        analyze(Source(text + head), sink)
        assert not sink.errors, head


ERRORS = {
    "repeat 3 carry h = 4x9 { relu }": "E0514",
    "repeat 3 carry h = 4x9 { add { relu as h } }": "E0514",
    "repeat 3 carry h = 4x9 { add h as hh }": "E0514",
    "scan carry h = 4 { fc 4 }": "E0514",
    "conv 4 k1 as h\nrepeat 3 carry h = in { add h as h }": "E0203",
    "repeat 3 carry h = in, h = in { add h as h }": "E0203",
    "repeat 3 carry h = in { add h as h } as h": "E0203",
    "repeat 3 as h carry h = in { relu }": "E0202",
    "repeat 3 carry h = in { let h = 3 }": "E0202",
    "scan carry h = 4 { let h = 3; fc 4 }": "E0202",
    "repeat 3 carry h = strat { add h as h }": "E0202",
    "repeat 3 carry h = in { add hh as h }": "E0202",
    "repeat 3 carry h = 0.5 { add h as h }": "E0305",
    "repeat 3 carry h = 4x0 { add h as h }": "E0305",
    "repeat 3 carry h = 4x(@t) { add h as h }": "E0204",
    "repeat 3 carry h = 4x8 { add h as h }": "E0407",
    "repeat 3 carry h = 99999999999x99999999999 { relu as h }": "E0705",
    "repeat 3 carry { relu }": "E0101",
    "repeat 3 carry 5 { relu }": "E0101",
    "repeat 3 carry = 5 { relu }": "E0101",
    "repeat 3 carry h { relu }": "E0101",
    "repeat 3 carry h = in as i { relu }": "E0101",
}


def found(text: str) -> list[str]:
    """The codes of the errors in a text."""
    sink = Sink()
    analyze(Source(text), sink)
    return [each.diagnostic.code for each in sink if each.diagnostic.code.startswith("E")]


@pytest.mark.parametrize("text", ERRORS)
def test_carry_errors_have_one_code_each(text: str) -> None:
    assert found(f"input 4x9\nconv 4 k1 as start\n{text}\n") == [ERRORS[text]]


def test_initial_size_before_any_input_is_an_error() -> None:
    assert found("repeat 2 carry h = 4x9 { add h as h }") == ["E0501"]


@pytest.mark.parametrize("text", [text for text in ERRORS if ERRORS[text] == "E0514" or "strat" in text])
def test_first_suggestion_fixes_the_error(text: str) -> None:
    source = Source(f"input 4x9\nconv 4 k1 as start\n{text}\n")
    analysis = analyze(source, Sink())
    (item,) = [each for each in analysis.diagnostics if each.diagnostic.severity is Severity.ERROR]
    assert item.suggestions
    assert found(edited_text(source.text, item.suggestions[0].edits)) == []
