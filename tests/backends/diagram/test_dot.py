from typing import Any

import pytest

from archdsl.backends.diagram import DiagramStyle, diagram
from archdsl.backends.diagram.escaping import quoted
from tests.backends.diagram.programs import HOSTILE, INCEPTION, LENET, RESIDUAL, graph, label_text, laid_out, renamed


def dot(text: str, style: DiagramStyle | None = None) -> str:
    return diagram(graph(text), "dot", style).decode()


def test_graphviz_reads_all_boxes_arrows_and_clusters() -> None:
    found = laid_out(dot(RESIDUAL))
    clusters = {label_text(each["label"]) for each in found["objects"] if "nodes" in each}
    nodes = {each["name"]: each["label"] for each in found["objects"] if "nodes" not in each}
    assert clusters == {"body", "basic1", "basic2"}
    assert label_text(nodes["n1"]) == "conv 8 3×3584 parametersbn16 parametersrelu"
    assert nodes["n6"] == "+"
    assert len(nodes) == len({*nodes}) == 13
    labels = [label_text(edge["label"]).strip() for edge in found["edges"] if "label" in edge]
    assert len(found["edges"]) == 14
    assert labels[0] == "8×16×16"
    assert labels[-1] == "10"


def test_label_contents_can_be_selected() -> None:
    silent = dot(LENET, DiagramStyle(parameters=False, caption=False))
    assert "parameters" not in silent
    assert "MACs" not in silent
    assert "118K MACs" in dot(LENET, DiagramStyle(macs=True))
    assert 'rankdir="LR"' in dot(LENET, DiagramStyle(direction="LR"))


@pytest.mark.parametrize("direction", ["TB", "LR"])
@pytest.mark.parametrize("text", [LENET, RESIDUAL, INCEPTION])
def test_boxes_do_not_overlap_and_are_not_clipped(text: str, direction: str) -> None:
    found = laid_out(dot(text, DiagramStyle(direction=direction)))
    left, bottom, right, top = map(float, found["bb"].split(","))
    boxes = []
    for node in (each for each in found["objects"] if "nodes" not in each):
        x, y = map(float, node["pos"].split(","))
        w, h = float(node["width"]) * 36, float(node["height"]) * 36
        boxes.append((x - w, y - h, x + w, y + h))
    for box in boxes:
        assert box[0] >= left - 0.1
        assert box[1] >= bottom - 0.1
        assert box[2] <= right + 0.1
        assert box[3] <= top + 0.1
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


def test_chain_is_laid_out_in_a_straight_line() -> None:
    found = laid_out(dot(LENET))
    assert len({node["pos"].split(",")[0] for node in found["objects"] if "nodes" not in node}) == 1


def names(found: dict[str, Any]) -> list[str]:
    return [each["name"] for each in found["objects"] if not each["name"].endswith("_room")]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_escaped_in_dot_labels(name: str) -> None:
    plain = laid_out(dot(RESIDUAL))
    found = laid_out(diagram(renamed(graph(RESIDUAL), name), "dot").decode())
    assert names(found) == names(plain)
    assert len([edge for edge in found["edges"] if edge.get("style") != "invis"]) == len(plain["edges"])
    output = next(each for each in found["objects"] if each["name"] == "y0")
    # Spaces around wide characters make room for them.
    shown = label_text(output["label"]).strip("\xa0")
    assert shown == " ".join(shown.split())
    if name.isascii() and name.isprintable() and len(name) < 100:
        assert shown == " ".join(name.split())


@pytest.mark.parametrize("name", HOSTILE)
def test_quoted_string_is_read_back_unchanged(name: str) -> None:
    found = laid_out(f"digraph {{ a [comment={quoted(name)}] }}")
    assert "\n" not in quoted(name)
    if name.isascii() and name.isprintable() and "\\" not in name:
        assert found["objects"][0].get("comment", "") == name.strip() or len(name) > 100
