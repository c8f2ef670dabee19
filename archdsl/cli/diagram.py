"""`archdsl diagram`: diagrams of networks."""

from collections.abc import Iterator
from pathlib import Path

import click

from ..diagnostics.terminal import printable
from .common import network_options, parse_override, parse_settings, usage
from .conflicts import Conflict, refuse_conflicts
from .network_text import expression_option, named_network
from .output import write_output
from .shell_completion import complete_file, complete_network
from .watching import watch_option


@click.command("diagram")
@click.argument("file", required=False, shell_complete=complete_network)
@expression_option
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="PATH",
    shell_complete=complete_file,
    help="Output file; `-` is standard output.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["svg", "png", "pdf", "dot", "mmd", "tikz"]),
    help="Output format, if the extension of PATH does not give it.",
)
@click.option(
    "--view",
    type=click.Choice(["layers", "blocks", "stages", "volumes"]),
    default="layers",
    show_default=True,
    help="What each box stands for: a layer, a block, a stage, or a tensor drawn to scale.",
)
@click.option("--expand", multiple=True, metavar="BLOCK", help="Expand this block in the views `blocks` and `stages`.")
@click.option("--fold/--no-fold", default=True, help="Show repeated layers once, marked ×3.")
@click.option(
    "--direction",
    type=click.Choice(["TB", "LR"]),
    default="TB",
    show_default=True,
    help="Layout direction: top to bottom or left to right.",
)
@click.option(
    "--theme",
    type=click.Choice(["light", "dark", "print"]),
    default="light",
    show_default=True,
    help="Color theme: for light pages, dark pages, or black-and-white print.",
)
@click.option("--legend/--no-legend", default=None, help="Show a legend of the colors.")
@click.option("--parameters/--no-parameters", default=True, help="Show the parameter count of each layer.")
@click.option("--macs/--no-macs", default=False, help="Show the multiply-accumulates of each layer.")
@click.option("--title", metavar="TITLE", help="Title in the caption.  [default: the network's name]")
@click.option("--caption/--no-caption", default=True, help="Show the network's name and totals above the diagram.")
@click.option(
    "--dpi",
    type=click.IntRange(24, 1200),
    default=192,
    show_default=True,
    help="Resolution of a PNG, in dots per inch.",
)
@click.option(
    "--columns",
    type=click.IntRange(1, 20),
    metavar="N",
    help="Number of columns of a top-to-bottom diagram.  [default: by its height]",
)
@click.option("--check", is_flag=True, help="Write nothing; exit with status 1 if PATH is missing or out of date.")
@network_options
@watch_option
def command(
    file: str | None,
    text: str | None,
    output: str,
    format_: str | None,
    view: str,
    expand: tuple[str, ...],
    fold: bool,
    direction: str,
    theme: str,
    legend: bool | None,
    parameters: bool,
    macs: bool,
    title: str | None,
    caption: bool,
    dpi: int,
    columns: int | None,
    check: bool,
    settings: tuple[str, ...],
    inputs: tuple[str, ...],
) -> None:
    """Render a diagram of the network in FILE: its layers, the shapes between them, its stages and blocks.

    The extension of PATH gives the format: .svg, .png, .dot (Graphviz), .mmd (Mermaid), .tex (TikZ), or .pdf if
    Graphviz is installed.
    """
    if check and output == "-":
        raise click.UsageError("--check compares with a file: name it with -o")
    kind = format_ or _format_of(output)
    refuse_conflicts(_conflicts(kind, view, direction))
    network = named_network(file, text).network(parse_settings(settings), parse_override(inputs))
    from ..backends.diagram import THEMES, CannotDraw, DiagramStyle, View, ViewOptions, diagram

    style = DiagramStyle(
        theme=THEMES[theme],
        direction=direction,
        parameters=parameters,
        macs=macs,
        caption=caption,
        legend=legend,
        dpi=dpi,
        columns=columns,
    )
    view_options = ViewOptions(view=View(view), expand=expand, fold=fold, title=title or network.title)
    try:
        data = diagram(network.graph, kind, style, view_options)
    except CannotDraw as error:
        usage(str(error))
    if kind == "mmd":
        _warn_of_limit(data)
    if check:
        _compare(output, data)
        return
    write_output(output, data)
    if output != "-":
        click.echo(f"{printable(output)}: {network.graph.name}, {network.parameters:,} parameters")


def _conflicts(kind: str, view: str, direction: str) -> Iterator[Conflict]:
    """Options that are mutually exclusive, or that a format, a view or a direction ignores."""
    yield "--check", "--watch", "--check compares once"
    yield "--output -", "--watch", "standard output has no file that --watch could update"
    yield "--no-caption", "--title", "--no-caption leaves no place for a title"
    if kind != "png":
        yield "", "--dpi", f"--dpi is for PNG, not for {kind}"
    if kind in ("dot", "mmd"):
        yield "", "--columns", f"the program that renders {kind} determines the layout"
    if kind == "mmd":
        yield "", "--legend --no-legend", "Mermaid has no legend"
    if direction == "LR":
        yield "", "--columns", "columns are for top-to-bottom diagrams"
    if view in ("layers", "volumes"):
        yield "", "--expand", f"the view `{view}` has no blocks to expand"
    if view == "volumes":
        layout = "--direction --columns --fold --no-fold"
        yield "", layout, "the view `volumes` runs from left to right and shows every tensor separately"
        yield "", "--parameters --no-parameters --macs --no-macs", "the view `volumes` shows sizes, not counts"


def _warn_of_limit(data: bytes) -> None:
    """Warn of a diagram with more arrows than Mermaid renders by default."""
    from ..backends.diagram.mermaid import MAX_EDGES, edges

    if (count := edges(data.decode())) > MAX_EDGES:
        click.echo(
            f"warning: {count} arrows are more than the {MAX_EDGES} that Mermaid renders by default; set `maxEdges` in "
            "its configuration, or use `--view blocks` or `--view stages`",
            err=True,
        )


def _compare(output: str, data: bytes) -> None:
    """Exit with status 1 unless a file contains these bytes."""
    name = printable(output)
    try:
        there = Path(output).read_bytes()
    except FileNotFoundError:
        click.echo(f"{name} is missing; run without --check to write it", err=True)
        raise SystemExit(1) from None
    except (OSError, ValueError) as error:
        usage(f"{output} cannot be read: {getattr(error, 'strerror', None) or 'invalid file name'}")
    if there != data:
        click.echo(
            f"{name} is out of date: the network or its rendering has changed; run without --check to update it",
            err=True,
        )
        raise SystemExit(1)
    click.echo(f"{name} is up to date")


def _format_of(output: str) -> str:
    if output == "-":
        raise click.UsageError("standard output has no file extension: give a format, such as `--format svg`")
    from ..backends.diagram.formats import format_of

    try:
        return format_of(Path(output))
    except ValueError as error:
        raise click.UsageError(f"{error}, or --format") from None
