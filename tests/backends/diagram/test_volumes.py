from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from xml.etree import ElementTree

import pytest

import archdsl
from archdsl.analysis.cost import costs
from archdsl.backends.diagram import CannotDraw, DiagramStyle, View, ViewOptions, diagram
from archdsl.backends.diagram.build import build_diagram
from archdsl.backends.diagram.drawing import Drawing, Polygon, Polyline, TextLabel, bounds
from archdsl.backends.diagram.figure import Arrow, Box, Cluster, Diagram, Flow, Role
from archdsl.backends.diagram.figure_options import KINDS
from archdsl.backends.diagram.place import PLACES, PlaceChoices
from archdsl.backends.diagram.place_fitting import fit
from archdsl.backends.diagram.scene import draw_volumes
from archdsl.backends.diagram.side_paths import SidePath, side_paths
from archdsl.backends.diagram.theme import LIGHT
from archdsl.backends.diagram.volume_rows import split_rows
from archdsl.backends.diagram.volumes import Volume, groups, volumes
from archdsl.graph import Graph
from archdsl.shapes.shape import Layout
from tests.backends.diagram.programs import HOSTILE, INCEPTION, LENET, RESIDUAL, graph, renamed

VIEW_OPTIONS = ViewOptions(view=View.VOLUMES)
SVG = "{http://www.w3.org/2000/svg}"
UNET = """
net UNet
block double(c) { conv c k3 p1; relu; conv c k3 p1; relu }
block up(c, skip) { upconv c k2 s2; concat skip; double c }
input 1x32x32
double 8 as d1; maxpool 2; double 16 as d2; maxpool 2; double 32
up 16 d2; up 8 d1; conv 2 k1
"""
TRANSFORMER = "input 16x32; layernorm; fc 64; gelu; fc 32; take 0; fc 10"


def sized(text: str) -> list[Volume]:
    found = graph(text)
    return volumes(build_diagram(found, costs(found), VIEW_OPTIONS), LIGHT)


def scene(text: str) -> Drawing:
    found = graph(text)
    return draw_volumes(build_diagram(found, costs(found), VIEW_OPTIONS), DiagramStyle())


def test_volume_sizes_follow_the_tensor_shape() -> None:
    found = sized("input 3x64x32; conv 12 k3 p1; maxpool 2; conv 48 k3 p1; gap; fc 10")
    by_name = {volume.name: volume for volume in found}
    conv, pool, deep = by_name["conv 12 3×3"], by_name["maxpool 2×2 /2"], by_name["conv 48 3×3"]
    assert conv.height > conv.depth, "64 is higher than 32 is deep"
    assert (pool.height, pool.depth) == (deep.height, deep.depth)
    assert pool.height / conv.height == pytest.approx(pool.depth / conv.depth) == pytest.approx(0.5**0.6)
    assert pool.thickness == conv.thickness
    assert deep.thickness == pytest.approx(2 * pool.thickness), "four times the channels, twice as thick"
    assert by_name["gap"].height > by_name["fc 10"].height


@pytest.mark.parametrize("text", [LENET, RESIDUAL, UNET, TRANSFORMER, INCEPTION, "input 8x100; conv 4 k3; gap"])
def test_volumes_are_in_order_without_overlaps(text: str) -> None:
    found = sized(text)
    assert found[0].box.rows[0].words == "input"
    for before, after in pairwise(found):
        assert after.left > before.right
        if not before.is_close_to(after):
            assert after.left - after.overhang >= before.right + before.overhang
    assert [volume for group in groups(found) for volume in group] == found


@pytest.mark.parametrize("text", [LENET, RESIDUAL, UNET, TRANSFORMER, INCEPTION])
def test_drawing_is_not_clipped_and_labels_do_not_overlap(text: str) -> None:
    drawing = scene(text)
    left, top, right, bottom = bounds(list(drawing.parts))
    assert left >= 0
    assert top >= 0
    assert right <= drawing.width
    assert bottom <= drawing.height
    texts = [part for part in drawing.parts if part.shapes and all(isinstance(s, TextLabel) for s in part.shapes)]
    words = [bounds([part]) for part in texts]
    for i, a in enumerate(words):
        for b in words[:i]:
            # The estimate of a text's width has its own margin.
            assert a[2] <= b[0] + 1 or b[2] <= a[0] + 1 or a[3] <= b[1] + 2 or b[3] <= a[1] + 2


def test_shapes_and_layers_are_named() -> None:
    labels = {shape.text for part in scene(LENET).parts for shape in part.shapes if isinstance(shape, TextLabel)}
    assert {
        "input",
        "1×32×32",
        "conv 6 5×5",
        "6×28×28",
        "avgpool 2×2 /2",
        "6×14×14",
        "120×1×1",
        "fc 84",
        "84",
    } <= labels
    assert {"LeNet5: 61,706 parameters, 417K MACs", "convolution", "pooling"} <= labels


def test_boxes_with_the_same_spatial_size_share_their_label() -> None:
    labels = [
        s.text
        for part in scene("input 3x8x8; conv 4 k3 p1; conv 4 k3 p1; conv 6 k3 p1").parts
        for s in part.shapes
        if isinstance(s, TextLabel)
    ]
    assert "conv 4 3×3 ×2" in labels
    assert [text for text in labels if text in ("3", "4", "6", "8×8")] == ["3", "4", "6", "8×8"]


def test_skip_connections_are_routed_above_the_boxes() -> None:
    drawing = scene(UNET)
    skips = [
        s for part in drawing.parts for s in part.shapes if isinstance(s, Polyline) and s.arrow and len(s.points) == 4
    ]
    highest = min(y for part in drawing.parts for s in part.shapes if isinstance(s, Polygon) for _, y in s.points)
    heights = sorted(line.points[1][1] for line in skips)
    assert len(skips) == 2
    assert len(set(heights)) == 2, "one inside the other"
    assert heights[-1] < highest


SHARED_LABEL = """
input 3x32x32
conv 16 k3 same nobias; bn; relu
residual { conv 16 k3 same nobias; bn; relu; conv 16 k3 same nobias; bn }
relu
residual { conv 16 k3 same; relu; conv 16 k3 same; relu; conv 16 k3 same }
gap; fc 10
"""

TRANSFORMER_BLOCK = """
input 16x32
residual { layernorm; fc 32; gelu; fc 32 }
residual { layernorm; fc 32; fc 32; fc 32 }
take 0; fc 10
"""


@pytest.mark.parametrize("text", [SHARED_LABEL, UNET, TRANSFORMER_BLOCK])
def test_skip_connections_start_and_end_above_their_own_boxes(text: str) -> None:
    drawing = scene(text)
    middles = {}
    for part in drawing.parts:
        points = [point for shape in part.shapes if isinstance(shape, Polygon) for point in shape.points]
        if isinstance(part.of, Box) and points:
            top = min(y for _, y in points)
            edge = [x for x, y in points if y < top + 0.01]
            middles[part.of.id] = (min(edge) + max(edge)) / 2
    skips = [part for part in drawing.parts if isinstance(part.of, Arrow) and part.of.flow is Flow.SKIP]
    assert skips
    for part in skips:
        assert isinstance(part.of, Arrow)
        line = part.shapes[0]
        assert isinstance(line, Polyline)
        for name, (x, _) in ((part.of.start, line.points[0]), (part.of.end, line.points[-1])):
            assert min(middles, key=lambda other: abs(middles[other] - x)) == name


BRANCHES = """
input a 3x8x8
input b 3x8x8
from a; conv 4 k3 same as f
from b; conv 4 k3 same
add f
relu as q
aux h { gap; fc 3 }
gap; fc 2
"""
SPLIT = """
input x 8x8x8
conv 8 k3 same; conv 8 k3 same; conv 8 k3 same as main
from x; conv 8 k1 as left
from left; conv 8 k1 as one
from left; conv 8 k3 same as other
add main one other
"""


def built(text: str | Graph) -> Diagram:
    found = graph(text) if isinstance(text, str) else text
    return build_diagram(found, costs(found), VIEW_OPTIONS)


def followed(row: list[str], found: Sequence[SidePath]) -> tuple[Counter[str], set[tuple[str, str]]]:
    """The boxes and the arrows of side paths beside a row, with letters followed."""
    shown: Counter[str] = Counter()
    arrows: set[tuple[str, str]] = set()
    leaving: dict[str, set[str]] = {}
    coming: dict[str, set[str]] = {}
    for path in found:
        inner = [box.id for box in path.boxes]
        start, end = ([] if index is None else [row[index]] for index in (path.start, path.end))
        if inner or not (path.entries or path.exits):
            arrows |= set(pairwise([*start, *inner, *end]))
        shown.update(inner)
        for port in path.exits:
            leaving.setdefault(port.letter, set()).update((inner or start)[-1:])
        for port in path.entries:
            coming.setdefault(port.letter, set()).update((inner or end)[:1])
    assert leaving.keys() == coming.keys()
    assert all(len(ends) == 1 for ends in leaving.values()), "a letter stands for one tensor"
    arrows |= {(one, other) for letter, ones in leaving.items() for one in ones for other in coming[letter]}
    return shown, arrows


def read_back(diagram: Diagram) -> tuple[Counter[str], set[tuple[str, str]]]:
    """The boxes and the arrows that the row and the side paths show."""
    row = [volume.box.id for volume in volumes(diagram, LIGHT)]
    shown, arrows = followed(row, side_paths(diagram, [volume.box for volume in volumes(diagram, LIGHT)]))
    return shown + Counter(row), arrows | set(pairwise(row))


def implied_output(diagram: Diagram) -> str | None:
    """The first output, unless what makes it has other readers: it would not look like an output."""
    (maker,) = (arrow.start for arrow in diagram.arrows if arrow.end == "y0")
    return "y0" if [arrow.end for arrow in diagram.arrows if arrow.start == maker] == ["y0"] else None


@pytest.mark.parametrize("name", ["text", *archdsl.zoo.names()])
def test_volumes_show_every_box_and_arrow(name: str) -> None:
    """Each once: the view leaves nothing out, and refuses nothing of the zoo."""
    drawn = built(BRANCHES if name == "text" else archdsl.load(f"zoo:{name}").graph)
    boxes, arrows = read_back(drawn)
    last = implied_output(drawn)
    assert boxes == Counter(box.id for box in drawn.boxes if box.id != last)
    assert arrows == {(arrow.start, arrow.end) for arrow in drawn.arrows if arrow.end != last}


def read_rows(diagram: Diagram, rows: int) -> tuple[Counter[str], set[tuple[str, str]]]:
    """The boxes and the arrows that several rows show, letters followed."""
    found = volumes(diagram, LIGHT, 0.65)
    split = split_rows(found, side_paths(diagram, [volume.box for volume in found]), rows)
    names = [volume.box.id for row in split for volume in row.volumes]
    starts = [sum(len(row.volumes) for row in split[:number]) for number in range(len(split))]
    whole = [
        path.replace(
            start=None if path.start is None else path.start + first, end=None if path.end is None else path.end + first
        )
        for row, first in zip(split, starts, strict=True)
        for path in row.side_paths
    ]
    shown, arrows = followed(names, whole)
    return shown + Counter(names), arrows | set(pairwise(names))


@pytest.mark.parametrize("rows", [2, 3])
@pytest.mark.parametrize("name", ["text", "unet", "unet_plus_plus", "retinanet_resnet50_fpn", "googlenet", "bert_base"])
def test_several_rows_show_every_box_and_arrow(name: str, rows: int) -> None:
    drawn = built(BRANCHES if name == "text" else archdsl.load(f"zoo:{name}").graph)
    boxes, arrows = read_rows(drawn, rows)
    last = implied_output(drawn)
    assert boxes == Counter(box.id for box in drawn.boxes if box.id != last)
    assert arrows == {(arrow.start, arrow.end) for arrow in drawn.arrows if arrow.end != last}


def test_journal_column_is_split_into_rows_with_readable_text() -> None:
    for name in ("alexnet", "resnet50", "vgg16", "unet"):
        network = archdsl.load(f"zoo:{name}")
        only = PlaceChoices(views=(View.VOLUMES,))
        figure = fit(network.graph, network.costs, DiagramStyle(), VIEW_OPTIONS, PLACES["column"], only)
        assert figure.text >= 6
        assert figure.drawing.width == PLACES["column"].width


def test_more_rows_than_sizes_are_refused() -> None:
    with pytest.raises(CannotDraw, match="2 sizes of tensors do not fill 3 rows"):
        draw_volumes(built("input 3x8x8; conv 4 k3 p1; maxpool 2"), DiagramStyle(), 1.0, 3)


def test_branches_inputs_and_outputs_are_named() -> None:
    labels = [s.text for part in scene(BRANCHES).parts for s in part.shapes if isinstance(s, TextLabel)]
    assert "input a 3×8×8; conv 4 3×3" in labels
    assert "gap; fc 3 → h" in labels


def test_nested_branch_continues_at_a_letter() -> None:
    labels = [s.text for part in scene(SPLIT).parts for s in part.shapes if isinstance(s, TextLabel)]
    assert labels.count("A") == 3, "once where it splits, once before each of its readers"
    assert {"conv 8 1×1 ×2", "conv 8 3×3"} & set(labels) or labels.count("conv 8 1×1") == 2


REPEATED = """
input 8x16x16
conv 8 k3 same
repeat 30 { residual { conv 8 k3 same; relu }; conv 8 k1 }
gap; fc 3
"""


def test_repetition_has_a_frame_with_its_skip_inside() -> None:
    """The skip starts at the point where the tensor enters each iteration, not at the box before the first."""
    diagram = built(REPEATED)
    drawing = scene(REPEATED)
    (frame,) = (part for part in drawing.parts if isinstance(part.of, Cluster))
    assert "×30" in [s.text for s in frame.shapes if isinstance(s, TextLabel)]
    left, top, right, bottom = bounds([frame.replace(shapes=frame.shapes[:1])])
    inside = {box.id for box in diagram.boxes if box.cluster}
    assert any(box.role is Role.ENTRY for box in diagram.boxes)
    for part in drawing.parts:
        if isinstance(part.of, Box):
            x0, y0, x1, y1 = bounds([part])
            within = left <= x0 and x1 <= right and top <= y0 and y1 <= bottom
            assert within == (part.of.id in inside), part.of.id
        if isinstance(part.of, Arrow) and part.shapes and {part.of.start, part.of.end} <= inside:
            x0, y0, x1, y1 = bounds([part])
            assert (left <= x0, x1 <= right, top <= y0, y1 <= bottom) == (True,) * 4


def test_convolution_windows_between_boxes_of_the_same_size() -> None:
    """Between two convolutions that keep the size, the window is beside the first box, and visible."""
    drawing = scene("input 16x64x64; conv 16 k5 same; conv 16 k3 same; conv 16 k1; gap; fc 3")
    windows = [part for part in drawing.parts if isinstance(part.of, Arrow) and len(part.shapes) == 5]
    assert len(windows) == 2, "kernels of 5×5 and 3×3, not of 1×1"
    boxes = {part.of.id: bounds([part]) for part in drawing.parts if isinstance(part.of, Box)}
    heights = []
    for part in windows:
        assert isinstance(part.of, Arrow)
        patch = part.shapes[0]
        assert isinstance(patch, Polygon)
        heights.append(max(y for _, y in patch.points) - min(y for _, y in patch.points))
        # The left edge of the next box's front.
        assert min(x for x, _ in patch.points) < boxes[part.of.end][0]
    assert heights[0] >= heights[1]


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        # depth, height and width of one channel
        ("input 2x32x64x16; conv 4 k3 same; maxpool 2; conv 8 k3 same; gap; fc 3", (32, 64, 16)),
        # steps and features
        ("input 64x32; fc 16; gelu; fc 32; take 0; fc 4", (None, 64, 32)),
        # length; the channels are the thickness
        ("input 4x128; conv 8 k5 same; maxpool 2; gap; fc 3", (None, 128, None)),
    ],
)
def test_volume_dimensions_follow_3d_maps_sequences_and_signals(text: str, sides: tuple[int | None, ...]) -> None:
    """3-D feature maps, sequences and signals: each dimension of a box follows its own."""
    first, *others = sized(text)
    for other in others:
        if other.box.shape is None or other.box.shape.layout is not first.box.shape.layout:  # type: ignore[union-attr]
            continue
        ratios = (other.slices[0][0] / first.slices[0][0], other.height / first.height, other.depth / first.depth)
        dims = {"3": other.box.shape.dims[1:], "2": (None, *other.box.shape.dims)}
        after = dims["3"] if len(other.box.shape.dims) == 4 else dims["2"]
        if first.box.shape.layout is Layout.SIGNAL:  # type: ignore[union-attr]
            after = (None, other.box.shape.dims[1], None)
        for ratio, before, now in zip(ratios, sides, after, strict=True):
            if before is not None and now is not None:
                assert ratio == pytest.approx((int(now) / before) ** 0.6, rel=0.01)


@pytest.mark.parametrize("name", ["unet", "lenet5", "resnet18", "vgg16", "gpt2"])
def test_legend_has_only_the_colors_used(name: str) -> None:
    found = archdsl.load(f"zoo:{name}").graph
    drawing = draw_volumes(build_diagram(found, costs(found), VIEW_OPTIONS), DiagramStyle())
    legend = {s.text for part in drawing.parts for s in part.shapes if isinstance(s, TextLabel)} & set(KINDS.values())
    faces = {s.fill for part in drawing.parts if part.hover for s in part.shapes if isinstance(s, Polygon)}
    for kind, words in KINDS.items():
        assert (words in legend) == (LIGHT.fill(kind) in faces), words


def test_many_boxes_are_folded() -> None:
    few, many = (sized(f"input 4x8x8; conv 4 k3 p1 x{times}") for times in (40, 60))
    assert len(few) == 41
    assert [volume.box.times for volume in many] == [1, 60]


@pytest.mark.parametrize("format", ["png", "dot"])
def test_volumes_in_every_format(format: str) -> None:
    data = diagram(graph(LENET), format, view_options=VIEW_OPTIONS)
    assert data.startswith({"png": b"\x89PNG", "dot": b"// neato -n2\ndigraph {"}[format])
    assert data == diagram(graph(LENET), format, view_options=VIEW_OPTIONS)


def test_mermaid_refuses_volumes() -> None:
    with pytest.raises(CannotDraw, match="use svg, png or dot"):
        diagram(graph(LENET), "mmd", view_options=VIEW_OPTIONS)


def test_svg_is_accessible() -> None:
    root = ElementTree.fromstring(diagram(graph(LENET), "svg", view_options=VIEW_OPTIONS))
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{root[0].get('id')} {root[1].get('id')}"
    hover = [group.findtext(f"{SVG}title") for group in root.iter(f"{SVG}g")]
    assert any("features.conv1: conv 6 k5" in (text or "") for text in hover)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_escaped_or_refused(name: str) -> None:
    plain = ElementTree.fromstring(diagram(graph(UNET), "svg", view_options=VIEW_OPTIONS))
    found = ElementTree.fromstring(diagram(renamed(graph(UNET), name), "svg", view_options=VIEW_OPTIONS))
    assert [element.tag for element in found.iter()] == [element.tag for element in plain.iter()]
    try:
        data = diagram(renamed(graph(UNET), name), "png", view_options=VIEW_OPTIONS)
    except CannotDraw as refused:
        assert "use svg, whose viewer has other fonts" in str(refused)  # noqa: PT017  # of some scripts
        return
    assert data.startswith(b"\x89PNG")
