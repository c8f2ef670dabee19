"""Figures with labels, colors, hidden layers and groups of their own."""

import io
import random
import re
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image

import archdsl
from archdsl.analysis.cost import costs
from archdsl.backends.diagram import CannotDraw, DiagramStyle, View, ViewOptions, diagram
from archdsl.backends.diagram.build import build_diagram
from archdsl.backends.diagram.figure import Diagram, Role
from archdsl.backends.diagram.font_metrics import width_of
from archdsl.backends.diagram.theme import DARK, THEMES
from archdsl.graph import FontFamily
from archdsl.text.source import Source
from tests.backends.diagram.programs import INCEPTION, LENET, RESIDUAL, graph
from tests.backends.diagram.test_quotient_graph import NESTED, SIAMESE, check, random_text, read_back

VIEWS = [View.LAYERS, View.BLOCKS, View.STAGES]
TEXTS = [LENET, RESIDUAL, INCEPTION, SIAMESE, NESTED]
HIDDEN = ("relu", "bn", "activation", "norm", "conv", "pool", "linear", "gap", "concat")


def built(text: str, view: View = View.LAYERS, fold: bool = True) -> Diagram:
    found = graph(text)
    return build_diagram(found, costs(found), ViewOptions(view=view, fold=fold))


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("hidden", ["relu tanh", "norm activation", "conv", "pool linear", "conv norm activation pool"])
def test_arrows_bridge_hidden_layers(text: str, hidden: str) -> None:
    found = graph(f"{text}\nfigure {{ hide {hidden} }}")
    for view in (*VIEWS, View.UNET, View.VOLUMES):
        drawn = check(found, view)
        if view in VIEWS:
            read_back(drawn)


@pytest.mark.parametrize("seed", range(24))
def test_hidden_layers_and_groups_of_random_programs_are_drawn(seed: int) -> None:
    choice = random.Random(1000 + seed)
    text = random_text(seed)
    found = graph(text)
    tops = list(dict.fromkeys(node.path[0] for node in found.layers))
    named = [index for index, name in enumerate(tops) if found.scopes.get((name,)) != "branch"]
    start, end = sorted(choice.choices(named, k=2))
    hidden = " ".join(choice.sample(HIDDEN[:-1], 2))
    own = graph(f'{text}\nfigure {{ hide {hidden}; group "own group" {tops[start]} to={tops[end]} }}')
    settings = own.figure
    assert settings is not None
    for view in VIEWS:
        grouped = [node for node in own.layers if node.path[0] in tops[start : end + 1]]
        if all(node.id in settings.hidden for node in grouped):
            continue  # there may be nothing to frame
        drawn = check(own, view)
        read_back(drawn)
        framed = {cluster.path: cluster.title for cluster in drawn.clusters}
        boxes = {row.words for box in drawn.boxes if box.role is Role.GROUP for row in box.rows}
        assert "own group" in {*framed.values(), *boxes}
        inside = {
            node
            for box in drawn.boxes
            if any(framed.get(box.cluster[:n]) == "own group" for n in range(len(box.cluster) + 1))
            or (box.rows[:1] and box.rows[0].words == "own group")
            for row in box.rows
            for node in row.nodes
        }
        wanted = {node.id for node in grouped}
        shown = {node for box in drawn.boxes for row in box.rows for node in row.nodes}
        assert inside == wanted & shown


def test_caption_names_hidden_layers() -> None:
    text = f"{RESIDUAL}\nfigure {{ hide bn relu gelu; caption off }}"
    for format in ("svg", "dot", "mmd", "tikz"):
        data = diagram(graph(text), format).decode()
        assert data.count("not shown: bn, relu") == 2 - (format != "svg"), "above the figure, in the description"
        plain = diagram(graph(text), format, DiagramStyle(caption=False)).decode()
        assert "not shown: bn, relu" in plain
        assert "parameters," not in plain.partition("<desc")[0]


def test_hidden_layer_that_changes_the_shape_is_noted() -> None:
    drawn = built("input 3x8x8; conv 4 k3 p1; maxpool 2; conv 8 k3 p1; figure { hide pool }")
    assert [arrow.shape for arrow in drawn.arrows] == ["3×8×8", "4×8×8 → 4×4×4", "8×4×4"]


def test_parallel_paths_remain_separate_when_layers_are_hidden() -> None:
    drawn = built("input 3x8x8; conv 3 k3 p1 as a; relu as b; conv 3 k1; add a b; figure { hide relu }")
    (conv,) = (box.id for box in drawn.boxes if box.rows[0].words == "conv 3 3×3")
    ends = Counter(arrow.end for arrow in drawn.arrows if arrow.start == conv)
    merge = next(box.id for box in drawn.boxes if box.role is Role.MERGE)
    assert ends[merge] == 2


LABELED = f"""{RESIDUAL}
figure {{
  label input "the image"; label output "the logits"; label body "Body & soul"; label basic "residual <block>"
  label gap1 "mean"; label "basic1.conv1" "first"
}}
"""


@pytest.mark.parametrize(
    ("view", "wanted"),
    [
        (View.LAYERS, ["the image", "the logits", "Body & soul", "residual <block>", "mean", "first"]),
        (View.BLOCKS, None),
        (View.STAGES, None),
    ],
)
def test_label_setting_renames_the_layer(view: View, wanted: list[str] | None) -> None:
    found = graph(LABELED)
    options = ViewOptions(view=view, fold=False)
    if wanted is None:
        with pytest.raises(CannotDraw, match=r"does not show `(basic1.conv1|basic)`"):
            diagram(found, "svg", None, options)
        return
    svg = ElementTree.fromstring(diagram(found, "svg", None, options))
    texts = {element.text for element in svg.iter() if element.tag.endswith("text")}
    assert set(wanted) <= texts
    assert not {"body", "gap", "input", "output"} & texts


def test_label_of_one_repeated_layer_requires_unfolding() -> None:
    text = 'input 4x8x8; repeat 3 { conv 4 k3 p1; relu; conv 4 k1 }; gap; figure { label conv3 "third" }'
    with pytest.raises(CannotDraw, match="`conv3` has its own label, but is shown once with its repetitions"):
        built(text)
    assert any(row.words == "third" for box in built(text, fold=False).boxes for row in box.rows)


def test_labels_show_the_values_of_expressions() -> None:
    """What is there, not how it is written."""
    text = """net N(width = 16)
input 3x8x8
block unit(c, s = 1, name = 0) { conv c k3 s=s p1; conv c k1 }
let n = 2
stage a { unit width }
stage b { unit n*width s2 }
stage c { repeat 2 as i { unit n*width name=i } }
stage d { unit width + 4 s=n name=width/2 }
stage e { repeat [24, 40] as c { unit c } }
"""
    drawn = built(text, View.BLOCKS)
    words = [(box.rows[0].words, box.times) for box in drawn.boxes if box.role is Role.GROUP]
    assert words == [
        ("unit 16", 1),
        ("unit 32 s2", 1),
        ("unit", 2),
        ("unit 20 s=2 name=8", 1),
        ("unit 24", 1),
        ("unit 40", 1),
    ]


def test_title_follows_the_requested_network() -> None:
    network = archdsl.load("zoo:resnet50")
    options = ViewOptions(view=View.STAGES, name=network.title)
    assert build_diagram(network.graph, network.costs, options).title == "ResNet-50"
    styled = network.with_style(Source('figure { title "Mine" }'))
    assert build_diagram(styled.graph, network.costs, options).title == "Mine"
    assert build_diagram(styled.graph, network.costs, options.replace(title="asked")).title == "asked"
    assert ">Mine: 25,557,032 parameters" in styled.diagram(view="stages").text


@pytest.mark.parametrize("format", ["svg", "dot", "mmd", "tikz"])
@pytest.mark.parametrize("view", [View.LAYERS, View.VOLUMES])
def test_color_setting_is_applied_in_every_format(format: str, view: View) -> None:
    if format == "mmd" and view is View.VOLUMES:
        pytest.skip("Mermaid has no such view")
    text = f'{LENET}\nfigure {{ color conv "#12cdef"; color linear "#fedcba" }}'
    data = diagram(graph(text), format, None, ViewOptions(view=view)).decode().lower()
    assert "12cdef" in data
    assert "fedcba" in data
    assert "77aadd" not in data


def test_color_setting_of_the_dark_theme() -> None:
    text = f'{LENET}\nfigure {{ color conv "#12cdef"%s }}'
    with pytest.raises(
        CannotDraw, match=r'contrast of .* with the text of the theme dark.*dark="(#[0-9a-f]{6})"'
    ) as error:
        diagram(graph(text % ""), "svg", DiagramStyle(theme=DARK))
    (better,) = re.findall(r'dark="(#[0-9a-f]{6})"', str(error.value))
    for theme in ("dark", "auto"):
        data = diagram(graph(text % f' dark="{better}"'), "svg", DiagramStyle(theme=THEMES[theme])).decode()
        assert better in data
        assert ("#12cdef" in data) == (theme == "auto")


def test_background_setting() -> None:
    for text, wanted in (("transparent", None), ('"#fffff0"', "#fffff0")):
        found = graph(f"{LENET}\nfigure {{ background {text} }}")
        for view in (View.LAYERS, View.VOLUMES):
            svg = diagram(found, "svg", None, ViewOptions(view=view)).decode()
            assert re.findall('<rect width="100%" height="100%" fill="(.*?)"/>', svg) == ([wanted] if wanted else [])
            for format in ("tikz", "pdf", "eps"):
                assert b"transparent" not in diagram(found, format, None, ViewOptions(view=view))

    found = graph(f"{LENET}\nfigure {{ background transparent }}")
    for view in (View.LAYERS, View.VOLUMES):
        image = Image.open(io.BytesIO(diagram(found, "png", None, ViewOptions(view=view)))).convert("RGBA")
        assert image.getpixel((1, 1))[3] == 0  # type: ignore[index]  # four channels


def test_font_setting() -> None:
    found = graph(f"{LENET}\nfigure {{ font serif }}")
    for view in (View.LAYERS, View.VOLUMES):
        options = ViewOptions(view=view)
        svg = diagram(found, "svg", None, options).decode()
        assert set(re.findall('font-family="(.*?),', svg)) == {"Times"}
        widths = dict(re.findall(r'font-size="11"[^>]*textLength="([\d.]+)"[^>]*>([^<]+)<', svg))
        for width, words in widths.items():
            assert float(width) == pytest.approx(width_of(words, 11, FontFamily.SERIF), abs=0.01)
        assert "\\rmfamily" in diagram(found, "tikz", None, options).decode()
        assert "\\sffamily" not in diagram(found, "tikz", None, options).decode()
        dot = diagram(found, "dot", None, options).decode()
        assert '"Times"' in dot
        assert "Helvetica" not in dot


def test_character_widths_match_adobe_font_metrics() -> None:
    """As matplotlib ships them."""
    import matplotlib

    folder = Path(matplotlib.get_data_path(), "fonts", "pdfcorefonts")
    for family, name in ((FontFamily.SANS, "Helvetica"), (FontFamily.SERIF, "Times-Roman")):
        published = re.findall(r"^C (\d+) ; WX (\d+)", (folder / f"{name}.afm").read_text(), re.MULTILINE)
        for code, width in published:
            # 39 and 96 are curved in Adobe's encoding.
            if int(code) < 127 and int(code) not in (39, 96):
                assert width_of(chr(int(code)), 1000, family) == float(width), chr(int(code))


@pytest.mark.parametrize(
    ("lines", "format", "view", "reason"),
    [
        ('group "A" conv1 to=fc1', "svg", View.VOLUMES, "does not show the group `A`"),
        ('label features "x"', "svg", View.VOLUMES, "does not show `features`"),
        ("font serif", "mmd", View.LAYERS, "Mermaid"),
        ("font serif", "pdf", View.LAYERS, "pdf embeds the font `sans`"),
        ('background "#fffff0"', "mmd", View.LAYERS, "Mermaid"),
    ],
)
def test_settings_unsupported_by_view_or_format_are_refused(lines: str, format: str, view: View, reason: str) -> None:
    text = LENET.replace("stage features {", "").replace("}", "") if "group" in lines else LENET
    with pytest.raises(CannotDraw, match=reason):
        diagram(graph(f"{text}\nfigure {{ {lines} }}"), format, None, ViewOptions(view=view))


def test_style_overrides_the_text() -> None:
    network = archdsl.loads(f'{LENET}\nfigure {{ title "own"; hide tanh; color conv "#ffcc88"; label fc1 "a" }}')
    style = 'figure { title "style"; hide avgpool; color conv "#aabbff"; color pool "#ffeedd"; label fc1 "b" }'
    found = network.with_style(Source(style)).graph.figure
    assert found is not None
    assert found.title == "style"
    assert found.hidden_words == ("tanh", "avgpool")
    assert {color.kind: color.light for color in found.colors} == {"conv": "#aabbff", "pool": "#ffeedd"}
    assert [label.text for label in found.labels] == ["b"]
    assert network.graph.figure != found


def test_style_without_figure_block_or_with_errors_is_refused() -> None:
    network = archdsl.loads(LENET)
    with pytest.raises(ValueError, match="has no `figure"):
        network.with_style(Source("input 8; fc 2"))
    with pytest.raises(archdsl.ArchError, match="E1003"):
        network.with_style(Source('figure { label nothing "x" }'))
