"""The playground's answers, without a browser."""

import json
import sys
from typing import Any

import pytest

from archdsl import loads, zoo
from archdsl.browser.page_calls import call
from archdsl.browser.playground import Playground
from archdsl.browser.text_controls import TextControl
from archdsl.service.answers import TextEdit, TextRange

TEXT = "net Small(width = 8)\ninput 3x32x32\nconv width k3; relu\ngap\nfc 10\n"
"""A branch that splits."""
WRONG = "input 1x32x32\nconv 6 k5\nfc 10\n"


def opened(text: str) -> Playground:
    """A playground with a text."""
    playground = Playground()
    playground.update(text)
    return playground


def zoo_text(name: str) -> str:
    """The text of a network of the zoo, as the menu opens it."""
    return str(json.loads(call("zoo.text", json.dumps({"name": name})))["result"])


def applied(text: str, edits: tuple[TextEdit, ...]) -> str:
    """A text after edits."""
    for edit in sorted(edits, key=lambda each: each.range.start, reverse=True):
        text = text[: edit.range.start] + edit.text + text[edit.range.end :]
    return text


def test_update_matches_a_fresh_playground() -> None:
    playground = Playground()
    texts = [TEXT, WRONG, TEXT.replace("fc 10", "fc 7"), "", "conv", TEXT]
    for text in texts:
        assert playground.update(text) == opened(text).update(text)
        assert playground.table() == opened(text).table()


def test_update_has_problems_and_totals() -> None:
    found = Playground().update(TEXT)
    assert found["ok"]
    assert found["verdict"] == "Small: 3×32×32 → 10"
    assert "parameters 314," in found["totals"]
    assert not found["has_unchecked_recipe"]
    assert Playground().update(TEXT + "train { epochs 3 }\n")["has_unchecked_recipe"]
    found = Playground().update(WRONG)
    assert not found["ok"]
    assert [problem.code for problem in found["problems"]] == ["E0403"]


def test_table_row_has_its_position_in_the_text() -> None:
    text = "block b(c) { conv c k3; relu }\ninput 3x8x8\nstage s { b 4; b 2 }\n"
    found = opened(text).table()
    rows = [(number, depth, layer, place and text[slice(*place)]) for number, depth, layer, *_, place in found["rows"]]
    assert rows == [
        ("", 0, "input 3x8x8", "input 3x8x8"),
        ("", 0, "stage s", None),
        ("", 1, "b 4", None),
        ("1", 2, "conv c k3", "conv c k3"),
        ("2", 2, "relu", "relu"),
        ("", 1, "b 2", None),
        ("3", 2, "conv c k3", "conv c k3"),
        ("4", 2, "relu", "relu"),
    ]
    assert [hint.text for hint in found["hints"]][-1] == "2×4×4"


def test_rows_of_a_used_file_link_to_the_use() -> None:
    text = "use std\ninput 64x8x8\nse 16\n"
    places = [row[-1] for row in opened(text).table()["rows"] if row[0]]
    assert places
    assert all(place is not None and text[slice(*place)].startswith("se") for place in places)


def test_suggestion_removes_its_problem() -> None:
    (found,) = opened(WRONG).suggestions()
    assert found["problem"].code == "E0403"
    assert len(found["actions"]) >= 2
    for action in found["actions"]:
        assert Playground().update(applied(WRONG, action.edits))["ok"], action.title


def test_problems_at_one_position_have_separate_suggestions() -> None:
    text = "input 3x8x8\nconv 8 k3 same; relu; relu\nfoo 3\n"
    found = opened(text).suggestions()
    for each in found:
        assert all(action.code == each["problem"].code for action in each["actions"])


CONTROLS = {
    TEXT: [
        ("width", "int", "8", ["8"], 16),
        ("channels", "int", "3", ["3"], 6),
        ("height and width", "int", "32", ["32", "32"], 64),
    ],
    "input 3x8x16; relu": [("channels", "int", "3", ["3"], 6), ("height", "int", "8", ["8"], 16),
                           ("width", "int", "16", ["16"], 32)],
    "input 784; fc 2": [("features", "int", "784", ["784"], 1568)],
    "input 3xHxW; relu": [],
    "let S = 4\ninput 3x(2*S)x8; relu": [],
    "net N(depths = [2, 2], rate = 0.5, act = relu)\ninput 8\nfc 2": [
        ("depths", "text", "[2, 2]", ["[2, 2]"], 0),
        ("rate", "float", "0.5", ["0.5"], 1.0),
        ("act", "text", "relu", ["relu"], 0),
        ("features", "int", "8", ["8"], 16),
    ],
    "input left 3x8x8\ninput right 3x9x9\nfrom left; gap": [
        ("left channels", "int", "3", ["3"], 6), ("left height and width", "int", "8", ["8", "8"], 16),
        ("right channels", "int", "3", ["3"], 6), ("right height and width", "int", "9", ["9", "9"], 18),
    ],
    "net N(a)\ninput": [],
}  # fmt: skip


@pytest.mark.parametrize("text", CONTROLS)
def test_controls_match_the_numbers_of_the_text(text: str) -> None:
    controls = Playground().update(text)["controls"]
    found = [
        (each.name, each.kind, each.value, [text[r.start : r.end] for r in each.ranges], each.greatest)
        for each in controls
    ]
    assert found == CONTROLS[text]


@pytest.mark.parametrize("name", list(zoo.names())[::7])
def test_controls_of_zoo_networks_mark_their_values(name: str) -> None:
    text = zoo.find(name).source().text
    for control in Playground().update(text)["controls"]:
        for place in control.ranges:
            assert text[place.start : place.end] == control.value


def test_diagram_matches_the_command() -> None:
    playground = opened(TEXT)
    for view in ("layers", "blocks", "stages", "volumes"):
        for theme in ("light", "dark"):
            expected = loads(TEXT).diagram(view=view, theme=theme).text
            assert playground.diagram(view, theme) == {"svg": expected, "error": None}
    assert opened(WRONG).diagram() == {"svg": None, "error": "a network with errors has no diagram"}
    error = opened(TEXT).diagram("unet")["error"]
    assert "does not have the form of a U-Net" in error


def test_source_matches_the_command() -> None:
    assert opened(TEXT).source().partition("\n")[2] == loads(TEXT).source().partition("\n")[2]


def test_hover_and_completion_at_a_position() -> None:
    playground = opened(TEXT)
    found = playground.at(TEXT.index("width k3"))
    assert "width" in found["word"].text
    assert "3×32×32 → 8×30×30" in found["statement"].text
    assert found["signature"].parameters[found["signature"].active].label == "filters"
    found = playground.at(TEXT.index("conv"))
    assert found["word"] is None
    assert "3×32×32 → 8×30×30" in found["statement"].text
    assert playground.at(0)["signature"] is None
    assert playground.hover(TEXT.index("conv")).range == TextRange(start=35, end=39)
    assert "fc" in {each.label for each in playground.complete(TEXT.index("fc"))}


def test_formatting_is_refused_with_its_reason() -> None:
    assert applied("conv   8", opened("input  3x8x8\nconv 8").format()["edits"]) != ""
    text = "input   3x8x8\nconv  8 k3\n"
    assert applied(text, opened(text).format()["edits"]) == "input 3x8x8\nconv 8 k3\n"
    assert opened("conv (").format()["refused"]


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("input 3x32x32\nconv 6 k5; maxpool 2", {"height and width": (6, None, 1)}),
        ("input 1x32x32\nconv 6 k5; maxpool 2; conv 9 k5; flatten; fc 84", {"height and width": (14, None, 1)}),
        ("input 3x32x48\nconv 6 k5", {"height": (5, None, 1), "width": (5, None, 1)}),
        ("input 3x33x33\nconv 6 k5; concat_wrong", {}),
        ("input 2x100\nconv 4 k9", {"length": (9, None, 1)}),
        ("input 8\nfc 2", {}),
        ("input 3xHxW\nconv 6 k5", {}),
    ],
)  # fmt: skip
def test_slider_limits_match_the_valid_sizes(text: str, limits: dict[str, tuple[int, int | None, int]]) -> None:
    found = opened(text).sizes()["limits"]
    assert {name: (limit.least, limit.greatest, limit.step) for name, limit in found.items()} == limits


def is_valid(text: str, control: TextControl, size: int) -> bool:
    edits = tuple(TextEdit(range=place, text=str(size)) for place in control.ranges)
    return bool(opened(applied(text, edits)).update(applied(text, edits))["ok"])


@pytest.mark.parametrize(
    "text",
    [
        *map(zoo_text, ("lenet5", "vgg11", "crnn", "swin_t")),
        "input 3x64x64\nconv 4 k1 as a\nmaxpool 2; upsample 2 as b\nconcat a b\n",
        "input 3x63x63\nconv 4 k1 as a\nmaxpool 3; upsample 3 as b\nadd a b\ngap; fc 2\n",
    ],
    ids=["lenet5", "vgg11", "crnn", "swin_t", "even", "threes"],
)
def test_only_sizes_within_the_slider_range_are_valid(text: str) -> None:
    """Around the ends of its range, each size of a slider is valid, and every other one is an error."""
    playground = Playground()
    controls = {each.name: each for each in playground.update(text)["controls"]}
    limits = playground.sizes()["limits"]
    assert limits
    for control, limit in limits.items():
        ends = (limit.least, limit.least + limit.step, *(() if limit.greatest is None else (limit.greatest,)))
        for size in {near for end in ends for near in range(max(1, end - 1), end + 2)}:
            inside = size >= limit.least and (limit.greatest is None or size <= limit.greatest)
            expected = inside and (size - limit.least) % limit.step == 0
            assert limit.values is None
            assert is_valid(text, controls[control], size) == expected, (control, size)


def test_symbolic_dimensions_have_example_sizes() -> None:
    playground = opened("net N\ninput 3xHxW\nconv 8 k3 s2\nmaxpool 2\nconv 8 k3\n")
    found = playground.sizes()
    assert found["described"] == ["H and W ≥ 13  — `conv 8 k3`, line 5"]
    assert [(each["name"], each["size"], each["limit"].least) for each in found["symbols"]] == [
        ("H", 224, 13),
        ("W", 224, 13),
    ]
    shown = playground.table({"H": 64, "W": 32})
    assert shown["verdict"] == "N: 3×64×32 → 8×13×5"
    assert [row[3] for row in shown["rows"]] == ["3×64×32", "8×31×15", "8×15×7", "8×13×5"]
    concrete = opened("net N\ninput 3x64x32\nconv 8 k3 s2\nmaxpool 2\nconv 8 k3\n")
    assert [row[1:6] for row in shown["rows"][1:]] == [row[1:6] for row in concrete.table()["rows"][1:]]
    for sizes in ({"H": 64}, {"H": 64, "W": 4}, {"X": 1}, {}):
        assert playground.table(sizes) == playground.table()
    assert playground.table()["verdict"] is None


def test_train_blocks_are_checked_once_their_packages_are_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    text = TEXT + "train { data cifar10; optimizer sgdd }\n"
    playground = opened(text)
    monkeypatch.setitem(sys.modules, "archdsl.training.network_check", None)
    assert not playground.check_recipes()
    assert playground.update(text)["has_unchecked_recipe"]
    monkeypatch.undo()
    assert playground.check_recipes()
    found = playground.update(text)
    assert not found["has_unchecked_recipe"]
    assert [problem.code for problem in found["problems"]] == ["E0802"]
    assert playground.suggestions()[0]["actions"][0].title == "Write `sgd`"


def test_every_answer_is_json_serializable() -> None:
    def answer(name: str, **given: Any) -> Any:
        found = json.loads(call(f"playground.{name}", json.dumps(given)))
        assert "result" in found, found
        return found["result"]

    assert json.loads(call("playground.table", "{}"))["error"]["kind"] == "LookupError"
    for text in (TEXT, WRONG, "conv (", ""):
        answer("update", text=text)
        for name in ("table", "suggestions", "format", "diagram"):
            answer(name)
        for offset in (0, len(text)):
            for name in ("at", "hover", "complete"):
                answer(name, offset=offset)
    answer("update", text=TEXT)
    assert answer("sizes")["limits"]
    assert "class Small" in answer("source")
    names = [name for family in answer("menu") for name in family["names"]]
    assert sorted(names) == sorted(zoo.names())
