"""Lists in sentences."""

from collections.abc import Iterable


def listed(words: Iterable[str]) -> str:
    """The words with commas, and with "and" before the last one: `sgd, rmsprop and muon`. Empty if there are none."""
    given = list(words)
    return " and ".join(part for part in (", ".join(given[:-1]), *given[-1:]) if part)


def first_of(words: Iterable[object], most: int) -> str:
    """The first words with commas, and an ellipsis if there are others: `a, b, …`."""
    given = [str(word) for word in words]
    return ", ".join(given if len(given) <= most else [*given[:most], "…"])
