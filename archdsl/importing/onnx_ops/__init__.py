"""ONNX operators implemented in torch: a function for each, by the operator's name."""

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache
from typing import Any

OnnxRule = Callable[..., Any]
"""A function from the node and its inputs to the result, or to a tuple of results."""

_found: dict[str, OnnxRule] = {}


def operator(*names: str) -> Callable[[OnnxRule], OnnxRule]:
    """Declare a function as the implementation of these operators."""

    def declare(function: OnnxRule) -> OnnxRule:
        for name in names:
            _found[name] = function
        return function

    return declare


@cache
def operators() -> dict[str, OnnxRule]:
    """The function of each operator."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return _found
