import itertools

import pytest

import archdsl
from archdsl.analysis.cost import costs
from archdsl.backends.diagram import CannotDraw, DiagramStyle, View, ViewOptions
from archdsl.backends.diagram.build import build_diagram
from archdsl.backends.diagram.figure import Cluster, Flow, Role
from tests.backends.diagram.programs import INCEPTION, LENET, RESIDUAL, drawn, graph


def rows(text: str) -> list[list[str]]:
    return [[row.words for row in box.rows] for box in drawn(text).boxes]


def test_shape_preserving_layers_share_a_box_with_their_predecessor() -> None:
    assert rows(LENET) == [
        ["input"],
        ["conv 6 5×5", "tanh"],
        ["avgpool 2×2 /2"],
        ["conv 16 5×5", "tanh"],
        ["avgpool 2×2 /2"],
        ["conv 120 5×5", "tanh"],
        ["flatten"],
        ["fc 84", "tanh"],
        ["fc 10"],
        ["output"],
    ]


def test_arrows_show_shapes_and_boxes_show_parameters() -> None:
    figure = drawn(LENET)
    shapes = [arrow.shape for arrow in figure.arrows]
    assert shapes == ["1×32×32", "6×28×28", "6×14×14", "16×10×10", "16×5×5", "120×1×1", "120", "84", "10"]
    ids = [box.id for box in figure.boxes]
    assert [(a.start, a.end) for a in figure.arrows] == list(itertools.pairwise(ids))
    assert [sum(box.rows[0].parameters) for box in figure.boxes] == [0, 156, 0, 2416, 0, 48120, 0, 10164, 850, 0]
    assert figure.caption == "LeNet5: 61,706 parameters, 417K MACs"


def test_layer_read_twice_or_used_as_output_ends_its_box() -> None:
    assert ["conv 8 3×3"] in rows("input 8x8x8; conv 8 k3 p1 as a; relu; add a")
    assert ["conv 8 3×3"] in rows("input 8x8x8; conv 8 k3 p1 as a; relu as b; output a, b")


def test_stages_and_blocks_are_nested_clusters() -> None:
    figure = drawn(RESIDUAL)
    inside = {
        path: [child.title for child in found if isinstance(child, Cluster)] for path, found in figure.children.items()
    }
    assert {path: found for path, found in inside.items() if found} == {(): ["body"], ("body",): ["basic1", "basic2"]}
    assert [getattr(child, "id", "cluster") for child in figure.children[()]] == ["n0", "cluster", "n17", "n18", "y0"]
    places = {box.rows[0].words: box.cluster for box in figure.boxes}
    assert places["conv 16 3×3 /2"] == ("body", "basic2")
    assert places["conv 16 1×1 /2"] == ("body", "basic2"), "a branch is no cluster"
    assert places["gap"] == ()
    assert figure.clusters[1].hover == "block basic body.basic1: 7 layers, 1,200 parameters, 294,912 MACs"


def test_residual_is_drawn_as_a_skip_connection() -> None:
    figure = drawn("input 8x16x16; residual { conv 8 k3 p1; bn; relu; conv 8 k3 p1; bn }; relu")
    flows = [(arrow.start, arrow.end, arrow.flow) for arrow in figure.arrows]
    assert flows == [
        ("n0", "n1", Flow.MAIN),
        ("n1", "n4", Flow.MAIN),
        ("n4", "n6", Flow.MAIN),
        ("n0", "n6", Flow.SKIP),
        ("n6", "n7", Flow.MAIN),
        ("n7", "y0", Flow.MAIN),
    ]
    assert [arrow.shape for arrow in figure.arrows if arrow.flow is Flow.SKIP] == [None]
    assert [box.role for box in figure.boxes if box.id == "n6"] == [Role.MERGE]


def test_tensor_on_several_paths_is_labeled_once() -> None:
    figure = drawn(INCEPTION)
    leaving = [arrow for arrow in figure.arrows if arrow.start == "n0"]
    assert [arrow.shape for arrow in leaving] == ["16×8×8", None, None]
    assert Flow.SKIP not in {arrow.flow for arrow in figure.arrows}


def test_shared_weights_are_marked() -> None:
    figure = drawn("input 8x16x16; conv 8 k3 p1 as a; maxpool 2; reuse a")
    row = figure.boxes[3].rows[0]
    assert (row.words, row.parameters, row.shared) == ("conv 8 3×3", (0,), True)
    assert "the weights of a" in row.hover


def test_diagram_with_several_inputs_and_outputs() -> None:
    figure = drawn("input left 8x4x4; input right 8x4x4; from left; add right; gap; aux side { fc 2 }; fc 3")
    ends = [(box.role, box.rows[0].words) for box in figure.boxes if box.role in (Role.INPUT, Role.OUTPUT)]
    assert ends == [
        (Role.INPUT, "input left"),
        (Role.INPUT, "input right"),
        (Role.OUTPUT, "output"),
        (Role.OUTPUT, "side"),
    ]


def test_hover_text_has_the_details_omitted_in_the_label() -> None:
    row = drawn(LENET).boxes[1].rows[0]
    assert row.hover == "features.conv1: conv 6 k5, 6×28×28, 156 parameters, 117,600 MACs"


def test_description_lists_layers_in_order() -> None:
    assert drawn("net Tiny; input 1x4x4; conv 2 k3; relu; gap").description == (
        "Tiny: 20 parameters, 72 MACs. It maps 1×4×4 to 2 with 3 layers: conv 2 3×3, relu, gap."
    )


NESTED = """
net Nested
input 3x16x16
block basic(c, s = 1) {
  residual { conv c k3 s=s p1; bn; relu; conv c k3 p1; bn } shortcut { if s != 1 or @c != c { conv c k1 s=s; bn } }
  relu
}
stage stem { conv 8 k3 p1; relu }
stage body { basic 8 x3; basic 16 s2 }
gap; fc 10
"""


SHELLS = """
block inner(c) { conv c k3 p1; conv c k1 }
block outer(c) { inner c }
input 8x8x8; outer 8; outer 16
"""


def boxes(text: str, view_options: ViewOptions) -> list[tuple[str, int]]:
    found = graph(text)
    made = build_diagram(found, costs(found), view_options)
    return [(box.rows[0].words, box.times) for box in made.boxes if box.role is not Role.ENTRY]


def test_repetition_of_one_box_is_shown_on_the_box() -> None:
    found = drawn("input 8x8x8; conv 8 k3 p1 x3; conv 16 k3 p1; repeat 2 { conv 16 k3 p1; relu }; gap")
    assert [([row.words for row in box.rows], box.times) for box in found.boxes[1:-2]] == [
        (["conv 8 3×3"], 3),
        (["conv 16 3×3"], 1),
        (["conv 16 3×3", "relu"], 2),
    ]
    assert found.clusters == ()
    assert found.boxes[1].rows[0].parameters == (584, 584, 584)


REPEATED = {
    "residual": "input 16x64; fc 64; repeat 3 { residual { fc 64; relu } }; fc 8",
    "nested": "input 16x64; fc 64; repeat 3 { repeat 2 { residual { fc 64; relu } }; residual { fc 64 } }; fc 8",
    "memory": "input 8x8; fc 8 as m; repeat 2 { fc 8; add m; residual { fc 8; relu } }",
}


@pytest.mark.parametrize("name", [*REPEATED, *(f"zoo:{name}" for name in archdsl.zoo.names())])
def test_tensor_enters_a_repetition_once(name: str) -> None:
    """What several boxes of a repetition read enters its frame at one point, so each iteration has its own."""
    network = archdsl.loads(REPEATED[name]) if name in REPEATED else archdsl.load(name)
    for view in (View.LAYERS, View.BLOCKS):
        made = build_diagram(network.graph, network.costs, ViewOptions(view=view))
        entries = {box.id for box in made.boxes if box.role is Role.ENTRY}
        assert all(sum(arrow.end == entry for arrow in made.arrows) == 1 for entry in entries)
        for cluster in made.clusters:
            if cluster.times > 1:
                inside = {box.id for box in made.boxes if box.cluster[: len(cluster.path)] == cluster.path}
                starts = [a.start for a in made.arrows if a.end in inside and a.start not in inside]
                assert len(starts) == len(set(starts)), cluster.title


def test_arrows_around_an_entry_point_match_the_network() -> None:
    found = drawn(REPEATED["residual"])
    assert [(arrow.start, arrow.end) for arrow in found.arrows if "entry0" in (arrow.start, arrow.end)] == [
        ("n1", "entry0"),
        ("entry0", "n2"),
        ("entry0", "n4"),
    ]
    assert next(box for box in found.boxes if box.role is Role.ENTRY).cluster == found.clusters[0].path


def test_repetition_of_several_boxes_has_a_frame() -> None:
    found = drawn(NESTED)
    assert [(cluster.title, cluster.times) for cluster in found.clusters] == [
        ("stem", 1),
        ("body", 1),
        ("basic", 3),
        ("basic4", 1),
    ]
    repeated = drawn("input 8x8x8; repeat 3 { residual { conv 8 k3 p1; relu }; relu }")
    assert [(cluster.title, cluster.times) for cluster in repeated.clusters] == [("", 3)]


def test_blocks_view_draws_one_box_per_block() -> None:
    found = boxes(NESTED, ViewOptions(view=View.BLOCKS))
    assert found[2:-3] == [("basic 8", 3), ("basic 16 s2", 1)]
    assert found[1] == ("conv 8 3×3", 1)


def test_block_can_be_expanded() -> None:
    opened = boxes(NESTED, ViewOptions(view=View.BLOCKS, expand=("basic",)))
    assert opened == boxes(NESTED, ViewOptions(view=View.LAYERS))


def test_stages_view_draws_one_box_per_stage() -> None:
    found = graph(NESTED)
    figure = build_diagram(found, costs(found), ViewOptions(view=View.STAGES))
    assert [(box.rows[0].words, box.note, box.role) for box in figure.boxes] == [
        ("input", "", Role.INPUT),
        ("stem", "", Role.GROUP),
        ("body", "basic ×4", Role.GROUP),
        ("gap", "", Role.LAYERS),
        ("fc 10", "", Role.LAYERS),
        ("output", "", Role.OUTPUT),
    ]
    total = sum(sum(row.parameters) for box in figure.boxes for row in box.rows)
    assert total == costs(found).total.parameters
    assert figure.boxes[1].inside == ("conv", "activation")
    assert [arrow.shape for arrow in figure.arrows] == ["3×16×16", "8×16×16", "16×8×8", "16", "10"]


@pytest.mark.parametrize("view", View)
@pytest.mark.parametrize("fold", [True, False])
@pytest.mark.parametrize("text", [LENET, RESIDUAL, INCEPTION, NESTED, SHELLS])
def test_no_parameter_is_lost_or_counted_twice(text: str, view: View, fold: bool) -> None:
    found = graph(text)
    made = build_diagram(found, costs(found), ViewOptions(view=view, fold=fold))
    assert sum(sum(row.parameters) for box in made.boxes for row in box.rows) == costs(found).total.parameters
    assert sum(sum(row.macs) for box in made.boxes for row in box.rows) == costs(found).total.macs
    assert {box.cluster for box in made.boxes} <= {(), *(cluster.path for cluster in made.clusters)}
    ids = {box.id for box in made.boxes}
    assert {arrow.start for arrow in made.arrows} | {arrow.end for arrow in made.arrows} == ids


def test_block_with_several_outputs_shows_each_once() -> None:
    text = "input 1x8x8; stage down { conv 2 k3 p1 as a; maxpool 2; conv 4 k3 p1 }; stage up { upsample 2; concat a }"
    found = graph(text)
    made = build_diagram(found, costs(found), ViewOptions(view=View.STAGES))
    between = [arrow.shape for arrow in made.arrows if (arrow.start, arrow.end) == ("n1", "n4")]
    assert sorted(filter(None, between)) == ["2×8×8", "4×4×4"]


def test_varying_rate_is_omitted_from_a_folded_box() -> None:
    text = "input 8x8x8; repeat 3 as i { residual { conv 8 k3 p1; drop_path 0.1*(i + 1) } }"
    assert [row.words for box in drawn(text).boxes for row in box.rows][1:3] == ["conv 8 3×3", "drop_path"]


def test_block_that_only_wraps_another_is_drawn_once() -> None:
    assert [cluster.title for cluster in drawn(SHELLS).clusters] == ["outer1", "outer2"]
    found = graph(SHELLS)
    made = build_diagram(found, costs(found), ViewOptions(view=View.BLOCKS))
    assert [(box.rows[0].words, box.note) for box in made.boxes[1:-1]] == [("outer 8", "inner"), ("outer 16", "inner")]


def test_blocks_in_branches_are_not_merged() -> None:
    text = "block two(c) { conv c k3 p1; conv c k1 }\ninput 8x8x8; concat { two 4 } { two 6 } { two 8 }"
    clusters = drawn(text).clusters
    assert [(cluster.title, len(cluster.path)) for cluster in clusters] == [("two1", 2)] * 3
    assert len({cluster.path for cluster in clusters}) == 3
    found = graph(text)
    made = build_diagram(found, costs(found), ViewOptions(view=View.BLOCKS))
    assert [box.rows[0].words for box in made.boxes if box.role is Role.GROUP] == ["two 4", "two 6", "two 8"]


def test_collapsed_block_of_repeated_layers_shows_the_count() -> None:
    text = "block double(c) { repeat 2 { conv c k3 p1; relu } }\ninput 8x8x8; double 8; maxpool 2; double 8 x3; gap"
    assert boxes(text, ViewOptions(view=View.BLOCKS))[1:-2] == [
        ("conv 8 3×3", 2),
        ("maxpool 2×2 /2", 1),
        ("conv 8 3×3", 6),
    ]


SIAMESE = """
input left 1x28x28
input right 1x28x28
from left
stage tower { conv 8 k5; relu; gap }
from right
reuse tower as other
concat tower
fc 1
"""


def test_reused_stage_is_collapsed_like_the_first() -> None:
    found = graph(SIAMESE)
    closed = build_diagram(found, costs(found), ViewOptions(view=View.STAGES))
    rows = {box.rows[0].words: box.rows[0] for box in closed.boxes if box.inside}
    assert list(rows) == ["tower", "tower again"]
    assert DiagramStyle().numbers(rows["tower again"]) == ["shared weights"]
    assert DiagramStyle().numbers(rows["tower"]) == ["208 parameters"]


@pytest.mark.parametrize(
    ("use", "words"),
    [
        ("unit 8", "unit 8"),
        ("unit 8 2", "unit 8 2"),
        ("unit 8 s2", "unit 8 s2"),
        ("unit c=8", "unit c=8"),
        ("unit w3", "unit 8"),
        ("unit 4+n", "unit 6"),
        ("unit 2 * n", "unit 4"),
        ("unit 8 s=n", "unit 8 s=2"),
    ],
)
def test_collapsed_block_shows_its_argument_values(use: str, words: str) -> None:
    text = f"""
    block unit(c, s = 1) {{ conv c k3 s=s p1; conv c k1; add {{ conv c k3 p1 }} {{ conv c k1 }} }}
    input 8x16x16
    let n = 2
    let w3 = 8
    {use} as first
    gap
    """
    found = graph(text)
    closed = build_diagram(found, costs(found), ViewOptions(view=View.BLOCKS))
    assert f"first: {words}" in [row.words for box in closed.boxes for row in box.rows]


def test_expanding_an_already_expanded_block_is_an_error() -> None:
    found = graph(RESIDUAL)
    with pytest.raises(CannotDraw, match="`blocks` already shows what is inside `body`; closed in it: `basic`"):
        build_diagram(found, costs(found), ViewOptions(view=View.BLOCKS, expand=("body",)))
    build_diagram(found, costs(found), ViewOptions(view=View.STAGES, expand=("body",)))
