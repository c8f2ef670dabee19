"""Suggestions: edits that were tried by the checker before they are shown.

A suggestion that contains code is an edit. It is shown only if the checker, run on the edited text, no longer finds its
error and finds no new one; if there is no such edit, new errors in what could not be checked before are allowed. Names
and arguments come before shapes, shapes before assertions. Errors that one edit removes together are merged.
"""

from collections.abc import Mapping

from ..diagnostics import Diagnostic, Edit, Fix, Severity
from ..diagnostics.diagnostic import Finding
from ..elaborate.attempts import Attempts, ElaborationInputs
from ..graph import Graph
from ..syntax import ast
from .candidate_choice import TriedCandidate
from .candidate_search import WHOLE_GRAPH_CODES, Search
from .candidate_sink import key_of
from .edited_network import CheckedText, EditedNetworks, Recheck
from .generators import candidates
from .generators.definition_fixes import KIND as DEFINITION
from .statements import covers
from .suggestion_context import ErrorSite, SuggestionContext
from .whole_text_trials import whole_text_fixes

__all__ = ["CheckedText", "suggest"]

_LONG, _LARGE = 100_000, 5_000
"""The largest numbers of characters of a text and of nodes of a network for which candidates are tried."""
_MOST_ERRORS = 8
"""The largest number of errors with suggestions; later errors get theirs once the first ones are fixed."""


def suggest(
    program: ast.Program,
    found: tuple[Finding, ...],
    given: ElaborationInputs,
    recheck: Recheck,
    graph: Graph | None,
    size: int = 0,
) -> tuple[Finding, ...]:
    """The diagnostics of a text, errors with their suggestions; errors that one edit removes together are merged.

    `graph` is its network, unless that has errors, and `size` the number of nodes: nothing is tried for a very large
    network, or for a very long text.
    """
    errors = [item for item in found if item.diagnostic.severity is Severity.ERROR]
    if not errors or len(program.source.text) > _LONG or size > _LARGE:
        return found
    attempts = Attempts(program, given)
    context = SuggestionContext(attempts)
    networks = EditedNetworks(context, CheckedText(found, graph), recheck)
    search = Search(context, [item.diagnostic for item in errors], networks)
    # The errors that one elaboration with all example sizes finds; any others are of a different kind.
    elaborated = {key_of(item.diagnostic) for item in attempts.sink}
    shown: dict[int, tuple[Fix, ...]] = {}
    merged: dict[int, tuple[Finding, ...]] = {}
    gone: set[int] = set()
    sites = [(item, ErrorSite(context, item.diagnostic)) for item in errors]
    for item, site in sorted(sites, key=lambda pair: _order(pair[1]))[:_MOST_ERRORS]:
        if id(item) in gone:
            continue
        if _is_tried(item.diagnostic, elaborated):
            outcomes = search.best(site, candidates(context, site))
            shown[id(item)] = tuple(outcome.fix() for outcome in outcomes)
            if outcomes and not outcomes[0].new:
                others = _removed_with(site, errors, outcomes[0], {*gone, *shown})
                gone.update(map(id, others))
                merged[id(item)] = tuple(others)
        else:
            reread = whole_text_fixes(context, site, found, networks)
            shown[id(item)] = reread.fixes
            others = [other for other in errors if id(other.diagnostic) in reread.removed and id(other) not in gone]
            gone.update(map(id, others))
            merged[id(item)] = tuple(others)
    _merge_equal([item for item in errors if id(item) not in gone], shown, merged, gone)
    return tuple(
        item.replace(suggestions=shown.get(id(item), ()), merged=merged.get(id(item), ()))
        for item in found
        if id(item) not in gone
    )


def _merge_equal(
    errors: list[Finding],
    shown: Mapping[int, tuple[Fix, ...]],
    merged: dict[int, tuple[Finding, ...]],
    gone: set[int],
) -> None:
    """Merge errors whose first suggestion is the same edit into the first of them."""
    first: dict[tuple[Edit, ...], Finding] = {}
    for item in errors:
        fixes = shown.get(id(item), ())
        if not fixes:
            continue
        other = first.setdefault(fixes[0].edits, item)
        if other is not item:
            merged[id(other)] = (*merged.get(id(other), ()), item, *merged.get(id(item), ()))
            gone.add(id(item))


def _order(site: ErrorSite) -> tuple[int, int, int]:
    """The sort key, root causes first: syntax, names and arguments, shapes and structure by layer, assertions."""
    code = site.diagnostic.code
    rank = {"E01": 0, "E02": 1, "E03": 1}.get(code[:3], 2)
    node = site.node.id if rank == 2 and site.node is not None else 0
    return (3 if code == "E0506" else rank), node, site.span.start


def _is_tried(diagnostic: Diagnostic, elaborated: set[tuple[str, int, int, int]]) -> bool:
    """Whether elaboration or the checks of a whole graph report an error, so that edited statements can be tried."""
    return key_of(diagnostic) in elaborated or diagnostic.code in WHOLE_GRAPH_CODES


def _removed_with(site: ErrorSite, errors: list[Finding], outcome: TriedCandidate, fixed: set[int]) -> list[Finding]:
    """The other errors that an edit removes: those of shapes and structure, and all in the statement it rewrites."""
    statement = site.statement
    return [
        other
        for other in errors
        if id(other) not in fixed
        and key_of(other.diagnostic) in outcome.removed
        and (
            other.diagnostic.code[:3] in ("E04", "E05")
            or (statement is not None and covers(statement.span, other.diagnostic.span))
            or outcome.candidate.kind.startswith(DEFINITION)
        )
    ]
