"""The valid sizes of a text's inputs, for the sliders of a page."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from ..analysis.size_sets import SizeSet, TooComplex, solve, square
from ..analysis.valid_sizes import Sizes
from ..network import ArchError
from ..record import Record
from ..service.document import Version
from .text_controls import TextControl

_TRIED = 1000
"""How far above the least size the valid sizes are listed."""


IsError = Callable[[int], bool]
"""Whether the text has an error at a size."""


class SizeLimit(Record):
    """The sizes of a slider: from `least` in steps of `step`, or `values` if steps do not describe them."""

    least: int
    greatest: int | None
    step: int = 1
    values: tuple[int, ...] | None = None


def size_limits(version: Version, controls: Sequence[TextControl]) -> dict[str, Any]:
    """The limits of the controls by name, the symbolic dimensions with their limits, and the valid sizes in words.

    The sizes of a symbolic dimension are those for which the network keeps its weights. A control edits the text, which
    may change the weights: its limits are sizes beyond which the text has an error. Empty for a text whose valid sizes
    have no closed form, such as one with an error at every size.
    """
    try:
        sizes = version.analysis.sizes
        described = sizes.described() if version.draft.symbols else []
        found = dict(_control_limits(sizes, controls))
        symbols = list(_symbols(sizes)) if version.draft.symbols else []
    except (ArchError, LookupError, TooComplex):
        return {"described": [], "limits": {}, "symbols": []}
    return {"described": described, "limits": found, "symbols": symbols}


def _control_limits(sizes: Sizes, controls: Sequence[TextControl]) -> Iterator[tuple[str, SizeLimit]]:
    """The limit of each control of a spatial size; the symbols are in the order of the inputs' axes."""
    spatial = [each for each in controls if each.is_spatial]
    if sum(len(each.ranges) for each in spatial) != len(sizes.symbols):
        return  # some sizes are computed, and have no control
    symbols = iter(sizes.symbols)
    for each in spatial:
        own = [next(symbols) for _ in each.ranges]
        if len(own) == 1 or len(own) == len(sizes.symbols):
            limits = [limit for found in _sets(sizes, own) if (limit := _limit(found))]
            if limits:
                yield each.name, _rejected(limits, partial(_is_error, sizes, own))


def _sets(sizes: Sizes, symbols: Sequence[str]) -> Iterator[SizeSet]:
    """The valid sizes of one symbol, or of all if they are equal; then those without the equations, which possibly only
    the weights require.
    """
    name = symbols[0]
    own = [each.condition for each in sizes.requirements if each.condition.form.symbols() <= set(symbols)]
    if len(symbols) > 1:
        own = [condition.replace(form=square(condition.form, name)) for condition in own]
    yield solve(own, name)
    yield solve([condition for condition in own if condition.relation != "=="], name)


def _limit(found: SizeSet) -> SizeLimit | None:
    """The members of a set; None for an empty one."""
    if (least := found.least) is None:
        return None
    most = min(found.greatest or least + _TRIED, least + _TRIED)
    values = tuple(size for size in range(least, most + 1) if size in found)
    step = values[1] - least if len(values) > 1 else 1
    if values == tuple(range(least, values[-1] + 1, step)):
        return SizeLimit(least=least, greatest=found.greatest, step=step)
    return SizeLimit(least=least, greatest=values[-1], values=values)


def _rejected(limits: Sequence[SizeLimit], is_error: IsError) -> SizeLimit:
    """The first limit that excludes only sizes at which the text has an error; else the last one, without the parts
    that exclude valid sizes.
    """
    found = limits[0]
    for limit in limits:
        found = limit
        if limit.greatest is not None and not is_error(limit.greatest + 1):
            found = found.replace(greatest=None)
        if (limit.step > 1 or limit.values is not None) and not is_error(limit.least + 1):
            found = found.replace(step=1, values=None)
        if limit.least > 1 and not is_error(limit.least - 1):
            found = found.replace(least=1, step=1, values=None)
        if found == limit:
            break
    return found


def _is_error(sizes: Sizes, symbols: Sequence[str], size: int) -> bool:
    others = {name: int(symbol) for name, symbol in sizes.graph.symbols.items()}
    return sizes.graph_at(others | dict.fromkeys(symbols, size)) is None


def _symbols(sizes: Sizes) -> Iterator[dict[str, Any]]:
    """Each symbolic dimension with an initial valid size: its example size, or the next valid one."""
    for name, symbol in sizes.graph.symbols.items():
        found = sizes.sets[name]
        if limit := _limit(found):
            yield {"name": name, "size": found.next(int(symbol)) or limit.least, "limit": limit}
