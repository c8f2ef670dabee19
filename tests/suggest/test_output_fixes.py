"""Outputs that must be feature maps: what is suggested gives them."""

import pytest

from archdsl.diagnostics import Sink
from archdsl.diagnostics.fixes import edited_text
from archdsl.network import Analysis, analyze
from archdsl.text.source import Source
from archdsl.training.network_check import check_recipe

TASKS = {
    "segmentation": "data shapes",
    "reconstruction": "data shapes; task reconstruction",
    "detection": "data shape_boxes",
}
ENDINGS = (
    "conv 7 k3",
    "conv 4 k3",
    "conv 4 k3 s2 p1",
    "conv 4 k3 d2",
    "conv 8 k3 s4 same; conv 3 k1",
    "conv 8 k3 same; gap; fc 3",
    "conv 8 k3 s2 p1; relu; gap; bn; fc 10; softmax",
    "conv 4 k3 same; flatten; fc 4",
    "conv 3 k1; flatten; dropout 0.5; fc 8",
    "upsample 2; conv 8 k1",
    "upsample 2; conv 4 k1",
    "conv 8 k3 same; upsample 2; gap; fc 3",
    "conv 8 k1; gap",
    "gap; fc 8",
    "block head { conv 5 k1 }; conv 9 k3 same; head",
    "stage head { conv 9 k3 same; conv 5 k1 }",
    "stage head { conv 9 k3 same; gap; fc 3 }",
    "conv 9 k3 same; stage head { gap; fc 3 }",
    "stage a { conv 9 k3 same }; stage b { gap; fc 10; stage c { relu; fc 3 } }",
    "conv 9 k3 same; gap; residual { fc 9; relu; fc 9 }",
    "conv 9 k3 same; residual { conv 9 k3 same }",
    "conv 9 k3 same; add { gap; fc 3 } { gmp; fc 3 }",
    "conv 9 k3 same; stage head { concat { conv 3 k1 } { conv 6 k1 } }",
    "conv 9 k3 same; stage head { gap; fc 3 as out }\noutput out",
    "stage head { gap; fc 3 }",
    "conv 5 k1 as scores",
    "conv 5 k1\tas scores",
    "conv 5 (1)as scores",
    "conv 9 k4 s4 as x\nconv 5 k1 as scores\noutput scores",
    "conv 8 k3 same; gap\nfc 3 as scores\noutput scores",
    "conv 8 k3 same; flatten  # one vector\n\n# the head\nfc 3  # scores\nsoftmax  # of classes",
    "conv 9 k3 same; if @c == 9 { gap; fc 3 }",
    "conv 9 k3 same\nif @c == 9 { conv 4 k1; flatten; fc 3 } else { gap; fc 3 }",
    "if @c == 3 { flatten; fc 3 }",
    "conv 8 k3 same\nconv 4 k1  # the map\nflatten  # one vector\nfc 8",
)


def analysis(text: str) -> Analysis:
    return analyze(Source(text), Sink(), recipe=check_recipe)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("task", TASKS)
def test_unsuitable_output_has_working_suggestions(task: str, ending: str) -> None:
    text = f"input 3x64x64; {ending}\ntrain {{ {TASKS[task]} }}"
    errors = [found for found in analysis(text).diagnostics if found.diagnostic.severity.value == "error"]
    assert errors
    for found in errors:
        assert found.diagnostic.code == "E0816"
        assert found.suggestions, found.diagnostic.message()
        for suggestion in found.suggestions:
            after = analysis(edited_text(text, suggestion.edits)).diagnostics
            assert all(each.diagnostic.severity.value != "error" for each in after), suggestion.title


@pytest.mark.parametrize(
    ("task", "ending", "titles"),
    [
        (
            "segmentation",
            "conv 4 k3",
            ["write `conv 4 k3 same` instead of `conv 4 k3`", "add `resize 64x64 bilinear` at the end"],
        ),
        ("segmentation", "conv 8 k1; gap; fc 3", ["write `conv 4 k1` instead of `gap; fc 3`"]),
        ("segmentation", "conv 8 k1", ["write `conv 4 k1` instead of `conv 8 k1`", "add `conv 4 k1` at the end"]),
        ("segmentation", "conv 8 k1; stage a { gap; fc 3 }", ["write `conv 4 k1` instead of `gap; fc 3`"]),
        ("detection", "conv 7 k4 s4", ["write `conv 8 k4 s4` instead of `conv 7 k4 s4`", "add `conv 8 k1` at the end"]),
        (
            "detection",
            "conv 8 k4 s4 as fine\nconv 8 k1 as other\noutput fine, other",
            ["add `conv 8 k3 s2 p1` at the end"],
        ),
    ],
)
def test_best_suggestion_comes_first(task: str, ending: str, titles: list[str]) -> None:
    (found,) = analysis(f"input 3x64x64; {ending}\ntrain {{ {TASKS[task]} }}").diagnostics
    assert [each.title for each in found.suggestions] == titles


def test_comments_between_replaced_statements_are_kept() -> None:
    for ending in ("conv 8 k1\ngap  # a\n# b\nfc 3  # c\nsoftmax  # d", "conv 4 k1  # a\ngap  # b\n# c\nfc 3  # d"):
        text = f"input 3x64x64\n{ending}\ntrain {{ data shapes }}\n"
        (found,) = analysis(text).diagnostics
        assert "#" not in found.suggestions[0].title
        fixed = edited_text(text, found.suggestions[0].edits)
        assert [each[0] for each in fixed.split("# ")[1:]] == ["a", "b", "c", "d"]
