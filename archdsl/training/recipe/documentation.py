"""The recipe's part of docs/training.md, made from the recipe."""

from .fields import Entry, entries, parts
from .options import defaults, placeholder
from .recipe import OFF, Recipe


def recipe_tables() -> str:
    """Markdown: for each line of `train { … }` what it is, and a table of what it takes, with the options."""
    sections = []
    for line, info in Recipe.model_fields.items():
        if parts(line):
            sections.append(_section(line, info.description or ""))
    plain = [entry for entry in entries() if len(entry.path) == 1]
    sections.append("### Lines of one value\n\n" + _table("line", plain))
    return "\n\n".join(sections) + "\n"


def _section(line: str, description: str) -> str:
    own = [entry for entry in entries() if entry.path[0] == line]
    kinds = [f"- `{name}`: {(part.__doc__ or '').strip()}" for name, part in parts(line).items() if name]
    head = f"### `{line}`\n\n{description[0].upper()}{description[1:]}."
    return "\n\n".join([head, *(["\n".join(kinds)] if kinds else []), _table("in the file", own)])


def _table(first: str, rows: list[Entry]) -> str:
    head = f"| {first} | option | default | what it is |\n| --- | --- | --- | --- |"
    return "\n".join([head, *map(_row, rows)])


def _row(entry: Entry) -> str:
    owners = [use.owner for use in entry.uses if use.owner]
    everywhere = len(owners) == len(parts(entry.path[0]))
    whose = f" (of {', '.join(owners)})" if owners and not everywhere else ""
    default = "" if entry.kind is bool else defaults(entry.uses) or (OFF if entry.optional and not entry.head else "")
    option = entry.option if entry.kind is bool else f"{entry.option} {placeholder(entry)}"
    words = f"`{'`, `'.join(entry.choices)}`: " if entry.choices and not entry.head else ""
    cells = (f"`{_in_file(entry)}`", f"`{option}`", default, f"{words}{entry.description}{whose}")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _in_file(entry: Entry) -> str:
    if entry.head:
        return f"{entry.path[0]} {placeholder(entry)}"
    if entry.kind is bool:
        return entry.path[-1]
    sign = "=" if len(entry.path) > 1 else " "
    return f"{entry.path[-1]}{sign}{placeholder(entry)}"
