import re
from xml.etree import ElementTree

import pytest

from archdsl.backends.diagram import THEMES, CannotDraw, DiagramStyle, View, ViewOptions, diagram
from archdsl.backends.diagram.heat import Heat
from tests.backends.diagram.programs import HOSTILE, INCEPTION, LENET, RESIDUAL, graph, renamed

SVG = "{http://www.w3.org/2000/svg}"


def parsed(data: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(data)


def groups(root: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    return [group for group in root.iter(f"{SVG}g") if kind in group.get("class", "").split()]


def test_svg_shows_every_layer_shape_and_cluster() -> None:
    root = parsed(diagram(graph(RESIDUAL), style=DiagramStyle(columns=1)))
    assert (len(groups(root, "arch-box")), len(groups(root, "arch-arrow")), len(groups(root, "arch-frame"))) == (
        13,
        14,
        3,
    )
    texts = [(text.text or "").strip() for text in root.iter(f"{SVG}text")]
    for expected in ("conv 16 3×3 /2", "1,168 parameters", "16×8×8", "basic2", "+", "input", "output"):
        assert expected in texts


def test_svg_has_title_description_and_hover_text() -> None:
    root = parsed(diagram(graph(LENET)))
    title, description = root[0], root[1]
    assert (title.tag, title.text) == (f"{SVG}title", "LeNet5")
    assert description.tag == f"{SVG}desc"
    assert (description.text or "").startswith(
        "LeNet5: 61,706 parameters, 417K MACs. It maps 1×32×32 to 10 with 12 lay"
    )
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    hover = [group.findtext(f"{SVG}title") for group in groups(root, "arch-box")]
    assert hover[1] == (
        "features.conv1: conv 6 k5, 6×28×28, 156 parameters, 117,600 MACs\nfeatures.tanh1: tanh, 6×28×28"
    )
    assert (
        groups(root, "arch-frame")[0].findtext(f"{SVG}title")
        == "stage features: 8 layers, 50,692 parameters, 405,600 MACs"
    )


def test_svg_is_self_contained_and_scalable() -> None:
    data = diagram(graph(LENET))
    root = parsed(data)
    assert root.get("viewBox")
    assert "Helvetica, Arial" in (root.get("font-family") or "")
    assert "sans-serif" in (root.get("font-family") or "")
    for forbidden in (b"<script", b"href", b"<image", b"DOCTYPE", b"ENTITY", b"url("):
        assert forbidden not in data


def test_ids_of_two_diagrams_are_distinct() -> None:
    ids = [element.get("id") for text in (LENET, RESIDUAL) for element in parsed(diagram(graph(text))).iter()]
    found = [each for each in ids if each]
    assert len(found) == len(set(found)) == 4


@pytest.mark.parametrize("format", ["svg", "png", "dot", "mmd"])
def test_rendering_is_deterministic(format: str) -> None:
    assert diagram(graph(INCEPTION), format) == diagram(graph(INCEPTION), format)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_escaped(name: str) -> None:
    plain = parsed(diagram(graph(RESIDUAL), style=DiagramStyle(columns=1)))
    root = parsed(diagram(renamed(graph(RESIDUAL), name), style=DiagramStyle(columns=1)))
    assert [e.tag for e in root.iter() if e.tag != f"{SVG}text"] == [
        e.tag for e in plain.iter() if e.tag != f"{SVG}text"
    ]
    titles = [group.findtext(f"{SVG}title") for group in groups(root, "arch-box")]
    assert len(titles) == 13
    if name.isascii() and name.isprintable() and name:
        assert " ".join(name.split())[:90] in (titles[-1] or "")


def test_svg_ignores_the_resolution() -> None:
    low, high = (diagram(graph(LENET), "svg", DiagramStyle(dpi=dpi)) for dpi in (72, 300))
    assert low == high


def test_boxes_have_data_attributes_of_their_layers() -> None:
    root = parsed(diagram(graph(RESIDUAL), style=DiagramStyle(columns=1)))
    boxes = {box.get("data-box"): box.attrib for box in groups(root, "arch-box")}
    first = boxes["n1"]
    assert first["data-node"] == "1 2 3"
    assert first["data-kind"] == "conv norm activation"
    assert first["data-shape"] == "8×16×16"
    assert first["data-line"] == "5:14 5:32 5:36"
    assert (first["data-parameters"], first["data-macs"]) == ("600", "147456")
    assert first["data-name"] == "body.basic1.conv1 body.basic1.bn1 body.basic1.relu1"
    layers = groups(root, "arch-layer")
    assert [layer.get("data-node") for layer in layers[:3]] == ["1", "2", "3"]
    assert [len(list(layer.iter(f"{SVG}path"))) for layer in layers[:3]] == [1, 1, 1]


@pytest.mark.parametrize("view", View)
@pytest.mark.parametrize("heat", [None, Heat.PARAMS])
@pytest.mark.parametrize("text", [LENET, RESIDUAL, INCEPTION])
def test_every_color_has_a_rule_for_dark_pages(text: str, heat: Heat | None, view: View) -> None:
    styles = DiagramStyle(theme=THEMES["auto"], legend=True), DiagramStyle(legend=True)
    options = ViewOptions(view=view, heat=heat)
    try:
        auto, light = (diagram(graph(text), "svg", style, options).decode() for style in styles)
    except CannotDraw:
        return
    sheet = auto[auto.index("<style>") + 7 : auto.index("</style>")]
    assert auto.replace(f"<style>{sheet}</style>\n", "").replace(' class="archdsl-auto"', "") == light
    dark = dict(re.findall(r'\.archdsl-auto (\w+\[\w+="#\w+"\])\{\w+:(#\w+)\}', sheet))
    used = set()
    for element in parsed(auto.encode()).iter():
        for attribute in ("fill", "stroke"):
            if (color := element.get(attribute, "none")) != "none":
                used.add(f'{element.tag.removeprefix(SVG)}[{attribute}="{color}"]')
    assert used <= set(dark)
    assert all(color not in rule for rule, color in dark.items()), "a color is the same on dark pages"


@pytest.mark.parametrize("format", ["png", "dot", "mmd", "tikz"])
def test_formats_without_dark_mode_refuse_the_auto_theme(format: str) -> None:
    with pytest.raises(CannotDraw, match=f"`auto` follows the page, which {format} cannot"):
        diagram(graph(LENET), format, DiagramStyle(theme=THEMES["auto"]))


def test_text_is_stretched_to_its_layout_width() -> None:
    root = parsed(diagram(graph(LENET)))
    texts = {(text.text or "").strip(): text for text in root.iter(f"{SVG}text")}
    tanh = texts["tanh"]
    assert float(tanh.get("textLength", 0)) == pytest.approx(11 * (0.278 + 3 * 0.556), abs=0.01)
    for words, text in texts.items():
        assert text.get("lengthAdjust") == "spacingAndGlyphs", words
