"""Suggestions for a network that does not fit its training data."""

from collections.abc import Iterable

from ..diagnostics import Sink
from ..diagnostics.diagnostic import Finding
from ..elaborate.attempts import ElaborationInputs
from ..suggest import CheckedText, suggest
from ..text.source import Source
from .analysis import Check, analyze
from .network import Network


def with_suggestions(
    network: Network, found: Iterable[Finding], check: Check, given: ElaborationInputs
) -> tuple[Finding, ...]:
    """What `check` reports for a network, with edits of its text that were tried.

    `given` is what the caller provided for the text: without suggestions if its network has other errors, for example
    because the inputs of this one were resized.
    """

    def checked(source: Source) -> CheckedText:
        after = analyze(source, Sink(), given.settings, given.override, given.library)
        if after.graph is None:
            return CheckedText(after.found, None)
        sink = Sink()
        check(after.graph, sink)
        return CheckedText((*after.found, *sink), after.graph)

    reported = tuple(found)
    now = {(each.diagnostic.code, each.diagnostic.message()) for each in checked(network.program.source).found}
    if not {(each.diagnostic.code, each.diagnostic.message()) for each in reported} <= now:
        return reported
    return suggest(network.program, reported, given, checked, network.graph)
