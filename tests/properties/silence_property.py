"""Silence: an input without effect is reported, such as an overridden option, a word, or a hidden name."""

from collections.abc import Iterator
from random import Random

from . import silent_options, silent_words
from .example import Example
from .resource_guard import limited

NAME = "silence"


def draw(random: Random) -> Iterator[Example]:
    """Two options of a command, or a text and one of its words."""
    yield from (silent_options if random.random() < 0.02 else silent_words).draw(random)


def check(example: Example) -> None:
    """Check the property on an example."""
    with limited():
        (silent_options if example.arguments[:1] == (silent_options.KIND,) else silent_words).check(example)
