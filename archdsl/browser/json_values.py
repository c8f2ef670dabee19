"""Results as JSON values."""

from collections.abc import Mapping
from typing import Any

from ..network import Network
from ..network.rendered_diagram import RenderedDiagram
from ..record import Record


def plain(value: Any) -> Any:
    """A result as a JSON value: a record as an object, a network as its report, a diagram as its text.

    Raises TypeError for a value that JSON cannot represent.
    """
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Network():
            return plain(value.report())
        case RenderedDiagram():
            return value.text
        case Record():
            return {name: plain(each) for name, each in value}
        case Mapping():
            return {str(name): plain(each) for name, each in value.items()}
        case list() | tuple() | set() | frozenset() | range():
            return [plain(each) for each in value]
    raise TypeError(f"a value of type {type(value).__name__} has no form in JSON")
