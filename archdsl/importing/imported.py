"""The result of an import: the text, its network, the origins of its weights, and the comparison with the source."""

import re
from collections.abc import Mapping, Sequence

import torch
from torch import nn

from ..diagnostics import Sink
from ..network import Network, loads
from ..structure import Unwritable, correspondence, fold
from ..syntax import parse
from ..syntax.format import format_program
from ..text.source import Source
from .building import Builder, ComputedOp, ConstantOp, RepeatedOp, UnknownOp, live_nodes, to_graph
from .import_problem import ImportFailed, ImportProblem
from .partial_text import partial_text
from .passes import improve
from .proof import Comparison, carried, module_with
from .strictness import with_ignores


class Origins:
    """The origins of the weights of an imported network: the lifted node for each node of the graph."""

    def __init__(self, builder: Builder, network: Network, lifted: Mapping[int, int]) -> None:
        self._builder = builder
        self._network = network
        self._lifted = lifted

    def weights(self, given: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """The state dict of the imported network for these source weights."""
        return carried(self._builder, self._lifted, self._network.graph, given)


class Imported:
    """An imported network: its text, and its weights by their names in archdsl.

    `network` is None where `problems` has operations without a counterpart: the text then has `unknown` in their
    places. `proof` is what was compared; None if nothing could be.
    """

    def __init__(
        self,
        text: str,
        network: Network | None,
        problems: Sequence[ImportProblem] = (),
        origins: Origins | None = None,
    ) -> None:
        self.text = text
        self.network = network
        self.problems = tuple(problems)
        self.origins = origins
        self.proof: Comparison | None = None
        self.weights: Mapping[str, torch.Tensor] = {}

    def to_torch(self) -> nn.Module:
        """A torch module with the imported weights, in eval mode. Raises ImportFailed for a partial import."""
        if self.network is None:
            raise ImportFailed("a part of the network cannot be imported", self.problems)
        return module_with(self.network, self.weights)

    def check(self, *, partial: bool = False) -> None:
        """Raises ImportFailed if a part has no counterpart, unless `partial`, or if the proof does not hold."""
        if self.problems and not partial:
            count = len(set(self.problems))
            raise ImportFailed(
                f"{count} operation{'s' * (count != 1)} cannot be imported:", dict.fromkeys(self.problems), rest=True
            )
        if self.proof is not None and not self.proof.holds:
            raise ImportFailed(f"internal error: the imported network differs: {self.proof}")

    def __repr__(self) -> str:
        proof = f"; {self.proof}" if self.proof is not None else ""
        return f"<Imported {self.network or 'partially'}{proof}>"


def written(builder: Builder, outputs: Sequence[int], name: str, problems: Sequence[ImportProblem] = ()) -> Imported:
    """The import of the nodes of a builder. Raises ImportFailed if there is no output, or the text would differ."""
    if not outputs:
        raise ImportFailed("the network has no output that depends on its input", problems)
    ends = improve(builder, outputs)
    left = left_over(builder, ends)
    found = [*problems, *(each for each in left if not (problems and each.needs == "that one"))]
    words = ["output"] if len(ends) == 1 else [f"output{i + 1}" for i in range(len(ends))]
    graph, ids = to_graph(builder, identifier(name), list(zip(words, ends, strict=True)))
    if found:
        return Imported(partial_text(graph, found), None, found)
    scopes = {new: builder.nodes[old].scopes for old, new in ids.items()}
    try:
        text = with_ignores(formatted(fold(graph, scopes).source.text))
    except Unwritable as error:
        raise ImportFailed(f"the network cannot be written: {error}") from None
    network = loads(text, name=f"{graph.name}.arch")
    pairs = correspondence(graph, network.graph)
    if pairs is None:
        raise ImportFailed("internal error: the text describes a different network")
    return Imported(text, network, (), Origins(builder, network, {pairs[new]: old for old, new in ids.items()}))


def left_over(builder: Builder, outputs: Sequence[int]) -> list[ImportProblem]:
    """The nodes that no layer implements."""
    found = []
    for i in live_nodes(builder.nodes, outputs, builder.inputs):
        node = builder.nodes[i]
        where = ".".join(scope.name for scope in node.scopes)
        if isinstance(node.op, ConstantOp):
            size = "×".join(map(str, node.op.tensor.shape)) or "one number"
            found.append(ImportProblem(where, f"a fixed tensor of {size}", "a layer that computes it"))
        elif isinstance(node.op, ComputedOp):
            size = "×".join(map(str, node.op.value.sizes)) or "one number"
            what = f"a tensor of {size} computed from learned ones"
            found.append(ImportProblem(where, what, "a layer that computes it"))
        elif isinstance(node.op, RepeatedOp):
            found.append(ImportProblem(where, "a tensor that is repeated along an axis", "a layer that repeats it"))
        elif isinstance(node.op, UnknownOp):
            found.append(ImportProblem(where, "a tensor that depends on such an operation", "that one"))
    return found


def formatted(text: str) -> str:
    """The text as `archdsl fmt` writes it."""
    sink = Sink()
    program = parse(Source(text, name="<imported>"), sink)
    return text if sink.errors else format_program(program)


def identifier(name: str) -> str:
    """A name as a word of the language."""
    word = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "Imported"
    return word if not word[0].isdigit() else f"Net_{word}"
