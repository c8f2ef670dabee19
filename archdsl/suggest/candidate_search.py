"""Trying candidates: which of them the checker accepts, and which of those to show."""

from collections.abc import Iterable
from math import log2

from ..analysis.assertions import check_assertions
from ..analysis.cost import Cost, Costs, costs
from ..analysis.lint import Facts, lint
from ..analysis.undecided_layers import undecided_layers
from ..diagnostics import Diagnostic, Fix, Sink
from ..diagnostics.fixes import edited_text
from ..graph import Draft, Graph
from ..record import Record
from ..syntax import ast, parse
from ..text.source import Source
from .candidate import Candidate
from .candidate_judge import MOST_NEW, Judge, Key, Rejected, key_of
from .statements import edited_program
from .suggestion_context import ErrorSite, SuggestionContext

MOST_TRIED = 100
"""Candidates that are tried for one error."""
MOST_WORK = 1400
"""Statements that are executed for one error, in about 20 ms; a large network is elaborated at least once."""
MOST_SHOWN = 2
_MEASURED = 400
"""Nodes of the networks for which warnings and parameters are counted: those of the likeliest candidates."""
_LEAST_MEASURED = 2
UNLIKELY = 2.0
"""The score beyond which an edit is shown, but applied by nothing."""
_WORSE = 1.3
"""How much worse the second edit may be than the first."""
LIKELY = 1.1
"""The rank up to which a candidate is shown although other errors show after it."""
_GROWTH = 64
"""Times the parameters of the networks that most candidates lead to, beyond which one is dropped."""
_MAY_GROW = ("bridges", "sizes")
"""Kinds of candidates that are not dropped for their parameters: `flatten` makes many, and is right."""
_DIVERSITY = 1.0
"""How much worse the second suggestion may be for being of another kind than the first."""

AFTERWARDS = ("E0506", "E0512")
"""Errors that are found in a graph as a whole, once it has no others."""


class TriedCandidate(Record):
    """A candidate that removes its error: what else it removes, and what speaks against it.

    `new` counts errors in what could not be checked before.
    """

    candidate: Candidate
    program: ast.Program
    draft: Draft
    removed: frozenset[Key]
    new: int
    score: float = 0.0

    def fix(self) -> Fix:
        """What is shown of it; nothing applies what is unlikely."""
        fix = self.candidate.fix()
        return fix.replace(ambiguous=True) if self.score > UNLIKELY else fix


class Search:
    """The search for suggestions in one text: the errors that it has, and what is tried against each."""

    def __init__(self, context: SuggestionContext, errors: Iterable[Diagnostic]) -> None:
        self.context = context
        self.errors = {key_of(each): each for each in errors}

    def best(self, site: ErrorSite, candidates: Iterable[Candidate]) -> list[TriedCandidate]:
        """The candidates to show for an error, the best first: tried, ranked, and their text read once more."""
        found = self._accepted(site, candidates)
        clean = [each for each in found if not each.new]
        # What only reveals other errors is a first step, if it is likely by itself.
        steps = [each for each in found if each.candidate.rank <= LIKELY and each.new <= len(each.removed)]
        likely = any(self._likelihood(each) <= UNLIKELY for each in clean)
        ranked = self._ranked(clean if likely else [*clean, *steps])
        shown: list[TriedCandidate] = []
        while ranked and len(shown) < MOST_SHOWN:
            outcome = ranked.pop(_next(ranked, shown))
            if shown and outcome.score > shown[0].score + _WORSE:
                break
            if self._reads_alike(outcome):
                shown.append(outcome)
        return shown

    def _accepted(self, site: ErrorSite, candidates: Iterable[Candidate]) -> list[TriedCandidate]:
        attempts = self.context.attempts
        bound = attempts.work + max(MOST_WORK, attempts.base_work)
        tried = 0
        source = self.context.source
        seen = {source.text}
        found: list[TriedCandidate] = []
        for candidate in sorted(candidates, key=_turn):
            if not candidate.edits or any(edit.span.source is not source for edit in candidate.edits):
                continue
            text = edited_text(source.text, candidate.edits)
            if text in seen:
                continue
            seen.add(text)
            if tried == MOST_TRIED or attempts.work >= bound:
                break
            tried += 1
            outcome = self.outcome(site, candidate)
            if outcome is not None:
                found.append(outcome)
        return found

    def outcome(self, site: ErrorSite, candidate: Candidate) -> TriedCandidate | None:
        """What a candidate does; None where it keeps the error or has a new one."""
        program = edited_program(self.context.program, candidate.edits)
        if program is None:
            return None
        target = key_of(site.diagnostic)
        judge = Judge(self.context, target, self.errors)
        try:
            draft = self.context.attempts.attempt(program, judge)
        except Rejected:
            return None
        if target in judge.seen:
            return None
        if judge.errors and site.diagnostic.code in AFTERWARDS:
            return None
        if not judge.errors and not self._holds(draft, site.diagnostic, judge):
            return None
        if _dead(draft) > _dead(self.context.draft):
            return None
        removed = frozenset(key for key in self.errors if key not in judge.seen)
        return TriedCandidate(candidate=candidate, program=program, draft=draft, removed=removed, new=judge.new)

    def _holds(self, draft: Draft, diagnostic: Diagnostic, judge: Judge) -> bool:
        """Whether a network without errors passes what is checked of a whole graph."""
        graph = draft.checked()
        if graph is None:
            return False
        sink = Sink()
        for each in undecided_layers(graph) if graph.symbols else ():
            sink.emit(each)
        if graph.asserts:
            check_assertions(graph, _Lazy(graph), sink)
        target = key_of(diagnostic)
        for found in sink:
            key = key_of(found.diagnostic)
            if key == target:
                return False
            if key in self.errors:
                judge.seen.add(key)
            elif self.context.draft.errors:
                judge.new += 1  # nothing of the sort was checked before
            else:
                return False
        return judge.new <= MOST_NEW

    def _ranked(self, found: list[TriedCandidate]) -> list[TriedCandidate]:
        """The accepted candidates, the best first, without those that make a network many times as large."""
        first = sorted(((self._likelihood(each), each) for each in found), key=lambda pair: pair[0])
        nodes = max(1, len(self.context.draft.nodes))
        measured = [_measured(each, score) for score, each in first[: max(_LEAST_MEASURED, _MEASURED // nodes)]]
        sizes = sorted(size for _, size in measured if size)
        usual = sizes[(len(sizes) - 1) // 2] if sizes else 1
        kept = [
            outcome.replace(score=outcome.score + (0.3 * max(0.0, log2(size / usual) - 5) if size else 0))
            for outcome, size in measured
            if size is None or size <= _GROWTH * usual or outcome.candidate.kind in _MAY_GROW
        ]
        return sorted(kept, key=lambda each: each.score)

    def _likelihood(self, outcome: TriedCandidate) -> float:
        """What speaks against a candidate, without what takes long to find out."""
        before = _output(self.context.draft)
        other = before is not None and _output(outcome.draft) != before
        return outcome.candidate.rank + outcome.new - (len(outcome.removed) - 1) + 1.0 * other

    def _reads_alike(self, outcome: TriedCandidate) -> bool:
        """Whether the edited text, read as a whole, is the program that was tried."""
        source = self.context.source
        sink = Sink()
        text = edited_text(source.text, outcome.candidate.edits)
        program = parse(Source(text, name=source.name, path=source.path, key=source.key), sink)
        return ast.same(program.statements, outcome.program.statements)


def _measured(outcome: TriedCandidate, score: float) -> tuple[TriedCandidate, int | None]:
    """A candidate with its score, the warnings that it causes counted, and the parameters of its network."""
    graph = outcome.draft.checked()
    if graph is None:
        return outcome.replace(score=score), None
    total = costs(graph)
    warnings = _lints(outcome.program, graph, total)
    return outcome.replace(score=score + 0.75 * warnings), total.total.parameters


def _turn(candidate: Candidate) -> float:
    """The place of a candidate among those that are tried."""
    return candidate.rank - 0.8 * candidate.inferred


def _next(ranked: list[TriedCandidate], shown: list[TriedCandidate]) -> int:
    """Which to show next: the best; after one is shown, one of another kind that is nearly as good."""
    kinds = {outcome.candidate.kind for outcome in shown}
    best = ranked[0].score
    for index, outcome in enumerate(ranked):
        if outcome.score > best + _DIVERSITY:
            break
        if outcome.candidate.kind not in kinds:
            return index
    return 0


class _Lazy(Costs):
    """Costs that are counted only if an assertion needs them."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        super().__init__(())

    @property
    def total(self) -> Cost:
        return costs(self._graph).total


def _lints(program: ast.Program, graph: Graph, total: Costs) -> int:
    sink = Sink()
    lint(Facts(program, graph, total), sink)
    return len(sink)


def _output(draft: Draft) -> object:
    """The number of outputs of a network that gives a vector, most often its classes."""
    from ..graph import likely_shape

    shape = likely_shape(draft.nodes[draft.outputs[0][1]]) if draft.outputs else None
    return shape.dims if shape is not None and shape.rank == 1 else None


def _dead(draft: Draft) -> int:
    """How many nodes no output depends on."""
    used = {node for _, node in draft.outputs}
    for node in reversed(draft.nodes):
        if node.id in used:
            used.update(node.inputs)
    return len(draft.nodes) - len(used)
