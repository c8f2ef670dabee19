"""One figure by one tool, in a fresh process: `python _figure_tools.py TOOL NETWORK FOLDER`.

Writes the figure, and in measured.json the numbers of edges of the network, of those that it shows, and of wrong ones,
and its smallest text in points after fitting the figure into a column of 85 mm. `--only-draw` writes the figure alone.

Layers are compared by their kinds, `conv → norm`, because tools name them differently: between two kinds, the smaller
of the figure's and the network's numbers of edges counts as shown. The reference is the graph of archdsl's text for
archdsl and the tools for torch, and the Keras model for those for Keras.
"""

import json
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "torch"

COLUMN_PT = 85 / 25.4 * 72
INPUT = (1, 3, 224, 224)
KINDS = {
    "conv": "conv",
    "batchnorm": "norm",
    "bn": "norm",
    "relu": "relu",
    "activation": "relu",
    "maxpool": "maxpool",
    "maxpooling": "maxpool",
    "adaptiveavgpool": "avgpool",
    "adaptive_avgpool": "avgpool",
    "globalaveragepooling": "avgpool",
    "gap": "avgpool",
    "linear": "linear",
    "dense": "linear",
    "fc": "linear",
    "add": "add",
    "residual": "add",
    "flatten": "flatten",
    "dropout": "dropout",
    "zeropadding": "pad",
    "input": "input",
    "inputlayer": "input",
    "output": "output",
}
PASSED = ("identity", "flatten", "dropout")
"""Kinds that some tools show and others do not, because they compute nothing in evaluation."""
Edges = Counter[tuple[str, str]]


def kind(name: str) -> str:
    """The kind of a layer, from its name in a tool: `Conv2d_12`, `MaxPooling2D`, `bn`."""
    word = re.sub(r"(_\d+|[12]d)*$", "", name.split()[0].strip("_").lower().replace("-tensor", "")).strip("_")
    return KINDS.get(word, KINDS.get(word.replace("_", ""), word))


def between(edges: Iterable[tuple[str, str]], kinds: Mapping[str, str]) -> Edges:
    """How often each pair of kinds is connected; nodes that compute nothing are passed through, and outputs are left
    out.
    """
    found = [(a, b) for a, b in edges if a in kinds and b in kinds]
    parents: dict[str, list[str]] = {}
    for a, b in found:
        parents.setdefault(b, []).append(a)

    def sources(node: str) -> Iterator[str]:
        for parent in parents.get(node, []):
            if kinds[parent] in PASSED:
                yield from sources(parent)
            else:
                yield kinds[parent]

    ends = [node for node in parents if kinds[node] not in (*PASSED, "output")]
    return Counter((source, kinds[node]) for node in ends for source in sources(node))


# --- the networks ---


def text_network(name: str) -> Any:
    import archdsl

    return archdsl.load(f"zoo:{name}")


def text_edges(network: Any) -> Edges:
    graph = network.graph
    kinds = {str(node.id): kind(node.op.keyword) for node in graph.nodes}
    return between(((str(source), str(node.id)) for node in graph.nodes for source in node.inputs), kinds)


def module(name: str) -> Any:
    """The network as ordinary torch source, without weights."""
    import torch

    scope: dict[str, Any] = {"__name__": "network"}
    source = text_network(name).source()
    exec(compile(source, "network.py", "exec"), scope)
    classes = re.findall(r"^class (\w+)\(nn\.Module\)", source, re.MULTILINE)
    with torch.device("meta"):
        return scope[classes[-1]]().eval()


def keras_model(name: str) -> Any:
    import keras  # type: ignore[import-not-found]  # installed by hand for the comparison

    made = {"vgg16": keras.applications.VGG16, "resnet50": keras.applications.ResNet50}[name]
    return made(weights=None)


def keras_edges(model: Any) -> Edges:
    kinds = {layer.name: kind(type(layer).__name__) for layer in model.layers}
    edges = (
        (parent.operation.name, layer.name)
        for layer in model.layers
        for node in layer._inbound_nodes
        for parent in node.parent_nodes
    )
    return between(edges, kinds)


# --- the tools ---


def archdsl_figure(name: str, path: Path) -> Callable[[], Mapping[str, Any]]:
    from archdsl.backends.diagram import DiagramStyle, View, ViewOptions, diagram

    network = text_network(name)
    view = ViewOptions(view=View.LAYERS, title=network.title)
    path.write_bytes(diagram(network.graph, "svg", DiagramStyle(), view))

    def measure() -> Mapping[str, Any]:
        from archdsl.analysis.cost import costs
        from archdsl.backends.diagram.place import PLACES, PlaceChoices
        from archdsl.backends.diagram.place_fitting import fit

        unfolded = diagram(network.graph, "svg", DiagramStyle(), view.replace(fold=False)).decode()
        column = fit(network.graph, costs(network.graph), DiagramStyle(), view, PLACES["column"], PlaceChoices())
        smallest = min(
            (float(size) for size in re.findall(r"(\d+(?:\.\d+)?) pt", column.words)), default=PLACES["column"].font
        )
        return result(text_edges(network), archdsl_shown(network, unfolded), smallest)

    return measure


def archdsl_shown(network: Any, svg: str) -> Edges:
    """The edges in an SVG of archdsl: its arrows, by the node that makes the tensor, and those inside of a box."""
    kinds = {str(node.id): kind(node.op.keyword) for node in network.graph.nodes}
    boxes = {found[1]: found[2].split() for found in re.finditer(r'data-box="([^"]+)" data-node="([^"]+)"', svg)}
    arrows = re.findall(r'data-from="([^"]+)" data-to="([^"]+)" data-source="(\d+)"', svg)
    edges = [(source, boxes[end][0]) for _, end, source in arrows if boxes.get(end)]
    edges += [pair for nodes in boxes.values() for pair in pairwise(nodes)]
    return between(edges, kinds)


def torchview_figure(name: str, path: Path) -> Callable[[], Mapping[str, Any]]:
    from graphviz.backend import dot_command  # type: ignore[import-untyped]  # it has no types
    from torchview import draw_graph  # type: ignore[import-not-found]  # installed by hand for the comparison

    from archdsl.backends.diagram.engine import embedded

    dot_command.DOT_BINARY = embedded()
    drawn = draw_graph(module(name), input_size=INPUT, device="meta", depth=10)
    path.write_bytes(drawn.visual_graph.pipe(format="svg", quiet=True))

    def measure() -> Mapping[str, Any]:
        return result(text_edges(text_network(name)), dot_edges(drawn.visual_graph.source), svg_text(path.read_text()))

    return measure


def torchvista_figure(name: str, path: Path) -> Callable[[], Mapping[str, Any]]:
    import torch
    from torchvista import trace_model  # type: ignore[import-not-found]  # installed by hand for the comparison

    network = module(name).to_empty(device="cpu")
    page = path.with_suffix(".html")
    trace_model(
        network,
        torch.zeros(INPUT),
        collapse_modules_after_depth=10,
        show_non_gradient_nodes=False,
        export_path=str(page),
    )

    def measure() -> Mapping[str, Any]:
        listed = re.search(r"const adj_list = (\{.*?\});?\n", page.read_text(encoding="utf-8"))
        assert listed is not None
        found = json.loads(listed[1])
        edges = ((a, edge["target"]) for a, node in found.items() for edge in node["edges"])
        # torchvista makes an interactive page: what it shows depends on what is unfolded, and it has no size.
        return result(text_edges(text_network(name)), between(edges, {node: kind(node) for node in found}), None)

    return measure


def plot_model_figure(name: str, path: Path) -> Callable[[], Mapping[str, Any]]:
    import keras

    from archdsl.backends.diagram.engine import embedded

    model = keras_model(name)
    drawn = keras.utils.model_to_dot(model, show_shapes=True)
    source = drawn.to_string()
    path.write_bytes(render(embedded(), source))

    def measure() -> Mapping[str, Any]:
        return result(keras_edges(model), dot_edges(source), svg_text(path.read_text()))

    return measure


def visualkeras_figure(name: str, path: Path) -> Callable[[], Mapping[str, Any]]:
    import visualkeras  # type: ignore[import-not-found]  # installed by hand for the comparison

    model = keras_model(name)
    image = visualkeras.layered_view(model, to_file=str(path.with_suffix(".png")), legend=True)

    def measure() -> Mapping[str, Any]:
        # visualkeras draws boxes in the order of `model.layers`, each connected to the next, whatever the graph is.
        kinds = {layer.name: kind(type(layer).__name__) for layer in model.layers}
        text = 10 * min(1.0, COLUMN_PT / image.width)  # the legend, in Pillow's default font of 10 pixels
        return result(keras_edges(model), between(pairwise(kinds), kinds), text)

    return measure


def render(renderer: Path | None, source: str) -> bytes:
    import subprocess

    assert renderer is not None
    return subprocess.run([renderer, "-Tsvg"], input=source.encode(), capture_output=True, check=True).stdout


# --- what a figure shows ---


def dot_edges(source: str) -> Edges:
    """The edges of a DOT program, between nodes whose labels name their kind."""
    kinds: dict[str, str] = {}
    for found in re.finditer(r'^\s*"?(\w+)"? \[label=<(.*?)>[,\s]\s*(?:fillcolor|fontname)', source, re.M | re.DOTALL):
        # Keras writes `name (Class)`, torchview the class.
        words = [word.strip() for word in re.findall(r">([^<>]+)<", f">{found[2]}<") if word.strip()]
        classes = [word[1:-1] for word in words if re.fullmatch(r"\(\w+\)", word)]
        kinds[found[1]] = kind([*classes, *words][0])
    return between(re.findall(r'^\s*"?(\w+)"? -> "?(\w+)"?', source, re.MULTILINE), kinds)


def svg_text(svg: str) -> float:
    """The smallest text of an SVG in points, in a column."""
    width = re.search(r'<svg[^>]*? width="([\d.]+)(pt|px)?"', svg, re.DOTALL)
    box = re.search(r'viewBox="[\d.-]+ [\d.-]+ ([\d.]+)', svg)
    sizes = [float(size) for size in re.findall(r'font-size="([\d.]+)', svg)]
    assert width is not None
    assert box is not None
    scale = re.search(r'transform="scale\(([\d.]+)', svg)
    drawn = float(width[1]) / float(box[1]) * (float(scale[1]) if scale else 1.0)
    return min(sizes) * drawn * min(1.0, COLUMN_PT / float(width[1]))


def result(truth: Edges, shown: Edges, text: float | None) -> Mapping[str, Any]:
    return {
        "edges": truth.total(),
        "shown": (truth & shown).total(),
        "wrong": (shown - truth).total(),
        "smallest_text_pt": None if text is None else round(text, 2),
    }


TOOLS: Mapping[str, Callable[[str, Path], Callable[[], Mapping[str, Any]]]] = {
    "archdsl": archdsl_figure,
    "torchview": torchview_figure,
    "torchvista": torchvista_figure,
    "plot_model": plot_model_figure,
    "visualkeras": visualkeras_figure,
}


def main() -> None:
    tool, name, folder, *options = sys.argv[1:]
    measure = TOOLS[tool](name, Path(folder, f"{tool}-{name}.svg"))
    if "--only-draw" not in options:
        Path(folder, "measured.json").write_text(json.dumps(measure()), encoding="utf-8")


if __name__ == "__main__":
    main()
