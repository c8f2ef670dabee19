"""A network as a user of the library holds it."""

import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .analysis.assertions import check_assertions
from .analysis.cost import Costs, costs
from .analysis.lint import Facts, lint
from .contract.call import has_unknown
from .diagnostics import Sink
from .diagnostics.catalogue import structure_errors
from .diagnostics.diagnostic import Found
from .diagnostics.ignores import apply_ignores
from .elaborate import Override, elaborate
from .graph import Graph
from .syntax import parse
from .syntax.ast import Program
from .text.files import Unreadable, read_named
from .text.source import Source, Span

if TYPE_CHECKING:
    from torch.nn import Module

    from .analysis.valid_sizes import Sizes

GivenSizes = str | tuple[int | str, ...]


class ArchError(ValueError):
    """A text with mistakes. `diagnostics` holds them; the message shows them as `archdsl check` does."""

    def __init__(self, found: tuple[Found, ...], source: Source) -> None:
        self.diagnostics = found
        self.source = source
        from .diagnostics.terminal import render

        super().__init__("\n" + render(found, root=source))


class Network:
    """A checked network: its text, its graph, what it costs, and what it becomes."""

    def __init__(
        self,
        program: Program,
        graph: Graph,
        found: tuple[Found, ...] = (),
        settings: Mapping[str, Any] | None = None,
        root: Path | None = None,
    ) -> None:
        self.source = program.source
        self.program = program
        self.graph = graph
        self.diagnostics = found
        self._given = settings, root

    @cached_property
    def costs(self) -> Costs:
        """Parameters and multiply-accumulates by node."""
        return costs(self.graph)

    @property
    def parameters(self) -> int:
        """How many parameters, weights that are used twice counted once."""
        return self.costs.total.parameters

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one sample."""
        return self.costs.total.macs

    @cached_property
    def sizes(self) -> "Sizes":
        """For which sizes of its input the network, with the weights it has, is valid; and what comes out.

        Raises ArchError for a text with mistakes, or whose structure asks for an operation on a size that has no closed
        form, and LookupError where no input has a side that could be another.
        """
        from .analysis.valid_sizes import Sizes, symbolic_sizes

        graph, sink = self.graph, Sink()
        if not graph.symbols:
            several = len(graph.inputs) > 1
            given: dict[str | None, tuple[int | str, ...]] = {
                name if several else None: symbolic_sizes(shape)
                for name, i in zip(graph.input_names, graph.inputs, strict=True)
                if (shape := graph.nodes[i].shape) is not None
            }
            override = Override(given)
            settings, root = self._given
            graph = _elaborate(self.program, sink, settings, override, root)
        if sink.errors:
            raise ArchError(tuple(sink), self.source)
        if not graph.symbols:
            raise LookupError("no input has a side that could be another")
        return Sizes(graph)

    @property
    def settings(self) -> tuple[Any, ...]:
        """The lines of the text's `train { … }`."""
        return self.graph.training

    def to_torch(self) -> "Module":
        """A new torch module with fresh weights, as torch initialises them.

        It takes a batch for each input, N×C×H×W for `input CxHxW`, and gives the output, or a tuple of them where the
        text names several. Parameter names follow stages and layers: `features.conv1.weight`.
        """
        from .backends.torch import to_torch

        self._need_sizes()
        return to_torch(self.graph)

    def to_source(self) -> str:
        """PyTorch source that builds the same module and needs no archdsl."""
        from .backends.python_source import to_source

        self._need_sizes()
        return to_source(self.graph, origin=self.source.name)

    def _need_sizes(self) -> None:
        """Raise ArchError for a layer whose very form depends on a size that is not known, like `crop @h`."""
        for node in self.graph.layers if self.graph.symbols else ():
            shapes = tuple(shape for shape in self.graph.shapes_in(node) if shape is not None)
            if node.op is not None and has_unknown(node.op.steps(shapes)):
                why = "this layer is another one for each size"
                mistake = structure_errors.UndecidedSize(span=node.span, why=why, uses=node.uses)
                raise ArchError((Found(diagnostic=mistake, again=0),), self.source)

    def _repr_svg_(self) -> str | None:
        """The picture, for Jupyter."""
        from .integrations.jupyter import network_svg

        return network_svg(self)

    def _repr_html_(self) -> str:
        """The picture and the table, for Jupyter."""
        from .integrations.jupyter import network_html

        return network_html(self)

    def __repr__(self) -> str:
        return f"<Network {self.graph.name}: {len(self.graph.layers)} layers, {self.parameters:,} parameters>"


def analyse(
    source: Source,
    sink: Sink,
    settings: Mapping[str, Any] | None = None,
    override: Override | None = None,
    root: Path | None = None,
    *,
    recipe: bool = False,
    pedantic: bool = False,
    library: bool = False,
) -> Network:
    """The network of a text, with whatever mistakes it has in the sink.

    `recipe` asks for its `train` block to be checked too, and the network against the data that it names; `pedantic`
    for the warnings that are matters of taste; `library` says that a file of blocks alone will do.
    """
    program = parse(source, sink)
    graph = _elaborate(program, sink, settings, override, root)
    if not graph.nodes and not sink.errors and not (library and program.blocks):
        sink.emit(structure_errors.NothingHere(span=Span(source, 0, 0)))
    network = Network(program, graph, (), settings, root)
    check_assertions(graph, network.costs, sink)
    if recipe and graph.training and not sink.errors:
        from .training.recipe_check import check_recipe

        check_recipe(graph, sink)
    lint(Facts(program, graph, network.costs), sink, pedantic=pedantic)
    apply_ignores(source, sink, pedantic=pedantic)
    network.diagnostics = tuple(sink)
    return network


# Examples for sizes that are not known, the likeliest first: a network need not take all of them.
_WITNESSES = (224, 256, 572, 32, 299, 64, 100, 28, 8)


def _elaborate(
    program: Program,
    sink: Sink,
    settings: Mapping[str, Any] | None,
    override: Override | None,
    root: Path | None,
) -> Graph:
    """The graph of a program; where it has unknown sizes, with the first example that the network takes."""
    first: tuple[Graph, Sink] | None = None
    for witness in _WITNESSES:
        own = Sink()
        graph = elaborate(program, own, settings, override, root, witness)
        if first is None:
            first = graph, own
        if not own.errors or not graph.symbols:
            first = graph, own
            break
    assert first is not None
    sink.absorb(first[1])
    return first[0]


def load(path: str | Path, *, input: GivenSizes | None = None, **parameters: Any) -> Network:
    """The network of a `.arch` file, or one that ships with archdsl: `load("zoo:resnet50")`.

    `input` overrides the sizes of its input, as `"3x224x224"` or `(3, 224, 224)`; further keywords are values for the
    network's parameters. Raises ArchError for mistakes in the text, OSError if the file cannot be read.
    """
    try:
        source = read_named(str(path))
    except Unreadable as error:
        raise OSError(f"{path}: {error}") from None
    return _checked(source, input, parameters)


def loads(text: str, *, name: str = "<text>", input: GivenSizes | None = None, **parameters: Any) -> Network:
    """The network of a text; otherwise as `load`."""
    return _checked(Source(text, name=name), input, parameters)


def _checked(source: Source, input: GivenSizes | None, parameters: Mapping[str, Any]) -> Network:
    sink = Sink()
    network = analyse(source, sink, parameters, Override({None: parse_sizes(input)} if input else {}))
    if sink.errors:
        raise ArchError(network.diagnostics, source)
    return network


_PART = re.compile(r"[1-9][0-9]{0,11}|[A-Z][0-9]{0,3}")


def parse_sizes(sizes: GivenSizes) -> tuple[int | str, ...]:
    """`"3x32x32"` as (3, 32, 32), `"3xHxW"` as (3, "H", "W"). Raises ValueError for anything else."""
    if not isinstance(sizes, str):
        return tuple(sizes)
    parts = sizes.replace("×", "x").split("x")
    if not all(_PART.fullmatch(part) for part in parts):
        raise ValueError(f"{sizes!r} is not sizes like 3x32x32")
    return tuple(int(part) if part.isdigit() else part for part in parts)
