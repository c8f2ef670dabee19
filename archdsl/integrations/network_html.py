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
from .embed_options import EmbedOptions

_WIDE = "max-width: 100%; height: auto"
_CELL = "padding: 0.1em 0.8em; white-space: pre; text-align: "


class EmbeddedNetwork:
    """An analyzed text: the network, its HTML, and its errors and warnings as `archdsl check` shows them.

    `network` is None if there is an error; the HTML then shows only the diagnostics. `library` has the files that the
    text may use, if they are not in the folder of its file.
    """

    def __init__(
        self, text: str | Source, embed_options: EmbedOptions, name: str = "<text>", library: Library | None = None
    ) -> None:
        sink = Sink()
        source = Source(text, name=name) if isinstance(text, str) else text
        self.embed_options = embed_options
        analysis = analyze(source, sink, dict(embed_options.values), embed_options.override, library)
        self.source = source
        self.diagnostics = analysis.diagnostics
        self.network = analysis.network
        self.messages = render(self.diagnostics, root=source)

    @property
    def html(self) -> str:
        """The diagram and the table, as requested; or the errors."""
        if self.network is None:
            return errors_html(self.messages)
        parts = [diagram_html(self.network, self.embed_options)] if self.embed_options.diagram else []
        parts += [table_html(self.network)] if self.embed_options.table else []
        return "\n".join(parts)


def errors_html(text: str) -> str:
    """Errors as they are printed."""
    return f'<pre class="archdsl-errors">{escape(text)}</pre>'


def svg(network: Network, embed_options: EmbedOptions) -> str:
    """The diagram as an SVG, without its XML declaration. Raises CannotDraw."""
    style = DiagramStyle(
        theme=THEMES[embed_options.theme],
        direction=embed_options.direction,
        parameters=embed_options.parameters,
        macs=embed_options.macs,
        caption=embed_options.caption,
        legend=embed_options.legend,
    )
    view_options = ViewOptions(view=View(embed_options.view), expand=embed_options.expand, fold=embed_options.fold)
    text = diagram(network.graph, "svg", style, view_options).decode()
    return text.partition("?>\n")[2]


def diagram_html(network: Network, embed_options: EmbedOptions) -> str:
    """The diagram in a figure, no wider than the page; an error message if it cannot be rendered."""
    try:
        markup = svg(network, embed_options)
    except CannotDraw as error:
        return errors_html(f"no diagram: {error}")
    # On one line: Markdown would end the block at a blank line.
    markup = re.sub(r"\n\s*", " ", markup.strip())
    return f'<figure class="archdsl">{markup.replace("<svg ", f"""<svg style="{_WIDE}" """, 1)}</figure>'


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
