"""TikZ, draw.io and PowerPoint: named boxes at the places of the drawing, connected by its arrows."""

import importlib.util
import re
import shutil
import subprocess
import zipfile
from collections import Counter
from collections.abc import Callable
from functools import cache
from io import BytesIO
from itertools import pairwise
from math import hypot
from pathlib import Path

import pytest

import archdsl
from archdsl.analysis.cost import costs
from archdsl.analysis.diff import diff
from archdsl.backends.diagram import THEMES, CannotDraw, DiagramStyle, View, ViewOptions, diagram, draw_diff
from archdsl.backends.diagram.build import build_diagram
from archdsl.backends.diagram.connections import Connection, drawn_graph, extent_of, names_of
from archdsl.backends.diagram.connectors import Connector, connector_of
from archdsl.backends.diagram.documents import write_document
from archdsl.backends.diagram.drawing import Curve, Drawing, Polyline, ShapeGroup
from archdsl.backends.diagram.figure import Diagram, Role
from archdsl.backends.diagram.page_columns import set_columns
from archdsl.backends.diagram.scenes import draw_scene
from archdsl.graph import Graph
from tests.backends.diagram.graph_reading import ReadGraph, read_drawio, read_pptx, read_tikz
from tests.backends.diagram.programs import HOSTILE, INCEPTION, LENET, RESIDUAL, graph, renamed
from tests.backends.diagram.test_drawing_complete import joined, laid_out
from tests.backends.diagram.test_quotient_graph import NESTED, SIAMESE, random_text

READ: dict[str, Callable[[bytes], ReadGraph]] = {
    "tikz": lambda data: read_tikz(data.decode()),
    "drawio": read_drawio,
    "pptx": read_pptx,
}
FORMATS = [
    "tikz",
    "drawio",
    pytest.param(
        "pptx", marks=pytest.mark.skipif(not importlib.util.find_spec("pptx"), reason="python-pptx is not installed")
    ),
]
DEEP = RESIDUAL.replace("basic 16 s2", "basic 16 s2; basic 16; basic 16; basic 32 s2; basic 32")
UNET = "input 1x8x8; conv 4 k3 p1 as a; maxpool 2; conv 8 k3 p1; upconv 4 k2 s2; concat a; conv 1 k1"
CASES = {
    "layers": (RESIDUAL, View.LAYERS, 1, "TB"),
    "repeated": (NESTED, View.LAYERS, 1, "TB"),
    "blocks": (NESTED, View.BLOCKS, 1, "TB"),
    "stages": (RESIDUAL, View.STAGES, 1, "TB"),
    "columns": (DEEP, View.LAYERS, 3, "TB"),
    "rows": (DEEP, View.LAYERS, 2, "LR"),
    "branches": (INCEPTION, View.LAYERS, 1, "TB"),
    "inputs": (SIAMESE, View.LAYERS, 1, "TB"),
    "letters": (UNET.replace("conv 8 k3 p1;", "conv 8 k3 p1; relu; conv 8 k3 p1; relu;"), View.LAYERS, 2, "TB"),
    "unet": (UNET, View.UNET, 1, "TB"),
}


def built(found: Graph, view: View) -> Diagram:
    return build_diagram(found, costs(found), ViewOptions(view=view))


def drawing_of(found: Diagram, view: View, columns: int = 1, direction: str = "TB") -> Drawing:
    style = DiagramStyle(columns=columns, direction=direction)
    if view in (View.VOLUMES, View.UNET):
        return draw_scene(found, view, style)
    return (set_columns(found, style) if columns > 1 else None) or laid_out(found, 1)


@cache
def case_of(case: str) -> tuple[Diagram, Drawing]:
    text, view, columns, direction = CASES[case]
    found = built(graph(text), view)
    return found, drawing_of(found, view, columns, direction)


@cache
def random_case(seed: int) -> tuple[Diagram, Drawing]:
    found = built(graph(random_text(seed)), View.LAYERS)
    return found, drawing_of(found, View.LAYERS, 1 + seed % 2)


@cache
def volumes_of(name: str) -> tuple[Diagram, Drawing]:
    found = built(archdsl.load(f"zoo:{name}").graph, View.VOLUMES)
    return found, drawing_of(found, View.VOLUMES)


def assert_shows(read: ReadGraph, found: Diagram, drawing: Drawing) -> None:
    """Every arrow of the diagram is there, and every repetition; every box is where it is in the drawing."""
    names = names_of(drawn_graph(drawing))
    ids = {name: id for id, name in names.items()}
    assert len(ids) == len(names)
    pairs = joined({(ids[start], ids[end]) for start, end in read.arrows})
    assert pairs == {(arrow.start, arrow.end) for arrow in found.arrows}
    repeated = [*(box.times for box in found.boxes), *(cluster.times for cluster in found.clusters)]
    times = Counter(each for each in repeated if each > 1)
    assert read.times == times
    for box, part in drawn_graph(drawing).boxes:
        left, top, right, bottom = extent_of(part)
        place = read.places[names[box.id]]
        expected = (left, top, right - left, bottom - top)
        assert all(abs(a - b) < 0.02 for a, b in zip(place, expected, strict=True)), (names[box.id], place, expected)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("case", CASES)
def test_connected_format_shows_the_whole_diagram(case: str, format: str) -> None:
    found, drawing = case_of(case)
    assert_shows(READ[format](write_document(drawing, format)), found, drawing)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("seed", range(6))
def test_connected_format_shows_random_programs(seed: int, format: str) -> None:
    found, drawing = random_case(seed)
    assert_shows(READ[format](write_document(drawing, format)), found, drawing)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", ["lenet5", "resnet18", "unet"])
def test_connected_format_shows_volumes(name: str, format: str) -> None:
    found, drawing = volumes_of(name)
    read = READ[format](write_document(drawing, format))
    names = names_of(drawn_graph(drawing))
    owner = {row.name: names[box.id] for box, _ in drawn_graph(drawing).boxes for row in box.rows}
    of = {box.id: owner.get(box.rows[0].name, "") for box in found.boxes}
    expected = {(of[arrow.start], of[arrow.end]) for arrow in found.arrows}
    # The main output is the end of the row.
    assert set(read.arrows) == {(start, end) for start, end in expected if start != end and end}


@pytest.mark.parametrize("format", FORMATS)
def test_connected_format_shows_a_diff(format: str) -> None:
    a, b = graph(LENET), graph(LENET.replace("fc 84; tanh", "dropout 0.5; fc 84"))
    read = READ[format](draw_diff(a, b, diff(a, b, ("a", "b")), format))
    assert any("dropout 0.5" in text for text in read.texts)
    assert {start for start, _ in read.arrows} >= {"dropout1", "tanh1", "fc1"}


@pytest.mark.parametrize("format", FORMATS)
def test_connected_formats_are_deterministic(format: str) -> None:
    drawing = case_of("layers")[1]
    assert write_document(drawing, format) == write_document(drawing, format)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_escaped_in_connected_formats(name: str) -> None:
    network = renamed(graph("input 1x4x4; stage body { conv 2 k3; relu }; flatten; fc 2"), name)
    found = build_diagram(network, costs(network), ViewOptions(title=name))
    drawing = laid_out(found, 1)
    for format in ("tikz", "drawio", *(["pptx"] if importlib.util.find_spec("pptx") else [])):
        read = READ[format](write_document(drawing, format))
        assert len(read.arrows) == 4
        assert any("fc 2" in text for text in read.texts)


@pytest.mark.parametrize("format", FORMATS)
def test_figure_for_a_slide_fits_the_slide(format: str) -> None:
    read = READ[format](archdsl.loads(LENET).diagram(format=format, place="slide", view="blocks").data)
    assert all(x >= 0 and y >= 0 and x + w <= 960 and y + h <= 540 for x, y, w, h in read.places.values())


@pytest.mark.parametrize("format", FORMATS)
def test_font_and_background_of_the_figure_block_are_used(format: str) -> None:
    own = "figure { font serif; background transparent }"
    data = diagram(graph(f"{RESIDUAL}{own}"), format, view_options=ViewOptions(view=View.VOLUMES))
    assert READ[format](data).arrows
    sans = diagram(graph(RESIDUAL), format, view_options=ViewOptions(view=View.VOLUMES))
    words = {"tikz": (b"\\rmfamily", b"\\sffamily"), "drawio": (b"Times New Roman", b"Helvetica")}
    serif, plain = words.get(format, (b"Times New Roman", b"Arial"))
    assert serif in data
    assert plain in sans
    assert plain not in data or format == "pptx"


def segments(data: bytes, format: str) -> list[tuple[float, ...]]:
    """The free lines of a file: their ends."""
    if format == "drawio":
        found = re.findall(r'edge="1" parent="1"><mxGeometry[^>]*>(.*?)</mxGeometry>', data.decode())
        lines = [[tuple(map(float, p)) for p in re.findall(r'x="([-\d.]+)" y="([-\d.]+)"', each)] for each in found]
        # The first two points are the ends, the others the turns between them.
        ordered = [[points[0], *points[2:], points[1]] for points in lines]
        return [(*a, *b) for points in ordered for a, b in pairwise(points)]
    text = zipfile.ZipFile(BytesIO(data)).read("ppt/slides/slide1.xml").decode()
    place = r'<a:off x="(\d+)" y="(\d+)"/><a:ext cx="(\d+)" cy="(\d+)"/>'
    free = re.findall(rf"<p:cNvCxnSpPr/>.*?<a:xfrm([^>]*)>{place}", text)
    found_lines: list[tuple[float, ...]] = []
    for flips, *numbers in free:
        x, y, w, h = (int(each) / 12700 for each in numbers)
        x0, x1 = (x + w, x) if "flipH" in flips else (x, x + w)
        y0, y1 = (y + h, y) if "flipV" in flips else (y, y + h)
        found_lines.append((x0, y0, x1, y1))
    return found_lines


@pytest.mark.parametrize("format", FORMATS[1:])
def test_lines_without_endpoints_remain_plain_lines(format: str) -> None:
    """Such as those around a detail."""
    shapes = (
        Polyline(points=((10.0, 10.0), (50.0, 10.0), (50.0, 90.0)), color="#123456", arrow=True),
        Curve(points=((60.0, 20.0), (60.0, 20.0), (90.0, 80.0), (90.0, 80.0)), line="#654321", dashed=True),
    )
    parts = (ShapeGroup(shapes=shapes),)
    drawing = Drawing(width=100, height=100, background="#ffffff", title="", description="", parts=parts)
    data = write_document(drawing, format)
    expected = [(10, 10, 50, 10), (50, 10, 50, 90), (60, 20, 90, 80)]
    assert segments(data, format) == [pytest.approx(line, abs=0.01) for line in expected]
    dashes = data.count(b"dashed=1") + sum(map(read_dashes, [data] if format == "pptx" else []))
    assert dashes == 1


def read_dashes(data: bytes) -> int:
    return zipfile.ZipFile(BytesIO(data)).read("ppt/slides/slide1.xml").count(b"prstDash")


def test_node_names_are_the_shortest_unique_suffixes() -> None:
    text = "input 1x8x8; stage a { conv 2 k3; relu }; stage b { conv 2 k3 }; flatten; fc 2"
    names = set(read_tikz(diagram(graph(text), "tikz").decode()).places)
    assert names == {"input", "a-conv1", "relu1", "b-conv1", "a", "b", "flatten1", "fc1", "output"}


def test_dark_theme_draws_its_background() -> None:
    text = diagram(graph(LENET), "tikz", DiagramStyle(theme=THEMES["dark"])).decode()
    (color,) = re.findall(r"\\fill\[(archdsl\w+)\] \(0,0\) rectangle", text)
    assert f"\\providecolor{{{color}}}{{HTML}}{{0D1117}}" in text
    assert "\\fill[archdslground]" not in diagram(graph(LENET), "tikz").decode()


def test_non_latin_letters_are_kept_and_need_xelatex() -> None:
    text = diagram(graph("input 4; fc 2"), "tikz", view_options=ViewOptions(title="한국 α→β")).decode()
    assert "% needs XeLaTeX or LuaLaTeX, and a font with the characters 국한" in text
    assert "한국 $\\alpha$$\\rightarrow$$\\beta$: 10 parameters" in text
    assert "XeLaTeX" not in diagram(graph(LENET), "tikz").decode()


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="no pdflatex")
def test_tikz_nodes_and_styles_can_be_used_after_input(tmp_path: Path) -> None:
    (tmp_path / "lenet.tex").write_bytes(diagram(graph(LENET), "tikz", view_options=ViewOptions(title="αΩ x² → ∑")))
    (tmp_path / "all.tex").write_text(
        "\\documentclass{article}\\usepackage[utf8]{inputenc}\\usepackage{tikz}\\begin{document}\n"
        "\\definecolor{archdslconv}{HTML}{FF0000}\\tikzset{archdsl pool/.style={fill=yellow}}\n"
        "\\begin{tikzpicture}[remember picture, every picture/.append style={remember picture}]\n"
        "\\end{tikzpicture}\\tikzset{every picture/.append style={remember picture}}\\input{lenet}\n"
        "\\begin{tikzpicture}[overlay]\\draw (conv3) -- (fc1); \\draw (features) -- (tanh3.east);\\end{tikzpicture}\n"
        "\\end{document}\n"
    )
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]


def painted(made: Connector) -> list[tuple[float, float]]:
    """The corners of a preset as Office computes them (ECMA-376, presetShapeDefinitions.xml), flipped and turned."""
    w, h = made.width, made.height
    adjust = [turn / 100_000 for turn in made.adjustments]
    match made.preset.removeprefix("bentConnector").removeprefix("curvedConnector"), adjust:
        case "straightConnector1", []:
            corners = [(0.0, 0.0), (w, h)]
        case "2", []:
            corners = [(0, 0), (w, 0), (w, h)]
        case "3", [a]:
            corners = [(0, 0), (a * w, 0), (a * w, h), (w, h)]
        case "4", [a, b]:
            corners = [(0, 0), (a * w, 0), (a * w, b * h), (w, b * h), (w, h)]
        case "5", [a, b, c]:
            corners = [(0, 0), (a * w, 0), (a * w, b * h), (c * w, b * h), (c * w, h), (w, h)]
        case _:
            raise AssertionError(made)
    found = []
    for x, y in corners:
        x, y = (w - x if made.flip_x else x) - w / 2, (h - y if made.flip_y else y) - h / 2
        for _ in range(made.rotation // 5_400_000):
            x, y = -y, x
        found.append((x + made.left + w / 2, y + made.top + h / 2))
    return found


@pytest.mark.parametrize("case", CASES)
def test_connectors_follow_the_drawn_lines(case: str) -> None:
    for part in drawn_graph(case_of(case)[1]).parts:
        if not isinstance(part, Connection) or not part.lines:
            continue
        route, corners = part.route, painted(connector_of(part))
        for end in (0, -1):
            # A connector whose ends are level is a point wide, so that it has a size.
            assert hypot(corners[end][0] - route[end][0], corners[end][1] - route[end][1]) <= 0.51
        for axis in (0, 1):
            low, high = min(p[axis] for p in route), max(p[axis] for p in route)
            within = min(p[axis] for p in corners), max(p[axis] for p in corners)
            assert low - 3.6 <= within[0] <= within[1] <= high + 3.6
            # A line through several columns, and a curve that ends at another side, may turn earlier.
            early = len(part.lines) > 1 or connector_of(part).preset == "curvedConnector2"
            assert early or within == pytest.approx((low, high), abs=3.6)
        if connector_of(part).preset.startswith("bent") and len(route) == len(corners):
            assert all(hypot(a - c, b - d) < 0.7 for (a, b), (c, d) in zip(route, corners, strict=True))


@pytest.mark.skipif(not importlib.util.find_spec("pptx"), reason="python-pptx is not installed")
def test_figure_larger_than_any_slide_is_refused() -> None:
    with pytest.raises(CannotDraw, match="more than the 56 inches of a slide"):
        diagram(graph("input 8x8x8; conv 8 k3 p1 x100"), "pptx", DiagramStyle(columns=1), ViewOptions(fold=False))


@pytest.mark.skipif(not importlib.util.find_spec("pptx"), reason="python-pptx is not installed")
def test_frames_are_groups_with_their_boxes() -> None:
    from pptx import Presentation

    (slide,) = Presentation(BytesIO(diagram(graph(LENET), "pptx"))).slides
    (group,) = [shape for shape in slide.shapes if shape.name == "features"]
    inside = {shape.name for shape in group.shapes}
    assert {"features frame", "conv1", "avgpool1", "conv2", "avgpool2", "conv3"} <= inside


def test_boxes_without_rows_have_names() -> None:
    found = built(graph("input 8x8x8; repeat 3 { residual { conv 8 k3 p1 } }"), View.LAYERS)
    assert any(box.role is Role.ENTRY for box in found.boxes)
    names = names_of(drawn_graph(drawing_of(found, View.LAYERS)))
    assert all(re.fullmatch(r"[\w-]+", name, re.ASCII) for name in names.values())
