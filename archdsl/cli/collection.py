"""Garbage collection, less often: the trees and graphs of a command hold no cycles."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_YOUNG = 200_000
"""New objects before the young ones are looked through; Python's own threshold is 700."""


@contextmanager
def rarely_collected() -> Iterator[None]:
    """Look for cycles seldom. All that a tree is made of lives as long as the tree.

    A look at everything costs the more, the larger the tree, and is taken the more often: half the time of a check of
    10,000 layers went into it. What cycles there are, such as those of tracebacks, are still collected.
    """
    before = gc.get_threshold()
    gc.set_threshold(_YOUNG, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
