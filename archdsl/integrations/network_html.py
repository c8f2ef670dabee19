"""A network as HTML: the diagram, the table, or its errors. Everything from the text is escaped."""

import re
from html import escape

from ..analysis.table import HEAD, rows, totals, verdict
from ..backends.diagram import THEMES, CannotDraw, DiagramStyle, View, ViewOptions, diagram
from ..diagnostics import Sink
from ..diagnostics.terminal import render
from ..network import Network, analyze
from ..text.library import Library
from ..text.source import Source
from .embed_options import Asked

_WIDE = "max-width: 100%; height: auto"
_CELL = "padding: 0.1em 0.8em; white-space: pre; text-align: "


class Shown:
    """An analyzed text: the network, its HTML, and its errors and warnings as `archdsl check` shows them.

    `network` is None if there is an error; the HTML then shows only the diagnostics. `library` has the files that the
    text may use, if they are not in the folder of its file.
    """

    def __init__(self, text: str | Source, asked: Asked, name: str = "<text>", library: Library | None = None) -> None:
        sink = Sink()
        source = Source(text, name=name) if isinstance(text, str) else text
        self.asked = asked
        analysis = analyze(source, sink, dict(asked.values), asked.override, library)
        self.source = source
        self.diagnostics = analysis.diagnostics
        self.network = analysis.network
        self.complaints = render(self.diagnostics, root=source)

    @property
    def html(self) -> str:
        """The diagram and the table, as requested; or the errors."""
        if self.network is None:
            return mistakes_html(self.complaints)
        parts = [picture_html(self.network, self.asked)] if self.asked.diagram else []
        parts += [table_html(self.network)] if self.asked.table else []
        return "\n".join(parts)


def mistakes_html(text: str) -> str:
    """Errors as they are printed."""
    return f'<pre class="archdsl-mistakes">{escape(text)}</pre>'


def svg(network: Network, asked: Asked) -> str:
    """The diagram as an SVG, without its XML declaration. Raises CannotDraw."""
    style = DiagramStyle(
        theme=THEMES[asked.theme],
        direction=asked.direction,
        parameters=asked.parameters,
        macs=asked.macs,
        caption=asked.caption,
        legend=asked.legend,
    )
    view_options = ViewOptions(view=View(asked.view), expand=asked.expand, fold=asked.fold)
    text = diagram(network.graph, "svg", style, view_options).decode()
    return text.partition("?>\n")[2]


def picture_html(network: Network, asked: Asked) -> str:
    """The diagram in a figure, no wider than the page; an error message if it cannot be rendered."""
    try:
        drawn = svg(network, asked)
    except CannotDraw as error:
        return mistakes_html(f"no diagram: {error}")
    # On one line and without blank lines: Markdown would end the block there.
    drawn = re.sub(r"\n\s*", " ", drawn.strip())
    return f'<figure class="archdsl">{drawn.replace("<svg ", f"""<svg style="{_WIDE}" """, 1)}</figure>'


def table_html(network: Network) -> str:
    """The table of `archdsl check`, with the totals below it."""
    lines = [
        '<table class="archdsl">',
        f"<thead><tr>{''.join(_cell('th', i, head) for i, head in enumerate(HEAD))}</tr></thead>",
    ]
    lines.append("<tbody>")
    lines += [
        f"<tr>{''.join(_cell('td', i, cell) for i, cell in enumerate(cells))}</tr>" for cells, _ in rows(network.graph)
    ]
    lines.append("</tbody></table>")
    below = "<br>".join(escape(line) for line in [*totals(network.graph).splitlines(), verdict(network.graph)])
    return "\n".join([*lines, f'<p class="archdsl">{below}</p>'])


def _cell(tag: str, column: int, text: str) -> str:
    side = "left" if column in (1, 2) else "right"
    return f'<{tag} style="{_CELL}{side}">{escape(text)}</{tag}>'
