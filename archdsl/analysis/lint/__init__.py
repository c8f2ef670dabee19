"""Lints: what is legal but most likely bad. One file each, with its diagnostic; found by iterating this folder.

A lint's module has `find(facts)`, which yields what it finds. They run when a network has no errors; `ALWAYS = True` in
a module lets it run on one with errors too, on the shapes that are known.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from functools import cache

from ...diagnostics import Diagnostic, Sink
from ._facts import Facts

__all__ = ["Facts", "lint", "lints"]

Find = Callable[[Facts], Iterator[Diagnostic]]


@cache
def lints() -> tuple[tuple[Find, bool], ...]:
    """Every lint, and whether it also runs on a network with errors."""
    names = [module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")]
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return tuple((module.find, getattr(module, "ALWAYS", False)) for module in modules)


def lint(facts: Facts, sink: Sink, *, pedantic: bool = False) -> None:
    """Put what the lints find into the sink; matters of taste only where `pedantic`."""
    healthy = not sink.errors
    # Words that an error points at need no warning.
    wrong = {found.diagnostic.span for found in sink} if not healthy else ()
    for find, always in lints():
        if healthy or always:
            for diagnostic in find(facts):
                if (pedantic or not diagnostic.pedantic) and diagnostic.span not in wrong:
                    sink.emit(diagnostic)
