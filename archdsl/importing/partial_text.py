"""The text of a partial import: `unknown` is written for operations without a counterpart."""

from collections.abc import Sequence

from ..graph import Graph
from ..structure.flat import FlatText
from .import_problem import ImportProblem


def partial_text(graph: Graph, problems: Sequence[ImportProblem]) -> str:
    """The text of a graph with unknown operations, after comments that name them."""
    comments = [f"# {line}" for problem in dict.fromkeys(problems) for line in str(problem).splitlines()]
    return "\n".join([*comments, FlatText(graph, {}).text()])
