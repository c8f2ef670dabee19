"""`archdsl lsp`: the language server, over stdin and stdout."""

import click

from ..diagnostics import Sink
from ..graph import Graph
from .allowing import allow_option, allowed
from .problems import need


@click.command(
    "lsp",
    epilog="The documentation, under Editors, explains the setup for VS Code, Neovim, Helix, Emacs and others.",
)
@click.option("--pedantic", is_flag=True, help="Also warn about style and small inefficiencies.")
@allow_option
@click.option("--stdio", is_flag=True, hidden=True, help="The default, which some clients give.")
def command(pedantic: bool, stdio: bool) -> None:
    """Run the language server that editors start for errors, shapes, completion, renaming and more.

    It speaks the Language Server Protocol over standard input and output.
    """
    need("`archdsl lsp`", "lsp")
    from ..lsp.server import ArchServer

    ArchServer(_check_recipe, pedantic=pedantic, allow=allowed()).start()


def _check_recipe(graph: Graph, sink: Sink) -> None:
    from ..training.network_check import check_recipe

    check_recipe(graph, sink)
