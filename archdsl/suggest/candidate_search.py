"""Tries candidates, and selects those to show among the ones that the checker accepts."""

from collections.abc import Iterable

from ..analysis.assertions import check_assertions
from ..analysis.cost import Cost, Costs, costs
from ..analysis.undecided_layers import undecided_layers
from ..diagnostics import Diagnostic, Sink
from ..diagnostics.fixes import edited_text
from ..graph import Draft, Graph
from .candidate import Candidate
from .candidate_choice import LIKELY, TriedCandidate, adds_to, likelihood, next_to_show, ranked
from .candidate_sink import MOST_NEW, CandidateSink, Rejected, key_of
from .edited_network import EditedNetworks, reached_assertions
from .statements import edited_program
from .suggestion_context import ErrorSite, SuggestionContext
from .whole_reading import reads_alike

MOST_TRIED = 100
"""The largest number of candidates that are tried for one error."""
MOST_WORK = 1400
"""Statements that are elaborated for one error, in about 20 ms; a large network is elaborated at least once."""
MOST_SHOWN = 2
_MAX_SCORE = 2.5
"""The score up to which a candidate that leaves no other error is shown rather than a first step."""
_SCORE_MARGIN = 1.3
"""How much worse the second edit may be than the first."""
_PARTS = ("exchanged arguments", "exchanged names")
"""Kinds of candidates with two edits, one of which may be enough."""
_ONE_IS_ENOUGH = 0.5
"""The penalty of two edits if one of them is enough."""

WHOLE_GRAPH_CODES = ("E0506", "E0512")
"""Errors that are found in a graph as a whole, once it has no others."""


class Search:
    """The search for suggestions in one text: its errors, and the candidates that are tried for each."""

    def __init__(self, context: SuggestionContext, errors: Iterable[Diagnostic], networks: EditedNetworks) -> None:
        self.context = context
        self.networks = networks
        self.errors = {key_of(each): each for each in errors}

    def best(self, site: ErrorSite, candidates: Iterable[Candidate]) -> list[TriedCandidate]:
        """The candidates to show for an error, the best first, after they are tried, ranked, and parsed once more."""
        found = self._accepted(site, candidates)
        clean = [each for each in found if not each.new]
        # A candidate that only reveals other errors is a first step, if it is likely in itself.
        steps = [each for each in found if each.candidate.rank <= LIKELY and each.new <= len(each.removed)]
        likely = any(likelihood(self.context.draft, each) <= _MAX_SCORE for each in clean)
        left = ranked(self.context.draft, clean if likely else [*clean, *steps])
        shown: list[TriedCandidate] = []
        while left and len(shown) < MOST_SHOWN:
            outcome = left.pop(next_to_show(left, shown))
            if shown and outcome.score > shown[0].score + _SCORE_MARGIN:
                break
            if all(adds_to(each, outcome) for each in shown) and self._is_confirmed(site, outcome):
                shown.append(outcome)
        return shown

    def _is_confirmed(self, site: ErrorSite, outcome: TriedCandidate) -> bool:
        """Whether the text is parsed as the program that was tried, and its recipe has no new error."""
        edits = outcome.candidate.edits
        if not reads_alike(self.context.program, edits, outcome.program):
            return False
        return site.diagnostic.code not in WHOLE_GRAPH_CODES or self.networks.confirms(edits, site.diagnostic)

    def _accepted(self, site: ErrorSite, candidates: Iterable[Candidate]) -> list[TriedCandidate]:
        attempts = self.context.attempts
        bound = attempts.work + max(MOST_WORK, attempts.base_work)
        tried = 0
        source = self.context.source
        found: dict[str, TriedCandidate | None] = {source.text: None}
        for candidate in sorted(candidates, key=_priority):
            if not candidate.edits or any(edit.span.source is not source for edit in candidate.edits):
                continue
            text = edited_text(source.text, candidate.edits)
            if text in found:
                # The same edit by another generator, which may rank it as likelier.
                same = found[text]
                if same is not None and candidate.rank < same.candidate.rank:
                    found[text] = same.replace(candidate=candidate)
                continue
            if tried == MOST_TRIED or attempts.work >= bound:
                break
            tried += 1
            outcome = self.outcome(site, candidate)
            if outcome is not None and self._is_larger_than_needed(site, outcome):
                outcome = outcome.replace(candidate=candidate.replace(rank=candidate.rank + _ONE_IS_ENOUGH))
            found[text] = outcome
        return [each for each in found.values() if each is not None]

    def _is_larger_than_needed(self, site: ErrorSite, outcome: TriedCandidate) -> bool:
        """Whether one of two edits, without the other, removes the same errors."""
        candidate = outcome.candidate
        parts = candidate.edits if candidate.kind in _PARTS else ()
        smaller = (self.outcome(site, candidate.replace(edits=(edit,))) for edit in parts)
        return any(each is not None and each.new <= outcome.new and each.removed >= outcome.removed for each in smaller)

    def outcome(self, site: ErrorSite, candidate: Candidate) -> TriedCandidate | None:
        """The outcome of a candidate; None if it keeps the error or adds one."""
        program = edited_program(self.context.program, candidate.edits)
        if program is None:
            return None
        target = key_of(site.diagnostic)
        candidate_sink = CandidateSink(self.context, target, self.errors)
        try:
            draft = self.context.attempts.attempt(program, candidate_sink)
        except Rejected:
            return None
        if target in candidate_sink.seen:
            return None
        if candidate_sink.errors and site.diagnostic.code in WHOLE_GRAPH_CODES:
            return None
        if not candidate_sink.errors and not self._passes_graph_checks(draft, site.diagnostic, candidate_sink):
            return None
        if _dead(draft) > _dead(self.context.draft):
            return None
        if reached_assertions(draft) < reached_assertions(self.context.draft):
            return None
        removed = frozenset(key for key in self.errors if key not in candidate_sink.seen)
        return TriedCandidate(
            candidate=candidate, program=program, draft=draft, removed=removed, new=candidate_sink.new
        )

    def _passes_graph_checks(self, draft: Draft, diagnostic: Diagnostic, candidate_sink: CandidateSink) -> bool:
        """Whether a network without errors passes the checks of a whole graph."""
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
                candidate_sink.seen.add(key)
            elif self.context.draft.errors:
                candidate_sink.new += 1  # these checks did not run before
            else:
                return False
        return candidate_sink.new <= MOST_NEW


def _priority(candidate: Candidate) -> float:
    """The sort key of candidates to try."""
    return candidate.rank - 0.8 * candidate.inferred


class _Lazy(Costs):
    """Costs that are counted only if an assertion needs them."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        super().__init__(())

    @property
    def total(self) -> Cost:
        return costs(self._graph).total


def _dead(draft: Draft) -> int:
    """The number of nodes that no output depends on."""
    used = {node for _, node in draft.outputs}
    for node in reversed(draft.nodes):
        if node.id in used:
            used.update(node.inputs)
    return len(draft.nodes) - len(used)
