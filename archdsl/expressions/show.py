"""Values as text."""

import re

from .scope import Callee, ListValue, NamedTensor

_MOST_SHOWN = 8
_NUMERIC = re.compile(r"[+-]?\d[\d.ex]*")


def show(value: object) -> str:
    """A value as written in a program; for a long list, the first entries."""
    match value:
        case ListValue():
            shown = [show(item) for item in value.items[:_MOST_SHOWN]]
            return f"[{', '.join(shown)}{', …' if len(value.items) > _MOST_SHOWN else ''}]"
        case Callee():
            return f"the layer `{value.name}`"
        case tuple():
            return f"`{'x'.join(map(str, value))}`"
        case bool():
            return "`true`" if value else "`false`"
        case float():
            return f"{value:g}"
        case NamedTensor():
            return "a tensor"
        case str():
            # The quotes distinguish a text from the number that it looks like.
            return f'the text "{value}"' if _NUMERIC.fullmatch(value) else f"`{value}`"
        case _:
            return str(value)
