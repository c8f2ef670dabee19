"""Align two sequences: longest common subsequences by keys from strict to loose, then pairs that are similar.

Items equal under the strictest key are paired first, in order; the gaps between pairs are aligned by the next key, and
so on. Items that no key pairs are aligned by a similarity score (Needleman & Wunsch, 1970).

The longest common subsequence is exact. Its table is stored as differences of neighboring cells, one bit each, so that
a row is one integer, computed in a few operations (Hyyrö, 2004).
"""

from collections.abc import Callable, Hashable, Sequence
from itertools import count, pairwise
from math import isqrt

Pairs = list[tuple[int, int]]
"""Indices into the first and the second sequence, both increasing."""

_MOST_CELLS = 250_000
"""The maximum number of scores computed for a gap; in a larger gap, items that no key pairs remain unpaired."""


def align(
    a: Sequence[Sequence[Hashable]], b: Sequence[Sequence[Hashable]], similarity: Callable[[int, int], int]
) -> Pairs:
    """The pairs of two sequences of items, each given by the same number of keys, from strict to loose.

    `similarity(i, j)` is the similarity of two items; 0 if there is none.
    """
    levels = len(a[0]) if a else 0
    gaps = [(0, len(a), 0, len(b))]
    pairs: Pairs = []
    for level in range(levels):
        remaining = []
        for low, high, start, end in gaps:
            left, right = [keys[level] for keys in a[low:high]], [keys[level] for keys in b[start:end]]
            found = [(low + i, start + j) for i, j in common(left, right)]
            pairs += found
            remaining += _between(found, low, high, start, end)
        gaps = remaining
    for low, high, start, end in gaps:
        if (high - low) * (end - start) <= _MOST_CELLS:
            pairs += _most_similar(low, high, start, end, similarity)
    return sorted(pairs)


def _between(pairs: Pairs, low: int, high: int, start: int, end: int) -> list[tuple[int, int, int, int]]:
    """The gaps between pairs that have items of both sequences."""
    bounds = [(low - 1, start - 1), *pairs, (high, end)]
    gaps = [(i + 1, k, j + 1, m) for (i, j), (k, m) in pairwise(bounds)]
    return [gap for gap in gaps if gap[0] < gap[1] and gap[2] < gap[3]]


def common(a: Sequence[Hashable], b: Sequence[Hashable]) -> Pairs:
    """A longest common subsequence; if there are several, one that pairs the earliest items."""
    first = 0
    while first < min(len(a), len(b)) and a[first] == b[first]:
        first += 1
    last = 0
    while last < min(len(a), len(b)) - first and a[-1 - last] == b[-1 - last]:
        last += 1
    inner = _common(a[first : len(a) - last], b[first : len(b) - last])
    pairs = [(i, i) for i in range(first)] + [(first + i, first + j) for i, j in inner]
    return _earliest(a, b, pairs + [(len(a) - i, len(b) - i) for i in range(last, 0, -1)])


def _earliest(a: Sequence[Hashable], b: Sequence[Hashable], pairs: Pairs) -> Pairs:
    """The same items paired as early as possible, so that added items come after equal ones."""
    found: Pairs = []
    k = m = 0
    for i, j in pairs:
        k, m = a.index(a[i], k), b.index(b[j], m)
        found.append((k, m))
        k, m = k + 1, m + 1
    return found


def _common(a: Sequence[Hashable], b: Sequence[Hashable]) -> Pairs:
    if not a or not b:
        return []
    table = _Table(a, b)
    pairs: Pairs = []
    i = j = 0
    while i < len(a) and j < len(b):
        if a[i] == b[j]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif table.grows(i, j):
            i += 1
        else:
            j += 1
    return pairs


class _Table:
    """Lengths of the common subsequences of all suffixes a[i:], b[j:]. Every √n-th row is stored."""

    def __init__(self, a: Sequence[Hashable], b: Sequence[Hashable]) -> None:
        self._a, self._b = a, b
        self._all = (1 << len(b)) - 1
        # Bit j of a mask stands for the j-th item of b from the end.
        self._masks: dict[Hashable, int] = {}
        for place, item in zip(count(), reversed(b)):
            self._masks[item] = self._masks.get(item, 0) | 1 << place
        self._step = max(1, isqrt(len(a)))
        self._kept: dict[int, int] = {len(a): self._all}
        self._block: dict[int, int] = {}
        row = self._all
        for i in reversed(range(len(a))):
            row = self._above(i, row)
            if i % self._step == 0:
                self._kept[i] = row

    def grows(self, i: int, j: int) -> bool:
        """Whether the length for a[i:], b[j:] is greater than that for a[i:], b[j + 1:]."""
        return not self._row(i) >> (len(self._b) - 1 - j) & 1

    def _above(self, i: int, below: int) -> int:
        """The row of a[i:] from that of a[i + 1:]: a bit is 0 where the length increases."""
        hits = below & self._masks.get(self._a[i], 0)
        return ((below + hits) | (below - hits)) & self._all

    def _row(self, i: int) -> int:
        if i not in self._block:
            start = i - i % self._step
            end = min(start + self._step, len(self._a))
            row = self._kept[end]
            self._block = {}
            for k in reversed(range(start, end)):
                row = self._block[k] = self._above(k, row)
        return self._block[i]


def _most_similar(low: int, high: int, start: int, end: int, similarity: Callable[[int, int], int]) -> Pairs:
    """The pairs of a gap with the largest total similarity."""
    width = end - start
    best = [[0] * (width + 1) for _ in range(high - low + 1)]
    scores = [[similarity(i, j) for j in range(start, end)] for i in range(low, high)]
    for i in reversed(range(high - low)):
        row, below = best[i], best[i + 1]
        for j in reversed(range(width)):
            score = scores[i][j]
            row[j] = max(below[j], row[j + 1], below[j + 1] + score if score else 0)
    pairs: Pairs = []
    i = j = 0
    while i < high - low and j < width:
        score = scores[i][j]
        if score and best[i][j] == best[i + 1][j + 1] + score:
            pairs.append((low + i, start + j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return pairs
