"""Every box, arrow and frame of a diagram is in its drawing, in every layout."""

from collections.abc import Iterator

import pytest

import archdsl
from archdsl.analysis.cost import costs
from archdsl.backends.diagram import CannotDraw, DiagramStyle, View, ViewOptions
from archdsl.backends.diagram.build import build_diagram
from archdsl.backends.diagram.dot import write_dot
from archdsl.backends.diagram.drawing import Curve, Drawing, Polygon, Polyline
from archdsl.backends.diagram.engine import draw
from archdsl.backends.diagram.figure import Arrow, Box, Cluster, Diagram, Role
from archdsl.backends.diagram.page_columns import set_columns
from archdsl.backends.diagram.scenes import draw_scene
from archdsl.backends.diagram.xdot import read_drawing
from archdsl.graph import Graph
from tests.backends.diagram.programs import INCEPTION, LENET, RESIDUAL, graph

TEXTS = [LENET, RESIDUAL, INCEPTION, RESIDUAL.replace("basic 16 s2", "basic 16 s2; basic 16; basic 16; basic 32 s2")]
NAMES = ["resnet18", "unet", "vit_b_16"]


def built(found: Graph, view: View) -> Diagram:
    return build_diagram(found, costs(found), ViewOptions(view=view))


def ends(drawing: Drawing) -> set[tuple[str, str]]:
    """The arrows from box to box."""
    return joined({(part.of.start, part.of.end) for part in drawing.parts if isinstance(part.of, Arrow)})


def joined(steps: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Arrows through ports and labels at which a line continues, as arrows from box to box."""
    letters = {start for start, _ in steps if start.startswith("from")}
    steps |= {(end, start) for _, end in steps for start in letters if start.startswith(f"from{end[2:]}_")}
    ports = {end for _, end in steps if end.startswith(("foot", "head", "to", "from"))}
    while through := {(a, c) for a, b in steps for other, c in steps if b == other and b in ports} - steps:
        steps |= through
    return {(a, b) for a, b in steps if not {a, b} & ports}


def boxes(drawing: Drawing) -> Iterator[str]:
    for part in drawing.parts:
        if isinstance(part.of, Box) and part.of.rows and not part.of.rows[0].hover.startswith("continue"):
            yield part.of.id


def laid_out(diagram: Diagram, columns: int) -> Drawing:
    style = DiagramStyle(columns=columns)
    if columns > 1 and (drawing := set_columns(diagram, style)) is not None:
        return drawing
    return read_drawing(draw(write_dot(diagram, style), "json"), diagram, "#ffffff")


def assert_complete(drawing: Drawing, diagram: Diagram) -> None:
    assert ends(drawing) == {(arrow.start, arrow.end) for arrow in diagram.arrows}
    assert sorted(boxes(drawing)) == sorted(box.id for box in diagram.boxes if box.role not in (Role.PORT, Role.ENTRY))
    frames = {part.of.path for part in drawing.parts if isinstance(part.of, Cluster)}
    assert frames == {cluster.path for cluster in diagram.clusters}


@pytest.mark.parametrize("columns", [1, 2, 3])
@pytest.mark.parametrize("index", range(len(TEXTS)))
def test_drawing_of_programs_is_complete(index: int, columns: int) -> None:
    diagram = built(graph(TEXTS[index]), View.LAYERS)
    assert_complete(laid_out(diagram, columns), diagram)


@pytest.mark.parametrize("view", [View.LAYERS, View.BLOCKS])
@pytest.mark.parametrize("name", NAMES)
def test_drawing_of_zoo_networks_is_complete(name: str, view: View) -> None:
    diagram = built(archdsl.load(f"zoo:{name}").graph, view)
    assert_complete(laid_out(diagram, 2), diagram)


@pytest.mark.parametrize("name", ["lenet5", "alexnet", "vgg16", "resnet18", "unet", "vit_b_16", "googlenet"])
def test_volumes_drawing_has_every_row_and_arrow(name: str) -> None:
    diagram = built(archdsl.load(f"zoo:{name}").graph, View.VOLUMES)
    try:
        drawing = draw_scene(diagram, View.VOLUMES, DiagramStyle())
    except CannotDraw:
        pytest.skip("the view cannot show it")
    shown = {part.of.id: part.of for part in drawing.parts if isinstance(part.of, Box)}
    owner = {row.name: box.id for box in shown.values() for row in box.rows}
    around = {box.id: owner.get(box.rows[0].name) for box in diagram.boxes}
    missing = [box.id for box in diagram.boxes if around[box.id] is None and box.role is not Role.OUTPUT]
    assert not missing
    expected = {(around[arrow.start], around[arrow.end]) for arrow in diagram.arrows}
    # The main output is the end of the row.
    assert ends(drawing) == {(a, b) for a, b in expected if a != b and b is not None}


def test_drawing_of_unet_is_complete() -> None:
    diagram = built(archdsl.load("zoo:unet").graph, View.UNET)
    drawing = draw_scene(diagram, View.UNET, DiagramStyle())
    assert ends(drawing) == {(arrow.start, arrow.end) for arrow in diagram.arrows}
    assert sorted(boxes(drawing)) == sorted(box.id for box in diagram.boxes)


def test_fill_and_outline_are_one_shape() -> None:
    """The renderer draws a fill and its outline one after the other; an editor must not get two shapes."""
    for view in (View.LAYERS, View.STAGES):
        for part in laid_out(built(graph(RESIDUAL), view), 1).parts:
            if not isinstance(part.of, Box):
                continue
            assert not any(
                isinstance(shape, Polyline) or (isinstance(shape, Curve) and not shape.fill) for shape in part.shapes
            )
            base = part.shapes[0]
            assert isinstance(base, Curve | Polygon)
            assert base.fill != base.line
