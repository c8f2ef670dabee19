"""Networks with two errors in different places: whether suggestions lead to a network without errors, step by step."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from itertools import pairwise
from random import Random

from archdsl.diagnostics import Sink
from archdsl.network import analyze
from archdsl.text.source import Source

from .cases import applied, errors, suggested
from .protocol import Kind, Valid

STEPS = 4
"""How many suggestions are applied, each the first suggestion for the first error that has one."""


@dataclass(frozen=True)
class TwoErrors:
    """A network with two errors."""

    valid: Valid
    kinds: tuple[Kind, Kind]
    text: str

    @cached_property
    def steps(self) -> tuple[str, ...]:
        """The texts after the first suggestion, the second, and so on, while there are errors and suggestions."""
        texts = [self.text]
        while len(texts) <= STEPS:
            fix = next((fixes[0] for _, fixes in suggested(texts[-1]) if fixes), None)
            if fix is None or applied(texts[-1], fix) in texts:
                break
            texts.append(applied(texts[-1], fix))
        return tuple(texts[1:])

    @cached_property
    def measures(self) -> dict[str, bool]:
        """Whether there is a first step, the last leads to no errors, and it leads to the original network."""
        last = self.steps[-1] if self.steps else self.text
        network = analyze(Source(last), Sink()).network
        restored = network is not None and any(kind.right(self.valid.graph, network.graph) for kind in self.kinds)
        return {"offered": bool(self.steps), "no errors": network is not None, "restored": restored}


def two_errors(kinds: Sequence[Kind], valids: Sequence[Valid], seed: int, limit: int) -> Iterator[TwoErrors]:
    """Networks with two errors of randomly chosen kinds, each an error on its own."""
    random = Random(f"{seed} two errors")
    found = 0
    while found < limit:
        valid, (first, second) = random.choice(valids), random.sample(kinds, 2)
        texts = [kind.make(Random(random.random()), valid) for kind in (first, second)]
        if any(text is None or not errors(text) for text in texts):
            continue
        text = merged(valid.text, *(each or "" for each in texts))
        if text is not None and len(errors(text)) > 1:
            found += 1
            yield TwoErrors(valid, (first, second), text)


def merged(before: str, one: str, other: str) -> str | None:
    """The text with the changes of two others; None where they touch each other or the same line."""
    changes = sorted([*_changes(before, one), *_changes(before, other)])
    lines = before.split("\n")
    if any(end >= start for (_, end, _), (start, _, _) in pairwise(changes)):
        return None
    for start, end, new in reversed(changes):
        lines[start:end] = new
    return "\n".join(lines)


def _changes(before: str, after: str) -> list[tuple[int, int, list[str]]]:
    """What replaces which lines, counted from 0."""
    old, new = before.split("\n"), after.split("\n")
    codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [(i, j, new[k:m]) for tag, i, j, k, m in codes if tag != "equal"]
