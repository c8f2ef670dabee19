"""A diagram is a quotient of the graph: every box stands for nodes, every edge is drawn or inside a box.

It is read back from the data, and from what is written in DOT, Mermaid and SVG.
"""

import random
import re
from collections import Counter
from math import prod

import pytest

import archdsl
from archdsl.analysis.cost import costs
from archdsl.backends.diagram import CannotDraw, DiagramStyle, View, ViewOptions, diagram, placed_diagram
from archdsl.backends.diagram.build import build_diagram
from archdsl.backends.diagram.dot import write_dot
from archdsl.backends.diagram.figure import Box, Diagram, Role
from archdsl.backends.diagram.mermaid import write_mermaid
from archdsl.backends.diagram.place import PlaceChoices, place_of
from archdsl.graph import Graph
from tests.backends.diagram.programs import INCEPTION, LENET, RESIDUAL, graph
from tests.backends.diagram.svg_reading import ReadFigure, assert_quotient_graph

VIEWS = [View.LAYERS, View.BLOCKS, View.STAGES, View.UNET, View.VOLUMES]
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
NESTED = """
block unit(c) { conv c k3 p1; bn; relu }
block pair { unit 8; residual { unit 8; conv 8 k1 } }
input 8x16x16
repeat 2 { repeat 3 { pair; relu }; maxpool 2; pair }
aux early { gap; fc 3 }
gap; fc 10
"""
REPEATED = "input 8x16x16; repeat 20 { conv 8 k3 p1; maxpool k3 s1 p1; conv 4 k1; conv 8 k1 }; gap; fc 2"
TEXTS = [LENET, RESIDUAL, INCEPTION, SIAMESE, NESTED, REPEATED]
LINE = (
    "conv 8 k3 p1", "conv 8 k1; bn; relu", "unit 8", "pair", "residual { unit 8; conv 8 k3 p1 }", "bn", "relu",
    "repeat 3 { unit 8 }", "repeat 2 { residual { conv 8 k1; relu } }", "stage NAME { pair; repeat 2 { pair } }",
    "concat { conv 4 k1 } { unit 4 }", "add { unit 8 } { conv 8 k1 }",
)  # fmt: skip


def random_text(seed: int) -> str:
    """A program of blocks, repetitions, branches and stages."""
    choice = random.Random(seed)
    lines = [choice.choice(LINE).replace("NAME", f"s{i}") for i in range(choice.randint(3, 12))]
    blocks = "block unit(c) { conv c k3 p1; bn; relu }\nblock pair { unit 8; residual { unit 8 } }\n"
    return f"{blocks}input 8x8x8\n" + "\n".join(lines) + "\ngap; fc 2"


def check(found: Graph, view: View) -> Diagram:
    """Assert that a view is a quotient of the graph."""
    drawn = build_diagram(found, costs(found), ViewOptions(view=view))
    owner = {node: box for box in drawn.boxes for row in box.rows for node in row.nodes}
    nodes = [node for box in drawn.boxes for row in box.rows for node in row.nodes]
    # An arrow leads through hidden layers: what reads them reads the box before them.
    hidden = sorted(set(range(len(found.nodes))) - set(nodes))
    assert Counter([*nodes, *hidden]) == Counter(range(len(found.nodes))), "every node is in one box, or hidden"
    assert set(hidden) <= (found.figure.hidden if found.figure is not None else frozenset())
    for gone in hidden:
        owner[gone] = owner[found.nodes[gone].inputs[0]]
    steps = _steps(drawn)
    for node in found.nodes:
        for source in node.inputs if node.id not in hidden else ():
            start, end = owner[source], owner[node.id]
            assert start is end or (start.id, end.id) in steps or _connects_iterations(drawn, start, end), (
                start.id,
                end.id,
            )
    for index, (_, made) in enumerate(found.outputs):
        assert (owner[made].id, f"y{index}") in steps
    edges = {(owner[i].id, owner[node.id].id) for node in found.nodes for i in node.inputs if node.id not in hidden}
    edges |= {(owner[node].id, f"y{index}") for index, (_, node) in enumerate(found.outputs)}
    assert steps <= edges, "every arrow is an edge"
    for box in drawn.boxes:
        around = prod(c.times for c in drawn.clusters if box.cluster[: len(c.path)] == c.path)
        for row in box.rows:
            if box.role in (Role.LAYERS, Role.MERGE):
                assert len(row.nodes) == box.times * around
            else:
                assert len(row.nodes) % (box.times * around) == 0
    return drawn


def _steps(drawn: Diagram) -> set[tuple[str, str]]:
    """The arrows, where those to the entry of a repetition lead on to its readers."""
    entries = {box.id for box in drawn.boxes if box.role is Role.ENTRY}
    steps = {(arrow.start, arrow.end) for arrow in drawn.arrows}
    while through := {(a, c) for a, b in steps for other, c in steps if b == other and b in entries} - steps:
        steps |= through
    return {(a, b) for a, b in steps if not {a, b} & entries}


def _connects_iterations(drawn: Diagram, start: Box, end: Box) -> bool:
    """Whether an edge leads from one turn of a repetition to the next, which `×N` stands for."""
    return any(
        cluster.times > 1 and all(box.cluster[: len(cluster.path)] == cluster.path for box in (start, end))
        for cluster in drawn.clusters
    )


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("index", range(len(TEXTS)))
def test_views_of_programs_are_quotient_graphs(index: int, view: View) -> None:
    check(graph(TEXTS[index]), view)


@pytest.mark.parametrize("name", archdsl.zoo.names()[::12])
def test_views_of_zoo_networks_are_quotient_graphs(name: str) -> None:
    found = archdsl.load(f"zoo:{name}").graph
    for view in VIEWS:
        check(found, view)


@pytest.mark.parametrize("seed", range(24))
def test_views_of_random_programs_are_quotient_graphs(seed: int) -> None:
    found = graph(random_text(seed))
    for view in VIEWS:
        drawn = check(found, view)
        if view is not View.VOLUMES:
            read_back(drawn)


def read_back(drawn: Diagram) -> None:
    """Assert that DOT and Mermaid contain the boxes, the arrows and the repetitions of a diagram."""
    arrows = Counter((arrow.start, arrow.end) for arrow in drawn.arrows)
    dot, mermaid = write_dot(drawn, DiagramStyle()), write_mermaid(drawn, DiagramStyle())
    ids = {box.id for box in drawn.boxes}
    in_dot = Counter(re.findall(r"^\s*(\w+) -> (\w+) \[weight", dot, re.MULTILINE))
    assert in_dot == arrows
    assert set(re.findall(r"^\s*(\w+) \[label", dot, re.MULTILINE)) == ids
    steps = re.findall(r"^\s*(\w+) -\.?->(?:\|.*\|)? (\w+)$", mermaid, re.MULTILINE)
    assert Counter(steps) == arrows
    repeated = [*(box.times for box in drawn.boxes), *(cluster.times for cluster in drawn.clusters)]
    times = Counter(str(each) for each in repeated if each > 1)
    assert Counter(re.findall(r"<B>×(\d+)</B>", dot)) == times
    marks = re.findall(r"<b>×(\d+)</b>|subgraph .*?×(\d+)\"", mermaid)
    assert Counter(box or cluster for box, cluster in marks) == times


@pytest.mark.parametrize("text", TEXTS)
def test_formats_of_programs_are_quotient_graphs(text: str) -> None:
    for view in VIEWS[:-1]:
        found = graph(text)
        read_back(build_diagram(found, costs(found), ViewOptions(view=view)))


def read_svg(found: Graph, view: View, columns: int | None = None) -> bool:
    """Assert that the SVG of a view is a quotient of the graph; False if the view cannot show the network."""
    try:
        svg = diagram(found, "svg", DiagramStyle(columns=columns), ViewOptions(view=view))
    except CannotDraw as refused:
        assert "view `" in str(refused) or "another view" in str(refused)  # noqa: PT017  # these views refuse some
        return False
    assert_quotient_graph(svg, found)
    return True


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("text", TEXTS)
def test_svg_of_programs_is_a_quotient_graph(text: str, view: View) -> None:
    for columns in (1, 2) if view in (View.LAYERS, View.BLOCKS) else (None,):
        read_svg(graph(text), view, columns)


@pytest.mark.parametrize("text", [REPEATED, *(f"zoo:{name}" for name in ("unet_plus_plus", "ddpm_cifar10", "vae"))])
def test_svg_of_volumes_with_repetitions_and_branches(text: str) -> None:
    found = archdsl.load(text).graph if text.startswith("zoo:") else graph(text)
    assert read_svg(found, View.VOLUMES)


@pytest.mark.parametrize("name", ["lenet5", "resnet18", "unet", "vit_b_16", "mobilenet_v3_small", "gpt2"])
def test_svg_of_zoo_networks_is_a_quotient_graph(name: str) -> None:
    found = archdsl.load(f"zoo:{name}").graph
    shown = [read_svg(found, view) for view in VIEWS]
    assert [*shown[:3], shown[4]] == [True] * 4
    assert shown[3] == (name == "unet")


@pytest.mark.parametrize(
    ("name", "view"), [("alexnet", "volumes"), ("unet", "volumes"), ("unet", None), ("resnet18", "blocks")]
)
def test_svg_of_figures_in_a_column(name: str, view: str | None) -> None:
    found = archdsl.load(f"zoo:{name}").graph
    place = place_of("column", None, None, None)
    assert place is not None
    options, choices = ViewOptions(view=View(view or "layers")), PlaceChoices.given(view, None, None)
    svg, _ = placed_diagram(found, "svg", DiagramStyle(), options, place, choices)
    assert_quotient_graph(svg, found)


@pytest.mark.parametrize("seed", range(0, 24, 3))
def test_svg_of_random_programs_is_a_quotient_graph(seed: int) -> None:
    for view in VIEWS:
        read_svg(graph(random_text(seed)), view)


@pytest.mark.parametrize(
    "text",
    [
        "input 3x8x8; conv 4 k1 as z; output in, z",
        "input 3x8x8; conv 4 k1 as z; output z, z",
        "input 3x8x8; conv 4 k1 as z; conv 4 k1 as y; output z, in, y",
    ],
)
def test_volumes_mark_an_output_that_is_read_elsewhere(text: str) -> None:
    """The end of the row would not look like an output."""
    found = graph(text)
    svg = diagram(found, "svg", None, ViewOptions(view=View.VOLUMES))
    assert_quotient_graph(svg, found)
    assert {f"y{i}" for i in range(len(found.outputs))} <= set(re.findall(r"y\d", " ".join(ReadFigure(svg).boxes)))


def test_volumes_show_the_label_of_an_output() -> None:
    """A label of the figure's own is never left out."""
    text = 'input 3x8x8; conv 4 k1; figure { label output "logits" }'
    assert b"logits" in diagram(graph(text), "svg", None, ViewOptions(view=View.VOLUMES))


@pytest.mark.parametrize("view", [View.LAYERS, View.BLOCKS, View.VOLUMES])
def test_label_of_a_hidden_layer_is_refused(view: View) -> None:
    """No other view would show it, so none is suggested."""
    found = graph('input 3x8x8; conv 4 k1; gap; fc 2; figure { hide gap; label gap1 "G" }')
    with pytest.raises(CannotDraw, match="both labels and hides `gap1`: remove the label"):
        diagram(found, "svg", None, ViewOptions(view=view))


def test_volumes_with_expanded_blocks() -> None:
    """The branches of each block are beside the row."""
    found = archdsl.load("zoo:googlenet").graph
    options = ViewOptions(view=View.VOLUMES, expand=("inception",))
    assert_quotient_graph(diagram(found, "svg", None, options), found)
