"""Suggestions for errors in assertions and recipes: the network is still valid, and every assertion is checked."""

import pytest

from archdsl.diagnostics import Severity, Sink
from archdsl.diagnostics.fixes import edited_text
from archdsl.network import Analysis, analyze
from archdsl.text.source import Source
from archdsl.training.network_check import check_recipe

NETWORKS = (
    "input 3x8x8; conv 8 k3 as a; dwconv 4 k1; max_pool 2 d=1",
    "input 3x8x8; bn affine=0; layernorm noaffine; gap; fc 10",
    "input 12; fc 8; batch_norm momentum=0.1; logsoftmax; dropout",
    "net N(n = 2, ds = [2, 1])\ninput 4x6x5\nrepeat max(ds) + 1 { noop; exp }; conv (n - 1) (1 if @c == 4 else @c)",
    "input CxL; identity as b; fc 5 axis=c as q; learned 6x6 as m; from b; conv 2 k1",
    "net N(n = 1)\ninput 3x8x8; if n == 1 { flatten; ASSERT } else { relu }",
)
ASSERTIONS = (
    "@h // (@w - @w) == 1",
    "@h < 8x8",
    "[1, 2] == 3",
    "@q == 3",
    "out",
    "assert",
    "foo == 1000",
    "a < 8x3x3",
    "rf > 28",
    "n == 2",
    "sqrt(@c - 32) == 1",
    "out == 7x7x7",
    "out == 10 and out == 12",
)


def errors(analysis: Analysis) -> list[tuple[str, str]]:
    found = (item.diagnostic for item in analysis.found if item.diagnostic.severity is Severity.ERROR)
    return [(each.code, each.message()) for each in found]


def checked(text: str) -> Analysis:
    return analyze(Source(text), Sink(), recipe=check_recipe)


def reached(analysis: Analysis) -> int:
    return 0 if analysis.graph is None else len(analysis.graph.asserts)


def with_asserts(network: str, *conditions: str) -> str:
    lines = "\n".join(f"assert {each}" for each in conditions)
    return network.replace("ASSERT", lines) if "ASSERT" in network else f"{network}\n{lines}\n"


@pytest.mark.parametrize("network", NETWORKS)
def test_suggestions_add_no_error_and_skip_no_assertion(network: str) -> None:
    pairs = [*zip(ASSERTIONS, (*ASSERTIONS[1:], ASSERTIONS[0]), strict=True)]
    for first, second in pairs[NETWORKS.index(network) % 2 :: 2]:
        text = with_asserts(network, first, second)
        before = checked(text)
        for item in before.diagnostics if before.graph is not None else ():
            for suggestion in item.suggestions:
                after = checked(edited_text(text, suggestion.edits))
                assert reached(after) >= reached(before), suggestion.title
                assert len(errors(after)) < len(errors(before)), suggestion.title
                assert {code for code, _ in errors(after)} <= {code for code, _ in errors(before)}, suggestion.title


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("input 3x8x8; gap; fc 5\nassert out == 10", "write `fc 10` instead of `fc 5`"),
        ("input 3x8x8; gap; fc 5\nassert parms < 1M", "write `params` instead of `parms`"),
        # The recipe has an error in any case.
        ("input 3x9x9; gap; fc 5\nassert out == 10\ntrain { data digits }", "write `fc 10` instead of `fc 5`"),
    ],
)
def test_fix_of_a_failed_assertion_is_suggested(text: str, title: str) -> None:
    assert checked(text).diagnostics[0].suggestions[0].title == title


def test_no_suggestion_fixes_an_assertion_with_an_error_in_the_recipe() -> None:
    right = "input 1x8x8; gap; fc 10\ntrain { data digits }\n"
    assert checked(right).ok
    for text in (f"{right}assert out == 20\n", f"{right}assert out == 20\nassert out == 20\n"):
        for suggestion in checked(text).diagnostics[0].suggestions:
            assert checked(edited_text(text, suggestion.edits)).ok, suggestion.title


def test_no_suggestion_fixes_a_recipe_with_an_error_in_an_assertion() -> None:
    text = "input 1x8x8; conv 4 k3 as a\nassert @h == 6\ntrain { data digits }\n"
    (found,) = checked(text).diagnostics
    assert found.diagnostic.code == "E0812"
    assert all(checked(edited_text(text, each.edits)).ok for each in found.suggestions)
