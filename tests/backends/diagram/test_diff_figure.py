"""The figure of a diff shows every layer and every arrow of both networks."""

from itertools import permutations
from xml.etree import ElementTree

import pytest

import archdsl
from archdsl.analysis.diff import diff
from archdsl.backends.diagram import CannotDraw, DiagramStyle, draw_diff
from archdsl.backends.diagram.diff_figure import SIGNS, diff_figure
from archdsl.backends.diagram.figure import Role
from archdsl.graph import Graph
from tests.backends.diagram.programs import INCEPTION, LENET, RESIDUAL, graph

SMALL = """
net Small
input 3x32x32
conv 16 k3 p1; bn; relu
conv 16 k3 p1; bn; relu
maxpool 2
conv 32 k3 p1; bn; relu
gap
fc 10
"""
WIDER = SMALL.replace("maxpool 2", "residual { conv 16 k3 p1; relu }\nmaxpool 2").replace(
    "conv 32 k3 p1; bn", "conv 64 k3 p1"
)
TEXTS = {"small": SMALL, "wider": WIDER, "lenet": LENET, "residual": RESIDUAL, "inception": INCEPTION}


def read(name: str) -> Graph:
    return archdsl.load(name).graph if name.startswith("zoo:") else graph(TEXTS[name])


PAIRS = [*permutations(TEXTS, 2), ("small", "small"), ("zoo:resnet18", "zoo:resnet34"), ("zoo:vgg16_bn", "zoo:vgg16")]


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_diff_figure_shows_every_layer_and_arrow_of_both_networks(before: str, after: str) -> None:
    a, b = read(before), read(after)
    found = diff(a, b)
    drawn = diff_figure(a, b, found)
    boxes = [box for box in drawn.boxes if box.role is not Role.OUTPUT]
    # The rows of the diff, in order, in the boxes.
    owner_a: dict[int, str] = {}
    owner_b: dict[int, str] = {}
    rows = iter(found.rows)
    for box in boxes:
        for _ in range(len(box.rows[0].hover.splitlines()) if box.role is Role.GROUP else 1):
            row = next(rows)
            assert box.rows[0].change == row.kind
            assert row.kind == "same" or box.role is not Role.GROUP
            owner_a |= {row.a.id: box.id} if row.a else {}
            owner_b |= {row.b.id: box.id} if row.b else {}
    assert next(rows, None) is None
    now = {(owner_b[i], owner_b[node.id]) for node in b.nodes for i in node.inputs}
    now |= {(owner_b[node], f"y{index}") for index, (_, node) in enumerate(b.outputs)}
    then = {(owner_a[i], owner_a[node.id]) for node in a.nodes for i in node.inputs}
    assert {(arrow.start, arrow.end) for arrow in drawn.arrows if not arrow.removed} == {p for p in now if p[0] != p[1]}
    gone = {pair for pair in then - now if pair[0] != pair[1]}
    assert {(arrow.start, arrow.end) for arrow in drawn.arrows if arrow.removed} == gone


def test_changed_layer_shows_its_previous_text() -> None:
    a, b = read("small"), read("wider")
    drawn = diff_figure(a, b, diff(a, b))
    rows = {row.words: row for box in drawn.boxes for row in box.rows}
    assert rows["~ conv 64 3×3"].measure == "was conv 32 3×3"
    assert rows["~ fc 10"].measure == "was 10, 330 parameters"
    assert rows["+ add"].change == "added"
    assert rows["− bn"].change == "removed"
    assert rows["6 layers, the same"].change == "same"
    assert drawn.caption == "Small: 3 added, 1 removed, 4 changed"


def test_color_is_not_the_only_sign() -> None:
    a, b = read("small"), read("wider")
    drawn = diff_figure(a, b, diff(a, b))
    for box in drawn.boxes:
        for row in box.rows:
            if row.change in ("added", "removed", "changed"):
                assert row.words.startswith(f"{SIGNS[row.change]} ")
    assert [words for _, _, words in DiagramStyle().legend_of(drawn)] == ["added", "removed", "changed"]
    assert len({color for color, _, _ in DiagramStyle().legend_of(drawn)}) == 3


def test_removed_arrows_are_dashed_in_one_or_several_columns() -> None:
    for before, after in (("small", "wider"), ("zoo:resnet18", "zoo:resnet34")):
        a, b = read(before), read(after)
        found = diff(a, b)
        gone = sum(arrow.removed for arrow in diff_figure(a, b, found).arrows)
        svg = draw_diff(a, b, found, "svg")
        ElementTree.fromstring(svg)
        assert svg.count(b"stroke-dasharray") >= gone > 0
    assert b"dashed" in draw_diff(read("small"), read("wider"), diff(read("small"), read("wider")), "tikz")


def test_mermaid_is_refused() -> None:
    a, b = read("small"), read("wider")
    with pytest.raises(CannotDraw, match="use svg, png or dot"):
        draw_diff(a, b, diff(a, b), "mmd")


OUTPUTS = {
    "one": "input 3x8x8\nconv 4 k3 as c; relu as r\ngap; fc 10 as f\n",
    "two": "input 3x8x8\nconv 4 k3 as c; relu as r\ngap; fc 10 as f\noutput f, c\n",
    "other": "input 3x8x8\nconv 4 k3 as x; relu as c\ngap; fc 10 as f\noutput f, c\n",
    "three": "input 3x8x8\nconv 4 k3 as c; relu as r\ngap; fc 10 as f\noutput f, c, r\n",
}


@pytest.mark.parametrize(
    ("before", "after", "signs", "words"),
    [
        ("one", "two", ["+ c"], "1 output added"),
        ("two", "one", ["− c"], "1 output removed"),
        ("one", "three", ["+ c", "+ r"], "2 outputs added"),
        ("two", "other", ["~ c"], "1 output changed"),
        ("two", "three", ["+ r"], "1 output added"),
        ("two", "two", [], "no difference"),
    ],
)
def test_outputs_that_differ_are_marked(before: str, after: str, signs: list[str], words: str) -> None:
    a, b = graph(OUTPUTS[before]), graph(OUTPUTS[after])
    drawn = diff_figure(a, b, diff(a, b))
    marked = [box for box in drawn.boxes if box.id.startswith("y") and box.rows[0].change]
    assert [box.rows[0].words for box in marked] == signs
    assert words in drawn.caption
    for box in marked:
        arrows = [arrow for arrow in drawn.arrows if arrow.end == box.id]
        assert len(arrows) == 1 + (box.rows[0].change == "changed")
        assert any(arrow.removed for arrow in arrows) == (box.rows[0].change != "added")
    assert draw_diff(a, b, diff(a, b), "svg")
