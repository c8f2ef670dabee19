"""Elaboration with example sizes for symbolic dimensions: the first one that the network accepts."""

from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

from ..diagnostics import Sink
from ..diagnostics.catalog import structure_errors
from ..graph import Draft, Unresolved
from ..syntax.ast import Program
from ..text.library import Library
from . import Override, elaborate
from .shared_results import Caches

_MOST_TRIED = 20_000
"""Maximum number of layers of a faulty network for which other examples are tried; each takes as long as the first."""
_EXAMPLE_SIZES = (224, 256, 572, 32, 299, 64, 100, 28, 8)
"""Examples for symbolic dimensions, the most likely first: a network need not accept all of them."""
FIRST_EXAMPLE = _EXAMPLE_SIZES[0]
"""The example for the draft of a network that accepts none of them."""


def elaborate_examples(
    program: Program,
    sink: Sink,
    settings: Mapping[str, Any] | None,
    override: Override | None,
    library: Library | None,
    caches: Caches | None = None,
) -> Draft:
    """The draft of a program; if it has symbolic dimensions, with the first example that the network accepts.

    `caches` are filled by the elaboration with the first example: shapes that are equal may differ in their examples.
    """
    unused = [caches or Caches()]

    def run(override: Override | None, size: int, own: Sink) -> Draft:
        mine = unused.pop() if unused else (caches or Caches()).parsed_files()
        return elaborate(program, own, settings, override, library, size, mine)

    return first_that_fits(run, sink, override)


def first_that_fits(run: Callable[[Override | None, int, Sink], Draft], sink: Sink, override: Override | None) -> Draft:
    """The first draft without errors that `run` creates with example sizes; if there is none, the first draft."""
    tried: list[tuple[Draft, Sink]] = []
    overrides = [override]
    if override is not None and override.is_symbolic:
        # If the text's own sizes do not fit, others may.
        overrides.append(override.without_examples())
    for each, size in product(overrides, _EXAMPLE_SIZES):
        own = Sink()
        draft = run(each, size, own)
        tried.append((draft, own))
        # A limit takes a long time to reach, and other example sizes reach it as well.
        limited = len(draft.nodes) > _MOST_TRIED or any(each.diagnostic.ends_elaboration for each in own)
        if not draft.errors or not draft.symbols or limited:
            break
    draft, own = tried[0] if tried[-1][0].errors else tried[-1]
    sink.absorb(own)
    unresolved = next((node for node in draft.nodes if isinstance(node, Unresolved)), None)
    if unresolved is not None and not sink.errors:
        # Whatever leaves a shape unknown also reports why. If nothing was reported, there must still be no network.
        why = "the shape of this cannot be determined"
        sizes = draft.sized_inputs
        sink.emit(
            structure_errors.UndecidedSize(span=unresolved.span, uses=unresolved.uses, why=why, sized_inputs=sizes)
        )
    return draft.replace(errors=sink.errors) if sink.errors != draft.errors else draft
