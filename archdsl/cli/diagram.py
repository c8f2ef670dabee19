"""`archdsl diagram`: diagrams of networks."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..diagnostics.terminal import printable
from ..network import ArchError, Network
from ..network.diagram_arguments import DiagramArguments
from ..text.counts import counted
from ..text.word_choice import WordChoice
from .common import network_options, parse_override, parse_settings, show_diagnostics, usage
from .conflicts import refuse_conflicts
from .network_text import expression_option, named_network, read_style_text
from .output import write_output
from .output_path import OUTPUT_FILE
from .problems import need
from .shell_completion import complete_file, complete_network
from .watching import watch_option

if TYPE_CHECKING:
    from ..backends.diagram import ViewOptions
    from ..backends.diagram.place import Place


@click.command("diagram")
@click.argument("file", required=False, shell_complete=complete_network)
@expression_option
@click.option(
    "-o",
    "--output",
    type=OUTPUT_FILE,
    required=True,
    metavar="PATH",
    shell_complete=complete_file,
    help="Output file; `-` is standard output.",
)
@click.option(
    "--format",
    "format_",
    type=WordChoice(["svg", "html", "png", "pdf", "eps", "dot", "mmd", "tikz", "drawio", "pptx"]),
    help="Output format.  [default: by the extension of PATH]",
)
@click.option(
    "--view",
    type=WordChoice(["layers", "blocks", "stages", "volumes", "unet"]),
    help="What each box stands for: a layer, a block, a stage, or a tensor drawn to scale; `unet` arranges stages as a "
    "U.  [default: layers; with --for, the most detailed that fits]",
)
@click.option(
    "--for",
    "for_",
    type=WordChoice(["column", "page", "slide", "readme", "poster"]),
    help="Fit the figure to where it will appear: a journal's column or page, a 16:9 slide, a README, a poster.",
)
@click.option("--width", metavar="LENGTH", help="Width of the figure, such as 85mm.")
@click.option("--height", metavar="LENGTH", help="Limit the figure to this height, such as 60mm.")
@click.option("--font", metavar="LENGTH", help="Minimum size of the text, such as 7pt.  [default: by --for]")
@click.option(
    "--expand", multiple=True, metavar="BLOCK", help="Expand this block in the views `blocks`, `stages` and `volumes`."
)
@click.option(
    "--detail",
    metavar="BLOCK",
    help="Beside the diagram, show what is inside this block or stage; the default view is then `blocks`.",
)
@click.option(
    "--field",
    metavar="NAME",
    help="In the view `volumes`, show the receptive field of a position in the middle of this layer, in the input and "
    "in the tensors in between.",
)
@click.option("--fold/--no-fold", default=True, help="Show repeated layers once, marked with a count such as ×3.")
@click.option(
    "--direction",
    type=WordChoice(["TB", "LR"]),
    help="Layout direction: top to bottom or left to right.  [default: tb; with --for, what fits best]",
)
@click.option(
    "--theme",
    type=WordChoice(["light", "dark", "auto", "print"]),
    help="Color theme: for light pages, for dark pages, following the reader's theme (SVG and HTML), or for "
    "black-and-white print.  [default: light; auto for HTML, unless --style has colors for light pages only]",
)
@click.option("--legend/--no-legend", default=None, help="Show a legend of the colors.")
@click.option(
    "--parameters/--no-parameters",
    default=None,
    help="Show the parameter count of each layer.  [default: if it fits]",
)
@click.option("--macs/--no-macs", default=False, help="Show the multiply-accumulates of each layer.")
@click.option(
    "--heat",
    type=WordChoice(["params", "macs", "memory", "rf"]),
    help="Color by a measure instead of the kind of layer: parameters, multiply-accumulates, the memory that the "
    "backward pass needs, or the receptive field.",
)
@click.option(
    "--style",
    "style_file",
    metavar="FILE",
    shell_complete=complete_file,
    help="File with a `figure { … }` block: labels, colors, hidden layers, groups.",
)
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
@click.option("--sheets", is_flag=True, help="In the view `volumes`, show feature maps as stacked sheets.")
@click.option("--check", is_flag=True, help="Write nothing; exit with status 1 if PATH is missing or out of date.")
@network_options
@watch_option
def command(
    file: str | None,
    text: str | None,
    output: str,
    format_: str | None,
    view: str | None,
    for_: str | None,
    width: str | None,
    height: str | None,
    font: str | None,
    expand: tuple[str, ...],
    detail: str | None,
    field: str | None,
    fold: bool,
    direction: str | None,
    theme: str | None,
    legend: bool | None,
    parameters: bool | None,
    macs: bool,
    heat: str | None,
    style_file: str | None,
    title: str | None,
    caption: bool,
    dpi: int,
    columns: int | None,
    sheets: bool,
    check: bool,
    settings: tuple[str, ...],
    inputs: tuple[str, ...],
) -> None:
    """Render a diagram of the network in FILE: its layers, the shapes between them, its stages and blocks.

    The extension of the output file gives the format: .svg, .html (with zoom, folding and search), .png, .pdf,
    .eps, .dot (Graphviz), .mmd (Mermaid), .tex (TikZ), .drawio (draw.io) or .pptx (PowerPoint).
    """
    if check and output == "-":
        raise click.UsageError("--check compares with a file: name it with -o")
    kind = format_ or _format_of(output)
    arguments = DiagramArguments(
        title=title,
        view=view,
        expand=expand,
        detail=detail,
        field=field,
        fold=fold,
        direction=direction,
        theme=theme,
        legend=legend,
        parameters=parameters,
        macs=macs,
        caption=caption,
        dpi=dpi,
        columns=columns,
        heat=heat,
        sheets=sheets,
    )
    refuse_conflicts(arguments.conflicts(kind))
    if kind == "pptx":
        need("a diagram for PowerPoint", "pptx")
    place = _place(for_, width, height, font)
    network = named_network(file, text).network(parse_settings(settings), parse_override(inputs))
    if style_file is not None:
        network = _styled(network, style_file)
    data, chosen = _drawn(network, kind, arguments, place)
    if kind == "mmd":
        _warn_of_limit(data)
    if check:
        _compare(output, data)
    else:
        _write(output, data, network, title, chosen)


def _write(output: str, data: bytes, network: Network, title: str | None, chosen: str) -> None:
    """Write the figure and, unless it is on standard output, print a line about it."""
    write_output(output, data)
    if output != "-":
        more = f"; {chosen}" if chosen else ""
        size = counted(network.parameters, "parameter")
        click.echo(f"{printable(output)}: {printable(_title(network, title))}, {size}{more}")


def _drawn(network: Network, kind: str, arguments: DiagramArguments, place: "Place | None") -> tuple[bytes, str]:
    """The figure, and what was chosen for it, in words. Exits with 2 if it cannot be drawn."""
    from ..backends.diagram import CannotDraw, View, diagram, diagram_page, placed_diagram
    from ..backends.diagram.place import PlaceChoices
    from ..network.rendered_diagram import style_of, view_options_of

    style, options = style_of(arguments, network.graph, kind), view_options_of(arguments, network.title)
    view = arguments.chosen_view
    try:
        if kind == "html":
            return diagram_page(network.graph, style, options, None if view is None else View(view)), ""
        if place is not None:
            freedom = PlaceChoices.given(view, arguments.direction, arguments.parameters)
            return placed_diagram(network.graph, kind, style, options, place, freedom)
        if view is None and _is_free(kind, arguments) and _is_unet(network, options):
            unet = options.replace(view=View.UNET)
            return diagram(network.graph, kind, style, unet), "view unet, chosen for its shape"
        return diagram(network.graph, kind, style, options), ""
    except CannotDraw as error:
        usage(str(error))


def _is_free(kind: str, arguments: DiagramArguments) -> bool:
    """Whether the format and the options leave the view open."""
    given = (arguments.direction, arguments.columns, arguments.detail)
    return kind not in ("dot", "mmd") and not arguments.expand and given == (None, None, None)


def _is_unet(network: Network, view_options: "ViewOptions") -> bool:
    """Whether a network has the form of a U-Net, which the view `unet` can show."""
    from ..backends.diagram.place_fitting import as_unet

    return as_unet(network.graph, network.costs, view_options) is not None


def _styled(network: Network, name: str) -> Network:
    """The network with the style in a file; shows its errors and exits with 1 if it has any."""
    try:
        return network.with_style(read_style_text(name))
    except ArchError as error:
        show_diagnostics(error)
        raise SystemExit(1) from None


def _title(network: Network, given: str | None) -> str:
    """The title of the figure."""
    settings = network.graph.figure
    return given or (settings.title if settings is not None else None) or network.title


def _place(name: str | None, width: str | None, height: str | None, font: str | None) -> "Place | None":
    """The place for which the figure is made; None for the natural size."""
    from ..backends.diagram.place import place_of

    try:
        return place_of(name, width, height, font)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _warn_of_limit(data: bytes) -> None:
    """Warn of a diagram that is larger than Mermaid renders by default."""
    from ..backends.diagram.mermaid import MAX_CHARACTERS, MAX_EDGES, edges

    text = data.decode()
    for count, limit, what, option in (
        (edges(text), MAX_EDGES, "arrows", "maxEdges"),
        (len(text), MAX_CHARACTERS, "characters", "maxTextSize"),
    ):
        if count > limit:
            click.echo(
                f"warning: {count:,} {what} are more than the {limit:,} that Mermaid renders by default; set "
                f"`{option}` in its configuration, or use `--view blocks` or `--view stages`",
                err=True,
            )


def _compare(output: str, data: bytes) -> None:
    """Exit with status 1 unless a file contains these bytes."""
    name = printable(output)
    try:
        existing = Path(output).read_bytes()
    except FileNotFoundError:
        click.echo(f"{name} is missing; run without --check to write it", err=True)
        raise SystemExit(1) from None
    except (OSError, ValueError) as error:
        usage(f"{output} cannot be read: {getattr(error, 'strerror', None) or 'invalid file name'}")
    if existing != data:
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
