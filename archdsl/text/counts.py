"""Counts with their nouns."""

from collections.abc import Sequence


def counted(number: float, noun: str) -> str:
    """`1 step`, `1,234 classes`, `0.5 epochs`: the noun in the singular only for 1."""
    shown = f"{number:g}" if number % 1 else f"{int(number):,}"
    return f"{shown} {noun if number == 1 else plural(noun)}"


def sizes_of(shape: Sequence[int], noun: str) -> str:
    """`1 number`, `13 numbers`, `2x3 numbers`."""
    return counted(shape[0], noun) if len(shape) == 1 else f"{'x'.join(map(str, shape))} {plural(noun)}"


def plural(noun: str) -> str:
    """The plural of a noun that has a regular one."""
    return f"{noun}es" if noun.endswith(("s", "x", "sh", "tch")) else f"{noun}s"
