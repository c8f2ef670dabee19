"""The operators and functions of expressions."""

import math
import operator
from collections.abc import Callable
from typing import Any

from ..shapes.symbolic import Sym, concrete


def round_to(value: float, multiple: int) -> int:
    """The nearest multiple that is at least 90% of the value: MobileNet's make_divisible."""
    found = max(multiple, int(value + multiple / 2) // multiple * multiple)
    return found + multiple if found < 0.9 * value else found


def power(base: Any, exponent: Any) -> Any:
    """base**exponent. Raises OverflowError if the exponent of an integer exceeds 63, unless the base is -1, 0 or 1."""
    if isinstance(exponent, Sym):
        raise TypeError
    if isinstance(base, int) and isinstance(exponent, int) and exponent >= 0:
        if exponent > 63 and abs(concrete(base)) > 1:
            raise OverflowError
        return math.prod([base] * exponent) if isinstance(base, Sym) else base**exponent
    result = base**exponent
    if isinstance(result, complex):
        raise ValueError
    return result


BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": power,
}
COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

FUNCTIONS: dict[str, tuple[Callable[..., Any], int, int]] = {
    "min": (min, 1, 16),
    "max": (max, 1, 16),
    "len": (len, 1, 1),
    "sum": (sum, 1, 1),
    "round": (round, 1, 1),
    "floor": (math.floor, 1, 1),
    "ceil": (math.ceil, 1, 1),
    "sqrt": (math.sqrt, 1, 1),
    "exp": (math.exp, 1, 1),
    "log": (math.log, 1, 2),
    "round_to": (round_to, 2, 2),
}
OF_LISTS = frozenset({"len", "sum", "min", "max"})
