"""Captions as IDs of words: the vocabulary, and the encoding of the captions of images."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

PADDING, START, END, UNKNOWN = range(4)
"""IDs that are not words: padding after a caption, its start, its end, and words outside of the vocabulary."""
SPECIAL = ("<padding>", "<start>", "<end>", "<unknown>")
_WORD = re.compile(r"\w+(?:'\w+)?")


def words_of(caption: str) -> list[str]:
    """The words of a caption, in lower case and without punctuation."""
    return _WORD.findall(caption.lower())


def vocabulary_of(captions: Iterable[str], least: int = 1) -> tuple[str, ...]:
    """The special IDs, then the words that occur at least this often, in alphabetical order."""
    counts = Counter(word for caption in captions for word in words_of(caption))
    return (*SPECIAL, *sorted(word for word, count in counts.items() if count >= least))


def encoded(captions: Sequence[Sequence[str]], vocabulary: Sequence[str]) -> NDArray[np.int32]:
    """The captions of N images as IDs, int32 of N×R×L: START, the words, END, then PADDING.

    R and L are the largest numbers of captions and of IDs; missing captions consist of PADDING.
    """
    numbers = {word: number for number, word in enumerate(vocabulary)}
    found = [
        [[START, *(numbers.get(word, UNKNOWN) for word in words_of(text)), END] for text in texts] for texts in captions
    ]
    most = max((len(texts) for texts in found), default=1)
    longest = max((len(ids) for texts in found for ids in texts), default=2)
    made = np.full((len(found), most, longest), PADDING, np.int32)
    for row, texts in zip(made, found, strict=True):
        for place, ids in enumerate(texts):
            row[place, : len(ids)] = ids
    return made


def fitted(captions: NDArray[np.int32], length: int) -> NDArray[np.int32]:
    """Captions N×R×L at another length: padded, or truncated, in which case they have no END."""
    if captions.shape[2] >= length:
        return np.ascontiguousarray(captions[:, :, :length])
    return np.pad(captions, ((0, 0), (0, 0), (0, length - captions.shape[2])), constant_values=PADDING)


def sentence_of(ids: Iterable[int], vocabulary: Sequence[str]) -> str:
    """The words up to END."""
    words = []
    for number in ids:
        if number == END:
            break
        if number not in (PADDING, START):
            words.append(vocabulary[number])
    return " ".join(words)
