"""A network as a user of the library holds it."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .analysis.assertions import check_assertions
from .analysis.cost import Costs, costs
from .diagnostics import Sink
from .diagnostics.model import Found
from .elaborate import Override, elaborate
from .files import Unreadable, read_source
from .graph import Graph
from .source import Source
from .syntax import parse

if TYPE_CHECKING:
    from torch.nn import Module

Sizes = str | tuple[int, ...]


class ArchError(ValueError):
    """A text with mistakes. `diagnostics` holds them; the message shows them as `archdsl check` does."""

    def __init__(self, found: tuple[Found, ...], source: Source) -> None:
        self.diagnostics = found
        self.source = source
        from .diagnostics.text import render

        super().__init__("\n" + render(found, root=source))


class Network:
    """A checked network: its text, its graph, what it costs, and what it becomes."""

    def __init__(self, source: Source, graph: Graph, found: tuple[Found, ...]) -> None:
        self.source = source
        self.graph = graph
        self.diagnostics = found

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

        return to_torch(self.graph)

    def to_source(self) -> str:
        """PyTorch source that builds the same module and needs no archdsl."""
        from .backends.python import to_source

        return to_source(self.graph, origin=self.source.name)

    def __repr__(self) -> str:
        return f"<Network {self.graph.name}: {len(self.graph.layers)} layers, {self.parameters:,} parameters>"


def analyse(
    source: Source,
    sink: Sink,
    settings: Mapping[str, Any] | None = None,
    override: Override | None = None,
    root: Path | None = None,
) -> Network:
    """The network of a text, with whatever mistakes it has in the sink."""
    program = parse(source, sink)
    graph = elaborate(program, sink, settings, override, root)
    network = Network(source, graph, ())
    check_assertions(graph, network.costs, sink)
    network.diagnostics = tuple(sink)
    return network


def load(path: str | Path, *, input: Sizes | None = None, **parameters: Any) -> Network:
    """The network of a `.arch` file.

    `input` overrides the sizes of its input, as `"3x224x224"` or `(3, 224, 224)`; further keywords are values for the
    network's parameters. Raises ArchError for mistakes in the text, OSError if the file cannot be read.
    """
    try:
        source = read_source(Path(path))
    except Unreadable as error:
        raise OSError(f"{path}: {error}") from None
    return _checked(source, input, parameters)


def loads(text: str, *, name: str = "<text>", input: Sizes | None = None, **parameters: Any) -> Network:
    """The network of a text; otherwise as `load`."""
    return _checked(Source(text, name=name), input, parameters)


def _checked(source: Source, input: Sizes | None, parameters: Mapping[str, Any]) -> Network:
    sink = Sink()
    network = analyse(source, sink, parameters, Override({None: parse_sizes(input)} if input else {}))
    if sink.errors:
        raise ArchError(network.diagnostics, source)
    return network


def parse_sizes(sizes: Sizes) -> tuple[int, ...]:
    """`"3x32x32"` as (3, 32, 32). Raises ValueError for anything else."""
    if not isinstance(sizes, str):
        return tuple(sizes)
    parts = sizes.replace("×", "x").split("x")
    if not all(part.isascii() and part.isdigit() and 0 < len(part) <= 12 for part in parts):
        raise ValueError(f"{sizes!r} is not sizes like 3x32x32")
    return tuple(map(int, parts))
