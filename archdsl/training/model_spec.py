"""The network to train, independent of how it is defined."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import nn

from ..diagnostics import Sink
from ..elaborate.used_packages import package_in
from ..graph import Graph
from ..syntax import ast, parse
from ..text.library import Library, join
from ..text.source import Source
from .data.dataset_spec import InputShape
from .network_check import input_shape

NETWORK = "net.arch"
"""The file in a run folder with the network's text."""

if TYPE_CHECKING:
    from ..network import Network


@dataclass(frozen=True)
class ModelSpec:
    """A network: its name, its text, its input, a function that builds it, and what is needed to load it again.

    `build` uses torch's global generator for the initial weights and returns a module from float32 of N×C×H×W to logits
    of N×classes, or a tuple that begins with them. `given` are the parameter values, and `sizes` the input sizes, that
    were given outside the text; `used` are the texts of the files that it uses, by relative path. `whitened` are the
    layers whose filters are computed from training images, with the value added to the variances. `initial` is the
    file, or the module, with weights to start from. `graph` is the graph for analyses; None for a handwritten network.
    `packages` are those that the network names, which were allowed to run.
    """

    name: str
    text: str
    shape: InputShape
    build: Callable[[], nn.Module]
    file: str | None = None
    given: Mapping[str, Any] = field(default_factory=dict)
    sizes: tuple[str, ...] = ()
    used: Mapping[str, str] = field(default_factory=dict)
    whitened: Mapping[str, float] = field(default_factory=dict)
    initial: Path | nn.Module | None = None
    graph: Graph | None = None
    packages: tuple[str, ...] = ()

    @property
    def texts(self) -> dict[str, str]:
        """The texts to store with a run, by their paths in its folder."""
        return {**self.used, NETWORK: self.text}


def model_spec_of(
    network: "Network", given: Mapping[str, Any], sizes: tuple[str, ...], initial: Path | nn.Module | None = None
) -> ModelSpec:
    """A checked network as the model to train, starting from the weights in the file or module `initial`."""
    source = network.program.source
    return ModelSpec(
        name=network.graph.name,
        text=source.text,
        shape=input_shape(network.graph),
        build=network.to_torch,
        file=str(source.path) if source.path else None,
        given=given,
        sizes=sizes,
        used=used_files(source, network.library),
        graph=network.graph,
        initial=initial,
        packages=tuple(used.package.name for used in network.graph.packages),
        whitened={
            node.name: eps
            for node in network.graph.layers
            if node.shared is None and (eps := node.op.whitening()) is not None
        },
    )


def used_files(source: Source, library: Library) -> dict[str, str]:
    """The texts of the files that a text uses, directly or indirectly, by their paths relative to the text's folder."""
    found: dict[str, str] = {}
    waiting = [source]
    while waiting:
        current = waiting.pop()
        for statement in parse(current, Sink()).statements:
            if not isinstance(statement, ast.UseFile) or not statement.quoted or package_in(statement) is not None:
                continue
            name = join(current, statement.target.text)
            if name not in found:
                used = library.read(name)
                found[name] = used.text
                waiting.append(used)
    return found
