"""The kinds of values: which can be compared, and which can be a condition."""

from typing import Any

from .show import show


def incomparable(op: str, left: Any, right: Any, *, shapes: bool = False) -> str | None:
    """Why two values cannot be compared, or None: their kinds differ, or values of their kind have no order.

    `shapes`: a value is a shape. A number, as the shape of a vector, can then be tested for equality with a size.
    """
    kinds = _kind(left), _kind(right)
    if shapes and op in ("==", "!=") and {*kinds} == {_NUMBER, _SIZE}:
        return None
    if kinds[0] != kinds[1]:
        return f"{kinds[0]}, {show(left)}, cannot be compared with {kinds[1]}, {show(right)}"
    if op not in ("==", "!=") and kinds[0] != _NUMBER:
        return f"`{op}` compares numbers, and {show(left)} and {show(right)} have no order"
    return None


def no_condition(value: Any) -> str | None:
    """Why a value cannot be a condition, or None: numbers can, and 0 is false."""
    return None if _kind(value) == _NUMBER else f"a condition is a comparison or a number, not {show(value)}"


_NUMBER, _SIZE = "a number", "a size"


def _kind(value: Any) -> str:
    match value:
        case tuple():
            return _SIZE
        case str():
            return "a text"
        case _:
            return _NUMBER
