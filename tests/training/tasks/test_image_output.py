"""Outputs that must be feature maps: each suggestion, applied to the text, removes the error."""

import re

import pytest

import archdsl
from archdsl.diagnostics import Diagnostic, Sink
from archdsl.training.data.registry import data_sets
from archdsl.training.network_check import check
from archdsl.training.recipe.recipe import Recipe

TASKS = {
    "segmentation": ("shapes", "input 3x64x64; "),
    "reconstruction": ("shapes", "input 3x64x64; "),
    "detection": ("shape_boxes", "input 3x64x64; "),
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
)


def errors(text: str, task: str, data: str) -> list[Diagnostic]:
    sink = Sink()
    check(archdsl.loads(text).graph, data_sets()[data], Recipe(task=task), sink)
    return [found.diagnostic for found in sink]


def applied(text: str, suggestion: str) -> str:
    """The text after the suggestion was applied by hand."""
    quoted: list[str] = re.findall(r"`([^`]*)`", suggestion)
    if suggestion.startswith("end this output with"):
        return f"{text}; {quoted[0]}"
    if suggestion.startswith("pad its input"):
        assert text.endswith(quoted[0].removesuffix(" same"))
        return f"{text} same"
    if suggestion.startswith("leave out"):
        assert text.endswith(quoted[0])
        return text.removesuffix(quoted[0]).rstrip("; ")
    assert suggestion.startswith("replace")
    assert text.endswith(quoted[0])
    return text.removesuffix(quoted[0]) + quoted[1]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("task", TASKS)
def test_every_suggestion_removes_the_error(task: str, ending: str) -> None:
    data, start = TASKS[task]
    text = start + ending
    found = errors(text, task, data)
    if not found:
        return
    assert [each.code for each in found] == ["E0816"]
    assert found[0].help(), found[0].message()
    for suggestion in found[0].help():
        assert not errors(applied(text, suggestion), task, data), suggestion


@pytest.mark.parametrize(
    "text",
    [
        "block head { gap; fc 3 }; conv 8 k1; head",
        "conv 8 k1 as x; gap; fc 3; concat { fc 2 } { fc 3 }",
    ],
)
def test_no_suggestion_without_a_feature_map_to_continue(text: str) -> None:
    found = errors(f"input 3x64x64; {text}", "segmentation", "shapes")
    assert [(each.code, each.help()) for each in found if each.code == "E0816"] == [("E0816", ())]
