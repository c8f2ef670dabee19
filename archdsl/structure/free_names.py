"""Unused names for tensors, blocks, parameters and the network."""

import re
from collections.abc import Iterable
from functools import cache

from ..layers import find, merges, registry, synonyms
from ..syntax.tokens import KEYWORDS, MERGE_NAMES, MOE_WORD, SCAN_WORDS

_SHORTHAND = re.compile(r"[A-Za-z]\d+(x\d+)*$")
_WORDS = {*KEYWORDS, *MERGE_NAMES, *SCAN_WORDS, MOE_WORD, "for", "min", "max", "round", "floor", "ceil", "sqrt", "exp"}
_WORDS |= {"log", "round_to", "len", "sum", "params", "trainable", "macs", "flops", "layers", "out", "rf"}


@cache
def reserved() -> frozenset[str]:
    """The words with a meaning in the language: keywords, layers, flags."""
    flags = {
        word for layer in (*registry().values(), *merges().values()) for p in layer.parameters for word, _ in p.words
    }
    return frozenset({*_WORDS, *registry(), *synonyms(), *merges(), *flags})


def identifier(text: str, otherwise: str) -> str:
    """A text as a name that has no other meaning: `layer.1` as `layer_1`."""
    name = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_")
    if not name or not name[0].isalpha():
        name = f"{otherwise}_{name}".strip("_")
    if _SHORTHAND.match(name):
        name = f"{name[0]}_{name[1:]}"
    return f"{name}_" if name in reserved() or find(name) is not None else name


class Names:
    """Names that are each used once."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.taken = set(taken)

    def take(self, text: str, otherwise: str = "tensor") -> str:
        """A name like this text that is not taken yet."""
        base = name = identifier(text, otherwise)
        number = 1
        while name in self.taken or find(name) is not None:
            number += 1
            name = f"{base}_{number}" if base[-1].isdigit() else f"{base}{number}"
            if _SHORTHAND.match(name):
                name = f"{base}_{number}"
        self.taken.add(name)
        return name
