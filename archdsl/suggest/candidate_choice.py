"""Ranks the candidates that the checker accepts, and selects the two that are shown."""

import re
from math import log2

from ..analysis.cost import Costs, costs
from ..analysis.lint import Facts, lint
from ..diagnostics import Fix, Sink
from ..graph import Draft, Graph, Node, likely_shape
from ..record import Record
from ..syntax import ast
from .candidate import Candidate
from .candidate_sink import Key

UNLIKELY = 2.0
"""The score above which an edit is shown but never applied by `--fix`."""
LIKELY = 1.1
"""The rank up to which a candidate is shown even though it reveals other errors."""
_MEASURED = 400
"""The total number of nodes in the networks of the likeliest candidates, whose warnings and parameters are counted."""
_LEAST_MEASURED = 2
_GROWTH = 64
"""A candidate is dropped if its network has more than this many times the parameters of the usual ones."""
_MAY_GROW = ("conversions", "sizes")
"""Kinds of candidates that are not dropped for their parameters: `flatten` adds many, but may be right."""
_DIVERSITY = 1.0
"""How much worse the second suggestion may be if it is of a different kind than the first."""
_OF_TRAINING = frozenset(
    {
        "activation_before_pool",
        "bias_before_norm",
        "dropout_before_norm",
        "norm_after_activation",
        "saturating_stack",
        "small_field",
        "whiten_without_data",
    }
)
"""Lints about how well a network may be trained, which give no evidence of what was meant."""
_USUAL_WEIGHT = 0.75
_WEIGHTS = {"W0904": 0.25}
"""The penalty of a warning, if it differs from that of others."""
_NUMBER = re.compile(r"(?<![A-Za-z]{2})\d+")
_VALUE = re.compile(r"\d+|[A-Za-z_]{2,}")
_ALL_READ = frozenset({"statements", "statements for a line", "in_order"})
"""The kinds of candidates that give a meaning to each value of a statement; any other then drops one."""
LEFT_OUT = "words left out"
"""The kind of a candidate that drops a word of a statement: it is never shown second."""


class TriedCandidate(Record):
    """A candidate that removes its error, the other errors that it removes, and its score; lower is better.

    `new` counts errors in what could not be checked before.
    """

    candidate: Candidate
    program: ast.Program
    draft: Draft
    removed: frozenset[Key]
    new: int
    score: float = 0.0

    def fix(self) -> Fix:
        """The fix to show; `--fix` does not apply an unlikely one."""
        fix = self.candidate.fix()
        return fix.replace(ambiguous=True) if self.score > UNLIKELY else fix


def ranked(before: Draft, found: list[TriedCandidate]) -> list[TriedCandidate]:
    """The accepted candidates, the best first, without those that make the network many times as large."""
    first = sorted(((likelihood(before, each), each) for each in found), key=lambda pair: pair[0])
    nodes = max(1, len(before.nodes))
    likeliest = first[: max(_LEAST_MEASURED, _MEASURED // nodes)]
    if len(likeliest) == 1:
        return [each.replace(score=score) for score, each in likeliest]
    counted = [(score, each, *_measured(each)) for score, each in likeliest]
    # Warnings that remain after every candidate are not caused by any of them.
    least = min((warnings for *_, warnings, _ in counted), default=0.0)
    measured = [(each.replace(score=score + warnings - least), size) for score, each, warnings, size in counted]
    sizes = sorted(size for _, size in measured if size)
    usual = sizes[(len(sizes) - 1) // 2] if sizes else 1
    kept = [
        outcome.replace(score=outcome.score + _too_large(outcome, size / usual if size else 1))
        for outcome, size in measured
        if size is None or size <= _GROWTH * usual or outcome.candidate.kind in _MAY_GROW
    ]
    return sorted(kept, key=lambda each: each.score)


def _too_large(outcome: TriedCandidate, times: float) -> float:
    """The penalty for this many times the parameters of other candidates."""
    return 0.0 if outcome.candidate.kind in _MAY_GROW else 0.3 * max(0.0, log2(times) - 5)


def likelihood(before: Draft, outcome: TriedCandidate) -> float:
    """The penalty of a candidate, without the parts that take a long time to compute."""
    output = _output(before)
    other = output is not None and _output(outcome.draft) != output
    return outcome.candidate.rank + outcome.new - (len(outcome.removed) - 1) + 1.0 * other


def next_to_show(left: list[TriedCandidate], shown: list[TriedCandidate]) -> int:
    """The index of the next to show: the best; after one is shown, one of a different kind that is nearly as good."""
    kinds = {outcome.candidate.kind for outcome in shown}
    best = left[0].score
    for index, outcome in enumerate(left):
        if outcome.score > best + _DIVERSITY:
            break
        if outcome.candidate.kind not in kinds:
            return index
    return 0


def adds_to(first: TriedCandidate, second: TriedCandidate) -> bool:
    """Whether a second suggestion adds information: another network, with no more errors, that is not less complete."""
    left_out = second.candidate.kind == LEFT_OUT and first.candidate.kind != LEFT_OUT
    left_out |= first.candidate.kind in _ALL_READ and _drops(second.candidate) and not _drops(first.candidate)
    # One more argument changes than needed.
    left_out |= second.candidate.inferred and {*first.candidate.edits} < {*second.candidate.edits}
    return not left_out and first.removed <= second.removed and not _is_same(first.draft, second.draft)


def _drops(candidate: Candidate) -> bool:
    """Whether a candidate writes fewer numbers and words than the text that it replaces."""
    rewritten = [each for each in candidate.edits if each.text]
    old, new = (" ".join(texts) for texts in ([e.span.text for e in rewritten], [e.text for e in rewritten]))
    return all(len(each.findall(old)) > len(each.findall(new)) for each in (_NUMBER, _VALUE))


def _is_same(a: Draft, b: Draft) -> bool:
    """Whether two networks have the same layers and shapes, even if written differently: `k3 same` and `k3 p1`."""
    one, two = a.checked(), b.checked()
    if one is None or two is None or len(one.nodes) != len(two.nodes):
        return False
    pairs = zip(one.nodes, two.nodes, strict=True)
    return all(x.inputs == y.inputs and x.shape == y.shape and _same_operation(one, x, two, y) for x, y in pairs)


def _same_operation(one: Graph, x: Node, two: Graph, y: Node) -> bool:
    if x.op == y.op:
        return True
    return type(x.op) is type(y.op) and not x.is_input and x.op.steps(one.shapes_in(x)) == y.op.steps(two.shapes_in(y))


def _measured(outcome: TriedCandidate) -> tuple[float, int | None]:
    """The weight of the warnings about a candidate's network, and its parameters; none if it still has errors."""
    graph = outcome.draft.checked()
    if graph is None:
        return 0.0, None
    total = costs(graph)
    return _lints(outcome.program, graph, total), total.total.parameters


def _lints(program: ast.Program, graph: Graph, total: Costs) -> float:
    sink = Sink()
    lint(Facts(program, graph, total), sink, without=_OF_TRAINING)
    return sum(_WEIGHTS.get(item.diagnostic.code, _USUAL_WEIGHT) for item in sink)


def _output(draft: Draft) -> object:
    """The output size of a network that returns a vector, usually its classes; None for other networks."""
    shape = likely_shape(draft.nodes[draft.outputs[0][1]]) if draft.outputs else None
    return shape.dims if shape is not None and shape.rank == 1 else None
