"""Trying candidates: which of them the checker accepts, and which of those to show."""

from collections.abc import Iterable
from math import log2

from ..analysis.assertions import check_assertions
from ..analysis.cost import Cost, Costs, costs
from ..analysis.lint import Facts, lint
from ..analysis.undecided_layers import undecided_layers
from ..diagnostics import Diagnostic, Severity, Sink
from ..diagnostics.fixes import edited_text
from ..elaborate.attempts import WatchedSink
from ..graph import Draft, Graph
from ..record import Record
from ..syntax import ast, parse
from ..text.source import Source
from .candidate import Candidate
from .statements import Fragment, edited_program
from .suggestion_context import ErrorSite, SuggestionContext

MOST_TRIED = 40
"""Candidates that are tried for one error."""
MOST_WORK = 1500
"""Nodes that are made for one error, in about 40 ms; a network that is larger is elaborated at least twice."""
MOST_SHOWN = 2
_LINTED = 1500
"""Nodes of a network up to which the warnings that a candidate would cause are counted."""
_MOST_NEW = 3
"""Errors where nothing was known before, beyond which a candidate is dropped."""
_GROWTH = 64
"""Times the parameters of the smallest network that another candidate leads to, beyond which one is dropped."""
_MAY_GROW = ("bridges", "sizes")
"""Kinds of candidates that are not dropped for their parameters: `flatten` makes many, and is right."""
_DIVERSITY = 1.0
"""How much worse the second suggestion may be for being of another kind than the first."""

AFTERWARDS = ("E0506", "E0512")
"""Errors that are found in a graph as a whole, once it has no others."""

Key = tuple[str, int, int, int]


def key_of(diagnostic: Diagnostic) -> Key:
    """The identity of a diagnostic within a text: its code and its position."""
    span = diagnostic.span
    return diagnostic.code, id(span.source), span.start, span.end


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


class _Rejected(Exception):
    """A candidate keeps its error or has a new one."""


class _Judge(WatchedSink):
    """A sink that ends the elaboration of a candidate at an error that it may not have."""

    def __init__(self, context: SuggestionContext, target: Key, errors: dict[Key, Diagnostic]) -> None:
        super().__init__()
        self._context = context
        self._target = target
        self._errors = errors
        self._places = {(code, start): key for key in errors for code, _, start, _ in [key] if key != target}
        self.seen: set[Key] = set()
        self.new = 0

    def emit(self, diagnostic: Diagnostic) -> None:
        if diagnostic.severity is not Severity.ERROR or self._silent:
            return
        key = key_of(diagnostic)
        if key == self._target:
            raise _Rejected
        if key in self._errors:
            self.seen.add(key)
        elif key not in self.seen:
            self._judge_new(diagnostic, key)
        super().emit(diagnostic)

    def _judge_new(self, diagnostic: Diagnostic, key: Key) -> None:
        self.seen.add(key)
        state = self.state
        statement = state.statement if state is not None else None
        fragment = diagnostic.span.source
        if isinstance(fragment, Fragment):
            start = fragment.origin(diagnostic.span.start)
            old = (diagnostic.code, start)
            if old == (self._target[0], self._target[2]):
                raise _Rejected
            if start is not None and old in self._places:
                self.seen.add(self._places[old])
            elif _hides(self._target[0], diagnostic.code):
                self.new += 1
            else:
                raise _Rejected
            return
        if statement is None or self._was_known(statement):
            raise _Rejected
        self.new += 1
        if self.new > _MOST_NEW:
            raise _Rejected

    def _was_known(self, statement: ast.Statement) -> bool:
        """Whether a statement was checked before, with all that it depends on."""
        nodes = self._context.nodes.get(id(statement))
        if nodes is None:
            return not isinstance(statement, ast.LayerStatement | ast.Merge | ast.Residual | ast.Reuse)
        return all(self._context.known[node.id] for node in nodes)


def _hides(error: str, other: str) -> bool:
    """Whether an error of a statement hides another: arguments of an unknown layer, and the shape behind both."""
    if other.startswith(("E04", "E05")):
        return error.startswith(("E02", "E03"))
    return error == "E0201" and other != error and other.startswith(("E02", "E03"))


class Search:
    """The search for suggestions in one text: the errors that it has, and what is tried against each."""

    def __init__(self, context: SuggestionContext, errors: Iterable[Diagnostic]) -> None:
        self.context = context
        self.errors = {key_of(each): each for each in errors}

    def best(self, site: ErrorSite, candidates: Iterable[Candidate]) -> list[TriedCandidate]:
        """The candidates to show for an error, the best first: tried, ranked, and their text read once more."""
        found = self._accepted(site, candidates)
        clean = [each for each in found if not each.new]
        ranked = self._ranked(clean or found)
        shown: list[TriedCandidate] = []
        while ranked and len(shown) < MOST_SHOWN:
            outcome = ranked.pop(_next(ranked, shown))
            if self._reads_alike(outcome):
                shown.append(outcome)
        return shown

    def _accepted(self, site: ErrorSite, candidates: Iterable[Candidate]) -> list[TriedCandidate]:
        attempts = self.context.attempts
        bound = attempts.work + max(MOST_WORK, 2 * attempts.base_work)
        tried = 0
        source = self.context.source
        seen = {source.text}
        found: list[TriedCandidate] = []
        for candidate in sorted(candidates, key=lambda each: each.rank):
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
        judge = _Judge(self.context, target, self.errors)
        try:
            draft = self.context.attempts.attempt(program, judge)
        except _Rejected:
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

    def _holds(self, draft: Draft, diagnostic: Diagnostic, judge: _Judge) -> bool:
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
        return judge.new <= _MOST_NEW

    def _ranked(self, found: list[TriedCandidate]) -> list[TriedCandidate]:
        """The accepted candidates, the best first, without those that make a network many times as large."""
        if len(found) < 2:
            return found
        before = _output(self.context.draft)
        measured: list[tuple[TriedCandidate, int | None]] = []
        for outcome in found:
            score = outcome.candidate.rank + outcome.new - 0.7 * (len(outcome.removed) - 1)
            size = None
            graph = outcome.draft.checked()
            if graph is not None:
                total = costs(graph)
                size = total.total.parameters
                if len(graph.nodes) <= _LINTED:
                    score += 0.75 * _lints(outcome.program, graph, total)
            if before is not None and _output(outcome.draft) != before:
                score += 1.0
            measured.append((outcome.replace(score=score), size))
        sizes = [size for _, size in measured if size]
        least = min(sizes, default=1)
        kept = [
            outcome.replace(score=outcome.score + (0.3 * max(0.0, log2(size / least) - 5) if size else 0))
            for outcome, size in measured
            if size is None or size <= _GROWTH * least or outcome.candidate.kind in _MAY_GROW
        ]
        return sorted(kept, key=lambda each: each.score)

    def _reads_alike(self, outcome: TriedCandidate) -> bool:
        """Whether the edited text, read as a whole, is the program that was tried."""
        source = self.context.source
        sink = Sink()
        text = edited_text(source.text, outcome.candidate.edits)
        program = parse(Source(text, name=source.name, path=source.path, key=source.key), sink)
        return ast.same(program.statements, outcome.program.statements)


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
