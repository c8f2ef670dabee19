"""Shrinks a failing example: lines, words and arguments are removed while the failure remains of the same kind."""

import re
import time
from collections.abc import Callable, Iterator

from .example import Example

_WORD = re.compile(r"[\w.@]+|[^\w\s]|\s+")


def shrink(example: Example, fails: Callable[[Example], bool], seconds: float = 20.0) -> Example:
    """The smallest example found in this time for which `fails` is true, as it is for the given one."""
    end = time.monotonic() + seconds
    improved = True
    while improved and time.monotonic() < end:
        improved = False
        for smaller in _smaller(example):
            if time.monotonic() > end:
                break
            if fails(smaller):
                example, improved = smaller, True
                break
    return example


def _smaller(example: Example) -> Iterator[Example]:
    """Examples with something removed, the largest pieces first."""
    for index in range(1, len(example.files)):
        yield example.replace(files=example.files[:index] + example.files[index + 1 :])
    words = example.arguments
    for size in (4, 2, 1):
        for start in range(1, len(words) - size + 1):
            yield example.replace(arguments=words[:start] + words[start + size :])
    for index, (name, text) in enumerate(example.files):
        for shorter in _shorter(text):
            changed = (*example.files[:index], (name, shorter), *example.files[index + 1 :])
            piped = shorter if example.stdin == text else example.stdin
            yield example.replace(files=changed, stdin=piped)
    for index, word in enumerate(words):
        if len(word) > 12:
            for shorter in _shorter(word):
                yield example.replace(arguments=(*words[:index], shorter, *words[index + 1 :]))


def _shorter(text: str) -> Iterator[str]:
    """A text without some of its lines, statements or words."""
    for pieces, joint in ((text.split("\n"), "\n"), (re.split("; ?", text), "; "), (_WORD.findall(text), "")):
        size = len(pieces) // 2
        while size:
            for start in range(0, len(pieces), size):
                shorter = joint.join(pieces[:start] + pieces[start + size :])
                if len(shorter) < len(text):
                    yield shorter
            size //= 2
