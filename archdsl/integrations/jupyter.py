"""Jupyter: the display of a network, and the cell magic `%%arch`. `%load_ext archdsl` loads it.

%%arch net view=blocks table
input 3x32x32
conv 16 k3 same; relu
gap; fc 10
"""

import shlex
import sys
from typing import Any

from ..backends.diagram import CannotDraw
from ..diagnostics.diagnostic import Severity
from ..network import ArchError, Network
from .embed_options import BadEmbedOption, EmbedOptions, parse_options
from .network_html import EmbeddedNetwork, svg, table_html

_MOST = 150
"""Largest number of layers to show individually; larger networks are shown by blocks, or by stages."""


class CellError(ArchError):
    """Errors in a cell, shown as `archdsl check` shows them, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows instead of a traceback."""
        return str(self).strip().splitlines()


class BadMagic(Exception):
    """An invalid first line of a cell."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows instead of a traceback."""
        return [f"%%arch: {self}"]


class NotebookDisplay:
    """The display of a network in a notebook."""

    def svg(self, network: Network) -> str | None:
        """The diagram; None if it cannot be rendered."""
        return network_svg(network)

    def html(self, network: Network) -> str:
        """The diagram and the table."""
        return network_html(network)


def network_svg(network: Network) -> str | None:
    """The diagram of a network for a notebook; None if it cannot be rendered."""
    views = ("layers", "blocks", "stages") if len(network.graph.layers) <= _MOST else ("blocks", "stages")
    for view in views:
        try:
            return svg(network, EmbedOptions(view=view))
        except CannotDraw:
            continue
    return None


def network_html(network: Network) -> str:
    """The table of a network, with its diagram next to it."""
    image = network_svg(network)
    diagram = f'<div style="flex: none; max-width: 50%; overflow: auto">{image}</div>' if image else ""
    table = f'<div style="overflow: auto">{table_html(network)}</div>'
    return f'<div style="display: flex; gap: 2em; align-items: flex-start">{diagram}{table}</div>'


def arch(line: str, cell: str, shell: Any) -> None:
    """The cell magic: show the network of a cell, and bind it to the name at the beginning of the line.

    The other words are options: view=blocks, theme=dark, table, nodiagram, set="width=0.5", input=3x64x64, … Raises
    CellError, which is displayed as the errors themselves; the name then keeps its value.
    """
    from IPython.display import HTML, display

    name, embed_options = _line(line)
    shown = EmbeddedNetwork(cell, embed_options, name=f"{name or 'cell'}.arch")
    if shown.network is None:
        raise CellError(shown.diagnostics, shown.source)
    if any(found.diagnostic.severity is Severity.WARNING for found in shown.diagnostics):
        print(shown.messages, file=sys.stderr)
    if shown.html:
        display(HTML(shown.html))  # type: ignore[no-untyped-call]  # IPython's function has no types
    if name is not None:
        shell.user_ns[name] = shown.network


def _line(line: str) -> tuple[str | None, EmbedOptions]:
    """The name and the options on the first line. Raises BadMagic."""
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise BadMagic(f"{error} in `{line.strip()}`") from None
    name = None
    if words and words[0].isidentifier():
        try:
            parse_options({words[0]: ""})
        except BadEmbedOption:
            name = words.pop(0)
    given = {key: value for key, _, value in (word.partition("=") for word in words)}
    try:
        return name, parse_options(given)
    except BadEmbedOption as error:
        raise BadMagic(str(error)) from None


def register(shell: Any) -> None:
    """Register `%%arch` with a shell."""
    shell.register_magic_function(lambda line, cell: arch(line, cell, shell), magic_kind="cell", magic_name="arch")
