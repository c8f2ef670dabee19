from collections import Counter
from xml.etree import ElementTree

import pytest

import archdsl
from archdsl.analysis.cost import costs
from archdsl.backends.diagram import Style, diagram
from archdsl.backends.diagram.build import picture
from archdsl.backends.diagram.columns import Cut, choose_cuts, find_cuts, how_many, in_order, split
from archdsl.backends.diagram.picture import FOOT, HEAD, Picture
from archdsl.files import read_named
from tests.backends.diagram.programs import HOSTILE, LENET, RESIDUAL, graph, renamed

SVG = "{http://www.w3.org/2000/svg}"
TALL = RESIDUAL.replace("basic 16 s2", "basic 16 s2; basic 32 s2; basic 64 s2; basic 128 s2")


def drawn(text: str) -> Picture:
    return picture(graph(text), costs(graph(text)))


def words(svg: bytes) -> Counter[str]:
    return Counter((text.text or "").strip() for text in ElementTree.fromstring(svg).iter(f"{SVG}text"))


def size(svg: bytes) -> tuple[float, float]:
    _, _, width, height = ElementTree.fromstring(svg).attrib["viewBox"].split()
    return float(width), float(height)


def test_a_short_picture_stays_whole() -> None:
    assert size(diagram(graph(LENET)))[0] < 300
    assert diagram(graph(LENET)) == diagram(graph(LENET), style=Style(columns=1))


def test_a_tall_one_gets_nearer_to_the_form_of_a_page_and_loses_no_word() -> None:
    whole, columns = diagram(graph(TALL), style=Style(columns=1)), diagram(graph(TALL))
    assert size(columns)[1] < 0.7 * size(whole)[1]
    lost = words(whole) - words(columns)
    assert not lost


@pytest.mark.parametrize("columns", [2, 3])
def test_so_many_as_asked_for(columns: int) -> None:
    svg = diagram(graph(TALL), style=Style(columns=columns))
    leads = list(ElementTree.fromstring(svg).iter(f"{SVG}polyline"))
    assert len(leads) == columns - 1


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text(name: str) -> None:
    svg = diagram(renamed(graph(RESIDUAL), name), style=Style(columns=2))
    known = {"svg", "title", "desc", "rect", "g", "path", "polygon", "polyline", "text"}
    assert {each.tag.removeprefix(SVG) for each in ElementTree.fromstring(svg).iter()} == known


@pytest.mark.parametrize("name", ["resnet50", "googlenet", "unet", "densenet121", "vit_b_16", "inception_v3"])
def test_a_cut_is_crossed_by_the_tensor_of_the_box_before_it_alone(name: str) -> None:
    network = archdsl.loads(read_named(f"zoo:{name}").text)
    whole = picture(network.graph, network.costs)
    boxes = in_order(whole)
    place = {box.id: i for i, box in enumerate(boxes)}
    cuts = find_cuts(whole, {box.id: float(i) for i, box in enumerate(boxes)})
    assert cuts
    for cut in cuts:
        assert {place[a.start] for a in whole.arrows if place[a.start] <= cut.after < place[a.end]} == {cut.after}


def test_the_parts_are_the_whole() -> None:
    whole = drawn(TALL)
    cuts = find_cuts(whole, {box.id: float(i) for i, box in enumerate(in_order(whole))})[1::3]
    parts = split(whole, cuts)
    ports = {HEAD, FOOT}
    assert [b.id for part in parts for b in part.boxes if b.id not in ports] == [b.id for b in in_order(whole)]
    inner = {(a.start, a.end) for part in parts for a in part.arrows if not {a.start, a.end} & ports}
    assert inner <= {(a.start, a.end) for a in whole.arrows}
    assert all(any(a.start == HEAD for a in part.arrows) for part in parts[1:])
    assert all(any(a.end == FOOT for a in part.arrows) for part in parts[:-1])


def test_a_frame_that_goes_on_says_so() -> None:
    text = "input 8x8x8\nstage long { " + "; ".join(f"conv {8 + i} k3 p1; relu" for i in range(14)) + " }"
    assert words(diagram(graph(text), style=Style(columns=2)))["long (continued)"] == 1


def test_cuts_go_between_frames_where_they_can() -> None:
    cuts = [Cut(after=i, depth=0 if i in (6, 13) else 1, below=50.0 * (i + 1)) for i in range(19)]
    assert [cut.after for cut in choose_cuts(cuts, 1000, 3)] == [6, 13]


def test_nowhere_to_cut_is_one_column() -> None:
    assert choose_cuts([], 9000, 4) == []
    skip = "input 4x8x8\nconv 4 k3 p1 as a\n" + "relu\nconv 4 k3 p1\n" * 20 + "concat a"
    assert not list(ElementTree.fromstring(diagram(graph(skip))).iter(f"{SVG}polyline"))


def test_how_many() -> None:
    assert how_many(200, 700) == 1
    assert [how_many(200, height) for height in (2000, 4000, 20000)] == [2, 3, 8]


@pytest.mark.parametrize("format", ["svg", "png", "tikz"])
def test_the_same_bytes(format: str) -> None:
    assert diagram(graph(TALL), format) == diagram(graph(TALL), format)
