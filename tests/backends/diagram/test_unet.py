from itertools import combinations, pairwise

import pytest

import archdsl
from archdsl.backends.diagram import CannotDraw, DiagramStyle, View, ViewOptions, diagram
from archdsl.backends.diagram.box_shapes import draw_box, size_of
from archdsl.backends.diagram.build import build_diagram
from archdsl.backends.diagram.drawing import Drawing, Polyline, TextLabel, bounds
from archdsl.backends.diagram.figure import Diagram, Role
from archdsl.backends.diagram.place import PLACES, PlaceChoices
from archdsl.backends.diagram.place_fitting import fit
from archdsl.backends.diagram.unet_form import UNetForm, unet_form
from archdsl.backends.diagram.unet_scene import draw_unet
from tests.backends.diagram.programs import HOSTILE, LENET, RESIDUAL, graph, renamed

PLAIN = """
input 1x64x64
conv 8 k3 p1; relu as a; maxpool 2; conv 16 k3 p1; relu as b; maxpool 2
conv 32 k3 p1
upconv 16 k2 s2; concat b; conv 16 k3 p1
upconv 8 k2 s2; concat a; conv 8 k3 p1; conv 2 k1
"""
GATED = PLAIN.replace("concat b;", "concat { } { from b; conv 16 k1; sigmoid };")
ONE = "input 1x8x8; conv 4 k3 p1 as a; maxpool 2; conv 8 k3 p1; upconv 4 k2 s2; concat a; conv 1 k1"
UNETS = {"plain": PLAIN, "gated": GATED, "one level": ONE, "zoo:unet": "", "zoo:unet3d": ""}


def built(name: str) -> Diagram:
    network = archdsl.load(name) if name.startswith("zoo:") else archdsl.loads(UNETS.get(name, name))
    return build_diagram(network.graph, network.costs, ViewOptions(view=View.UNET))


def all_boxes(form: UNetForm) -> list[str]:
    sides = [box.id for side in (form.encoder, form.decoder) for level in side for box in level]
    return [*sides, *(box.id for box in form.bottom), *(box.id for skip in form.skips for box in skip.boxes)]


@pytest.mark.parametrize("name", UNETS)
def test_unet_form_contains_every_box_and_arrow(name: str) -> None:
    drawn = built(name)
    form = unet_form(drawn)
    assert sorted(all_boxes(form)) == sorted(box.id for box in drawn.boxes)
    shown = [*form.path, *(arrow for skip in form.skips for arrow in skip.arrows)]
    assert sorted((a.start, a.end) for a in shown) == sorted((a.start, a.end) for a in drawn.arrows)


@pytest.mark.parametrize("name", UNETS)
def test_levels_are_aligned_by_resolution(name: str) -> None:
    form = unet_form(built(name))
    for encoder, decoder in zip(form.encoder, form.decoder, strict=True):
        sizes = {box.shape.spatial_size[-1] for box in (*encoder, *decoder) if box.shape is not None}
        # The published ones have no padding, so their resolution also falls a little within a level.
        assert len(sizes) == 1 or name.startswith("zoo:")
    tops = [level[0].shape.spatial_size[-1] for level in form.encoder if level[0].shape is not None]
    assert all(high > low for high, low in pairwise(tops))


@pytest.mark.parametrize("direction", ["TB", "LR"])
@pytest.mark.parametrize("shapes", [True, False])
@pytest.mark.parametrize("name", UNETS)
def test_boxes_do_not_overlap_and_skips_are_horizontal(name: str, shapes: bool, direction: str) -> None:
    drawn = built(name)
    style = DiagramStyle(shapes=shapes, direction=direction)
    drawing = draw_unet(drawn, style)
    boxes = [bounds([part]) for part in drawing.parts if part.hover]
    assert len(boxes) == len([box for box in drawn.boxes if box.rows])
    for a, b in combinations(boxes, 2):
        assert a[2] <= b[0] + 0.01 or b[2] <= a[0] + 0.01 or a[3] <= b[1] + 0.01 or b[3] <= a[1] + 0.01
    lines = [s for part in drawing.parts for s in part.shapes if isinstance(s, Polyline)]
    assert len(lines) == len(drawn.arrows)
    form = unet_form(drawn)
    straight = [line for line in lines if line.color == style.theme.skip and len(line.points) == 2]
    assert len(straight) >= len({skip.start.id for skip in form.skips})
    assert all(abs(line.points[0][1] - line.points[1][1]) < 0.01 for line in straight)


def words(drawing: Drawing) -> set[str]:
    return {s.text for part in drawing.parts for s in part.shapes if isinstance(s, TextLabel)}


def test_shapes_and_layers_are_named() -> None:
    assert {"down1", "up 512", "64×568×568", "1024×28×28", "output"} <= words(
        draw_unet(built("zoo:unet"), DiagramStyle())
    )
    assert "64×568×568" not in words(draw_unet(built("zoo:unet"), DiagramStyle(shapes=False)))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (LENET, "has no spatial dimensions"),
        (RESIDUAL, "has no spatial dimensions"),
        ("input 3x8x8; conv 4 k3 p1; conv 4 k3 p1", "does not decrease and increase again"),
        ("input 3x16x16; maxpool 2; upconv 4 k2 s2", "does not decrease and increase again, with skip connections"),
        ("input a 3x8x8\ninput b 3x8x8\nfrom a; conv 4 k1 as c; from b; conv 4 k1; add c", "several inputs"),
        (PLAIN.replace("concat a;", "concat a; maxpool 2; upconv 8 k2 s2;"), "decreases again after it increased"),
        (PLAIN.replace("conv 32 k3 p1", "residual { conv 16 k3 p1 }; conv 32 k3 p1"), "does not lead from the encoder"),
        ("zoo:unet_plus_plus", "splits or merges|several outputs"),
    ],
)
def test_network_without_unet_form_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(CannotDraw, match=f"not have the form of a U-Net: .*({reason}).*; use another view"):
        draw_unet(built(text), DiagramStyle())


def test_network_without_unet_form_is_refused_in_a_place() -> None:
    network = archdsl.loads(LENET)
    only = PlaceChoices(views=(View.UNET,))
    with pytest.raises(CannotDraw, match="the form of a U-Net"):
        fit(network.graph, network.costs, DiagramStyle(), ViewOptions(view=View.UNET), PLACES["page"], only)


def test_unet_view_is_selected_automatically_for_a_place() -> None:
    for text, chosen in ((PLAIN, True), (LENET, False)):
        network = archdsl.loads(text)
        figure = fit(network.graph, network.costs, DiagramStyle(), ViewOptions(), PLACES["page"], PlaceChoices())
        assert (figure.view is View.UNET) == chosen


@pytest.mark.parametrize("format", ["svg", "png", "dot", "tikz"])
def test_unet_view_in_every_format(format: str) -> None:
    options = ViewOptions(view=View.UNET)
    data = diagram(graph(ONE), format, view_options=options)
    assert data == diagram(graph(ONE), format, view_options=options)
    with pytest.raises(CannotDraw, match="use svg, png or dot"):
        diagram(graph(ONE), "mmd", view_options=options)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_escaped(name: str) -> None:
    from xml.etree import ElementTree

    plain, found = (
        ElementTree.fromstring(diagram(each, "svg", view_options=ViewOptions(view=View.UNET)))
        for each in (graph(ONE), renamed(graph(ONE), name))
    )
    assert [element.tag for element in found.iter()] == [element.tag for element in plain.iter()]


@pytest.mark.parametrize("name", ["zoo:unet", "zoo:resnet50"])
@pytest.mark.parametrize("theme_size", [True, False])
def test_measured_box_size_matches_the_drawing(name: str, theme_size: bool) -> None:
    network = archdsl.load(name)
    style = DiagramStyle(parameters=theme_size)
    for box in build_diagram(network.graph, network.costs, ViewOptions(view=View.STAGES)).boxes:
        if box.role in (Role.PORT, Role.ENTRY):
            continue
        width, height = size_of(box, style)
        left, top, right, bottom = bounds([draw_box(box, style, (0.0, 0.0))])
        assert left >= -width / 2 - 0.01
        assert right <= width / 2 + 0.01
        assert top >= -height / 2 - 0.01
        assert bottom <= height / 2 + 0.01
