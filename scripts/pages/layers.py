"""docs/layers/: a page for each family of layers, generated from their declarations."""

import inspect
import re
import sys
from collections.abc import Mapping
from functools import cache
from textwrap import fill
from types import ModuleType

from archdsl.analysis.cost import costs
from archdsl.backends.python_source import expression
from archdsl.contract.arguments import Bool, ParameterSpec
from archdsl.contract.call import Module
from archdsl.contract.layer import Layer, Op
from archdsl.graph import Graph, Node
from archdsl.layers import merges, registry
from archdsl.network import ArchError, Network, loads
from archdsl.network.resizing import fixed_symbols
from archdsl.shapes.shape import Shape

FOLDER = "layers"
TITLES = {
    "conv": "Convolutions",
    "pool": "Pooling",
    "norm": "Normalization",
    "activation": "Activations",
    "linear": "Linear layers and embeddings",
    "regularization": "Dropout",
    "reshape": "Reshaping",
    "rearrange": "Patterns of axes",
    "cut": "Padding and slicing",
    "resample": "Resampling",
    "merge": "Elementwise merges",
    "joining": "Concatenation and stacking",
    "contraction": "Products of matrices and tensors",
    "arithmetic": "Arithmetic",
    "elementwise": "Elementwise functions",
    "reduction": "Reductions",
    "sequence": "Attention",
    "position_bias": "Position bias",
    "recurrent": "Recurrent networks",
}
"""The families to present first, in this order; a new one follows under its module's name."""


@cache
def families() -> Mapping[str, tuple[type[Op], ...]]:
    """The layers by the module that declares them, in the order of declaration."""
    found: dict[str, list[type[Op]]] = {}
    known: tuple[type[Op], ...] = (*registry().values(), *merges().values())
    for layer in known:
        found.setdefault(layer.__module__.rpartition(".")[2], []).append(layer)
    order = [*(name for name in TITLES if name in found), *(name for name in found if name not in TITLES)]
    return {name: tuple(sorted(found[name], key=_line)) for name in order}


def _line(layer: type[Op]) -> int:
    return inspect.getsourcelines(layer)[1]


def pages() -> dict[str, str]:
    """Every page by its path in docs/."""
    made = {f"{FOLDER}/{name}.md": page(name, layers) for name, layers in families().items()}
    return {f"{FOLDER}/index.md": index()} | made


def index() -> str:
    """The page that lists all layers."""
    parts = [_INTRODUCTION]
    for name, layers in families().items():
        rows = [f"| [`{layer.keyword}`]({name}.md#{layer.keyword}) | {_escaped(headline(layer))} |" for layer in layers]
        parts.append(f"## [{title(name)}]({name}.md)\n\n| layer | description |\n| --- | --- |\n" + "\n".join(rows))
    return "\n\n".join(parts) + "\n"


def page(name: str, layers: tuple[type[Op], ...]) -> str:
    """The page of a family."""
    module: ModuleType = sys.modules[layers[0].__module__]
    about = inspect.cleandoc(module.__doc__ or "")
    sections = [section(layer) for layer in layers]
    parts = [f"# {title(name)}", *([about] if about.rstrip(".") != title(name) else []), _note(sections)]
    return "\n\n".join([*parts, *sections]) + "\n"


def _note(sections: list[str]) -> str:
    """What the tables after the examples of a page contain."""
    spatial_size = (
        "the arithmetic of its spatial size, " if any("| spatial size |" in each for each in sections) else ""
    )
    return fill(_NOTE.format(spatial_size=spatial_size), 120, break_on_hyphens=False)


def title(name: str) -> str:
    """The heading of a family's page."""
    return TITLES.get(name, name.capitalize())


def headline(layer: type[Op]) -> str:
    """The description of a layer, in one line."""
    return inspect.cleandoc(layer.__doc__ or "").splitlines()[0]


def _synonyms(layer: type[Op]) -> str:
    """The other names of a layer; those with a number of dimensions are for inputs with that many."""
    # The names of merges decide how a statement is read, so those of other frameworks are only suggested.
    if layer in merges().values():
        return f"Called {' or '.join(f'`{word}`' for word in layer.synonyms)} in other frameworks."
    sized = [word for word in layer.synonyms if re.search(r"[123]d", word)]
    plain = [word for word in layer.synonyms if word not in sized]
    text = f"Also written {', '.join(f'`{word}`' for word in plain or sized)}"
    if plain and sized:
        text += f", or, with the number of spatial dimensions, {', '.join(f'`{word}`' for word in sized)}"
    return f"{text}."


def section(layer: type[Op]) -> str:
    """A layer: its description, its arguments, an example and facts about it, and its diagram."""
    description, _, example = inspect.cleandoc(layer.__doc__ or "").partition("Example:\n")
    parts = [f"## `{layer.keyword}`", description.strip()]
    if layer.synonyms:
        parts.append(_synonyms(layer))
    if layer.parameters:
        parts.append(_arguments(layer.parameters))
    text = "\n".join(line.strip() for line in example.strip().splitlines())
    return "\n\n".join([*parts, f"```arch\n{text}\n```", _facts(layer, loads(text)), _DIAGRAM])


def _arguments(parameters: tuple[ParameterSpec, ...]) -> str:
    rows = ["| argument | written as | takes | default | description |", "| --- | --- | --- | --- | --- |"]
    for each in sorted(parameters, key=lambda each: not each.positional):
        forms = [f"`{each.name.upper()}`"] if each.positional else []
        forms += [f"`{'NAME' if each.rest else each.name}=`"] + ([f"`{each.letter}N`"] if each.letter else [])
        forms += [f"`{word}`" for word, _ in each.words]
        takes = each.kind.words.replace(Bool().words, "flag") if each.kind else ""
        takes = f"one or more values, each {takes}" if each.many else takes
        cells = (f"`{each.name}`", ", ".join(forms), takes, _default(each), each.doc)
        rows.append(f"| {' | '.join(map(_escaped, cells))} |")
    return "\n".join(rows)


def _default(parameter: ParameterSpec) -> str:
    if parameter.required:
        return "required"
    match parameter.default:
        case None | ():
            return ""
        case bool(value):
            return "yes" if value else "no"
        case tuple(values):
            return "×".join(map(str, values))
        case value:
            return str(value)


def _facts(layer: type[Op], network: Network) -> str:
    """Facts about the layer in its example, with symbolic dimensions if there is a closed form."""
    graph, node = network.graph, _node(network.graph, layer)
    general = _general(network) or graph
    twin = general.nodes[node.id]
    shapes_in = ", ".join(str(shape) for shape in general.shapes_in(twin))
    starts = isinstance(node.op, Layer) and node.op.starts
    rows = [("shape", str(twin.shape) if starts else f"{shapes_in} → {twin.shape}")]
    rows += [(f"`{name}`", "×".join(map(str, shape)) or "scalar") for name, shape in _weights(graph, node).items()]
    cost = costs(general)[twin.id]
    if cost.macs:
        rows.append(("MACs", f"{cost.macs}" if general is not graph else f"{cost.macs:,}"))
    if isinstance(node.op, Layer) and (spatial_size := node.op.explain(_inputs(graph, node)[0], node.shape)):
        rows.append(("spatial size", "<br>".join(spatial_size)))
    rows.append(("in the PyTorch source", "<br>".join(f"`{call}`" for call in _calls(graph, node))))
    return "\n".join(
        [
            "| property | in this example |",
            "| --- | --- |",
            *(f"| {_escaped(what)} | {_escaped(value)} |" for what, value in rows),
        ]
    )


def _node(graph: Graph, layer: type[Op]) -> Node:
    """The layer's last use in its example."""
    return [node for node in graph.layers if type(node.op) is layer][-1]


def _general(network: Network) -> Graph | None:
    """The example with symbolic spatial dimensions, if it has a closed form and their sizes are not fixed."""
    try:
        graph = network.sizes.graph
    except (ArchError, LookupError):
        return None
    return None if fixed_symbols(graph) else graph


def _inputs(graph: Graph, node: Node) -> tuple[Shape, ...]:
    return graph.shapes_in(node)


def _weights(graph: Graph, node: Node) -> Mapping[str, tuple[int, ...]]:
    shapes = _inputs(graph, node)
    return {**node.op.weights_of(shapes), **node.op.buffers_of(shapes)}


def _calls(graph: Graph, node: Node) -> list[str]:
    """The torch calls, as a backend prints them."""
    steps = node.op.steps(_inputs(graph, node))
    names = _names(len(node.inputs))
    calls = [expression(step, names) + ("(x)" if isinstance(step, Module) and len(steps) > 1 else "") for step in steps]
    return calls or ["x"]


def _names(count: int) -> list[str]:
    """The names of the inputs: `x`, `y` and `z`, or `x1`, `x2` and so on for more than three."""
    return ["x", "y", "z"][:count] if count <= 3 else [f"x{number}" for number in range(1, count + 1)]


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


_DIAGRAM = "<!-- archdsl diagram - --direction LR --no-caption -->"

_INTRODUCTION = """# The layers

`archdsl layers` lists the layers; `archdsl layers conv` shows one layer with its arguments. The language reference
explains [how to write arguments](../language/statements.md), and how to list the tensors that
[merges](../language/merges.md) such as `add` and `concat` combine."""

_NOTE = (
    "The table after each example describes only the section's layer: its shapes (symbolic where possible), the shapes "
    "of its weights and buffers, its multiply-accumulates (MACs) per sample, {spatial_size}and its call in the "
    "generated PyTorch source."
)
