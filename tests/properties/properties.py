"""The properties for which examples are generated and replayed, by name."""

from collections.abc import Callable, Iterator
from random import Random

from archdsl.record import Record

from . import (
    holds_acceptance,
    holds_commands,
    holds_formatting,
    holds_silence,
    holds_sizes,
    holds_suggestions,
)
from .example import Example


class Property(Record):
    """A property: a function that generates examples, and one that raises if an example violates it."""

    name: str
    draw: Callable[[Random], Iterator[Example]]
    check: Callable[[Example], None]


_MODULES = (holds_commands, holds_acceptance, holds_formatting, holds_sizes, holds_silence, holds_suggestions)
PROPERTIES = {module.NAME: Property(name=module.NAME, draw=module.draw, check=module.check) for module in _MODULES}


def check(example: Example) -> None:
    """Check an example's property."""
    PROPERTIES[example.holds].check(example)
