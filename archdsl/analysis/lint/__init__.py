"""Lints: valid code that is probably wrong.

Each lint is one file of this folder, with its diagnostic, and is found by iterating the folder. Its module has
`find(facts)`, which yields the diagnostics for a network without errors. If it also has `find_in_draft(draft)`, it also
runs on networks with errors. The lints of packages run on the networks that name them.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from functools import cache
from types import ModuleType

from ...diagnostics import Diagnostic, Sink
from ...graph import Draft
from ._facts import Facts

__all__ = ["Facts", "lint", "lint_draft", "lints"]

Find = Callable[[Facts], Iterator[Diagnostic]]


@cache
def _modules() -> tuple[ModuleType, ...]:
    names = [module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")]
    return tuple(importlib.import_module(f"{__name__}.{name}") for name in names)


@cache
def lints(without: frozenset[str] = frozenset()) -> tuple[Find, ...]:
    """Every lint for networks without errors, except those in the files `without`."""
    return tuple(each.find for each in _modules() if each.__name__.rpartition(".")[2] not in without)


def lint(facts: Facts, sink: Sink, *, pedantic: bool = False, without: frozenset[str] = frozenset()) -> None:
    """Put the warnings of the lints into the sink; those on style only if `pedantic`, none from the files `without`."""
    for find in lints(without):
        for diagnostic in find(facts):
            if pedantic or not diagnostic.pedantic:
                sink.emit(diagnostic)
    if facts.graph.packages:
        from ._package_lints import package_lints

        for diagnostic in package_lints(facts):
            if pedantic or not diagnostic.pedantic:
                sink.emit(diagnostic)


def lint_draft(draft: Draft, sink: Sink) -> None:
    """Put the warnings for a network with errors into the sink; words that an error points at need no warning."""
    wrong = {found.diagnostic.span for found in sink}
    for module in _modules():
        for diagnostic in getattr(module, "find_in_draft", lambda _: ())(draft):
            if diagnostic.span not in wrong:
                sink.emit(diagnostic)
