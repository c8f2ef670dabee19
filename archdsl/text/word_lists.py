"""Lists in sentences."""

from collections.abc import Iterable


def listed(words: Iterable[str]) -> str:
    """The words with commas, and with "and" before the last one: `sgd, rmsprop and muon`. Empty if there are none."""
    given = list(words)
    return " and ".join(part for part in (", ".join(given[:-1]), *given[-1:]) if part)
