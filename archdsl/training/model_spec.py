"""What is trained."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from torch import nn

from ..diagnostics import Sink
from ..graph import Graph
from ..syntax import ast, parse
from ..text.files import read_source
from ..text.source import Source
from .data.dataset_spec import ImageShape
from .network_check import image_shape

NETWORK = "net.arch"
"""The file of a run with the network's text."""

if TYPE_CHECKING:
    from ..network import Network


@dataclass(frozen=True)
class Subject:
    """A network: its name, its text, its input, its builder, and what is needed to read it again.

    `build` draws the first weights from torch's global generator and returns a module from float32 of N×C×H×W to
    logits of N×classes, or a tuple that begins with them. `given` are the values of its parameters and `sizes` those
    of its input that do not stand in the text; `used` are the texts of the files that it uses, by relative path.
    `whitened` are the layers whose filters training images decide, with what is added to the variances. `graph` is what
    the analyses know, of a network that was not made by hand.
    """

    name: str
    text: str
    shape: ImageShape
    build: Callable[[], nn.Module]
    file: str | None = None
    given: Mapping[str, Any] = field(default_factory=dict)
    sizes: tuple[str, ...] = ()
    used: Mapping[str, str] = field(default_factory=dict)
    whitened: Mapping[str, float] = field(default_factory=dict)
    graph: Graph | None = None

    @property
    def texts(self) -> dict[str, str]:
        """The texts to keep with a run, by their paths in its folder."""
        return {**self.used, NETWORK: self.text}


def subject_of(network: "Network", given: Mapping[str, Any], sizes: tuple[str, ...]) -> Subject:
    """A checked network as what is trained."""
    source = network.source
    return Subject(
        name=network.graph.name,
        text=source.text,
        shape=image_shape(network.graph),
        build=network.to_torch,
        file=str(source.path) if source.path else None,
        given=given,
        sizes=sizes,
        used=used_files(source),
        graph=network.graph,
        whitened={
            node.name: eps
            for node in network.graph.layers
            if node.shared is None and (eps := node.op.whitening()) is not None
        },
    )


def used_files(source: Source) -> dict[str, str]:
    """The texts of the files that a text uses, and those use, by their paths from the text's folder."""
    if source.path is None:
        return {}
    found: dict[str, str] = {}
    home, waiting = source.path.parent, [source]
    while waiting:
        current = waiting.pop()
        assert current.path is not None
        for statement in parse(current, Sink()).statements:
            if not isinstance(statement, ast.UseFile) or not statement.quoted:
                continue
            path = current.path.parent / statement.target.text
            name = path.resolve().relative_to(home.resolve()).as_posix()
            if name not in found:
                used = read_source(path)
                found[name] = used.text
                waiting.append(used)
    return found
