"""Lints: valid code that is probably wrong. One file each, with its diagnostic; found by iterating this folder.

A lint's module has `find(facts)`, which yields what it finds in a network without errors. One that has
`find_in_draft(draft)`, too, also runs on a network with errors.
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
def lints() -> tuple[Find, ...]:
    """Every lint of a network without errors."""
    return tuple(module.find for module in _modules())


def lint(facts: Facts, sink: Sink, *, pedantic: bool = False) -> None:
    """Put what the lints find into the sink; matters of taste only where `pedantic`."""
    for find in lints():
        for diagnostic in find(facts):
            if pedantic or not diagnostic.pedantic:
                sink.emit(diagnostic)


def lint_draft(draft: Draft, sink: Sink) -> None:
    """Put what can be found in a network with errors into the sink; words that an error points at need no warning."""
    wrong = {found.diagnostic.span for found in sink}
    for module in _modules():
        for diagnostic in getattr(module, "find_in_draft", lambda _: ())(draft):
            if diagnostic.span not in wrong:
                sink.emit(diagnostic)
