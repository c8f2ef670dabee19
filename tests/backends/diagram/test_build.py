import itertools

from archdsl.backends.diagram.picture import Flow, Role
from tests.backends.diagram.programs import INCEPTION, LENET, RESIDUAL, drawn


def rows(text: str) -> list[list[str]]:
    return [[row.words for row in box.rows] for box in drawn(text).boxes]


def test_layers_that_keep_the_shape_stand_on_the_one_before() -> None:
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


def test_arrows_say_the_shapes_and_boxes_the_parameters() -> None:
    picture = drawn(LENET)
    shapes = [arrow.shape for arrow in picture.arrows]
    assert shapes == ["1×32×32", "6×28×28", "6×14×14", "16×10×10", "16×5×5", "120×1×1", "120", "84", "10"]
    ids = [box.id for box in picture.boxes]
    assert [(a.start, a.end) for a in picture.arrows] == list(itertools.pairwise(ids))
    assert [box.rows[0].parameters for box in picture.boxes] == [0, 156, 0, 2416, 0, 48120, 0, 10164, 850, 0]
    assert picture.caption == "LeNet5: 61,706 parameters, 417K MACs"


def test_a_layer_that_is_read_twice_or_named_as_output_ends_its_box() -> None:
    assert ["conv 8 3×3"] in rows("input 8x8x8; conv 8 k3 p1 as a; relu; add a")
    assert ["conv 8 3×3"] in rows("input 8x8x8; conv 8 k3 p1 as a; relu as b; output a, b")


def test_stages_and_blocks_are_clusters_in_each_other() -> None:
    picture = drawn(RESIDUAL)
    inside = {path: [cluster.title for cluster in found] for path, found in picture.children.items()}
    assert inside == {(): ["body"], ("body",): ["basic1", "basic2"]}
    places = {box.rows[0].words: box.cluster for box in picture.boxes}
    assert places["conv 16 3×3 /2"] == ("body", "basic2")
    assert places["conv 16 1×1 /2"] == ("body", "basic2"), "a branch is no cluster"
    assert places["gap"] == ()
    assert picture.clusters[1].hover == "block basic body.basic1: 7 layers, 1,200 parameters"


def test_a_residual_is_a_skip_beside_the_main_way() -> None:
    picture = drawn("input 8x16x16; residual { conv 8 k3 p1; bn; relu; conv 8 k3 p1; bn }; relu")
    flows = [(arrow.start, arrow.end, arrow.flow) for arrow in picture.arrows]
    assert flows == [
        ("n0", "n1", Flow.MAIN),
        ("n1", "n4", Flow.MAIN),
        ("n4", "n6", Flow.MAIN),
        ("n0", "n6", Flow.SKIP),
        ("n6", "n7", Flow.MAIN),
        ("n7", "y0", Flow.MAIN),
    ]
    assert [arrow.shape for arrow in picture.arrows if arrow.flow is Flow.SKIP] == [None]
    assert [box.role for box in picture.boxes if box.id == "n6"] == [Role.MERGE]


def test_a_tensor_that_goes_several_ways_is_named_once() -> None:
    picture = drawn(INCEPTION)
    leaving = [arrow for arrow in picture.arrows if arrow.start == "n0"]
    assert [arrow.shape for arrow in leaving] == ["16×8×8", None, None]
    assert Flow.SKIP not in {arrow.flow for arrow in picture.arrows}


def test_weights_that_are_used_again_are_told() -> None:
    picture = drawn("input 8x16x16; conv 8 k3 p1 as a; maxpool 2; reuse a")
    row = picture.boxes[3].rows[0]
    assert (row.words, row.parameters, row.shared) == ("conv 8 3×3", 0, True)
    assert "the weights of a" in row.hover


def test_several_inputs_and_outputs() -> None:
    picture = drawn("input left 8x4x4; input right 8x4x4; from left; add right; gap; aux side { fc 2 }; fc 3")
    ends = [(box.role, box.rows[0].words) for box in picture.boxes if box.role in (Role.INPUT, Role.OUTPUT)]
    assert ends == [
        (Role.INPUT, "input left"),
        (Role.INPUT, "input right"),
        (Role.OUTPUT, "output"),
        (Role.OUTPUT, "side"),
    ]


def test_hover_text_says_what_the_label_leaves_out() -> None:
    row = drawn(LENET).boxes[1].rows[0]
    assert row.hover == "features.conv1: conv 6 k5, 6×28×28, 156 parameters, 117,600 MACs"


def test_the_description_reads_in_order() -> None:
    assert drawn("net Tiny; input 1x4x4; conv 2 k3; relu; gap").description == (
        "Tiny: 20 parameters, 72 MACs. It turns 1×4×4 into 2 by 3 layers: conv 2 3×3, relu, gap."
    )
