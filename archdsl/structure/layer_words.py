"""The arguments of a layer, a merge or a block as words."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..contract.arguments import ParameterSpec, PatternText
from ..contract.initializers import Init
from ..layers._fixed import NAMES, FixedFilter
from .items import Code


class Unwritable(ValueError):
    """A value that the language cannot express."""


def words(parameters: Sequence[ParameterSpec], values: Mapping[str, Any]) -> list[str]:
    """The arguments that differ from their defaults, each as written: `64`, `k3`, `stride=s`, `nobias`."""
    found: list[str] = []
    named: list[str] = []
    flags: list[str] = []
    in_order = True
    for p in sorted(parameters, key=lambda p: not p.positional):
        value = values.get(p.name, p.default)
        if not isinstance(value, Code) and is_default(p, value):
            in_order = in_order and not p.positional
            continue
        if p.rest:
            named += [f"{name}={literal(p, each)}" for name, each in value]
        elif (flag := _flag(p, value)) is not None:
            flags.append(flag)
            in_order = in_order and not p.positional
        elif (short := _short(p, value)) is not None:
            named.append(short)
            in_order = in_order and not p.positional
        elif p.positional and in_order:
            found += [_alone(literal(p, each)) for each in value] if p.many else [_alone(_text(p, value))]
        else:
            if p.many:
                raise Unwritable(f"{p.name} after an argument that is not given")
            name = p.letter if p.letter is not None and isinstance(value, Code) else p.name
            named.append(f"{name}={_alone(_text(p, value))}")
    return found + named + flags


def is_default(p: ParameterSpec, value: Any) -> bool:
    """Whether a value is the default of the argument."""
    return not p.required and isinstance(value, bool) is isinstance(p.default, bool) and bool(value == p.default)


def _flag(p: ParameterSpec, value: Any) -> str | None:
    """The bare word for a value, `nobias`; None if it has none."""
    if isinstance(value, Code):
        return None
    return next((word for word, each in p.words if type(each) is type(value) and each == value), None)


def _short(p: ParameterSpec, value: Any) -> str | None:
    """The shorthand for a value, `k3`; None if it has none."""
    if p.letter is not None and type(value) in (int, tuple):
        numbers = value if isinstance(value, tuple) else (value,)
        return f"{p.letter}{size(numbers)}" if all(number >= 0 for number in numbers) else None
    return None


def _text(p: ParameterSpec, value: Any) -> str:
    return str(value) if isinstance(value, Code) else literal(p, value)


def _alone(text: str) -> str:
    """An expression as one argument: in parentheses if it has spaces outside of parentheses."""
    return f"({text})" if " " in text and not text.startswith(('"', "(", "[")) else text


def literal(p: ParameterSpec | None, value: Any) -> str:
    """A value as text. Raises Unwritable."""
    match value:
        case Code():
            return str(value)
        case bool():
            return str(int(value))
        case int() | float():
            return number(value)
        case Init():
            return value.name + (f"({', '.join(map(number, value.numbers))})" if value.numbers else "")
        case str() if p is not None and isinstance(p.kind, PatternText):
            return quoted(value)
        case str() if p is not None and isinstance(p.kind, FixedFilter):
            return value if value in NAMES else quoted(value)
        case str():
            return value
        case tuple() if value and all(isinstance(each, int) and each >= 0 for each in value):
            return size(value)
        case _:
            raise Unwritable(f"{value!r} cannot be written")


def quoted(text: str) -> str:
    """A text in quotes. Raises Unwritable."""
    if '"' in text or "\n" in text:
        raise Unwritable(f"{text!r} cannot be in quotes")
    return f'"{text}"'


def size(dims: Sequence[int]) -> str:
    """`3x32x32`."""
    return "x".join(map(str, dims))


def number(value: int | float) -> str:
    """A number in its shortest form: `1e-5`."""
    text = repr(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else repr(value)
    return text.replace("e-0", "e-").replace("e+", "e")
