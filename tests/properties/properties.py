"""The properties for which examples are generated and replayed, by name."""

from collections.abc import Callable, Iterator
from random import Random

from archdsl.record import Record

from . import (
    acceptance_property,
    certainty_property,
    commands_property,
    diff_property,
    formatting_property,
    silence_property,
    sizes_property,
    suggestions_property,
)
from .example import Example


class Property(Record):
    """A property: a function that generates examples, and one that raises if an example violates it."""

    name: str
    draw: Callable[[Random], Iterator[Example]]
    check: Callable[[Example], None]


_MODULES = (
    commands_property,
    acceptance_property,
    diff_property,
    formatting_property,
    sizes_property,
    silence_property,
    suggestions_property,
    certainty_property,
)
PROPERTIES = {module.NAME: Property(name=module.NAME, draw=module.draw, check=module.check) for module in _MODULES}


def check(example: Example) -> None:
    """Check an example's property."""
    PROPERTIES[example.holds].check(example)
