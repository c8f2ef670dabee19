"""A block in detail beside an overview: its boxes and arrows are those of the block, and nothing else."""

from itertools import pairwise

import pytest

import archdsl
from archdsl.analysis.cost import costs
from archdsl.backends.diagram import CannotDraw, DiagramStyle, View, ViewOptions, diagram
from archdsl.backends.diagram.build import diagram_graph
from archdsl.backends.diagram.detail import MARK, Detail, composed, draw_detail
from archdsl.backends.diagram.detail_fitting import fit_detail
from archdsl.backends.diagram.drawing import Curve, ShapeGroup, TextLabel, bounds, smallest_text
from archdsl.backends.diagram.figure import Box, Role
from archdsl.backends.diagram.laid_out import laid_out
from archdsl.backends.diagram.place import PLACES, PlaceChoices
from archdsl.graph import Graph
from tests.backends.diagram.programs import RESIDUAL, graph
from tests.backends.diagram.svg_reading import ReadFigure
from tests.backends.diagram.test_quotient_graph import NESTED, random_text


def detail(found: Graph, name: str, view: View = View.BLOCKS) -> Detail:
    return Detail(found, costs(found), ViewOptions(view=view, detail=name))


def check(found: Graph, shown: Detail) -> None:
    """Assert that a detail is a quotient of the part of the graph that its title names."""
    whole = diagram_graph(found)
    name = shown.title.partition("(")[2].rstrip(")") or shown.title
    scope = tuple(name.split("."))
    inside = {node.id for node in whole.nodes if node.path[: len(scope)] == scope}
    drawn = shown.diagram
    boxes = {box.id: box for box in drawn.boxes if box.rows and box.rows[0].nodes}
    owner = {node: id for id, box in boxes.items() for row in box.rows for node in row.nodes}
    assert sorted(node for box in boxes.values() for row in box.rows for node in row.nodes) == sorted(inside)
    entries = {box.id for box in drawn.boxes if box.role is Role.ENTRY}
    steps = {(arrow.start, arrow.end) for arrow in drawn.arrows}
    for one, other in sorted(steps):
        if other in entries:
            steps |= {(one, end) for start, end in steps if start == other}
    repeated = any(cluster.times > 1 for cluster in drawn.clusters) or any(box.times > 1 for box in boxes.values())
    for node in inside:
        for source in whole.nodes[node].inputs:
            if source in inside and owner[source] != owner[node]:
                assert (owner[source], owner[node]) in steps or repeated
            elif source not in inside:
                assert any(start.startswith("in") and end == owner[node] for start, end in steps)
    edges = {(owner[i], owner[node]) for node in inside for i in whole.nodes[node].inputs if i in inside}
    for start, end in steps:
        if start in boxes and end in boxes:
            assert (start, end) in edges
    read = {i for node in whole.nodes if node.id not in inside for i in node.inputs} | {i for _, i in whole.outputs}
    leaving = {start for start, end in steps if end.startswith("out")}
    assert leaving == {owner[node] for node in inside & read} or repeated


@pytest.mark.parametrize(
    ("name", "part", "view"),
    [
        ("resnet18", "unit", View.BLOCKS),
        ("resnet18", "layer2", View.STAGES),
        ("resnet18", "unit", View.VOLUMES),
        ("resnet50", "bottleneck", View.BLOCKS),
        ("gpt2", "decoder", View.BLOCKS),
        ("swin_t", "unit", View.BLOCKS),
        ("googlenet", "inception", View.BLOCKS),
        ("unet", "double", View.BLOCKS),
        ("mobilenet_v3_small", "bneck", View.BLOCKS),
    ],
)
def test_detail_of_zoo_networks_matches_the_block(name: str, part: str, view: View) -> None:
    found = archdsl.load(f"zoo:{name}").graph
    check(found, detail(found, part, view))


@pytest.mark.parametrize("seed", range(16))
def test_detail_of_random_programs_matches_the_block(seed: int) -> None:
    found = graph(f"{random_text(seed)}\nstage last {{ fc 3; relu; fc 2 }}")
    for part in ("unit", "pair", "last"):
        for view in (View.BLOCKS, View.STAGES):
            try:
                shown = detail(found, part, view)
            except CannotDraw as refused:
                words = ("no block or stage", "already shows", "is a single box")
                assert any(each in str(refused) for each in words)  # noqa: PT017  # some programs do not have them
                continue
            check(found, shown)


def test_detail_shows_the_numbers_of_the_first_use() -> None:
    """The layers of the block that the title names, not those of all of its repetitions."""
    shown = detail(archdsl.load("zoo:gpt2").graph, "decoder")
    assert shown.title == "decoder (decoder1)"
    numbers = {row.words: row.parameters for box in shown.diagram.boxes for row in box.rows}
    assert numbers["attention 12"] == (2_362_368,)


@pytest.mark.parametrize("format", ["svg", "png", "pdf", "tikz", "dot", "eps"])
def test_detail_is_drawn_in_every_format(format: str) -> None:
    found = graph(RESIDUAL)
    data = diagram(found, format, None, ViewOptions(view=View.BLOCKS, detail="basic"))
    assert data == diagram(found, format, None, ViewOptions(view=View.BLOCKS, detail="basic"))


def test_svg_contains_overview_and_detail() -> None:
    found = graph(RESIDUAL)
    figure = ReadFigure(diagram(found, "svg", None, ViewOptions(view=View.BLOCKS, detail="basic")))
    overview = [node for id, box in figure.boxes.items() if not id.endswith(MARK) for node in box.nodes]
    assert sorted(overview) == list(range(len(found.nodes)))
    assert any(id.endswith(MARK) and box.nodes for id, box in figure.boxes.items())


@pytest.mark.parametrize(
    ("text", "options", "reason"),
    [
        (RESIDUAL, {"detail": "basci"}, "no block or stage `basci` to show in detail; did you mean `basic`"),
        (RESIDUAL, {"detail": "body"}, "the view `blocks` already shows what is inside `body`"),
        (RESIDUAL, {"detail": "basic", "expand": ("basic",)}, "already shows what is inside `basic`"),
        (NESTED, {"detail": "unit"}, "`unit` is a single box of layers|already shows"),
    ],
)
def test_unknown_or_hidden_detail_is_refused(text: str, options: dict[str, str], reason: str) -> None:
    with pytest.raises(CannotDraw, match=reason):
        diagram(graph(text), "svg", None, ViewOptions(view=View.BLOCKS, **options))  # type: ignore[arg-type]  # a table


@pytest.mark.parametrize("format", ["mmd", "html"])
def test_formats_without_detail_support_refuse_it(format: str) -> None:
    with pytest.raises(CannotDraw, match="detail"):
        diagram(graph(RESIDUAL), format, None, ViewOptions(view=View.BLOCKS, detail="basic"))


def test_detail_fits_a_place() -> None:
    found, place = graph(RESIDUAL), PLACES["column"]
    options = ViewOptions(view=View.BLOCKS, detail="basic")
    choices = PlaceChoices(views=(View.BLOCKS,), directions=("TB",))
    figure = fit_detail(found, costs(found), DiagramStyle(columns=1), options, place, choices)
    assert smallest_text(figure.drawing) >= place.font - 1e-6
    assert figure.drawing.width == place.width
    assert place.height is not None
    assert figure.drawing.height <= place.height
    labels = {s.text for part in figure.drawing.parts for s in part.shapes if isinstance(s, TextLabel)}
    assert "basic (body.basic1)" in labels
    small = place.replace(width=60.0, height=60.0)
    with pytest.raises(CannotDraw, match=r"does not fit .* its text would be"):
        fit_detail(found, costs(found), DiagramStyle(columns=1), options, small, choices)


@pytest.mark.parametrize("part", ["stem", "layer1", "layer4"])
@pytest.mark.parametrize("columns", [1, 2])
def test_lines_to_a_detail_beside_the_overview_cross_no_box(part: str, columns: int) -> None:
    found = archdsl.load("zoo:resnet18").graph
    shown = detail(found, part, View.STAGES)
    style = DiagramStyle(columns=columns)
    overview = laid_out(shown.overview, View.STAGES, style)
    figure = composed(overview, draw_detail(shown, style), shown, style, side_by_side=True)
    boxes = [bounds([each]) for each in figure.parts if isinstance(each.of, Box) and not each.of.id.endswith(MARK)]
    lines = [line for each in figure.parts if each.of is None for line in leaders(each)]
    assert len(lines) == 2
    # The oracle: points along the lines.
    for start, end in (segment for points in lines for segment in pairwise(points[::3])):
        for step in range(1, 200):
            x, y = (a + (b - a) * step / 200 for a, b in zip(start, end, strict=True))
            assert not any(left < x < right and top < y < bottom for left, top, right, bottom in boxes)


def leaders(part: ShapeGroup) -> list[tuple[tuple[float, float], ...]]:
    """The points of the lines in a part; the frame around a detail has more."""
    dashed = [shape.points for shape in part.shapes if isinstance(shape, Curve) and shape.dashed]
    return [points for points in dashed if len(points) in (4, 7)]
