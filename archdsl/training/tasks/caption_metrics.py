"""BLEU and CIDEr-D of captions, which are sequences of words or IDs."""

import math
from collections import Counter
from collections.abc import Hashable, Sequence

_LONGEST = 4
_SIGMA = 6.0
"""The standard deviation of CIDEr-D's Gaussian penalty for differences in length."""

Caption = Sequence[Hashable]
Ngrams = Counter[tuple[Hashable, ...]]


def ngrams(caption: Caption, length: int) -> Ngrams:
    """How often each sequence of `length` words occurs."""
    return Counter(tuple(caption[start : start + length]) for start in range(len(caption) - length + 1))


def bleu(captions: Sequence[Caption], references: Sequence[Sequence[Caption]]) -> float:
    """BLEU-4 of all captions together, without smoothing, in 0..1 (Papineni et al. 2002).

    A caption is compared with the reference of the closest length; of two equally close ones, with the shorter one.
    """
    right, total, own, other = [0] * _LONGEST, [0] * _LONGEST, 0, 0
    for caption, wanted in zip(captions, references, strict=True):
        own += len(caption)
        other += min((len(each) for each in wanted), key=lambda length: (abs(length - len(caption)), length))
        for length in range(1, _LONGEST + 1):
            most: Ngrams = Counter()
            for each in wanted:
                most |= ngrams(each, length)
            found = ngrams(caption, length)
            right[length - 1] += (found & most).total()
            total[length - 1] += found.total()
    if not all(right):
        return 0.0
    precision = sum(math.log(r / t) for r, t in zip(right, total, strict=True)) / _LONGEST
    return math.exp(precision + min(0.0, 1 - other / own))


def cider(captions: Sequence[Caption], references: Sequence[Sequence[Caption]]) -> float:
    """CIDEr-D, in 0..10 (Vedantam et al. 2015): similarity of n-grams, weighted by how rare they are in the references.

    It is computed as on COCO's evaluation server, with the document frequencies of these references.
    """
    frequency: Ngrams = Counter()
    for wanted in references:
        frequency.update(
            {gram for each in wanted for length in range(1, _LONGEST + 1) for gram in ngrams(each, length)}
        )
    images = math.log(max(1, len(references)))

    def weighted(caption: Caption, length: int) -> dict[tuple[Hashable, ...], float]:
        counts = ngrams(caption, length)
        return {gram: count * (images - math.log(max(1, frequency[gram]))) for gram, count in counts.items()}

    total = 0.0
    for caption, wanted in zip(captions, references, strict=True):
        for length in range(1, _LONGEST + 1):
            own = weighted(caption, length)
            for each in wanted:
                penalty = math.exp(-((len(caption) - len(each)) ** 2) / (2 * _SIGMA**2))
                total += _similarity(own, weighted(each, length)) * penalty / len(wanted)
    return 10 * total / _LONGEST / max(1, len(captions))


def _similarity(own: dict[tuple[Hashable, ...], float], other: dict[tuple[Hashable, ...], float]) -> float:
    """The cosine of two weighted counts, in which a caption gains nothing by repeating an n-gram."""
    product = sum(min(value, other.get(gram, 0.0)) * other.get(gram, 0.0) for gram, value in own.items())
    norms = math.sqrt(sum(v * v for v in own.values())) * math.sqrt(sum(v * v for v in other.values()))
    return product / norms if norms else 0.0
