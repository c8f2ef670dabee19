"""A Sphinx extension: the directive `.. arch::`.

    extensions = ["archdsl.integrations.sphinx"]

    .. arch:: nets/lenet5.arch
       :view: blocks
       :table:

    .. arch::
       :theme: dark

       input 1x28x28
       conv 8 k5; relu
       gap; fc 10

The argument is an `.arch` file in the folder of the documents, or `zoo:NAME`; without one, the text is the content.
HTML output contains the diagram as an inline SVG, LaTeX output contains a PNG, and other formats contain its
description; the table and the text are regular Sphinx nodes.
"""

from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from ..analysis.table import HEAD, rows, totals, verdict
from ..backends.diagram import THEMES, CannotDraw, DiagramStyle, View, ViewOptions, diagram
from ..network import Network
from ..text.atomic import write_atomically
from ..text.files import UnreadableFile, read_source
from ..text.library import FolderLibrary, Library, Stack
from ..text.source import Source
from ..version import __version__
from ..zoo import read_named, shipped
from .embed_options import OPTIONS, BadEmbedOption, EmbedOptions, parse_options
from .network_html import EmbeddedNetwork, diagram_html

_LOG = logging.getLogger(__name__)


class arch_diagram(nodes.General, nodes.Element):  # type: ignore[misc]  # docutils ships no types
    """The diagram of a network: as HTML in `markup`, as text in `alt`.

    `text`, `origin` and `options` allow a builder to render it in another format: pages that were read for one builder
    are cached for all.
    """


class ArchDirective(SphinxDirective):
    """`.. arch::`: the diagram of a network, and its table and source text if requested."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Any]] = {
        **dict.fromkeys(OPTIONS, lambda value: value or ""),
        "name": directives.unchanged,
        "class": directives.class_option,
    }

    def run(self) -> list[nodes.Node]:
        """The nodes that replace the directive. Errors are reported as Sphinx warnings and shown on the page."""
        own = {key: value for key, value in self.options.items() if key in OPTIONS}
        try:
            embed_options, (source, folder) = parse_options(own), self._source()
        except (BadEmbedOption, UnreadableFile) as error:
            raise self.error(f"arch: {error}") from None
        shown = EmbeddedNetwork(source, embed_options, library=_library(folder))
        found: list[nodes.Node] = []
        if embed_options.source or shown.network is None:
            found.append(nodes.literal_block(source.text, source.text, language="arch"))
        if shown.network is None:
            _LOG.warning("a network has errors:\n%s", shown.messages, location=self.get_location())
            return [*found, nodes.literal_block(shown.messages, shown.messages, language="none")]
        if embed_options.diagram:
            found.append(self._diagram(shown.network, embed_options, folder))
        if embed_options.table:
            found += _table(shown.network)
        return found

    def _source(self) -> tuple[Source, str | None]:
        """The text, from the content, a file next to the page, or the zoo; and the folder of the files that it may use.

        Raises UnreadableFile, BadEmbedOption.
        """
        if bool(self.arguments) == bool(self.content):
            raise BadEmbedOption("give either a file or the source text as content")
        if not self.arguments:
            source = Source("\n".join(self.content) + "\n", name=self.get_source_info()[0], key="page")
            page = Path(self.env.doc2path(self.env.docname))
            return source, str(page.parent) if self.state.document.settings.file_insertion_enabled else None
        name = str(self.arguments[0])
        if name.startswith("zoo:"):
            return read_named(name), None
        file = self._file(name)
        return read_source(file, name=name), str(file.parent)

    def _file(self, name: str) -> Path:
        """A network of these documents: an `.arch` file below their folder. Raises UnreadableFile.

        The author of a page need not be trusted with the other files of the machine that builds it.
        """
        if not self.state.document.settings.file_insertion_enabled:
            raise UnreadableFile("file insertion is disabled in the docutils settings")
        if not name.endswith(".arch"):
            raise UnreadableFile(f"{name}: file names end in .arch")
        relative, path = self.env.relfn2path(name)
        self.env.note_dependency(relative)
        try:
            file, top = Path(path).resolve(), Path(self.env.srcdir).resolve()
        except (OSError, ValueError, RuntimeError):
            raise UnreadableFile("invalid file name") from None
        if file.suffix != ".arch" or not file.is_relative_to(top):
            raise UnreadableFile(f"{name} is outside the source folder of the documents")
        return file

    def _diagram(self, network: Network, embed_options: EmbedOptions, folder: str | None) -> nodes.Node:
        source = network.program.source
        node = arch_diagram(
            markup=diagram_html(network, embed_options), alt=verdict(network.graph), embed_options=embed_options
        )
        node["text"], node["origin"] = source.text, (source.name, source.key, folder)
        node["classes"] += self.options.get("class", [])
        self.add_name(node)
        self.set_source_info(node)
        return node


def _library(folder: str | None) -> Library:
    """The files that a text may use: `.arch` files below a folder, and those that ship with the package."""
    return shipped() if folder is None else Stack(FolderLibrary(Path(folder)), shipped())


def _png(node: arch_diagram) -> bytes:
    """The diagram as a PNG; empty if it cannot be rendered."""
    embed_options: EmbedOptions = node["embed_options"]
    name, key, folder = node["origin"]
    network = EmbeddedNetwork(Source(node["text"], name=name, key=key), embed_options, library=_library(folder)).network
    if network is None:
        return b""
    style = DiagramStyle(
        theme=THEMES[embed_options.theme],
        direction=embed_options.direction,
        parameters=embed_options.parameters,
        macs=embed_options.macs,
    )
    view_options = ViewOptions(view=View(embed_options.view), expand=embed_options.expand, fold=embed_options.fold)
    try:
        return diagram(
            network.graph,
            "png",
            style.replace(caption=embed_options.caption, legend=embed_options.legend),
            view_options,
        )
    except CannotDraw:
        return b""


def _table(network: Network) -> list[nodes.Node]:
    """The table of `archdsl check` as a Sphinx table, with the totals below it."""
    found = [cells for cells, _ in rows(network.graph)]
    group = nodes.tgroup(cols=len(HEAD))
    group += [nodes.colspec(colwidth=max(len(row[i]) for row in (HEAD, *found)) + 2) for i in range(len(HEAD))]
    head, body = nodes.thead(), nodes.tbody()
    head += _row(HEAD)
    body += [_row(cells) for cells in found]
    group += [head, body]
    table = nodes.table(classes=["archdsl"])
    table += group
    below = nodes.line_block()
    below += [nodes.line("", line) for line in [*totals(network.graph).splitlines(), verdict(network.graph)]]
    return [table, below]


def _row(cells: tuple[str, ...]) -> nodes.Node:
    row = nodes.row()
    for cell in cells:
        # Leading spaces show the depth of a layer.
        indent = "\u2003" * ((len(cell) - len(cell.lstrip())) // 2)
        entry = nodes.entry()
        entry += nodes.paragraph("", indent + cell.lstrip())
        row += entry
    return row


def _html(translator: Any, node: arch_diagram) -> None:
    classes = " ".join(["archdsl", *node["classes"]])
    ids = "".join(f' id="{translator.attval(each)}"' for each in node["ids"][:1])
    translator.body.append(f'<div class="{translator.attval(classes)}"{ids}>{node["markup"]}</div>\n')
    raise nodes.SkipNode


def _latex(translator: Any, node: arch_diagram) -> None:
    data = _png(node)
    if not data:
        _words(translator, node)
    name = f"archdsl-{sha256(data).hexdigest()[:16]}.png"
    write_atomically(Path(translator.builder.outdir) / name, lambda temporary: temporary.write_bytes(data))
    translator.body.append(f"\n\\begin{{center}}\\sphinxincludegraphics{{{{{name[:-4]}}}.png}}\\end{{center}}\n")
    raise nodes.SkipNode


def _words(translator: Any, node: arch_diagram) -> None:
    """A description for formats without images."""
    words = f"[{node['alt']}]"
    if hasattr(translator, "add_text"):
        translator.new_state(0)
        translator.add_text(words)
        translator.end_state()
    else:
        translator.body.append(translator.encode(words) if hasattr(translator, "encode") else words)
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive with Sphinx."""
    as_html, as_text = (_html, None), (_words, None)
    app.add_node(arch_diagram, html=as_html, latex=(_latex, None), text=as_text, man=as_text, texinfo=as_text)
    app.add_directive("arch", ArchDirective)
    return {"version": __version__, "parallel_read_safe": True, "parallel_write_safe": True}
