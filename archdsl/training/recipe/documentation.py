"""The part of docs/training.md that is generated from the recipe."""

from collections.abc import Mapping, Sequence

from ...text.docstrings import docstring
from .fields import RecipeField, parts, recipe_fields
from .groups import OptionGroup
from .options import defaults, placeholder, sentence
from .recipe import Recipe

_HEAD = "| in the file | option | default | description |\n| --- | --- | --- | --- |"
_IN_FILE = {("loss", "output_losses"): "loss … NAME=X …"}
"""What a file contains, where it does not follow from the option."""


def recipe_tables(others: Mapping[OptionGroup, Sequence[tuple[str, str, str]]]) -> str:
    """Markdown: for each group of options a table, and the choices of its lines.

    `others` are the options that have no line in a file, by group: the option, its default, and its description.
    """
    return "\n\n".join(_section(group, others.get(group, ())) for group in OptionGroup) + "\n"


def _section(group: OptionGroup, others: Sequence[tuple[str, str, str]]) -> str:
    rows = [_row(entry) for entry in recipe_fields() if entry.group is group]
    rows += [_cells("", f"`{option}`", default, words) for option, default, words in others]
    choices = [_choices(line) for line, info in Recipe.model_fields.items() if group is _of_line(line, info.metadata)]
    return "\n\n".join([f"### {group.value}", "\n".join([_HEAD, *rows]), *filter(None, choices)])


def _of_line(line: str, metadata: Sequence[object]) -> OptionGroup | None:
    """The first group of a line's fields."""
    return next((each for each in metadata if isinstance(each, OptionGroup)), None) if parts(line) else None


def _choices(line: str) -> str:
    kinds = [f"- `{name}`: {docstring(part).strip()}" for name, part in parts(line).items() if name]
    return f"`{line}` is one of:\n\n" + "\n".join(kinds) if kinds else ""


def _row(entry: RecipeField) -> str:
    none = entry.none if entry.optional and not entry.head else ""
    default = "" if entry.kind is bool else defaults(entry.uses) or none
    option = entry.option if entry.kind is bool else f"{entry.option} {placeholder(entry)}"
    return _cells(f"`{_in_file(entry)}`", f"`{option}`", default, sentence(entry))


def _cells(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _in_file(entry: RecipeField) -> str:
    """`epochs X`, `augment flip`, `optimizer … lr=X`."""
    if entry.path in _IN_FILE:
        return _IN_FILE[entry.path]
    line, flag = entry.path[0], entry.kind is bool
    value = "" if flag else placeholder(entry)
    if entry.head or len(entry.path) == 1:
        return line if flag else f"{line} {value}"
    start = f"{line} …" if "" not in parts(line) or "name" in parts(line)[""].model_fields else line
    return f"{start} {entry.path[1]}" + ("" if flag else f"={value}")
