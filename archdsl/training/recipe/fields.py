"""The fields of the recipe as a list, from which options, checks and documentation are derived."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from .groups import OptionGroup
from .recipe import Recipe, RecipeSection
from .section_types import AUTO, OFF, KnownWords, OrAuto


@dataclass(frozen=True)
class FieldUse:
    """One section with the field: the name of its kind (`sgd`; empty if there is only one) and the default."""

    owner: str
    default: Any


@dataclass(frozen=True)
class RecipeField:
    """A field, as written in `train { … }` and on the command line.

    `path` is (line,) or (line, name); `head` is true for the line's first word. `kind` is the Python type without None,
    `choices` the accepted words, `open` is true if others are accepted, too, and `optional` if `none`, the word for
    None, is accepted. `uses` are the kinds that have it, and `group` is the heading under which it is listed.
    """

    path: tuple[str, ...]
    head: bool
    kind: type
    choices: tuple[str, ...]
    optional: bool
    description: str
    example: Any
    uses: tuple[FieldUse, ...]
    group: OptionGroup
    prefixed: bool = False
    open: bool = False
    none: str = OFF

    @property
    def option(self) -> str:
        """`--weight-decay`; `--freeze-after` for a section whose options begin with the line."""
        words = self.path[:1] if self.head else self.path if self.prefixed else self.path[-1:]
        return "--" + "-".join(words).replace("_", "-")


SWITCHES: dict[tuple[str, ...], tuple[str, ...]] = {
    ("augment", "aspect_ratio"): ("augment", "random_resized_crop"),
    ("augment", "border"): ("augment", "crop"),
    ("augment", "operations"): ("augment", "randaugment"),
    ("augment", "train_size"): ("augment", "random_resized_crop"),
    ("freeze", "after"): ("freeze", "name"),
    ("lookahead", "alpha"): ("lookahead", "every"),
    ("lookahead", "ramp"): ("lookahead", "every"),
}
"""Fields that only have an effect if another one is not off."""


@cache
def recipe_fields() -> tuple[RecipeField, ...]:
    """All fields, in the recipe's order; a field of several kinds of a section is listed once."""
    found: list[RecipeField] = []
    for line, info in Recipe.model_fields.items():
        kinds = parts(line)
        if not kinds:
            found.append(_entry((line,), info, (FieldUse("", info.get_default()),), _group(info, head=True)))
            continue
        merged: dict[str, tuple[FieldInfo, list[FieldUse]]] = {}
        for owner, part in kinds.items():
            for name, field in part.model_fields.items():
                merged.setdefault(name, (field, []))[1].append(FieldUse(owner, field.get_default()))
        for name in sorted(merged, key=lambda name: name != "name"):  # the head first
            field, uses = merged[name]
            prefixed = next(iter(kinds.values())).prefixed
            found.append(
                _head(line, info, kinds, field)
                if name == "name"
                else replace(_entry((line, name), field, tuple(uses), _group(field, info)), prefixed=prefixed)
            )
    return tuple(found)


@cache
def parts(line: str) -> dict[str, type[RecipeSection]]:
    """The kinds of a line by name: one with an empty name if there is no choice; empty for a line with one value."""
    classes = [kind for kind in _alternatives(Recipe.model_fields[line].annotation) if issubclass(kind, RecipeSection)]
    if len(classes) == 1:
        return {"": classes[0]}
    return {kind.model_fields["name"].get_default(): kind for kind in classes}


def _head(line: str, info: FieldInfo, kinds: dict[str, type[RecipeSection]], field: FieldInfo) -> RecipeField:
    """The first word of a line: which kind, or the section's own `name`."""
    if "" in kinds:
        entry = _entry((line, "name"), field, (FieldUse("", field.get_default()),), _group(field, info))
        return replace(entry, head=True)
    uses, group = (FieldUse("", info.get_default().name),), _group(info, head=True)
    return RecipeField((line, "name"), True, str, tuple(kinds), False, info.description or "", None, uses, group)


def _group(*declared: FieldInfo, head: bool = False) -> OptionGroup:
    """The group of a field: its own, else that of its line. A line's first word may be a common option."""
    groups = [each for info in declared for each in info.metadata if isinstance(each, OptionGroup)]
    return OptionGroup.COMMON if head and OptionGroup.COMMON in groups else groups[0]


def _entry(path: tuple[str, ...], info: FieldInfo, uses: tuple[FieldUse, ...], group: OptionGroup) -> RecipeField:
    optional = False
    kind: type = str
    choices: tuple[str, ...] = ()
    for alternative in _leaves(info.annotation):
        if alternative is NoneType:
            optional = True
        elif isinstance(alternative, type):
            kind = alternative
        else:
            choices = (*choices, alternative)
    example = info.examples[0] if info.examples else None
    known = next((each.words for each in info.metadata if isinstance(each, KnownWords)), ())
    words, none = choices or known, AUTO if OrAuto in info.metadata else OFF
    return RecipeField(
        path, False, kind, words, optional, info.description or "", example, uses, group, open=bool(known), none=none
    )


def _alternatives(annotation: Any) -> list[type]:
    return [leaf for leaf in _leaves(annotation) if isinstance(leaf, type)]


def _leaves(annotation: Any) -> Iterator[Any]:
    """The types in a union and the words of a Literal, inside Annotated."""
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
    elif arguments := get_args(annotation):
        inside = arguments[:1] if hasattr(annotation, "__metadata__") else arguments
        for argument in inside:
            yield from _leaves(argument)
    else:
        yield annotation
