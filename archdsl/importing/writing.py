"""The text of lifted nodes."""

from collections.abc import Sequence

from ..network import loads
from ..structure import Unwritable, correspondence, fold
from .building import Builder, ComputedOp, ConstantOp, RepeatedOp, UnknownOp, live_nodes, to_graph
from .import_problem import ImportFailed, ImportProblem
from .imported import Imported, formatted, identifier
from .partial_text import partial_text
from .passes import improve
from .strictness import with_ignores
from .weight_origins import Origins


def written(
    builder: Builder,
    outputs: Sequence[int],
    name: str,
    problems: Sequence[ImportProblem] = (),
    notes: Sequence[str] = (),
) -> Imported:
    """The import of the nodes of a builder; `notes` are what it does not keep of the source.

    Raises ImportFailed if there is no output, or if the text describes another network.
    """
    if not outputs:
        raise ImportFailed("the network has no output that depends on its input", problems)
    ends = improve(builder, outputs)
    left = left_over(builder, ends)
    found = [*problems, *(each for each in left if not (problems and each.needs == "that operation"))]
    words = ["output"] if len(ends) == 1 else [f"output{i + 1}" for i in range(len(ends))]
    graph, ids = to_graph(builder, identifier(name), list(zip(words, ends, strict=True)))
    if found:
        return Imported(partial_text(graph, found), None, found, notes=notes)
    scopes = {new: builder.nodes[old].scopes for old, new in ids.items()}
    try:
        text = with_ignores(formatted(fold(graph, scopes).source.text))
    except Unwritable as error:
        raise ImportFailed(f"the network cannot be written: {error}") from None
    network = loads(text, name=f"{graph.name}.arch")
    pairs = correspondence(graph, network.graph)
    if pairs is None:
        raise ImportFailed("internal error: the text describes a different network")
    origins = Origins(builder, network, {pairs[new]: old for old, new in ids.items()})
    return Imported(text, network, (), origins, notes)


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
            what = f"a tensor of {size} computed from parameters"
            found.append(ImportProblem(where, what, "a layer that computes it"))
        elif isinstance(node.op, RepeatedOp):
            found.append(ImportProblem(where, "a tensor that is repeated along an axis", "a layer that repeats it"))
        elif isinstance(node.op, UnknownOp):
            found.append(ImportProblem(where, "a tensor that depends on such an operation", "that operation"))
    return found
