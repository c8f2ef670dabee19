"""Sizes: the closed form's verdict for a size equals checking the text at that size.

A closed form assumes the weights that the text has at its own sizes; a check at other sizes gives other weights to a
layer that reads all positions. The closed form must reject such a size, except for position tables, which also work
for fewer steps.
"""

from collections.abc import Iterator, Mapping
from random import Random

from archdsl import zoo
from archdsl.diagnostics import Sink
from archdsl.elaborate import Override
from archdsl.graph import Graph
from archdsl.network import ArchError, analyze
from archdsl.shapes.symbolic import form_of
from archdsl.text.source import Source
from tests.programs import network_property

from . import generated_texts
from .accepted import accepted, encodable
from .example import Example
from .failure_kinds import Broken
from .resource_guard import limited

NAME = "sizes"
ASKED = 6
"""Number of sizes per text."""
SMALL_ZOO = ("lenet5", "alexnet", "squeezenet1_0", "nin", "zfnet", "vgg11", "resnet18")
SIZES = (*range(1, 20), 24, 27, 28, 31, 32, 33, 48, 63, 64, 65, 96, 127, 128, 224, 225, 255, 299, 1000)


def draw(random: Random) -> Iterator[Example]:
    """A text whose input may have other sizes, and some sizes: `8x9`."""
    if random.random() < 0.03:
        names = [name for name in SMALL_ZOO if name in zoo.entries()]
        text = zoo.entries()[random.choice(names)].source().text
    else:
        kinds = (
            generated_texts.valid,
            generated_texts.symbolic,
            generated_texts.symbolic,
            generated_texts.statements,
            generated_texts.one_layer,
        )
        text = encodable(random.choice(kinds)(random))
    count = _size_count(text)
    for _ in range(ASKED if count else 0):
        one = random.choice(SIZES)
        square = random.random() < 0.4
        asked = "x".join(str(one if square else random.choice(SIZES)) for _ in range(count))
        yield Example(holds=NAME, files=(("a.arch", text),), arguments=(asked,))


def _size_count(text: str) -> int:
    """The number of sizes for the closed form of this text's network; 1 if a check crashes, so that it is found."""
    try:
        network = accepted(text)
    except Exception:
        return 1
    if network is None:
        return 0
    shapes = [network.graph.nodes[index].shape for index in network.graph.inputs]
    return len(network.graph.symbols) or sum(len(each.letters.upper().replace("C", "")) for each in shapes)


def check(example: Example) -> None:
    """Compare the closed form with the check."""
    text, asked = example.main_text(), tuple(map(int, example.arguments[0].split("x")))
    with limited():
        network = accepted(text)
        try:
            sizes = network.sizes if network is not None else None
        except (ArchError, LookupError):
            return
        if network is None or sizes is None or len(sizes.symbols) != len(asked):
            return
        verdict = sizes.verdict(asked)
        env = dict(zip(sizes.symbols, asked, strict=True))
        checked = _checked(text, sizes.graph, env)
    valid = verdict.failed is None
    if checked is None:
        if valid:
            raise Broken("the closed form takes a size that a check refuses", f"{env}")
        return
    same = _weights(network.graph, env) == _weights(checked, {})
    if not valid and same:
        raise Broken("the closed form refuses a size that a check takes", f"{env}: {verdict.failed}")
    if valid and not same and not _positions(sizes.graph):
        raise Broken("the closed form takes a size that needs other weights", f"{env}")
    if valid and verdict.outputs != _outputs(checked):
        raise Broken("the closed form has other outputs", f"{env}: {verdict.outputs}, the check {_outputs(checked)}")


def _checked(text: str, graph: Graph, env: Mapping[str, int]) -> Graph | None:
    """The graph of the text at these sizes; None if a check rejects them.

    A failed assertion is about the text's own sizes, and does not count as a rejection.
    """
    given: dict[str | None, tuple[int | str, ...]] = {}
    for name, index in zip(graph.input_names, graph.inputs, strict=True):
        dims = graph.nodes[index].shape.dims
        given[name if len(graph.inputs) > 1 else None] = tuple(form_of(dim).value(env) for dim in dims)
    return analyze(Source(text), Sink(), {}, Override(given)).graph


def _weights(graph: Graph, env: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
    """The shape of each weight; symbolic ones are evaluated at the given size."""
    state = network_property.declared_state(graph)
    return {name: tuple(form_of(dim).value(env) if env else int(dim) for dim in dims) for name, dims in state.items()}


def _outputs(graph: Graph) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(map(int, graph.nodes[node].shape.dims)) for _, node in graph.outputs)


def _positions(graph: Graph) -> bool:
    return any(node.op.variable_length for node in graph.layers)
