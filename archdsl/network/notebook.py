"""The display of networks in notebooks, which the integration with Jupyter registers."""

from collections.abc import Callable
from typing import Any, Protocol


class Display(Protocol):
    """How a notebook displays a network: as a figure, and as HTML."""

    def svg(self, network: Any) -> str | None:
        """The figure; None if it cannot be rendered."""

    def html(self, network: Any) -> str:
        """The figure and the table."""


_displays: list[Callable[[], Display]] = []


def register_display(load: Callable[[], Display]) -> None:
    """Set how notebooks display networks; `load` is called when the first network is displayed."""
    _displays[:] = [load]


def registered() -> Display | None:
    """The registered display, loaded; None if there is none."""
    return _displays[0]() if _displays else None
