from xml.etree import ElementTree

import pytest

from archdsl.backends.diagram import DiagramStyle, diagram
from tests.backends.diagram.programs import HOSTILE, INCEPTION, LENET, RESIDUAL, graph, renamed

SVG = "{http://www.w3.org/2000/svg}"


def parsed(data: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(data)


def groups(root: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    return [group for group in root.iter(f"{SVG}g") if group.get("class") == kind]


def test_it_shows_every_layer_shape_and_cluster() -> None:
    root = parsed(diagram(graph(RESIDUAL), style=DiagramStyle(columns=1)))
    assert (len(groups(root, "node")), len(groups(root, "edge")), len(groups(root, "cluster"))) == (13, 14, 3)
    texts = [(text.text or "").strip() for text in root.iter(f"{SVG}text")]
    for expected in ("conv 16 3×3 /2", "1,168 parameters", "16×8×8", "basic2", "+", "input", "output"):
        assert expected in texts


def test_it_has_a_title_a_description_and_hover_text() -> None:
    root = parsed(diagram(graph(LENET)))
    title, description = root[0], root[1]
    assert (title.tag, title.text) == (f"{SVG}title", "LeNet5")
    assert description.tag == f"{SVG}desc"
    assert (description.text or "").startswith(
        "LeNet5: 61,706 parameters, 417K MACs. It maps 1×32×32 to 10 with 12 lay"
    )
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    hover = [group.findtext(f"{SVG}title") for group in groups(root, "node")]
    assert hover[1] == (
        "features.conv1: conv 6 k5, 6×28×28, 156 parameters, 117,600 MACs\nfeatures.tanh1: tanh, 6×28×28"
    )
    assert (
        groups(root, "cluster")[0].findtext(f"{SVG}title")
        == "stage features: 8 layers, 50,692 parameters, 405,600 MACs"
    )


def test_it_is_self_contained_and_scales() -> None:
    data = diagram(graph(LENET))
    root = parsed(data)
    assert root.get("viewBox")
    assert "Helvetica, Arial" in (root.get("font-family") or "")
    assert "sans-serif" in (root.get("font-family") or "")
    for forbidden in (b"<script", b"href", b"<image", b"DOCTYPE", b"ENTITY", b"url("):
        assert forbidden not in data


def test_two_diagrams_on_a_page_share_no_id() -> None:
    ids = [element.get("id") for text in (LENET, RESIDUAL) for element in parsed(diagram(graph(text))).iter()]
    found = [each for each in ids if each]
    assert len(found) == len(set(found)) == 4


@pytest.mark.parametrize("format", ["svg", "png", "dot", "mmd"])
def test_the_same_input_gives_the_same_bytes(format: str) -> None:
    assert diagram(graph(INCEPTION), format) == diagram(graph(INCEPTION), format)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text(name: str) -> None:
    plain = parsed(diagram(graph(RESIDUAL), style=DiagramStyle(columns=1)))
    root = parsed(diagram(renamed(graph(RESIDUAL), name), style=DiagramStyle(columns=1)))
    assert [e.tag for e in root.iter() if e.tag != f"{SVG}text"] == [
        e.tag for e in plain.iter() if e.tag != f"{SVG}text"
    ]
    titles = [group.findtext(f"{SVG}title") for group in groups(root, "node")]
    assert len(titles) == 13
    if name.isascii() and name.isprintable() and name:
        assert " ".join(name.split())[:90] in (titles[-1] or "")


def test_the_diagram_keeps_its_size_when_only_the_resolution_changes() -> None:
    low, high = (diagram(graph(LENET), "svg", DiagramStyle(dpi=dpi)) for dpi in (72, 300))
    assert low == high


def test_words_are_as_wide_as_they_were_laid_out() -> None:
    root = parsed(diagram(graph(LENET)))
    texts = {(text.text or "").strip(): text for text in root.iter(f"{SVG}text")}
    tanh = texts["tanh"]
    assert float(tanh.get("textLength", 0)) == pytest.approx(11 * (0.278 + 3 * 0.556), abs=0.01)
    for words, text in texts.items():
        assert text.get("lengthAdjust") == "spacingAndGlyphs", words
