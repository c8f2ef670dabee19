"""Checks of edited texts: what was checked before an edit, assertions included, must still be checked after it."""

from collections.abc import Callable, Iterable, Set
from functools import cached_property
from typing import NamedTuple

from ..diagnostics import Diagnostic, Edit, Severity
from ..diagnostics.diagnostic import Finding
from ..diagnostics.fixes import edited_text
from ..graph import Draft, Graph
from ..syntax import ast
from ..text.source import Source
from .statements import covers
from .suggestion_context import SuggestionContext

_OF_RECIPE = "E08"
"""The prefix of the error codes of recipes, which are checked last: in networks without other errors."""


class CheckedText(NamedTuple):
    """The diagnostics of a text, and its network if it has one, even if an assertion of the network fails."""

    found: tuple[Finding, ...]
    graph: Graph | None


Recheck = Callable[[Source], CheckedText]


class EditedNetworks:
    """Checks edited texts as a whole, and compares each with the unedited one."""

    def __init__(self, context: SuggestionContext, unedited: CheckedText, recheck: Recheck) -> None:
        self._context = context
        self._unedited = unedited
        self._recheck = recheck

    def checked(self, text: str) -> CheckedText:
        """An edited text, checked with the same options."""
        source = self._context.source
        return self._recheck(Source(text, name=source.name, path=source.path, key=source.key))

    def confirms(self, edits: Iterable[Edit], target: Diagnostic) -> bool:
        """Whether a text with these edits, whose network has no errors, has no new error in its recipe."""
        if not self._context.draft.training:
            return True
        after = self.checked(edited_text(self._context.source.text, edits))
        return self.keeps_checks(after, target, {each.code for each in errors_of(after.found)})

    def keeps_checks(self, after: CheckedText, target: Diagnostic, new: Set[str]) -> bool:
        """Whether an edited text has no new error in what was checked before; `new` are the codes of its new errors.

        If the unedited text has a network, all of the network was checked, with its assertions; an edit must not skip
        them. Only the recipe may be unchecked, or checked in part.
        """
        before = self._unedited.graph
        if before is None:
            return True
        if after.graph is None or reached_assertions(after.graph) < reached_assertions(before):
            return False
        if any(not code.startswith(_OF_RECIPE) for code in new):
            return False
        return target.code.startswith(_OF_RECIPE) or new <= self._hidden_codes

    @cached_property
    def _hidden_codes(self) -> frozenset[str]:
        """The codes of the recipe's errors, which are not reported if assertions have errors."""
        failed = [each.span for each in errors_of(self._unedited.found)]
        asserts = [each for each in self._context.statements.all if isinstance(each, ast.Assert)]
        edits = [
            Edit(span=each.condition.span, text="1 == 1")
            for each in asserts
            if any(span.source is each.span.source and covers(each.span, span) for span in failed)
        ]
        after = self.checked(edited_text(self._context.source.text, edits))
        return frozenset(each.code for each in errors_of(after.found))


def errors_of(found: Iterable[Finding]) -> list[Diagnostic]:
    """The errors among findings."""
    return [item.diagnostic for item in found if item.diagnostic.severity is Severity.ERROR]


def reached_assertions(graph: Graph | Draft) -> int:
    """The number of `assert` statements that are executed."""
    return len({id(each.statement) for each in graph.asserts})
