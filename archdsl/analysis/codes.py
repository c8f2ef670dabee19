"""All diagnostics by code: those of the catalog, and those of the lints."""

import importlib
import pkgutil
from functools import cache
from types import ModuleType

from ..diagnostics import catalog
from ..diagnostics.diagnostic import Diagnostic
from . import lint


@cache
def by_code() -> dict[str, type[Diagnostic]]:
    """Code → class, in the order of the codes. Imports every module that defines one; `check` never calls it."""
    found: dict[str, type[Diagnostic]] = {}
    for package in (catalog, lint):
        for module in _modules(package):
            found |= {kind.code: kind for kind in _defined(module)}
    return dict(sorted(found.items()))


def _modules(package: ModuleType) -> list[ModuleType]:
    names = [module.name for module in pkgutil.iter_modules(package.__path__)]
    return [importlib.import_module(f"{package.__name__}.{name}") for name in names]


def _defined(module: ModuleType) -> list[type[Diagnostic]]:
    """The diagnostics defined in a module: those with their own code."""
    kinds = [value for value in vars(module).values() if isinstance(value, type) and issubclass(value, Diagnostic)]
    return [kind for kind in kinds if kind.__module__ == module.__name__ and "code" in vars(kind)]
