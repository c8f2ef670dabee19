"""`archdsl mcp`: tools for agents over the Model Context Protocol."""

from pathlib import Path

import click

from .allowing import allow_option, allowed


@click.command("mcp")
@allow_option
def command() -> None:
    """Run the server for agents, which speaks the Model Context Protocol on standard input and output.

    The tools check and compare networks, derive shapes, suggest fixes, render diagrams and import .onnx and .pt2 files.
    They read only files below the current folder and the zoo, write only to the cache, and run no code except that of
    packages given with --allow.
    """
    from .problems import need

    need("`archdsl mcp`", "mcp")
    from ..agents.mcp_server import server

    server(Path.cwd(), allowed()).run("stdio")
