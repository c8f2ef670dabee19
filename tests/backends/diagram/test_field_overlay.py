"""What a position sees: the same part of each tensor as torch's gradients show."""

import pytest
import torch

import archdsl
from archdsl.analysis.cost import costs
from archdsl.backends.diagram import CannotDraw, DiagramStyle, View, ViewOptions, diagram
from archdsl.backends.diagram.build import build_diagram
from archdsl.backends.diagram.drawing import Polygon, TextLabel
from archdsl.backends.diagram.figure import Diagram, Extent
from archdsl.backends.diagram.scene import draw_volumes
from archdsl.backends.diagram.theme import LIGHT
from archdsl.backends.diagram.volumes import row_boxes
from tests.backends.diagram.programs import LENET, graph


def overlaid(text: str, name: str) -> Diagram:
    found = archdsl.load(text).graph if text.startswith("zoo:") else graph(text)
    return build_diagram(found, costs(found), ViewOptions(view=View.VOLUMES, field=name))


def seen_by_gradients(shape: str, lines: list[str]) -> Extent:
    """The part of an input on which the middle of the output of these layers depends."""
    module = archdsl.loads(f"input {shape}; " + "; ".join(lines)).to_torch().eval()
    x = torch.rand(1, *(int(side) for side in shape.split("x")), requires_grad=True)
    y = module(x)
    middle = tuple(side // 2 for side in y.shape[2:])
    y[(slice(None), slice(None), *middle)].abs().sum().backward()
    assert x.grad is not None
    used = x.grad.abs().sum(dim=(0, 1)) > 0
    found = []
    for axis, size in enumerate(used.shape):
        along = used.any(dim=[other for other in range(used.dim()) if other != axis]) if used.dim() > 1 else used
        places = along.nonzero().flatten().tolist()
        found.append((places[0] / size, (places[-1] + 1) / size))
    return tuple(found)


CHAINS = [
    ("3x32x32", ["conv 4 k3 p1", "avgpool 2", "conv 6 k5", "tanh", "conv 6 k3 s2"]),
    ("2x40x24", ["conv 4 3x5", "conv 4 k3 d2 p2", "avgpool 2", "conv 4 k1", "conv 2 k3 p1"]),
    ("2x64", ["conv 4 k5", "avgpool 2", "conv 4 k3 d3", "conv 3 k3 s2"]),
    ("1x8x16x12", ["conv 2 k3 p1", "avgpool 2", "conv 2 k3 p1"]),
    ("3x24x24", ["conv 4 k3 p1", "upsample 2", "conv 4 k3 p1", "avgpool 4", "conv 2 k3 p1"]),
]


@pytest.mark.parametrize(("shape", "lines"), CHAINS)
def test_receptive_field_overlay_matches_gradients(shape: str, lines: list[str]) -> None:
    """Of the input, and of the tensor after each layer on the way."""
    torch.manual_seed(0)
    text = f"input {shape}; " + "; ".join([*lines[:-1], f"{lines[-1]} as last", "gap", "fc 2"])
    found = graph(text)
    drawn = overlaid(text, "last")
    assert drawn.field is not None
    boxes = row_boxes(drawn)
    layers = [node for box in boxes for row in box.rows for node in row.nodes]
    assert layers == sorted(layers)
    for box in boxes:
        at = max(node for row in box.rows for node in row.nodes)
        after = lines[at:]
        if not after:
            break
        sides = "x".join(str(side) for side in found.nodes[at].shape.dims)
        for seen, wanted in zip(drawn.field.extents[box.id], seen_by_gradients(sides, after), strict=True):
            assert seen == pytest.approx(wanted), box.rows[0].words


def test_residual_overlay_is_the_union_of_its_paths() -> None:
    drawn = overlaid("input 4x32x32; residual { conv 4 k5 p2; conv 4 k5 p2 } as sum; gap; fc 2", "sum")
    assert drawn.field is not None
    first = row_boxes(drawn)[0].id
    assert drawn.field.extents[first] == ((12 / 32, 21 / 32), (12 / 32, 21 / 32))
    assert drawn.field.words == "a position of sum sees 9×9 of 32×32"


def test_attention_overlay_covers_the_whole_tensor() -> None:
    drawn = overlaid("input 16x32; attention 4; fc 32 as last; take 0; fc 2", "last")
    assert drawn.field is not None
    assert drawn.field.extents[row_boxes(drawn)[0].id] == ((0.0, 1.0),)


@pytest.mark.parametrize("sheets", [False, True])
def test_overlay_is_drawn_on_each_volume(sheets: bool) -> None:
    """One polygon on each tensor up to the layer, the last one solid; the caption has the numbers."""
    drawn = overlaid(LENET, "avgpool2")
    assert drawn.field is not None
    drawing = draw_volumes(drawn, DiagramStyle(sheets=sheets))
    parts = [
        shape for part in drawing.parts if part.of is None for shape in part.shapes
        if isinstance(shape, Polygon) and shape.line == LIGHT.text
    ]  # fmt: skip
    assert len(parts) == len(drawn.field.extents) == 5
    assert [shape.fill == LIGHT.text for shape in parts] == [False] * 4 + [True]
    words = {s.text for part in drawing.parts for s in part.shapes if isinstance(s, TextLabel)}
    assert "LeNet5: 61,706 parameters, 417K MACs; a position of avgpool2 sees 16×16 of 32×32" in words


@pytest.mark.parametrize(
    ("text", "name", "reason"),
    [
        (
            LENET,
            "avgpol2",
            "no layer, stage or block `avgpol2` whose receptive field could be shown; did you mean `avgpool2`",
        ),
        (LENET, "fc1", "`fc1` has no spatial dimensions"),
        ("input 4x8x8; repeat 60 { conv 4 k3 p1 }; gap; fc 2", "conv60", "repetitions are shown once"),
        ("net N; input 3xHxW; conv 4 k3; gap; fc 2", "conv1", "needs fixed sizes"),
        ("input 3x8x8; conv 4 k3 as a; aux h { conv 2 k1 as b; gap; fc 3 }; conv 4 k3; gap; fc 2", "b", "longest path"),
    ],
)
def test_layer_without_receptive_field_is_refused(text: str, name: str, reason: str) -> None:
    with pytest.raises(CannotDraw, match=reason):
        overlaid(text, name)


def test_overlay_is_refused_in_other_views() -> None:
    with pytest.raises(CannotDraw, match="use the view `volumes`"):
        diagram(graph(LENET), "svg", None, ViewOptions(view=View.BLOCKS, field="conv1"))
    assert archdsl.loads(LENET).diagram(field="conv2").text.count("sees 14×14 of 32×32") in (1, 2)
