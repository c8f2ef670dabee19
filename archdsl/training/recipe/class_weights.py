"""Weights of the classes in a loss: `balanced`, or a number for each class. Imports neither pydantic nor numpy."""

import json
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any

from ...text.counts import counted
from ...text.names import nearest
from ...text.word_lists import first_of

BALANCED = "balanced"
"""Weights that are inversely proportional to the number of training samples of each class."""

ClassWeights = str | tuple[float, ...] | Mapping[str, float]
"""`balanced`, a weight for each class in order, or weights by class name, 1 for the others."""


def parse_class_weights(text: str) -> ClassWeights:
    """The weights in `balanced`, `0.5, 1, 2`, `cat=2, dog=0.5` or `{"cat": 2, "dog": 0.5}`. Raises ValueError."""
    if text.strip() == BALANCED:
        return BALANCED
    if text.lstrip().startswith("{"):
        return _of_json(text)
    entries = [entry.strip() for entry in text.split(",")]
    if not all(entries):
        raise ValueError(f'`class_weights` takes `{BALANCED}`, or weights like "cat=2, dog=0.5", not "{text}"')
    if not any("=" in entry for entry in entries):
        return tuple(_weight(entry) for entry in entries)
    found: dict[str, float] = {}
    for entry in entries:
        name, equals, value = entry.rpartition("=")
        name = name.strip()
        if not equals or not name:
            raise ValueError(f'`class_weights` takes names with weights, like "cat=2, dog=0.5", not "{entry}"')
        if name in found:
            raise ValueError(f"the class `{name}` has two weights")
        found[name] = _weight(value, name)
    return found


def _of_json(text: str) -> dict[str, float]:
    """The weights in a JSON object, in which names may have commas. Raises ValueError."""
    found: dict[str, float] = {}
    try:
        pairs = json.loads(text, object_pairs_hook=tuple)
    except (ValueError, RecursionError):
        raise ValueError(f'`class_weights` takes an object like {{"cat": 2, "dog": 0.5}}, not {text}') from None
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the class `{name}` has two weights")
        found[name] = _weight(json.dumps(value), name)
    if not found:
        raise ValueError(f"`class_weights` takes names with weights, not {text}")
    return found


def class_weights_error(weights: ClassWeights, classes: Sequence[str]) -> tuple[str, str] | None:
    """Why weights do not fit these classes, and a suggestion; None if they do."""
    if isinstance(weights, str):
        return None
    if isinstance(weights, tuple):
        if len(weights) == len(classes):
            return None
        return (
            f"{counted(len(weights), 'class weight')} for {counted(len(classes), 'class')}",
            "give one weight for each class",
        )
    unknown = [name for name in weights if name not in classes]
    if not unknown:
        return None
    near = nearest(unknown[0], classes)
    return (
        f"there is no class `{unknown[0]}`",
        f"did you mean `{near}`?" if near else f"the classes: {first_of(classes, 10)}",
    )


def numbers(weights: ClassWeights, classes: Sequence[str], counts: Sequence[int]) -> tuple[float, ...]:
    """The weight of each class. `counts` are the training samples of each class, all positive for `balanced`.

    Balanced weights are `total / (classes * count)`, as in scikit-learn: their mean over the samples is 1.
    """
    if isinstance(weights, tuple):
        return weights
    if isinstance(weights, str):
        total = sum(counts)
        return tuple(total / (len(counts) * count) for count in counts)
    return tuple(weights.get(name, 1.0) for name in classes)


def class_weights_text(weights: str | Sequence[object] | Mapping[Any, object]) -> str:
    """The text of weights that are given in Python. `parse_class_weights` refuses values that are not numbers."""
    if isinstance(weights, str):
        return weights
    if not isinstance(weights, Mapping):
        return ", ".join(map(_number_text, weights))
    entries = [(str(name), _number_text(value)) for name, value in weights.items()]
    if any("," in name or name != name.strip() or name.startswith("{") for name, _ in entries):
        return f"{{{', '.join(f'{json.dumps(name, ensure_ascii=False)}: {value}' for name, value in entries)}}}"
    return ", ".join(f"{name}={value}" for name, value in entries)


def _number_text(value: object) -> str:
    """A number without its type, which the `repr` of NumPy's numbers includes; the `repr` of another value."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return repr(value)
    return repr(int(value) if isinstance(value, Integral) else float(value))


def _weight(text: str, name: str | None = None) -> float:
    """The weight that a text gives; `name` is its class, for the message. Raises ValueError."""
    try:
        weight = float(text)
    except ValueError:
        weight = -1.0
    if not 0 < weight < float("inf"):
        if name is None:
            raise ValueError(f"a weight of a class is a positive number, not {text}; or write `{BALANCED}`")
        raise ValueError(f"the weight of the class `{name}` is a positive number, not {text.strip()}")
    return weight
