"""Messages about values that the recipe refuses: about `lr` rather than about pydantic's "Input"."""

from collections.abc import Mapping
from typing import Any

from ...text.other_names import value_elsewhere
from ...text.word_lists import listed
from .fields import RecipeField, parts, recipe_fields
from .recipe import OFF

Path = tuple[str, ...]
_KINDS = {"float": "a number", "int": "an integer", "bool": "true or false", "string": "a text"}
"""What a field takes, by the beginning of pydantic's error type."""


def refusal(item: Any, path: Path, tree: Mapping[str, Any]) -> str:
    """The message for an error of pydantic at the path of a field, for the settings in `tree`."""
    name, kind = path[-1] if path[-1] != "name" else path[0], str(item["type"])
    if kind == "extra_forbidden":
        owner = tree[path[0]].get("name", path[0])
        return f"`{owner}` takes no `{path[-1]}`; it is for {listed(owners_of(path))}"
    if kind == "value_error":
        return str(item["ctx"]["error"])
    given = item["input"]
    if kind.startswith("union_tag"):
        given = given.get("name") if isinstance(given, Mapping) else given
        return _unknown(name, given, tuple(parts(path[0])))
    entry = next((each for each in recipe_fields() if each.path == path), None)
    if kind == "literal_error" and entry is not None:
        return _unknown(name, given, entry.choices)
    if "_" in kind and (wanted := _KINDS.get(kind.partition("_")[0])) and kind != "string_pattern_mismatch":
        return f"`{name}` must be {wanted}{_or_off(entry)}, not {given}"
    words = str(item["msg"]).replace("Input should", "must", 1)
    words = words.replace("Input", "it", 1).replace("'", "`")
    return f"`{name}` {words}, not {given}"


def owners_of(path: Path) -> tuple[str, ...]:
    """The kinds of a line that have a field with this name."""
    return tuple(use.owner for entry in recipe_fields() if entry.path == path for use in entry.uses if use.owner)


def _unknown(name: str, given: object, known: tuple[str, ...]) -> str:
    near = value_elsewhere(given, known) if isinstance(given, str) else None
    near = f"; did you mean `{near}`?" if near else ""
    return f"`{name}` must be {_either(known)}, not {given}{near}"


def _either(words: tuple[str, ...]) -> str:
    """ "`pad`, `exact` or `resize`"."""
    quoted = [f"`{word}`" for word in words]
    return " or ".join(part for part in (", ".join(quoted[:-1]), quoted[-1]) if part)


def _or_off(entry: RecipeField | None) -> str:
    return f" or `{OFF}`" if entry is not None and entry.optional else ""
