import re
from collections import Counter
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest

import archdsl
from archdsl.analysis.cost import costs
from archdsl.backends.diagram import DiagramStyle, View, ViewOptions, diagram
from archdsl.backends.diagram.build import build_diagram
from archdsl.backends.diagram.column_parts import split
from archdsl.backends.diagram.cuts import Cut, choose_cuts, find_cuts, in_order
from archdsl.backends.diagram.figure import FOOT, HEAD, Diagram
from archdsl.backends.diagram.page_columns import part_count, set_columns
from archdsl.backends.diagram.plot import write_fixed_dot
from archdsl.zoo import read_named
from tests.backends.diagram.programs import HOSTILE, LENET, RESIDUAL, graph, renamed

SVG = "{http://www.w3.org/2000/svg}"
TALL = RESIDUAL.replace("basic 16 s2", "basic 16 s2; basic 32 s2; basic 64 s2; basic 128 s2")

UNET = """
input 1x64x64
conv 8 k3 p1 as a; maxpool 2; conv 16 k3 p1 as b; maxpool 2
conv 32 k3 p1
upconv 16 k2 s2; concat b; conv 16 k3 p1
upconv 8 k2 s2; concat a; conv 8 k3 p1; conv 2 k1
"""


def drawn(text: str) -> Diagram:
    return build_diagram(graph(text), costs(graph(text)))


def words(svg: bytes) -> Counter[str]:
    found = ((text.text or "").strip() for text in ElementTree.fromstring(svg).iter(f"{SVG}text"))
    return Counter(text for text in found if text)


def size(svg: bytes) -> tuple[float, float]:
    _, _, width, height = ElementTree.fromstring(svg).attrib["viewBox"].split()
    return float(width), float(height)


def test_short_diagram_has_one_column() -> None:
    assert size(diagram(graph(LENET)))[0] < 300
    assert diagram(graph(LENET)) == diagram(graph(LENET), style=DiagramStyle(columns=1))


def test_columns_fit_page_proportions_and_keep_every_label() -> None:
    whole, columns = diagram(graph(TALL), style=DiagramStyle(columns=1)), diagram(graph(TALL))
    assert size(columns)[1] < 0.7 * size(whole)[1]
    lost = words(whole) - words(columns)
    assert not lost


@pytest.mark.parametrize("columns", [2, 3])
def test_number_of_columns_can_be_requested(columns: int) -> None:
    svg = diagram(graph(TALL), style=DiagramStyle(columns=columns))
    leads = list(ElementTree.fromstring(svg).iter(f"{SVG}polyline"))
    assert len(leads) == columns - 1


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_escaped(name: str) -> None:
    svg = diagram(renamed(graph(RESIDUAL), name), style=DiagramStyle(columns=2))
    known = {"svg", "title", "desc", "rect", "g", "path", "polygon", "polyline", "text"}
    assert {each.tag.removeprefix(SVG) for each in ElementTree.fromstring(svg).iter()} == known


@pytest.mark.parametrize("name", ["resnet50", "googlenet", "unet", "densenet121", "vit_b_16", "inception_v3"])
def test_cut_counts_the_arrows_that_cross_it(name: str) -> None:
    network = archdsl.loads(read_named(f"zoo:{name}").text)
    whole = build_diagram(network.graph, network.costs)
    boxes = in_order(whole)
    place = {box.id: i for i, box in enumerate(boxes)}
    cuts = find_cuts(whole, {box.id: float(i) for i, box in enumerate(boxes)})
    assert cuts
    for cut in cuts:
        crossing = {place[a.start] for a in whole.arrows if place[a.start] <= cut.after < place[a.end]}
        assert cut.after in crossing
        assert cut.passing == len(crossing) - 1


@pytest.mark.parametrize("text", [TALL, UNET])
@pytest.mark.parametrize("start", [0, 1, 2])
def test_columns_together_contain_the_whole_diagram(text: str, start: int) -> None:
    whole = drawn(text)
    cuts = find_cuts(whole, {box.id: float(i) for i, box in enumerate(in_order(whole))})[start::3]
    parts = split(whole, cuts)
    own = {box.id for box in whole.boxes}
    assert [b.id for part in parts for b in part.boxes if b.id in own] == [b.id for b in in_order(whole)]
    assert {(a.start, a.end) for a in whole.arrows} == set(followed(parts, own))


def followed(parts: list[Diagram], own: set[str]) -> Iterator[tuple[str, str]]:
    """From box to box, along the lines between columns and the letters."""
    ends: dict[str, str] = {}
    for part in parts:
        line = ends.get(FOOT)
        for arrow in part.arrows:
            start = (
                line
                if arrow.start == HEAD
                else ends[arrow.start[4:].split("_")[0]]
                if is_letter(arrow.start)
                else arrow.start
            )
            assert start is not None
            if arrow.end == FOOT:
                ends[FOOT] = start
            elif is_letter(arrow.end):
                ends[arrow.end[2:]] = start
            else:
                assert {start, arrow.end} <= own
                yield start, arrow.end


def is_letter(box: str) -> bool:
    return box.startswith(("to", "from"))


def test_cut_arrow_has_the_same_letter_at_both_ends() -> None:
    found = words(diagram(archdsl.load("zoo:unet").graph))
    assert {found[letter] for letter in "ABCD"} == {0, 2}


def test_continued_frame_is_marked() -> None:
    text = "input 8x8x8\nstage long { " + "; ".join(f"conv {8 + i} k3 p1; relu" for i in range(14)) + " }"
    assert words(diagram(graph(text), style=DiagramStyle(columns=2)))["long (continued)"] == 1


def test_cuts_between_frames_are_preferred() -> None:
    cuts = [Cut(after=i, depth=0 if i in (6, 13) else 1, below=50.0 * (i + 1)) for i in range(19)]
    assert [cut.after for cut in choose_cuts(cuts, 1000, 3)] == [6, 13]


def test_diagram_without_cuts_has_one_column() -> None:
    assert choose_cuts([], 9000, 4) == []
    assert [cut.after for cut in choose_cuts([Cut(after=3, depth=0, below=10.0)], 9000, 4)] == []


def test_skip_connections_are_cut_only_if_it_saves_much_height() -> None:
    clean = [Cut(after=i, depth=0, below=100.0 * (i + 1)) for i in (4, 9)]
    passed = [Cut(after=i, depth=0, below=100.0 * (i + 1), passing=1) for i in range(14) if i not in (4, 9)]
    assert [cut.after for cut in choose_cuts(sorted([*clean, *passed], key=lambda c: c.after), 1500, 3)] == [4, 9]
    assert len(choose_cuts(passed, 1500, 3)) == 2


REPEATED = "input 8x16x16; conv 8 k3 p1; repeat 6 { residual { conv 8 k3 p1; relu; conv 8 k3 p1 }; relu }; gap; fc 10"
FORKED = """
input 3x16x16
stage trunk { conv 8 k3 p1 as a; conv 16 k3 s2 p1 as b }
from a; conv 4 k3 p1; gap as low
from b; conv 4 k3 p1; gap
concat low
"""


@pytest.mark.parametrize("name", ["repeated", "zoo:resnet50", "zoo:gpt2", "zoo:vit_b_16"])
def test_no_cut_goes_through_a_repetition(name: str) -> None:
    """Half of it `×6`, then the other half `×6`, would be another network."""
    found = graph(REPEATED) if name == "repeated" else archdsl.load(name).graph
    whole = build_diagram(found, costs(found))
    boxes = in_order(whole)
    for cut in find_cuts(whole, {box.id: float(i) for i, box in enumerate(boxes)}):
        before, after = boxes[cut.after].cluster, boxes[cut.after + 1].cluster
        for cluster in whole.clusters:
            inside = [path[: len(cluster.path)] == cluster.path for path in (before, after)]
            assert cluster.times == 1 or not all(inside)


def test_cut_crosses_a_single_tensor() -> None:
    """A closed stage may make several: one line for them would say that they are the same."""
    stages = build_diagram(graph(FORKED), costs(graph(FORKED)), ViewOptions(view=View.STAGES))
    boxes = in_order(stages)
    trunk = next(i for i, box in enumerate(boxes) if box.rows[0].words == "trunk")
    assert len({arrow.source for arrow in stages.arrows if arrow.start == boxes[trunk].id}) == 2
    assert trunk not in [cut.after for cut in find_cuts(stages, {box.id: float(i) for i, box in enumerate(boxes)})]


def test_left_to_right_diagram_is_split_into_rows() -> None:
    whole = diagram(graph(TALL), style=DiagramStyle(direction="LR", columns=1))
    rows = diagram(graph(TALL), style=DiagramStyle(direction="LR"))
    assert size(rows)[0] < 0.6 * size(whole)[0]
    lost = words(whole) - words(rows)
    assert not lost


def test_column_count_follows_the_height() -> None:
    assert part_count(200, 700) == 1
    assert [part_count(200, height) for height in (2000, 4000, 20000)] == [2, 3, 8]


@pytest.mark.parametrize("format", ["svg", "png", "tikz"])
def test_columns_are_deterministic(format: str) -> None:
    assert diagram(graph(TALL), format) == diagram(graph(TALL), format)


def test_dot_strings_stay_below_the_limit_of_old_graphviz() -> None:
    drawing = set_columns(drawn(TALL), DiagramStyle(columns=2))
    assert drawing is not None
    strings = re.findall(r'"([^"]*)"', write_fixed_dot(drawing))
    assert sum(map(len, strings)) > 16384 > max(map(len, strings))
