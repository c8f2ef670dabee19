"""Arrows stay in the frames of both ends and cross others once; boxes do not overlap; text is inside its box."""

import re
from collections.abc import Iterator
from itertools import combinations, pairwise
from math import dist, hypot

import pytest

import archdsl
from archdsl.analysis.cost import costs
from archdsl.backends.diagram import DiagramStyle, View, ViewOptions, xdot
from archdsl.backends.diagram.build import build_diagram
from archdsl.backends.diagram.connections import flattened
from archdsl.backends.diagram.drawing import Curve, Drawing, Point, Polyline, ShapeGroup, TextLabel, bounds
from archdsl.backends.diagram.figure import Arrow, Box, Cluster
from archdsl.backends.diagram.font_metrics import width_of
from archdsl.backends.diagram.laid_out import laid_out
from archdsl.backends.diagram.volumes import Rectangle
from tests.backends.diagram.programs import INCEPTION, LENET, RESIDUAL, graph
from tests.backends.diagram.test_quotient_graph import NESTED, REPEATED, SIAMESE, random_text

RESIDUALS = """
input 16x16x16
block inner(c) { residual { conv c k3 p1; bn; relu; conv c k3 p1; bn }; relu }
block outer(c) { residual { inner c; inner c; conv c k1 }; relu }
stage one { repeat 3 { outer 16 } }
stage two { conv 32 k3 s2 p1; repeat 2 { outer 32 }; residual { residual { conv 32 k3 p1 }; relu; conv 32 k3 p1 } }
gap; fc 10
"""
DENSE = """
input 3x16x16
block dense(k) { concat in { bn; relu; conv k k3 p1 } }
conv 24 k3 p1
stage dense1 { dense 12; dense 12; dense 12 }
gap; fc 10
"""
TEXTS = [LENET, RESIDUAL, INCEPTION, SIAMESE, NESTED, REPEATED, RESIDUALS, DENSE]
TOLERANCE = 0.5


def drawing_of(text: str, view: View, direction: str) -> Drawing:
    found = graph(text)
    style = DiagramStyle(direction=direction)
    return laid_out(build_diagram(found, costs(found), ViewOptions(view=view)), view, style)


def extent(part: ShapeGroup) -> Rectangle:
    """The rectangle of a box or frame without its text."""
    return bounds([part.replace(shapes=tuple(each for each in part.shapes if not isinstance(each, TextLabel)))])


def is_inside(one: Rectangle, other: Rectangle) -> bool:
    return (
        one[0] >= other[0] - TOLERANCE
        and one[1] >= other[1] - TOLERANCE
        and one[2] <= other[2] + TOLERANCE
        and one[3] <= other[3] + TOLERANCE
    )


def overlap(one: Rectangle, other: Rectangle) -> bool:
    across = min(one[2], other[2]) - max(one[0], other[0])
    return across > TOLERANCE and min(one[3], other[3]) - max(one[1], other[1]) > TOLERANCE


def faults(drawing: Drawing) -> Iterator[str]:
    """What is wrong in a drawing. A frame that continues in another column is two frames with one path."""
    boxes = {part.of.id: (part.of, part) for part in drawing.parts if isinstance(part.of, Box) and part.shapes}
    frames: dict[tuple[str, ...], list[Rectangle]] = {}
    for part in drawing.parts:
        if isinstance(part.of, Cluster):
            frames.setdefault(part.of.path, []).append(extent(part))
    for (one, first), (other, second) in combinations(boxes.values(), 2):
        if overlap(extent(first), extent(second)):
            yield f"{one.id} overlaps {other.id}"
    for box, part in boxes.values():
        for shape in part.shapes:
            if isinstance(shape, TextLabel) and not is_inside(bounds([ShapeGroup(shapes=(shape,))]), bounds([part])):
                yield f"{shape.text} is outside {box.id}"
        for path, places in frames.items():
            is_member = box.cluster[: len(path)] == path
            if is_member and not any(is_inside(extent(part), place) for place in places):
                yield f"{box.id} is outside {path}"
            if not is_member and any(overlap(extent(part), place) for place in places):
                yield f"{box.id} is in {path}"
    for part in drawing.parts:
        if isinstance(part.of, Arrow) and part.of.start in boxes and part.of.end in boxes:
            around = [boxes[name][0].cluster for name in (part.of.start, part.of.end)]
            lines = [shape for shape in part.shapes if isinstance(shape, Curve | Polyline)]
            points = [point for line in lines for point in flattened(line)]
            for path, places in frames.items():
                is_around = len(places) == 1 and all(place[: len(path)] == path for place in around)
                if is_around and not all(is_inside((*point, *point), places[0]) for point in points):
                    yield f"{part.of.start} to {part.of.end} leaves {path}"
        if isinstance(part.of, Arrow):
            yield from repeated_crossings(part, part.of, boxes, frames)
    for (path, places), (other_path, others) in combinations(frames.items(), 2):
        nested = path[: len(other_path)] == other_path or other_path[: len(path)] == path
        if not nested and any(overlap(one, other) for one in places for other in others):
            yield f"{path} overlaps {other_path}"


def repeated_crossings(
    part: ShapeGroup,
    arrow: Arrow,
    boxes: dict[str, tuple[Box, ShapeGroup]],
    frames: dict[tuple[str, ...], list[Rectangle]],
) -> Iterator[str]:
    """The frames around one end of an arrow that it enters or leaves more than once."""
    lines = [shape for shape in part.shapes if isinstance(shape, Curve | Polyline)]
    points = [point for line in lines for ends in pairwise(flattened(line)) for point in along(*ends)]
    ends = [boxes[name] for name in (arrow.start, arrow.end) if name in boxes]
    for path, places in frames.items():
        members = [extent(shown) for box, shown in ends if box.cluster[: len(path)] == path]
        for place in places if len(members) == 1 else ():
            inside = [is_inside((*point, *point), place) for point in points]
            if is_inside(members[0], place) and sum(one != other for one, other in pairwise(inside)) > 1:
                yield f"{arrow.start} to {arrow.end} crosses the border of {path} more than once"


@pytest.mark.parametrize("direction", ["TB", "LR"])
@pytest.mark.parametrize("view", [View.LAYERS, View.BLOCKS])
@pytest.mark.parametrize("text", TEXTS)
def test_drawing_has_no_geometric_fault(text: str, view: View, direction: str) -> None:
    assert list(faults(drawing_of(text, view, direction))) == []


@pytest.mark.parametrize("seed", range(12))
def test_drawing_of_random_program_has_no_geometric_fault(seed: int) -> None:
    text = random_text(seed)
    assert list(faults(drawing_of(text, View.LAYERS, "TB"))) == []


@pytest.mark.parametrize("direction", ["TB", "LR"])
@pytest.mark.parametrize("name", ["densenet_bc100", "maxvit_t", "mobilenet_v2", "pointnet", "regnet_x_400mf", "swin_t"])
def test_drawing_of_known_network_has_no_geometric_fault(name: str, direction: str) -> None:
    found = archdsl.load(f"zoo:{name}").graph
    style = DiagramStyle(direction=direction)
    drawing = laid_out(build_diagram(found, costs(found), ViewOptions(view=View.LAYERS)), View.LAYERS, style)
    assert list(faults(drawing)) == []


def crossed_titles(drawing: Drawing) -> Iterator[str]:
    """The titles of frames that an arrow crosses."""
    lines = [
        segment
        for part in drawing.parts
        if isinstance(part.of, Arrow)
        for shape in part.shapes
        if isinstance(shape, Curve | Polyline)
        for segment in pairwise(flattened(shape))
    ]
    for part in drawing.parts:
        for shape in part.shapes if isinstance(part.of, Cluster) else ():
            if isinstance(shape, TextLabel):
                title = bounds([ShapeGroup(shapes=(shape,))])
                if any(is_inside((*point, *point), title) for line in lines for point in along(*line)):
                    yield shape.text


def crossed_labels(drawing: Drawing) -> Iterator[str]:
    """The labels of arrows that an arrow crosses."""
    arrows = [part for part in drawing.parts if isinstance(part.of, Arrow)]
    lines = [
        segment
        for part in arrows
        for shape in part.shapes
        if isinstance(shape, Curve | Polyline)
        for segment in pairwise(flattened(shape))
    ]
    for shape in (shape for part in arrows for shape in part.shapes if isinstance(shape, TextLabel)):
        left, top, right, bottom = bounds([ShapeGroup(shapes=(shape,))])
        place = left + 2 * TOLERANCE, top + 2 * TOLERANCE, right - 2 * TOLERANCE, bottom - 2 * TOLERANCE
        if any(is_inside((*point, *point), place) for line in lines for point in along(*line)):
            yield shape.text


@pytest.mark.parametrize("name", ["inception_v3", "ssd300_vgg16", "t5_small"])
def test_no_arrow_of_known_network_crosses_a_label_or_title(name: str) -> None:
    found = archdsl.load(f"zoo:{name}").graph
    drawing = laid_out(build_diagram(found, costs(found), ViewOptions()), View.LAYERS, DiagramStyle())
    assert [*crossed_labels(drawing), *crossed_titles(drawing)] == []


def distance(place: Rectangle, part: ShapeGroup) -> float:
    """Between a rectangle and the line of an arrow, in points."""
    lines = [shape for shape in part.shapes if isinstance(shape, Curve | Polyline)]
    points = [point for line in lines for ends in pairwise(flattened(line)) for point in along(*ends)]
    return min(hypot(max(place[0] - x, 0, x - place[2]), max(place[1] - y, 0, y - place[3])) for x, y in points)


@pytest.mark.parametrize(
    ("name", "direction"),
    [("retinanet_resnet50_fpn", "TB"), ("retinanet_resnet50_fpn", "LR"), ("ssd300_vgg16", "TB")],
)
def test_label_that_is_moved_is_beside_its_own_arrow(
    name: str, direction: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, style = archdsl.load(f"zoo:{name}").graph, DiagramStyle(direction=direction)
    diagram = build_diagram(found, costs(found), ViewOptions())
    after = laid_out(diagram, View.LAYERS, style)
    monkeypatch.setattr(xdot, "with_clear_labels", lambda drawing, direction: drawing)
    before = laid_out(diagram, View.LAYERS, style)
    frames = [extent(part) for part in after.parts if isinstance(part.of, Cluster)]
    arrows = [(part, part.of) for part in after.parts if isinstance(part.of, Arrow)]
    changed = [part for old, part in zip(before.parts, after.parts, strict=True) if old != part]
    moved = [(part, part.of) for part in changed if isinstance(part.of, Arrow)]
    assert moved
    for part, arrow in moved:
        place = bounds([ShapeGroup(shapes=tuple(each for each in part.shapes if isinstance(each, TextLabel)))])
        others = [distance(place, other) for other, of in arrows if of.start != arrow.start]
        assert distance(place, part) <= min(15, min(others) + 3)
        assert not any(overlap(place, frame) and not is_inside(place, frame) for frame in frames)


def along(start: Point, end: Point) -> Iterator[Point]:
    """Points on a line, at most one point apart."""
    steps = 1 + int(dist(start, end))
    for step in range(steps + 1):
        yield start[0] + (end[0] - start[0]) * step / steps, start[1] + (end[1] - start[1]) * step / steps


def oversized_frames(drawing: Drawing) -> Iterator[str]:
    """The frames that are much wider than their content and their title together."""
    for part in drawing.parts:
        if isinstance(part.of, Cluster):
            path, place = part.of.path, extent(part)
            titles = [bounds([ShapeGroup(shapes=(shape,))]) for shape in part.shapes if isinstance(shape, TextLabel)]
            inside = [
                extent(other)
                for other in drawing.parts
                if isinstance(other.of, Box | Cluster) and other is not part and other.shapes
                if (other.of.cluster if isinstance(other.of, Box) else other.of.path)[: len(path)] == path
                if is_inside(extent(other), place)
            ]
            content = max(each[2] for each in inside) - min(each[0] for each in inside)
            if place[2] - place[0] > content + sum(each[2] - each[0] for each in titles) + SKIP_LANE:
                yield part.of.title


SKIP_LANE = 72
"""Points in a frame for the skip connections beside its boxes, their labels and its margins."""


@pytest.mark.parametrize("columns", [1, 2, 3])
@pytest.mark.parametrize("seed", range(8))
def test_frame_has_room_for_its_title_and_little_more(seed: int, columns: int) -> None:
    """Titles as long as `encoder_stage_3 (continued)` are wider than the boxes in their frames."""
    found = graph(re.sub(r"stage s(\d+)", r"stage encoder_stage_\1", random_text(seed)))
    style = DiagramStyle(columns=columns)
    drawing = laid_out(build_diagram(found, costs(found), ViewOptions(view=View.LAYERS)), View.LAYERS, style)
    assert [*crossed_titles(drawing), *oversized_frames(drawing)] == []


@pytest.mark.parametrize("name", ["resnet18", "googlenet", "bert_base"])
def test_frame_of_known_network_has_room_for_its_title_and_little_more(name: str) -> None:
    found = archdsl.load(f"zoo:{name}").graph
    drawing = laid_out(build_diagram(found, costs(found), ViewOptions()), View.LAYERS, DiagramStyle())
    assert [*crossed_titles(drawing), *oversized_frames(drawing)] == []


@pytest.mark.parametrize(("name", "frame", "direction"), [("googlenet", "stem", "TB"), ("ssd300_vgg16", "conv7", "LR")])
def test_frame_is_not_enlarged_for_an_arrow_that_leads_away(name: str, frame: str, direction: str) -> None:
    found, style = archdsl.load(f"zoo:{name}").graph, DiagramStyle(direction=direction)
    drawing = laid_out(build_diagram(found, costs(found), ViewOptions()), View.LAYERS, style)
    (place,) = (extent(part) for part in drawing.parts if isinstance(part.of, Cluster) and part.of.path == (frame,))
    boxes = [extent(part) for part in drawing.parts if isinstance(part.of, Box) and part.of.cluster == (frame,)]
    assert min(each[0] for each in boxes) - place[0] < 15
    assert place[3] - max(each[3] for each in boxes) < 15


def test_repetitions_of_a_frame_are_a_space_away_from_its_title() -> None:
    drawing = drawing_of(REPEATED_UNIT, View.LAYERS, "TB")
    (frame,) = (part for part in drawing.parts if isinstance(part.of, Cluster))
    title, times = (shape for shape in frame.shapes if isinstance(shape, TextLabel))
    assert (title.text, times.text) == ("unit", "×3")
    between = bounds([ShapeGroup(shapes=(times,))])[0] - bounds([ShapeGroup(shapes=(title,))])[2]
    assert between == pytest.approx(width_of(" ", title.size), abs=0.5)


REPEATED_UNIT = "input 8x8x8; block unit(c) { conv c k3 p1; bn; relu; conv c k1 }; repeat 3 { unit 8 }; gap; fc 2"
