"""Corrections that an error itself proposes: its fix, and the changes that a layer declares with a rejection."""

from collections.abc import Iterator

from ...diagnostics import Edit
from ...diagnostics.catalog.shape_errors import UnsuitableInput
from ...diagnostics.catalog.syntax_errors import MissingSeparator
from ..candidate import Candidate
from ..suggestion_context import ErrorSite, SuggestionContext, changed, inserted_before, rewritten


def own(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The fix of a diagnostic, and the changes that the rejecting layer would accept."""
    fix = site.diagnostic.fix()
    if isinstance(site.diagnostic, MissingSeparator) and not context.may_start_statement(site.diagnostic.word):
        fix = None  # no statement follows
    if fix is not None:
        yield Candidate(title=fix.title, edits=fix.edits, rank=0.0, safe=fix.safe)
    layer = site.layer
    if layer is None or not isinstance(site.diagnostic, UnsuitableInput):
        return
    for change in site.diagnostic.changes:
        if change.before:
            yield inserted_before(layer, change.before, 1.0, change.why)
        elif change.instead:
            whole = layer.keyword.span.to(layer.args[-1].span) if layer.args else layer.keyword.span
            yield rewritten(layer, (Edit(span=whole, text=change.instead),), 1.0, change.why)
        else:
            candidate = changed(context, layer, dict(change.arguments), 1.0, change.why)
            if candidate is not None:
                yield candidate
