"""The valid sizes of a text's inputs, for the sliders of a page."""

from collections.abc import Iterator, Sequence
from typing import Any

from ..analysis.size_sets import SizeSet, TooComplex
from ..analysis.valid_sizes import Sizes
from ..network import ArchError
from ..record import Record
from ..service.document import Version
from .text_controls import TextControl

_TRIED = 1000
"""How far above the least size the valid sizes are listed."""


class SizeLimit(Record):
    """The valid sizes of a slider: from `least` in steps of `step`, or `values` if steps do not describe them."""

    least: int
    greatest: int | None
    step: int = 1
    values: tuple[int, ...] | None = None


def size_limits(version: Version, controls: Sequence[TextControl]) -> dict[str, Any]:
    """The valid sizes in words, the limits of controls by their names, and the symbolic dimensions with theirs.

    Empty for a text whose valid sizes have no closed form, such as one with an error at every size.
    """
    try:
        sizes = version.analysis.sizes
        described = sizes.described()
        found = {name: limit for name, sized in _sets(sizes, controls) if (limit := _limit(sized))}
        symbols = list(_symbols(sizes)) if version.draft.symbols else []
    except (ArchError, LookupError, TooComplex):
        return {"described": [], "limits": {}, "symbols": []}
    return {"described": described, "limits": found, "symbols": symbols}


def _sets(sizes: Sizes, controls: Sequence[TextControl]) -> Iterator[tuple[str, SizeSet]]:
    """The valid sizes of each control of a spatial size; the symbols are in the order of the inputs' axes."""
    spatial = [each for each in controls if each.is_spatial]
    if sum(len(each.ranges) for each in spatial) != len(sizes.symbols):
        return  # some sizes are computed, and have no control
    symbols = iter(sizes.symbols)
    for each in spatial:
        own = [next(symbols) for _ in each.ranges]
        if len(own) == 1:
            yield each.name, sizes.sets[own[0]]
        elif len(sizes.symbols) == len(own):
            yield each.name, sizes.squares


def _limit(found: SizeSet) -> SizeLimit | None:
    """The limit of a slider; None for an empty set."""
    if (least := found.least) is None:
        return None
    most = min(found.greatest or least + _TRIED, least + _TRIED)
    values = tuple(size for size in range(least, most + 1) if size in found)
    step = values[1] - least if len(values) > 1 else 1
    if values == tuple(range(least, values[-1] + 1, step)):
        return SizeLimit(least=least, greatest=found.greatest, step=step)
    return SizeLimit(least=least, greatest=values[-1], values=values)


def _symbols(sizes: Sizes) -> Iterator[dict[str, Any]]:
    """Each symbolic dimension with a valid size to begin with: its example size, or the next valid one."""
    for name, symbol in sizes.graph.symbols.items():
        found = sizes.sets[name]
        if limit := _limit(found):
            yield {"name": name, "size": found.next(int(symbol)) or limit.least, "limit": limit}
