"""The MCP server: the tools over standard input and output. Imports the official SDK."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import Field

from ..analysis.check_schema import NetworkReport
from ..analysis.derivation_report import WhyReport
from ..analysis.diff.diff_report import DiffReport
from ..version import __version__
from . import tools
from .agent_files import AgentFiles, NotAllowed

_INSTRUCTIONS = """\
archdsl is a language for neural network architectures. Networks are files below the folder that this server was started
in, zoo networks (zoo:resnet50), or source text. Write source text, `check` it, and apply `suggestions` until there are
no errors. Only the cache is written, and no code runs except that of packages that the user allowed."""

Named = Annotated[str | None, Field(description="A .arch file, relative to the server's folder, or zoo:NAME.")]
Text = Annotated[str | None, Field(description="Source text, in place of a file.")]
Settings = Annotated[dict[str, Any] | None, Field(description="Values of the network's parameters: {classes: 10}.")]
Sizes = Annotated[str | None, Field(description="The size of the input, such as 3x224x224, in place of the network's.")]


@contextmanager
def _refusals() -> Iterator[None]:
    """Report refusals as errors of the tool."""
    try:
        yield
    except NotAllowed as error:
        raise ToolError(str(error)) from None


def server(root: Path, allow: Collection[str] = ()) -> MCPServer[Any]:
    """A server that reads files below a folder; `allow` names the packages that may run for texts that name them."""
    files = AgentFiles(root, allow)
    found: MCPServer[Any] = MCPServer("archdsl", version=__version__, instructions=_INSTRUCTIONS, log_level="ERROR")
    tool = found.tool(annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False))
    _add_reports(tool, files)
    _add_texts(tool, files)
    return found


_Tool = Callable[[Callable[..., Any]], Any]
"""Adds a function as a tool, with its annotations and its docstring."""


def _add_reports(tool: _Tool, files: AgentFiles) -> None:
    """The tools that describe networks."""

    @tool
    def check(
        network: Named = None, text: Text = None, settings: Settings = None, input: Sizes = None
    ) -> NetworkReport:
        """Check a network: the shape, parameters and multiply-accumulates of each layer, errors and warnings."""
        with _refusals():
            return tools.check(files, network, text, settings or {}, input)

    @tool
    def why(
        layer: Annotated[str, Field(description="The name of a layer, tensor, stage or output, or a line number.")],
        network: Named = None,
        text: Text = None,
        settings: Settings = None,
        input: Sizes = None,
    ) -> WhyReport:
        """Derive the output shape of a layer, step by step from the input."""
        with _refusals():
            return tools.why(files, network, text, layer, settings or {}, input)

    @tool
    def diff(
        before: Named = None, after: Named = None, before_text: Text = None, after_text: Text = None
    ) -> DiffReport:
        """Compare two networks layer by layer, and list which weights of the first can be loaded into the second."""
        with _refusals():
            return tools.diff(files, (before, before_text), (after, after_text))


def _add_texts(tool: _Tool, files: AgentFiles) -> None:
    """The tools that answer with other forms of a network: a changed text, a diagram, an imported network."""

    @tool
    def suggestions(
        network: Named = None, text: Text = None, settings: Settings = None, input: Sizes = None
    ) -> tools.SuggestionsReport:
        """Changes that remove the errors and warnings of a network, each verified, with the changed text."""
        with _refusals():
            return tools.suggestions(files, network, text, settings or {}, input)

    @tool
    def diagram(
        network: Named = None,
        text: Text = None,
        view: Literal["layers", "blocks", "stages", "volumes"] = "layers",
        format: tools.DiagramFormat = "mermaid",
        settings: Settings = None,
    ) -> str:
        """A diagram of a network as SVG, Mermaid, DOT or TikZ."""
        with _refusals():
            return tools.diagram(files, network, text, view, format, settings or {})

    @tool
    def import_network(
        file: Annotated[str, Field(description="An .onnx or .pt2 file, relative to the server's folder.")],
        inputs: Annotated[list[str] | None, Field(description="Sizes of the inputs, such as 3x224x224.")] = None,
    ) -> tools.ImportReport:
        """Import the network of an ONNX file or of a program exported by PyTorch as a source text."""
        with _refusals():
            return tools.import_file(files, file, inputs or [])
