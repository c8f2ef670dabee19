"""`archdsl diagram`: pictures."""

from collections.abc import Iterator
from pathlib import Path

import click

from ..diagnostics.terminal import printable
from .common import load_or_exit, network_options, parse_override, parse_settings, usage
from .conflicts import Conflict, refuse_conflicts
from .output import write_output

_FORMATS = {
    ".svg": "svg",
    ".png": "png",
    ".pdf": "pdf",
    ".dot": "dot",
    ".gv": "dot",
    ".mmd": "mmd",
    ".mermaid": "mmd",
    ".tex": "tikz",
    ".tikz": "tikz",
}


@click.command("diagram")
@click.argument("file")
@click.option("-o", "--output", required=True, metavar="PATH", help="Where to write; `-` is standard output.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["svg", "png", "pdf", "dot", "mmd", "tikz"]),
    help="What to write, if the ending of PATH does not say it.",
)
@click.option(
    "--view",
    type=click.Choice(["layers", "blocks", "stages", "volumes"]),
    default="layers",
    show_default=True,
    help="What is a box: each layer, each block, each stage, each tensor by its sides.",
)
@click.option("--expand", multiple=True, metavar="BLOCK", help="A block to open in the views `blocks` and `stages`.")
@click.option("--fold/--no-fold", default=True, help="Draw a repetition once, with ×3.")
@click.option(
    "--direction",
    type=click.Choice(["TB", "LR"]),
    default="TB",
    show_default=True,
    help="Top to bottom, left to right.",
)
@click.option(
    "--theme",
    type=click.Choice(["light", "dark", "print"]),
    default="light",
    show_default=True,
    help="For a white page, a dark one, a printer without colours.",
)
@click.option("--legend/--no-legend", default=None, help="What the colours stand for.")
@click.option("--parameters/--no-parameters", default=True, help="How many parameters each layer has.")
@click.option("--macs/--no-macs", default=False, help="How many multiply-accumulates each layer takes.")
@click.option("--caption/--no-caption", default=True, help="The network's name and totals above it.")
@click.option("--dpi", type=click.IntRange(24, 1200), default=192, show_default=True, help="Dots per inch of a PNG.")
@click.option(
    "--columns",
    type=click.IntRange(1, 20),
    metavar="N",
    help="In how many columns a picture from top to bottom is set.  [default: as many as its height asks for]",
)
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if PATH is not what would be written.")
@network_options
def command(
    file: str,
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
    caption: bool,
    dpi: int,
    columns: int | None,
    check: bool,
    settings: tuple[str, ...],
    inputs: tuple[str, ...],
) -> None:
    """Draw FILE's network: its layers, the shapes between them, its stages and blocks.

    The ending of PATH says how: .svg, .png, .dot (Graphviz), .mmd (Mermaid), .tex (TikZ), or .pdf where Graphviz is
    installed.
    """
    if check and output == "-":
        raise click.UsageError("--check compares a file: name it with -o")
    kind = format_ or _format_of(output)
    refuse_conflicts(_conflicts(kind, view, direction))
    network = load_or_exit(file, parse_settings(settings), parse_override(inputs))
    from ..backends.diagram import THEMES, CannotDraw, Style, Subject, View, diagram

    style = Style(
        theme=THEMES[theme],
        direction=direction,
        parameters=parameters,
        macs=macs,
        caption=caption,
        legend=legend,
        dpi=dpi,
        columns=columns,
    )
    subject = Subject(view=View(view), expand=expand, fold=fold)
    try:
        data = diagram(network.graph, kind, style, subject)
    except CannotDraw as error:
        usage(str(error))
    if check:
        _compare(output, data)
        return
    write_output(output, data)
    if output != "-":
        click.echo(f"{printable(output)}: {network.graph.name}, {network.parameters:,} parameters")


def _conflicts(kind: str, view: str, direction: str) -> Iterator[Conflict]:
    """The options that a format, a view or a direction has no use for."""
    if kind != "png":
        yield "", "--dpi", f"dots per inch are of a PNG, not of {kind}"
    if kind in ("dot", "mmd"):
        yield "", "--columns", f"{kind} leaves the layout to the program that draws it"
    if kind == "mmd":
        yield "", "--legend --no-legend", "Mermaid has no legend"
    if direction == "LR":
        yield "", "--columns", "columns are of a picture from top to bottom"
    if view in ("layers", "volumes"):
        yield "", "--expand", f"the view `{view}` has no blocks to open"
    if view == "volumes":
        layout = "--direction --columns --fold --no-fold"
        yield "", layout, "the view `volumes` runs from left to right, every tensor by itself"
        yield "", "--parameters --no-parameters --macs --no-macs", "the view `volumes` has sizes, not counts"


def _compare(output: str, data: bytes) -> None:
    """Exit with 1 unless a file holds these bytes."""
    name = printable(output)
    try:
        there = Path(output).read_bytes()
    except FileNotFoundError:
        click.echo(f"{name} is missing; draw it without --check", err=True)
        raise SystemExit(1) from None
    except (OSError, ValueError) as error:
        usage(f"{output} cannot be read: {getattr(error, 'strerror', None) or 'its name is not one of a file'}")
    if there != data:
        click.echo(f"{name} is stale: the network, or how it is drawn, has changed; draw it without --check", err=True)
        raise SystemExit(1)
    click.echo(f"{name} is up to date")


def _format_of(output: str) -> str:
    if output == "-":
        raise click.UsageError("standard output has no ending: say what to write, as in `--format svg`")
    suffix = Path(output).suffix.lower()
    if suffix not in _FORMATS:
        ending = f"the ending `{suffix}` is not known" if suffix else f"`{output}` has no ending"
        raise click.UsageError(f"{ending}; use one of {', '.join(_FORMATS)}, or --format")
    return _FORMATS[suffix]
