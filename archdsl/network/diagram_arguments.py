"""The arguments of `Network.diagram`, checked as `archdsl diagram` checks its options."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Any

from ..text.word_lists import listed
from .diagram_conflicts import diagram_conflicts
from .option_conflicts import Conflict, first_conflict

_OPTIONS = {"place": "for"}
"""The names of options that are not those of their arguments."""
_COLUMNS = range(1, 21)


@dataclass(frozen=True)
class DiagramArguments:
    """The arguments that the style and the view consist of, with their defaults."""

    title: str | None = None
    view: str | None = None
    expand: tuple[str, ...] = ()
    detail: str | None = None
    field: str | None = None
    fold: bool = True
    direction: str | None = None
    theme: str | None = None
    legend: bool | None = None
    parameters: bool | None = None
    macs: bool = False
    caption: bool = True
    dpi: int = 192
    columns: int | None = None
    place: str | None = None
    width: str | None = None
    height: str | None = None
    font: str | None = None
    heat: str | None = None
    sheets: bool = False

    @property
    def chosen_view(self) -> str | None:
        """The view that is given, or the only one that shows a field; None if it is left open."""
        return self.view or ("volumes" if self.field is not None else None)

    def refuse_types(self) -> None:
        """Raise TypeError or ValueError for an argument of another type, which the message names."""
        for each in fields(self):
            value, declared = getattr(self, each.name), str(each.type)
            if declared.startswith("str") and value is not None and not isinstance(value, str):
                raise TypeError(f"{each.name}: a string is expected, not {value!r}{_with_unit(each.name)}")
        if self.columns is not None and self.columns not in _COLUMNS:
            raise ValueError(f"columns is an integer from 1 to {_COLUMNS[-1]}, not {self.columns!r}")

    def conflicts(self, kind: str) -> Iterator[Conflict]:
        """The options that these arguments and this format exclude."""
        return diagram_conflicts(kind, self.chosen_view, self.direction, self.detail, self.heat)

    def refuse_conflicts(self, kind: str) -> None:
        """Raise ValueError for conflicting arguments, or for one that this format or view ignores."""
        found = first_conflict(self.conflicts(kind), self._given())
        if found is not None:
            why, clash = found
            why = re.sub(r"--[a-z-]+", lambda option: f"`{_argument(option[0])}`", why)
            raise ValueError(f"{why}: leave out {listed(f'`{_argument(option)}`' for option in clash)}")

    def _given(self) -> dict[str, object]:
        """The options for these arguments, except those with their defaults."""
        found: dict[str, object] = {}
        for each in fields(self):
            value: Any = getattr(self, each.name)
            if value != each.default:
                name = _OPTIONS.get(each.name, each.name)
                found[f"--no-{name}" if value is False else f"--{name}"] = value
        return found


def given_names(argument: str, value: object) -> tuple[str, ...]:
    """The names in an argument that is a list of them. Raises TypeError."""
    if isinstance(value, str):
        raise TypeError(f'{argument} is a list of names: {argument}=["{value}"]')
    names = tuple(value) if isinstance(value, Iterable) else (value,)
    if not isinstance(value, Iterable) or not all(isinstance(each, str) for each in names):
        raise TypeError(f"{argument}: a list of names is expected, not {value!r}")
    return names


def _with_unit(name: str) -> str:
    """A suggestion with an example, for an argument that is a length; else empty."""
    examples = {"width": "85mm", "height": "60mm", "font": "7pt"}
    return f': write it with its unit, `{name}="{examples[name]}"`' if name in examples else ""


def _argument(option: str) -> str:
    """The name of the argument for an option."""
    name = option.removeprefix("--").removeprefix("no-")
    return next((mine for mine, theirs in _OPTIONS.items() if theirs == name), name)
