"""Random arguments: values that a layer's parameters accept, and the ways to write them."""

from collections.abc import Mapping
from random import Random
from typing import Any

from archdsl.contract.arguments import (
    Bool,
    Dims,
    Either,
    Float,
    Int,
    InvalidValue,
    Kind,
    OneOf,
    ParameterSpec,
    PatternText,
    SpatialInt,
    TensorName,
)
from archdsl.contract.axes import AxisName
from archdsl.contract.initializers import Init, Initializer
from archdsl.layers._fixed import NAMES, FixedFilter
from archdsl.shapes.shape import Layout, Shape
from tests.layers.strategies import initializers, pattern_arguments

_REALS = (0.0, 1e-6, 1e-5, 0.1, 0.25, 0.5, 1.0, 2.0, 0.75, -0.5)


def value(random: Random, kind: Kind | None, x: Shape) -> Any:
    """A value that a kind of argument accepts, of a size likely to fit x."""
    match kind:
        case Int():
            minimum = 0 if kind.minimum is None else kind.minimum
            return random.choice([n for n in (1, 2, 2, 3, 4, *x.dims[:1]) if n >= minimum] or [minimum])
        case Float():
            return random.choice([n for n in _REALS if _takes(kind, n)])
        case SpatialInt():
            one = random.choice([n for n in (0, 1, 1, 2, 3) if n >= kind.minimum])
            count = len(x.spatial_size) if x.spatial else 0
            return tuple(max(1, one - i) for i in range(count)) if count > 1 and random.random() < 0.2 else one
        case Dims():
            return _factors(random, x)
        case OneOf():
            return random.choice(kind.choices)
        case FixedFilter():
            return random.choice([*NAMES, "-1 0 1; -2 0 2; -1 0 1", "1 2; 2 1", "1 2 1"])
        case AxisName():
            return _axes(random, x, kind.many)
        case Bool():
            return random.random() < 0.5
        case Initializer():
            return random.choice(initializers(kind))
        case Either():
            return value(random, random.choice(kind.kinds), x)
        case _:
            raise NotImplementedError(kind)


def _axes(random: Random, x: Shape, many: bool) -> Any:
    """An axis of x by name or number, or several."""
    letters = random.choice(["cl", "tc"]) if x.layout is Layout.OPEN else x.letters
    axes = random.sample(range(max(1, x.rank)), random.randint(1, max(1, x.rank)) if many else 1)
    if x.rank and random.random() < 0.6:
        return "".join(letters[axis] for axis in axes)
    return tuple(axes) if len(axes) > 1 else axes[0]


def _takes(kind: Kind, number: float) -> bool:
    try:
        kind.accept(number)
    except InvalidValue:
        return False
    return True


def _factors(random: Random, x: Shape) -> tuple[int, ...]:
    """The elements of x in other dimensions."""
    number = x.numel if random.random() < 0.8 else (x.dims or (1,))[0]
    found = []
    for _ in range(random.randrange(3)):
        factor = random.choice([d for d in range(1, min(number, 64) + 1) if number % d == 0])
        found.append(factor)
        number //= factor
    return (*found, number)


def arguments(random: Random, parameters: tuple[ParameterSpec, ...], x: Shape) -> dict[str, Any]:
    """Arguments for a layer: all required ones, some of the others."""
    patterned = any(isinstance(p.kind, PatternText) for p in parameters)
    chosen: dict[str, Any] = pattern_arguments(random, parameters, x) if patterned else {}
    for p in parameters:
        if p.rest or p.name in chosen or isinstance(p.kind, TensorName):
            continue
        if p.required or random.random() < 0.25:
            many = p.many and random.random() < 0.8
            chosen[p.name] = _order(random, x) if many else value(random, p.kind, x)
            if p.many and not isinstance(chosen[p.name], tuple):
                chosen[p.name] = (chosen[p.name],)
    return chosen


def _order(random: Random, x: Shape) -> tuple[int, ...]:
    axes = list(range(x.rank))
    random.shuffle(axes)
    return tuple(axes)


def number(random: Random, wanted: float, known: Mapping[str, Any]) -> str:
    """An expression, without spaces around it, with this value."""
    if isinstance(wanted, bool) or not isinstance(wanted, int):
        return f"({wanted!r})" if wanted < 0 else repr(wanted)
    names = [name for name, value in known.items() if type(value) is int]
    name = random.choice(names) if names else None
    lists = [name for name, value in known.items() if type(value) is list and value]
    if lists and random.random() < 0.3:
        return _of_list(random, wanted, random.choice(lists), known)
    match random.randrange(14):
        case 0 | 1 if name is not None:
            offset = wanted - known[name]
            return name if offset == 0 else f"{name}+{offset}" if offset > 0 else f"({name} - {-offset})"
        case 2 if wanted > 0:
            return f"max(1, {wanted})"
        case 3:
            return f"({wanted + 1} - 1)"
        case 4 if name is not None:
            return f"({wanted} if {name} == {known[name]} else {name})"
        case 5 if wanted > 0:
            return f"{2 * wanted}//2"
        case 6:
            return f"[{wanted + 1}, {wanted}][{random.choice(['1', '-1', '1:', ':2'])}]".replace(":]", ":][0]").replace(
                ":2]", ":2][1]"
            )
        case 7 if wanted in (1, 2, 4, 8):
            return f"2**{wanted.bit_length() - 1}"
        case _:
            return str(wanted) if wanted >= 0 else f"({wanted})"


def _of_list(random: Random, wanted: int, name: str, known: Mapping[str, Any]) -> str:
    """An integer as a function of a list of numbers."""
    items = known[name]
    index = random.randrange(-len(items), len(items))
    cut = random.randrange(len(items) + 1)
    found = {
        f"{name}[{index}]": items[index],
        f"len({name})": len(items),
        f"sum({name})": sum(items),
        f"sum({name}[:{cut}])": sum(items[:cut]),
        f"max({name})": max(items),
        f"sum([2*v for v in {name}])": 2 * sum(items),
    }
    text = random.choice(list(found))
    offset = wanted - found[text]
    return text if offset == 0 else f"{text}+{offset}" if offset > 0 else f"({text} - {-offset})"


def written(
    random: Random, parameters: tuple[ParameterSpec, ...], values: Mapping[str, Any], known: Mapping[str, Any]
) -> str:
    """The arguments as text, each after a space: by position, shorthand, flag or name."""
    by_place: list[str] = []
    others: list[str] = []
    in_order = True
    for p in parameters:
        if p.name not in values:
            in_order = in_order and not p.positional
            continue
        each = values[p.name]
        flags = [flag for flag, sets in p.words if sets == each and type(sets) is type(each)]
        if p.rest:
            others += [f"{name}={number(random, size, known)}" for name, size in each]
        elif p.many:
            by_place += [number(random, v, known) for v in each]
        elif flags and random.random() < 0.8:
            others.append(random.choice(flags))
        elif p.positional and in_order and random.random() < 0.8:
            by_place.append(_text(random, each, known))
        elif p.letter and _short(each) and random.random() < 0.8:
            others.append(f"{p.letter}{_plain(each)}")
        else:
            in_order = in_order and not p.positional
            others.append(f"{random.choice([p.name, p.letter or p.name])}={_text(random, each, known)}")
    random.shuffle(others)
    place = random.randrange(len(others) + 1) if by_place and random.random() < 0.2 else 0
    return "".join(f" {word}" for word in [*others[:place], *by_place, *others[place:]])


def _short(each: Any) -> bool:
    return isinstance(each, tuple) or (type(each) is int and each >= 0)


def _plain(each: Any) -> str:
    return "x".join(map(str, each)) if isinstance(each, tuple) else str(each)


def _text(random: Random, each: Any, known: Mapping[str, Any]) -> str:
    if isinstance(each, str):
        return f'"{each}"' if " " in each or ">" in each else each
    if isinstance(each, Init):
        numbers = ", ".join(number(random, each_number, known) for each_number in each.numbers)
        return f"{each.name}({numbers})" if numbers else each.name
    if isinstance(each, bool):
        return random.choice(["(1 < 2)", "1"]) if each else random.choice(["(1 > 2)", "0"])
    if isinstance(each, tuple):
        if len(each) > 1 and random.random() < 0.3:
            # With parentheses around some dimensions.
            return "x".join(f"({number(random, d, known)})" if random.random() < 0.5 else str(d) for d in each)
        return _plain(each) if len(each) > 1 else number(random, each[0], known)
    return number(random, each, known)
