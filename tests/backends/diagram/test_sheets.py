"""Feature maps as sheets: as many as there are channels, up to a limit, with the window on the front one."""

from itertools import pairwise

import pytest

import archdsl
from archdsl.analysis.cost import costs
from archdsl.backends.diagram import CannotDraw, DiagramStyle, View, ViewOptions, diagram
from archdsl.backends.diagram.build import build_diagram
from archdsl.backends.diagram.drawing import Drawing, Polygon, TextLabel, bounds
from archdsl.backends.diagram.figure import Arrow, Box
from archdsl.backends.diagram.scene import draw_volumes
from archdsl.backends.diagram.sheets import MOST_SHEETS, sheet_volumes
from archdsl.backends.diagram.theme import LIGHT
from tests.backends.diagram.programs import LENET, graph
from tests.backends.diagram.svg_reading import assert_quotient_graph

OPTIONS = ViewOptions(view=View.VOLUMES)
SHEETS = DiagramStyle(sheets=True)


def scene(text: str) -> Drawing:
    found = graph(text)
    return draw_volumes(build_diagram(found, costs(found), OPTIONS), SHEETS)


def faces(drawing: Drawing) -> dict[str, list[Polygon]]:
    """The sheets of each box by its label."""
    return {
        part.of.rows[0].words: [shape for shape in part.shapes if isinstance(shape, Polygon)]
        for part in drawing.parts
        if isinstance(part.of, Box)
    }


@pytest.mark.parametrize("channels", [1, 2, 6, 16, 120])
def test_one_sheet_per_channel(channels: int) -> None:
    found = faces(scene(f"input 3x32x32; conv {channels} k5; gap; fc 10"))
    assert len(found["input"]) == 3
    assert len(found[f"conv {channels} 5×5"]) == min(channels, MOST_SHEETS)


def test_size_of_sheets_follows_the_feature_maps() -> None:
    found = faces(scene("input 3x64x32; conv 4 k3 p1; maxpool 2; gap; fc 3"))
    sides = {}
    for words in ("conv 4 3×3", "maxpool 2×2 /2"):
        xs, ys = ([point[axis] for point in found[words][0].points] for axis in (0, 1))
        sides[words] = max(xs) - min(xs), max(ys) - min(ys)
    conv, pool = sides["conv 4 3×3"], sides["maxpool 2×2 /2"]
    assert conv[1] > conv[0], "64 is higher than 32 is wide"
    assert pool[0] / conv[0] == pytest.approx(pool[1] / conv[1]) == pytest.approx(0.5**0.6)


def test_every_kind_of_layer_has_a_sheet() -> None:
    """Also if there are fewer channels than layers in a box."""
    for channels in (1, 2, 8):
        drawing = scene(f"input 3x8x8; conv {channels} k3; bn; relu; gap; fc 2")
        (colors,) = ([s.fill for s in sheets] for words, sheets in faces(drawing).items() if words.startswith("conv"))
        wanted = [LIGHT.fill(kind) for kind in ("conv", "norm", "activation")]
        assert list(dict.fromkeys(colors)) == wanted


def test_window_is_on_the_front_sheet() -> None:
    drawing = scene(LENET)
    by_id = {part.of.id: part for part in drawing.parts if isinstance(part.of, Box)}
    windows = [part for part in drawing.parts if isinstance(part.of, Arrow) and len(part.shapes) == 5]
    assert len(windows) == 5, "three convolutions and two poolings"
    for part in windows:
        assert isinstance(part.of, Arrow)
        front = by_id[part.of.start].shapes[-1]
        left, top, right, bottom = bounds([part.replace(shapes=(front,))])
        x0, y0, x1, y1 = bounds([part.replace(shapes=part.shapes[:1])])
        assert (left - 0.01 <= x0, x1 <= right + 0.01, top - 0.01 <= y0, y1 <= bottom + 0.01) == (True,) * 4


@pytest.mark.parametrize("name", ["lenet5", "resnet18", "googlenet", "unet_plus_plus", "gpt2"])
def test_sheets_are_a_quotient_graph_without_overlaps(name: str) -> None:
    network = archdsl.load(f"zoo:{name}")
    assert_quotient_graph(diagram(network.graph, "svg", SHEETS, OPTIONS), network.graph)
    row = sheet_volumes(build_diagram(network.graph, network.costs, OPTIONS), LIGHT)
    for before, after in pairwise(row):
        assert after.left - after.overhang >= before.right
    drawing = draw_volumes(build_diagram(network.graph, network.costs, OPTIONS), SHEETS)
    texts = {s.text for part in drawing.parts for s in part.shapes if isinstance(s, TextLabel)}
    assert any("×" in text for text in texts)


def test_feature_maps_without_sheets_are_refused() -> None:
    with pytest.raises(CannotDraw, match="3-D feature maps have no sheets"):
        scene("input 3x8x32x32; conv 4 k3; gap; fc 2")
    with pytest.raises(ValueError, match="there are no feature maps: leave out `sheets`"):
        archdsl.loads(LENET).diagram(sheets=True)
