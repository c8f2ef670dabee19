"""Options of networks embedded in documents: which parts to show, and the style of the diagram."""

from collections.abc import Mapping
from typing import Any

from ..elaborate import Override
from ..elaborate.given_values import parse_sizes
from ..record import Record
from ..text.names import nearest


class BadEmbedOption(ValueError):
    """An unknown option, or an invalid value; the message lists the valid ones."""


class EmbedOptions(Record):
    """What to show: the diagram, the table, the source text, or several of them; and the diagram's style.

    `values` are the values of the network's parameters; `input` overrides the sizes of its input.
    """

    diagram: bool = True
    table: bool = False
    source: bool = False
    view: str = "layers"
    theme: str = "light"
    direction: str = "TB"
    expand: tuple[str, ...] = ()
    fold: bool = True
    parameters: bool = True
    macs: bool = False
    caption: bool = True
    legend: bool | None = None
    values: tuple[tuple[str, int | float], ...] = ()
    input: str = ""

    @property
    def override(self) -> Override:
        """The sizes of the input."""
        return Override({None: parse_sizes(self.input)} if self.input else {})


_CHOICES = {
    "view": ("layers", "blocks", "stages", "volumes"),
    "theme": ("light", "dark", "auto", "print"),
    "direction": ("TB", "LR"),
}
_FLAGS = ("diagram", "table", "source", "fold", "parameters", "macs", "caption", "legend")
_WORDS = {f"{no}{flag}": (flag, not no) for flag in _FLAGS for no in ("", "no")}
OPTIONS = (*_CHOICES, "expand", "set", "input", *_WORDS)
"""Every option: `view=blocks`, `set="width=0.5 classes=10"`, `expand="a b"`, and words like `table` and `nocaption`."""


def parse_options(given: Mapping[str, str], defaults: EmbedOptions | None = None) -> EmbedOptions:
    """Parse options as written in a document; flags have an empty value, or their own name. Raises BadEmbedOption."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        if name in _WORDS:
            if value not in ("", name, "true"):
                raise BadEmbedOption(f"`{name}` is a flag and takes no value")
            flag, is_set = _WORDS[name]
            found[flag] = is_set
        else:
            field, kept = _valued(name, value)
            found[field] = kept
    return (defaults or EmbedOptions()).replace(**found)


def _valued(name: str, value: str) -> tuple[str, Any]:
    """The field that an option sets, and its value."""
    if name in _CHOICES:
        if value not in _CHOICES[name]:
            raise BadEmbedOption(f"`{name}` must be one of {', '.join(_CHOICES[name])}, not `{value}`")
        return name, value
    if name == "expand":
        return name, tuple(value.replace(",", " ").split())
    if name == "set":
        return "values", tuple(_setting(part) for part in value.replace(",", " ").split())
    if name == "input":
        try:
            parse_sizes(value)
        except ValueError:
            raise BadEmbedOption(f"`{value}` is not an input size like 3x224x224") from None
        return name, value
    near = nearest(name, OPTIONS)
    hint = f"did you mean `{near}`?" if near else f"options: {', '.join(OPTIONS)}"
    raise BadEmbedOption(f"there is no option `{name}`; {hint}")


def _setting(text: str) -> tuple[str, int | float]:
    name, equals, value = text.partition("=")
    try:
        if equals and name.isidentifier():
            return name, int(value) if value.lstrip("+-").isdigit() and len(value) <= 18 else float(value)
    except ValueError:
        pass
    raise BadEmbedOption(f"`{text}` is not NAME=NUMBER")
