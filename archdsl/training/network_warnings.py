"""The warnings of a check, for the losses in use. Imports neither torch nor numpy."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..analysis.ignores import apply_ignores
from ..analysis.lint.softmax_before_loss import SoftmaxBeforeLoss, probabilities
from ..diagnostics import Diagnostic, Sink
from ..diagnostics.catalog.ignore_warnings import UnusedIgnore
from ..diagnostics.diagnostic import Finding
from ..network import Network

if TYPE_CHECKING:
    from .recipe.recipe import Recipe


def network_warnings(
    network: Network, recipe: "Recipe", own_losses: Mapping[str, object] | None = None
) -> tuple[Finding, ...]:
    """The warnings of a check; those about the loss are for the losses of the recipe, not for those of the text.

    `own_losses` are functions, by the name of their output; whether they apply a softmax is unknown.
    """
    losses: dict[str, object] = {**recipe.loss.by_output, **dict.fromkeys(own_losses or {}, "own")}
    of_loss = Sink()
    for diagnostic in probabilities(network.graph, recipe.loss.name, losses):
        of_loss.emit(diagnostic)
    apply_ignores(network.program.source, of_loss, pedantic=False)
    found = Sink()
    for each in of_loss:
        if isinstance(each.diagnostic, SoftmaxBeforeLoss):
            found.emit(each.diagnostic)
    for each in network.diagnostics:
        # Warnings about the text's own loss do not apply if another one is in use.
        if not isinstance(each.diagnostic, SoftmaxBeforeLoss) and not _ignores(each.diagnostic, SoftmaxBeforeLoss):
            found.emit(each.diagnostic)
    return tuple(found)


def _ignores(diagnostic: Diagnostic, kind: type[Diagnostic]) -> bool:
    """Whether the check reports an ignore comment for this kind that suppresses nothing."""
    return isinstance(diagnostic, UnusedIgnore) and diagnostic.name == kind.code
