"""The valid networks: those that ship with archdsl, those of its documentation, and generated ones."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from inspect import getmembers, isfunction
from pathlib import Path
from random import Random
from types import ModuleType

from archdsl import zoo
from archdsl.diagnostics import Sink
from archdsl.network import analyze
from archdsl.text.source import Source

from .families import classifiers, maps, modern, others
from .protocol import Valid

ROOT = Path(__file__).resolve().parents[2]
SEED = 20240501
NETWORKS_PER_FAMILY = 6
"""How many networks of each family are generated."""
LONGEST = 250
"""How many layers a network may have: each text with an error is checked several times."""
_ARCH_BLOCK = re.compile(r"^```arch[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@cache
def networks() -> tuple[Valid, ...]:
    """All valid networks, without duplicates, in an order that is the same on every run."""
    found: dict[str, Valid] = {}
    for each in (*_shipped(), *_documented()):
        if _is_valid(each):
            found.setdefault(each.text, each)
    for each in _generated():
        found.setdefault(each.text, each)
    return tuple(found.values())


def _shipped() -> Iterator[Valid]:
    """One network of each text of the zoo, and the examples."""
    texts: dict[Path, zoo.ZooEntry] = {}
    for entry in zoo.entries().values():
        texts.setdefault(entry.path, entry)
    for entry in texts.values():
        yield Valid(entry.name, "zoo", entry.source().text)
    for path in sorted((ROOT / "examples").glob("*.arch")):
        if path not in texts:
            yield Valid(path.stem, "example", path.read_text(encoding="utf-8"))


def _documented() -> Iterator[Valid]:
    """The programs of the documentation that need no other file."""
    for path in sorted((ROOT / "docs").rglob("*.md")):
        page = path.read_text(encoding="utf-8")
        for match in _ARCH_BLOCK.finditer(page):
            line = page.count("\n", 0, match.start()) + 2
            yield Valid(f"{path.stem}_line{line}", "docs", match[1])


def _generated() -> Iterator[Valid]:
    """Networks of every family, each with its own seed. Raises ArchError where a generator makes a wrong one."""
    for module in (classifiers, maps, modern, others):
        for name, make in _generators(module):
            for number in range(NETWORKS_PER_FAMILY):
                valid = Valid(f"{name}{number}", name, make(Random(f"{SEED} {name} {number}")))
                valid.graph  # noqa: B018
                yield valid


def _generators(module: ModuleType) -> list[tuple[str, Callable[[Random], str]]]:
    return [(name, make) for name, make in getmembers(module, isfunction) if make.__module__ == module.__name__]


def _is_valid(valid: Valid) -> bool:
    """Whether a text has no error by itself, some layers, and not too many."""
    analysis = analyze(Source(valid.text), Sink())
    return analysis.network is not None and 3 <= len(analysis.network.graph.layers) <= LONGEST
