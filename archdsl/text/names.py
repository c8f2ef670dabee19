"""Find the known name that an unknown name most likely means, or the size that a word means."""

import re
from collections.abc import Iterable
from functools import lru_cache

SHORTHAND = re.compile(r"([a-z])(\d+(?:x\d+)*)$")
"""A letter with a size, such as `k3` or `k3x1`: the letter and the size."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that a misspelled one most likely means, or None.

    The optimal string alignment distance (a swap of adjacent characters counts once) is at most a third of the length.
    """
    return _nearest(name, tuple(known))


def suggested(name: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: the nearest known one, or else the first of them; empty if none."""
    names = sorted(known)
    if (near := nearest(name, names)) is not None:
        return f"; did you mean `{near}`?"
    more = ", …" if len(names) > _LISTED else ""
    return f"; there are {', '.join(f'`{each}`' for each in names[:_LISTED])}{more}" if names else ""


_LISTED = 8


# An error in a repetition looks up the same name thousands of times.
@lru_cache(1024)
def _nearest(name: str, known: tuple[str, ...]) -> str | None:
    low = name.lower()
    best, least = None, max(1, len(name) // 3) + 0.5
    for candidate in known:
        other = candidate.lower()
        if abs(len(other) - len(low)) > least:
            continue
        steps = distance(low, other) - (0.25 if other[:1] == low[:1] else 0)
        # A word of one or two characters is close to anything: one of its characters must match.
        if steps < least and steps < len(name) - (len(name) > 1):
            best, least = candidate, steps
    return best


_SIZE = re.compile(r"(?:[a-z]\d?|\d+)(?:x(?:[a-z]\d?|\d+))+$")


def as_size(word: str) -> str | None:
    """The size that a word spells in the wrong case: `3xHxW` for `3xhxw`, `3x32x32` for `3X32X32`."""
    low = word.lower()
    return "x".join(part.upper() for part in low.split("x")) if _SIZE.match(low) else None


def distance(a: str, b: str) -> int:
    """The number of insertions, deletions, substitutions and swaps of adjacent characters between two words."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, last, row = row, before, [i] + [0] * len(b)
        for j, y in enumerate(b, 1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                row[j] = min(row[j], last[j - 2] + 1)
    return row[-1]
