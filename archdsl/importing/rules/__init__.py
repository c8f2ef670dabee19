"""The rules: the layers for each ATen operation. A rule is a function in one of the modules of this folder."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

Rule = Callable[[Any, Mapping[str, Any]], Any]
"""A function from the lifter and the operation's arguments by name to its result."""

_found: dict[str, Rule] = {}


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Declare a function as the rule of these operations."""

    def declare(function: Rule) -> Rule:
        for name in names:
            _found[name] = function
        return function

    return declare


@cache
def rules() -> Mapping[str, Rule]:
    """The rule of each operation, by its name without the overload."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return _found
