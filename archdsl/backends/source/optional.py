"""Modules that only some uses of a block have: a projection on a residual connection."""

from collections import defaultdict
from collections.abc import Sequence

from ...graph import Node
from ..units import Unit
from .forward import Skipped


def skipped_modules(units: Sequence[Unit]) -> dict[int, Skipped]:
    """An identity module in place of a module that only other uses of a block have, by the `id` of the unit."""
    kinds: dict[str, list[Unit]] = defaultdict(list)
    for unit in units:
        kinds[unit.kind].append(unit)
    found: dict[int, Skipped] = {}
    for group in kinds.values():
        names = {tuple(unit.attribute(item) for item in unit.items): unit for unit in group}
        for longer, example in names.items():
            for shorter in names:
                place = _only_missing(longer, shorter)
                if place is not None and not any(id(unit) in found for unit in group):
                    found |= _skips(example, place, [unit for unit in group if _names(unit) == shorter])
    return found


def _names(unit: Unit) -> tuple[str, ...]:
    return tuple(unit.attribute(item) for item in unit.items)


def _only_missing(longer: tuple[str, ...], shorter: tuple[str, ...]) -> int | None:
    """The place of the only name that the shorter list lacks."""
    if len(longer) != len(shorter) + 1:
        return None
    place = next((i for i, (a, b) in enumerate(zip(longer, shorter, strict=False)) if a != b), len(shorter))
    return place if longer[:place] + longer[place + 1 :] == shorter else None


def _skips(example: Unit, place: int, units: Sequence[Unit]) -> dict[int, Skipped]:
    extra = example.items[place]
    if not isinstance(extra, Unit) or not extra.chain or place + 1 >= len(example.items):
        return {}
    reader = example.items[place + 1]
    (value,), (made,) = extra.inputs, extra.outputs
    if not isinstance(reader, Node) or value not in example.inputs or made not in reader.inputs:
        return {}
    index, position = example.inputs.index(value), reader.inputs.index(made)
    found: dict[int, Skipped] = {}
    for unit in units:
        other = unit.items[place]
        if not isinstance(other, Node) or len(unit.inputs) != len(example.inputs):
            return {}
        if len(other.inputs) != len(reader.inputs) or other.inputs[position] != unit.inputs[index]:
            return {}
        found[id(unit)] = Skipped(example.attribute(extra), unit.inputs[index], -1 - other.id, other.id)
    return found
