"""A process of `make fuzz`: generates examples without end, and reports counts and failures."""

import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

from archdsl.record import Record

from .example import Example, from_json, to_json
from .failure_kinds import Failure, failure_of
from .properties import PROPERTIES, Property
from .shrink import shrink

EXAMPLES = 30_000
"""Number of examples per process before a fresh one continues, so that leaked memory is released."""
SHARES = {"commands": 4.0}
"""Relative share of the time for a property; the others have a share of 1."""


class Work(Record):
    """The task of a process: which properties, and which seeds: first, first + step, …"""

    properties: tuple[str, ...]
    first: int
    step: int
    current: str
    """The file with the current example, in case it ends the process."""


class Report(Record):
    """What happened since the last report. `next` is the first seed not yet started."""

    counts: dict[str, int]
    seconds: dict[str, float]
    kinds: dict[str, int]
    next: int
    finished: bool = False


class Find(Record):
    """The first failure of a kind, shrunk."""

    kind: str
    details: str
    example: str


def failure(example: Example) -> Failure | None:
    """How an example fails; None if its property holds."""
    try:
        PROPERTIES[example.holds].check(example)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return failure_of(error)
    return None


class _Worker:
    def __init__(self, work: Work, parent: Connection) -> None:
        self.work = work
        self.parent = parent
        self.current = Path(work.current)
        self.known: set[str] = set()
        self.counts: Counter[str] = Counter()
        self.seconds = dict.fromkeys(work.properties, 0.0)
        self.kinds: Counter[str] = Counter()
        self.spent = dict.fromkeys(work.properties, 0.0)

    def run(self) -> None:
        seed, done, reported = self.work.first, 0, time.monotonic()
        while done < EXAMPLES:
            name = min(self.spent, key=lambda name: self.spent[name] / SHARES.get(name, 1.0))
            start = time.monotonic()
            done += self.examples(PROPERTIES[name], seed)
            taken = time.monotonic() - start
            self.spent[name] += taken
            self.seconds[name] += taken
            seed += self.work.step
            if time.monotonic() - reported > 1:
                self.report(seed)
                reported = time.monotonic()
        self.report(seed, finished=True)

    def examples(self, held: Property, seed: int) -> int:
        """Check the examples of a seed; returns their number."""
        count = 0
        try:
            for example in held.draw(Random(seed)):
                count += 1
                self.current.write_text(to_json(example, f"seed {seed}"), encoding="ascii")
                found = failure(example)
                if found is not None:
                    self.note(example, found)
        except Exception as error:
            self.kinds[f"{held.name}, drawing seed {seed}: {failure_of(error).kind}"] += 1
        self.counts[held.name] += count
        return count

    def note(self, example: Example, found: Failure) -> None:
        kind = f"{example.holds}: {found.kind}"
        self.kinds[kind] += 1
        if kind in self.known:
            return
        self.known.add(kind)
        small = shrink(example, self.fails_as(found))
        details = (failure(small) or found).details
        self.parent.send(Find(kind=kind, details=details, example=to_json(small, kind)))

    def fails_as(self, found: Failure) -> Callable[[Example], bool]:
        def fails(example: Example) -> bool:
            other = failure(example)
            return other is not None and other.kind == found.kind

        return fails

    def report(self, seed: int, *, finished: bool = False) -> None:
        figures = dict(self.counts), dict(self.seconds), dict(self.kinds)
        self.parent.send(Report(counts=figures[0], seconds=figures[1], kinds=figures[2], next=seed, finished=finished))
        self.counts.clear()
        self.kinds.clear()
        self.seconds = dict.fromkeys(self.work.properties, 0.0)


def begin(work: Work, parent: Connection) -> None:
    """The process's main function."""
    sys.setrecursionlimit(1000)
    _load_torch()
    with suppress(KeyboardInterrupt, BrokenPipeError):
        _Worker(work, parent).run()


def _load_torch() -> None:
    """Load torch before the memory of a command is measured, with one thread per process."""
    import torch

    torch.set_num_threads(1)


def replay(path: Path) -> Failure | None:
    """How the example in a file fails."""
    text = path.read_text(encoding="utf-8")
    assert json.loads(text)["property"] in PROPERTIES, f"{path}: no such property"
    return failure(from_json(text))
