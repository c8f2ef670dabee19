"""The search space of a sweep: lists `0.5,1,2` and ranges `0.01..0.3`, as typed. Imports only pydantic."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from ..recipe.composition import Path
from ..recipe.fields import SWITCHES, RecipeField, recipe_fields
from ..recipe.recipe import OFF

Value = int | float | str
Point = dict[str, Value]
"""One value for each dimension, by name."""

_LOG_SPAN = 10
_LARGEST_GRID = 100_000
_COUNTED = ("--epochs",)
"""Options that accept fractions, but for which a range `2..9` means integers."""


class BadRange(ValueError):
    """An invalid list or range; the message explains why."""


@dataclass(frozen=True)
class Choices:
    """One of several values."""

    values: tuple[Value, ...]

    def __str__(self) -> str:
        return ",".join(f'"{value}"' if "," in str(value) else str(value) for value in self.values)


@dataclass(frozen=True)
class Range:
    """A number from `low` to `high`, inclusive; an integer if `is_integer`, log-uniform if `log`."""

    low: float
    high: float
    is_integer: bool
    log: bool

    def __str__(self) -> str:
        return f"{self.low:g}..{self.high:g}"


Dimension = Choices | Range


@dataclass(frozen=True)
class Space:
    """The dimensions by name: `width` for a parameter of the network, `--lr` for an option; and the fixed values."""

    dimensions: Mapping[str, Dimension]
    parameters: Mapping[str, Value]
    options: Mapping[str, str]

    @property
    def varies_network(self) -> bool:
        """Whether a parameter of the network varies, and with it the MACs."""
        return any(not name.startswith("--") for name in self.dimensions)

    def grid(self) -> tuple[Point, ...] | None:
        """All points, the last dimension fastest; None if there are ranges or too many points."""
        lists = [dimension.values for dimension in self.dimensions.values() if isinstance(dimension, Choices)]
        if len(lists) < len(self.dimensions) or math.prod(map(len, lists)) > _LARGEST_GRID:
            return None
        return tuple(dict(zip(self.dimensions, values, strict=True)) for values in product(*lists))

    def given(self, point: Mapping[str, Value]) -> dict[str, Value]:
        """The network's parameters at a point."""
        return {**self.parameters, **{name: value for name, value in point.items() if not name.startswith("--")}}

    def recipe(self, point: Mapping[str, Value]) -> dict[Path, Any]:
        """The recipe's options at a point, by the path of their field.

        If the kind of a line varies (`--optimizer sgd,adam`), fields that this point's kind does not have are omitted.
        """
        values = {**self.options, **{name: value for name, value in point.items() if name.startswith("--")}}
        return {
            e.path: str(values[e.option])
            for e in recipe_fields()
            if e.option in values and not self._is_unused(e, values)
        }

    def used(self, point: Mapping[str, Value]) -> Point:
        """The point without the options that its kinds do not have."""
        values = {**self.options, **point}
        unused = {entry.option for entry in recipe_fields() if entry.option in point and self._is_unused(entry, values)}
        return {name: value for name, value in point.items() if name not in unused}

    def _is_unused(self, entry: RecipeField, values: Mapping[str, Value]) -> bool:
        switches = [each.option for each in recipe_fields() if each.path == SWITCHES.get(entry.path)]
        if any(option in self.dimensions and values[option] == OFF for option in switches):
            return True
        heads = [head for head in recipe_fields() if head.head and head.path[0] == entry.path[0]]
        if not heads or heads[0] is entry or heads[0].option not in self.dimensions:
            return False
        owners = {use.owner for use in entry.uses}
        return "" not in owners and values[heads[0].option] not in owners

    def corners(self) -> tuple[Point, ...]:
        """Points that include every listed value, and both ends of every range, at least once."""
        first = {name: _ends(dimension)[0] for name, dimension in self.dimensions.items()}
        others = (
            {**first, name: value}
            for name, dimension in self.dimensions.items()
            for value in _ends(dimension)[1:]
        )  # fmt: skip
        return (first, *others)


def space_of(settings: Sequence[str], options: Mapping[Path, str]) -> Space:
    """A space from `--set NAME=VALUES` and from the recipe's options as typed. Raises BadRange."""
    dimensions: dict[str, Dimension] = {}
    parameters: dict[str, Value] = {}
    fixed: dict[str, str] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals or not name.isidentifier():
            raise BadRange(f"--set: `{setting}` is not NAME=VALUES")
        dimension = _dimension(f"--set {name}", text, None)
        if isinstance(dimension, Choices) and len(dimension.values) == 1:
            parameters[name] = dimension.values[0]
        else:
            dimensions[name] = dimension
    for entry in recipe_fields():
        if entry.path not in options:
            continue
        dimension = _dimension(entry.option, options[entry.path], entry)
        if isinstance(dimension, Choices) and len(dimension.values) == 1:
            fixed[entry.option] = str(dimension.values[0])
        else:
            dimensions[entry.option] = dimension
    return Space(dimensions, parameters, fixed)


def _dimension(name: str, text: str, entry: RecipeField | None) -> Dimension:
    """The dimension of one argument: of an option (`entry`) or of a parameter of the network."""
    if entry is None and "[" in text:
        raise BadRange(f"{name}: a sweep takes numbers for a parameter, not lists")
    words = entry is not None and (entry.kind not in (int, float) or bool(entry.choices))
    if ".." in text and "," not in text and not words:
        return _range(name, text, entry is not None and entry.kind is float and entry.option not in _COUNTED)
    values = _listed(name, text)
    if not all(values):
        raise BadRange(f"{name}: `{text}` has an empty value; write `1,2,3` or `1..3`")
    if len(set(values)) < len(values):
        raise BadRange(f"{name}: `{text}` has a duplicate value")
    if entry is None:
        return Choices(tuple(_number(name, value) for value in values))
    if entry.kind is bool and (wrong := [value for value in values if value not in ("on", "off")]):
        raise BadRange(f"{name}: `{wrong[0]}` is neither `on` nor `off`")
    if entry.choices and (wrong := [value for value in values if value not in entry.choices]):
        raise BadRange(f"{name}: `{wrong[0]}` is not one of {', '.join(entry.choices)}")
    return Choices(tuple(map(_plain, values)) if entry.kind in (int, float) and not entry.choices else tuple(values))


def _listed(name: str, text: str) -> list[str]:
    """The values between commas; a value that has commas itself is in double quotes."""
    if text.count('"') % 2:
        raise BadRange(f"{name}: `{text}` has an opening quote without a closing one")
    return [part.strip().strip('"') for part in re.split(r',(?=(?:[^"]*"[^"]*")*[^"]*$)', text)]


def _range(name: str, text: str, fractions: bool) -> Range:
    ends = [_number(name, end) for end in text.split("..", 1)]
    low, high = float(ends[0]), float(ends[1])
    if not low < high:
        raise BadRange(f"{name}: `{text}` is not an ascending range")
    whole = all(isinstance(end, int) for end in ends) and not fractions
    return Range(low, high, whole, low > 0 and high / low >= _LOG_SPAN)


def _number(name: str, text: str) -> int | float:
    try:
        value = int(text) if text.strip().lstrip("+-").isdigit() else float(text)
    except ValueError:
        raise BadRange(f"{name}: `{text}` is not a number") from None
    if not math.isfinite(value) or abs(value) > 1e18:
        raise BadRange(f"{name}: `{text}` is too large")
    return value


def _plain(text: str) -> Value:
    """A number if it is one; `off` and invalid values remain strings."""
    try:
        return _number("", text)
    except BadRange:
        return text


def _ends(dimension: Dimension) -> tuple[Value, ...]:
    if isinstance(dimension, Choices):
        return dimension.values
    ends = (dimension.low, dimension.high)
    return tuple(map(int, ends)) if dimension.is_integer else ends
