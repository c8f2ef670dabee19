"""The HTML page of a network: what is in the file, and its layout in node. `make sitetest` opens it in Chromium."""

import json
import random
import re
import shutil
import subprocess
from base64 import b64encode
from collections import Counter
from hashlib import sha256
from html.parser import HTMLParser
from math import dist
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import archdsl
from archdsl.backends.diagram import THEMES, CannotDraw, DiagramStyle, View, ViewOptions, diagram, diagram_page
from archdsl.cli.diagram import command
from archdsl.graph import Graph
from tests.backends.diagram.programs import HOSTILE, INCEPTION, LENET, RESIDUAL, graph, renamed
from tests.backends.diagram.test_quotient_graph import NESTED, SIAMESE, random_text

NODE = shutil.which("node")
TEXTS = [LENET, RESIDUAL, INCEPTION, SIAMESE, NESTED]
VIEWER = Path(__file__).resolve().parents[3] / "archdsl" / "backends" / "diagram" / "viewer"


class Elements(HTMLParser):
    """The elements of a page: their attributes, and the text in scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag in self.raw:
            self.raw[tag].append("")

    def handle_data(self, data: str) -> None:
        if self.found and self.found[-1][0] in self.raw and self.cdata_elem:
            self.raw[self.found[-1][0]][-1] += data


def page(found: Graph, view: View | None = None, **options: Any) -> str:
    return diagram_page(found, view_options=ViewOptions(**options), view=view).decode()


def data_of(text: str) -> dict[str, Any]:
    found = json.loads(Elements(text).raw["script"][0])
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("text", TEXTS)
def test_page_has_every_node_and_arrow(text: str) -> None:
    found = graph(text)
    data = data_of(page(found))
    boxes = data["boxes"]
    assert Counter(node for box in boxes for row in box["rows"] for node in row["nodes"]) == Counter(
        range(len(found.nodes))
    )
    owner = {node: index for index, box in enumerate(boxes) for row in box["rows"] for node in row["nodes"]}
    steps = {(start, end) for start, end, _, _ in data["arrows"]}
    points = {index for index, box in enumerate(boxes) if box["role"] == "entry"}
    while through := {(a, c) for a, b in steps for other, c in steps if b == other and b in points} - steps:
        steps |= through

    def repeated(start: int, end: int) -> bool:
        around = [set(frames_around(data, boxes[each]["frame"])) for each in (start, end)]
        return any(data["frames"][frame]["times"] > 1 for frame in around[0] & around[1])

    for node in found.nodes:
        for source in node.inputs:
            start, end = owner[source], owner[node.id]
            assert start == end or (start, end) in steps or repeated(start, end)


def frames_around(data: dict[str, Any], frame: int) -> list[int]:
    return [] if frame < 0 else [*frames_around(data, data["frames"][frame]["parent"]), frame]


def test_page_statements_match_the_text() -> None:
    data = data_of(page(graph(RESIDUAL)))
    (file,) = data["sources"]["files"]
    assert file["text"] == RESIDUAL
    texts = [RESIDUAL[start:end] for _, start, end, _ in data["sources"]["statements"]]
    lines = [RESIDUAL[:start].count("\n") + 1 for _, start, _, _ in data["sources"]["statements"]]
    assert lines == [line for *_, line in data["sources"]["statements"]]
    assert {"conv c k3 s=s p1", "bn", "relu", "basic 8", "basic 16 s2", "gap", "fc 10", "residual"} <= set(texts)
    rows = {row["name"]: row for box in data["boxes"] for row in box["rows"]}
    convolution = rows["body.basic2.conv1"]
    assert [texts[index] for index in convolution["statements"]] == ["conv c k3 s=s p1", "basic 16 s2"]
    assert (convolution["shape"], convolution["parameters"], convolution["macs"]) == ("16×8×8", "1,168", "73,728")


def test_frames_show_the_totals_of_their_layers() -> None:
    network = archdsl.load("zoo:resnet50")
    data = data_of(page(network.graph))
    stages = [frame for frame in data["frames"] if frame["what"] == "stage"]
    shown = {frame["name"]: (frame["layers"], frame["parameters"], frame["shape"]) for frame in stages}
    for name, (layers, parameters, shape) in shown.items():
        inside = [node for node in network.graph.nodes if node.path[0] == name]
        assert layers == len(inside)
        assert parameters == f"{sum(network.costs[node.id].parameters for node in inside):,}"
        assert shape == str(inside[-1].shape)
    assert len(shown) == 5


def test_view_sets_which_frames_are_initially_collapsed() -> None:
    found = archdsl.load("zoo:resnet18").graph

    def closed(view: View | None, expand: tuple[str, ...] = ()) -> set[str]:
        frames = data_of(page(found, view, expand=expand))["frames"]
        return {frame["what"] for frame in frames if frame["closed"]}

    assert closed(None) == closed(View.LAYERS) == set()
    assert closed(View.BLOCKS) == {"unit"}
    assert closed(View.STAGES) == {"stage", "unit"}
    assert closed(View.BLOCKS, ("unit",)) == set()
    with pytest.raises(CannotDraw, match="already shows what is inside `unit`"):
        page(found, View.LAYERS, expand=("unit",))
    many = graph("block unit { conv 8 k3 p1; conv 8 k1 }\ninput 8x8x8\nrepeat 100 { unit }\ngap; fc 2")
    assert all(frame["closed"] for frame in data_of(page(many, fold=False))["frames"])


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_escaped(name: str) -> None:
    plain = Elements(page(renamed(graph(RESIDUAL), "plain")))
    text = page(renamed(graph(RESIDUAL), name))
    found = Elements(text)
    assert [tag for tag, _ in found.found] == [tag for tag, _ in plain.found]
    assert found.raw["script"][1] == plain.raw["script"][1]
    frame = json.loads(found.raw["script"][0])["frames"][0]
    assert frame["name"] == (name + "body").encode(errors="replace").decode()


def test_page_loads_nothing_and_permits_only_its_own_script() -> None:
    text = page(graph(LENET))
    found = Elements(text)
    values = [value or "" for tag, attributes in found.found for value in attributes.values() if tag != "meta"]
    assert not any(re.search(r"(?:https?:)?//|^data:|javascript:", value) for value in values)
    assert not {tag for tag, _ in found.found} & {"link", "img", "iframe", "object", "base"}
    assert not any(name.startswith("on") or name == "style" for _, attributes in found.found for name in attributes)
    policy = next(attributes["content"] or "" for _, attributes in found.found if "http-equiv" in attributes)
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    for raw in (found.raw["script"][1], found.raw["style"][0]):
        assert f"sha256-{b64encode(sha256(raw.encode()).digest()).decode()}" in policy


def test_page_applies_the_figure_block() -> None:
    looks = 'color conv "#ffcc88" dark="#6b5030"; font serif'
    own = f'figure {{ label basic "residual block"; {looks}; group "Body" basic1 to=basic2 }}'
    text = page(graph(RESIDUAL.replace("stage body { basic 8; basic 16 s2 }", "basic 8; basic 16 s2") + own))
    sheet, frames = Elements(text).raw["style"][0], data_of(text)["frames"]
    assert [(frame["what"], frame["title"]) for frame in frames] == [
        ("group", "Body"),
        ("basic", "residual block"),
        ("basic", "residual block"),
    ]
    assert "--fill-conv:#ffcc88" in sheet
    assert "--font:Times" in sheet


def test_html_page_is_deterministic() -> None:
    assert page(graph(INCEPTION)) == page(graph(INCEPTION)) == diagram(graph(INCEPTION), "html").decode()


def test_page_shows_the_text_without_scripts() -> None:
    text = page(graph(LENET))
    fallback = text[text.index("<noscript>") : text.index("</noscript>")]
    assert "It maps 1×32×32 to 10 with 12 layers" in fallback
    assert "conv 16 k5; tanh; avgpool 2" in fallback


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
def test_page_has_the_colors_of_its_theme(theme: Any) -> None:
    sheet = Elements(diagram_page(graph(LENET), DiagramStyle(theme=theme)).decode()).raw["style"][0]
    assert f"--fill-conv:{theme.fill('conv')}" in sheet
    assert ("prefers-color-scheme" in sheet) == (theme.name == "auto")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--columns", "2"], "laid out for the reader's window"),
        (["--for", "slide"], "laid out for the reader's window"),
        (["--direction", "LR"], "laid out for the reader's window"),
        (["--heat", "macs"], "shows the kinds of layers in color"),
        (["--view", "volumes"], "does not support the view `volumes`"),
        (["--view", "unet"], "does not support the view `unet`"),
        (["--view", "stages", "--expand", "nothing"], "there is no block or stage `nothing`"),
    ],
)
def test_options_unsupported_by_the_page_are_refused(options: list[str], reason: str, tmp_path: Path) -> None:
    out = tmp_path / "net.html"
    result = CliRunner().invoke(command, ["-e", LENET, "-o", str(out), *options])
    assert result.exit_code == 2
    assert reason in result.output
    assert not out.exists()


def test_command_writes_the_html_page(tmp_path: Path) -> None:
    out = tmp_path / "net.html"
    result = CliRunner().invoke(command, ["-e", LENET, "-o", str(out), "--macs", "--no-caption", "--title", "x"])
    assert "--no-caption leaves no place" in result.output
    assert CliRunner().invoke(command, ["-e", LENET, "-o", str(out), "--macs", "--title", "A & B"]).exit_code == 0
    text = out.read_text(encoding="utf-8")
    assert "<title>A &amp; B</title>" in text
    assert "118K MACs" in text
    assert (
        CliRunner().invoke(command, ["-e", LENET, "-o", str(out), "--macs", "--title", "A & B", "--check"]).exit_code
        == 0
    )


@pytest.mark.skipif(NODE is None, reason="Node.js is not installed")
def test_layouts_do_not_overlap_for_any_collapsed_frames() -> None:
    random_choice = random.Random(0)
    graphs = [graph(text) for text in TEXTS] + [graph(random_text(seed)) for seed in range(12)]
    graphs += [archdsl.load(f"zoo:{name}").graph for name in ("resnet50", "unet", "googlenet", "swin_t")]
    cases: list[tuple[dict[str, Any], set[int]]] = []
    for found in graphs:
        data = data_of(page(found))
        frames = range(len(data["frames"]))
        choices = [set(), set(frames), *({f for f in frames if random_choice.random() < 0.5} for _ in range(2))]
        cases += [(data, closed) for closed in choices]
    done = subprocess.run(
        [str(NODE), str(Path(__file__).with_name("viewer_layout.mjs")), str(VIEWER / "layout.js")],
        input=json.dumps([{"data": data, "closed": sorted(closed)} for data, closed in cases]).encode(),
        capture_output=True,
        check=True,
    )
    for (data, closed), placed in zip(cases, json.loads(done.stdout), strict=True):
        assert_laid_out(data, closed, placed)


def assert_laid_out(data: dict[str, Any], closed: set[int], placed: dict[str, Any]) -> None:
    units = {unit["key"]: unit for unit in placed["units"]}
    owner = {}
    for index, box in enumerate(data["boxes"]):
        hidden = [frame for frame in frames_around(data, box["frame"]) if frame in closed]
        owner[index] = f"f{hidden[0]}" if hidden else f"b{index}"
    shown = {key for key, unit in units.items() if not unit["open"]}
    assert shown == set(owner.values()), "every box is shown, or inside a closed frame"
    arrows = {(owner[start], owner[end]) for start, end, _, _ in data["arrows"] if owner[start] != owner[end]}
    assert {(line["from"], to) for line in placed["lines"] for to in line["to"]} == arrows
    # Each arrow is one line from box to box: its parts meet.
    for start, end in arrows:
        parts = [line["points"] for line in placed["lines"] if line["from"] == start and end in line["to"]]
        assert meet(parts, units[start], units[end])
    flat = [unit for unit in placed["units"] if not unit["open"]]
    for index, one in enumerate(flat):
        for other in flat[:index]:
            assert are_disjoint(one, other), (one, other)
    for unit in placed["units"]:
        assert unit["x"] >= -0.01
        assert unit["x"] + unit["width"] <= placed["width"] + 0.01
        assert unit["y"] + unit["height"] <= placed["height"] + 0.01
    for line in placed["lines"]:
        assert re.fullmatch(r"M[-\d.]+,[-\d.]+([LC][-\d.,]+)+", line["path"]), line["path"]


def meet(parts: list[list[list[float]]], start: dict[str, Any], end: dict[str, Any]) -> bool:
    """Whether lines lead from the lower edge of a unit to the upper edge of another, each from where one ends."""

    at = [start["x"] + start["width"] / 2, start["y"] + start["height"]]
    left = list(parts)
    part = next((each for each in left if abs(each[0][1] - at[1]) < 0.1), None)
    while part is not None:
        left.remove(part)
        at = part[-1]
        part = next((each for each in left if dist(each[0], at) < 0.1), None)
    return not left and abs(at[1] - end["y"]) < 0.1


def are_disjoint(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return bool(
        one["x"] + one["width"] <= other["x"] + 0.01
        or other["x"] + other["width"] <= one["x"] + 0.01
        or one["y"] + one["height"] <= other["y"] + 0.01
        or other["y"] + other["height"] <= one["y"] + 0.01
    )
