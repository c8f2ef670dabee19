"""`archdsl diff`: compare two networks. Imports neither torch nor numpy."""

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..diagnostics.terminal import printable
from ..network import Network
from ..text.word_choice import WordChoice
from .allowing import allow_option
from .common import parse_override, parse_settings, refuse_unused, show_diagnostics, usage
from .conflicts import refuse_conflicts
from .network_text import NetworkText, named_network
from .output import write_output
from .output_path import OUTPUT_FILE
from .problems import need
from .shell_completion import complete_file, complete_network

if TYPE_CHECKING:
    from ..analysis.diff.differences import Diff

_CONFLICTS = (
    ("--format json", "--full", "--format json has every tensor"),
    ("--format markdown", "--full", "--format markdown is a short summary"),
    ("--output", "--format --full", "--output writes a figure instead of text"),
)


@click.command("diff")
@click.argument("names", nargs=-1, metavar="A B", shell_complete=complete_network)
@click.option(
    "-e", "--expr", "texts", multiple=True, metavar="TEXT", help="Use this source text as B; given twice, as A and B."
)
@click.option("--set", "both", multiple=True, metavar="NAME=VALUE", help="Set a parameter of both networks.")
@click.option("--set-a", multiple=True, metavar="NAME=VALUE", help="Set a parameter of A only.")
@click.option("--set-b", multiple=True, metavar="NAME=VALUE", help="Set a parameter of B only.")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="SIZE",
    help="Set the input size of both: 3x224x224, or NAME=3x224x224.",
)
@allow_option
@click.option("--full", is_flag=True, help="List every tensor that does not carry over or is renamed.")
@click.option(
    "--format",
    "output",
    type=WordChoice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="Output format: text for people, JSON, or Markdown for a pull request comment.",
)
@click.option(
    "-o",
    "--output",
    "path",
    type=OUTPUT_FILE,
    metavar="PATH",
    shell_complete=complete_file,
    help="Write a figure of the differences: .svg, .png, .pdf, .eps, .dot, .tex, .drawio or .pptx.",
)
def command(
    names: tuple[str, ...],
    texts: tuple[str, ...],
    both: tuple[str, ...],
    set_a: tuple[str, ...],
    set_b: tuple[str, ...],
    inputs: tuple[str, ...],
    full: bool,
    output: str,
    path: str | None,
) -> None:
    """Compare two networks layer by layer, and list which weights of A can be loaded into B.

    A and B are files, zoo:NAME, REVISION:FILE of a git repository, or folders of runs; `-` is standard input. The exit
    status is 0 if the networks are the same, 1 if they differ, and 2 for an error, as with the Unix diff.
    """
    refuse_conflicts(_CONFLICTS)
    if len(names) + len(texts) != 2:
        raise click.UsageError("give two networks: archdsl diff A B")
    a, b = [named_network(name) for name in names] + [named_network(None, text) for text in texts]
    first = _network(a, (*both, *set_a), inputs)
    second = _network(b, (*both, *set_b), inputs)
    from ..analysis.diff import diff

    found = diff(first.graph, second.graph, (first.program.source.name, second.program.source.name))
    if path is not None:
        _write_figure(path, first, second, found)
    elif output == "json":
        from ..analysis.diff.diff_report import report

        click.echo(report(found).model_dump_json(indent=2))
    elif output == "markdown":
        from ..analysis.diff.diff_markdown import render as as_markdown

        click.echo(as_markdown(found))
    else:
        from ..analysis.diff.diff_text import render

        click.echo(render(found, full=full))
    sys.exit(int(found.differs))


def _write_figure(path: str, a: Network, b: Network, found: "Diff") -> None:
    """Write the figure of a diff, and print what it shows."""
    from ..backends.diagram import CannotDraw, draw_diff
    from ..backends.diagram.formats import NO_DIFF, format_of

    try:
        kind = format_of(Path(path), NO_DIFF)
        if kind == "pptx":
            need("a diagram for PowerPoint", "pptx")
        write_output(path, draw_diff(a.graph, b.graph, found, kind))
    except (CannotDraw, ValueError) as error:
        usage(str(error))
    kinds = Counter(row.kind for row in found.rows)
    words = [f"{kinds[kind]} {kind}" for kind in ("added", "removed", "changed") if kinds[kind]]
    ends = [each for each in ("inputs", "outputs") if str(getattr(found.a, each)) != str(getattr(found.b, each))]
    none = f"no layer differs, but the {' and '.join(ends)} do" if ends else "no layer differs"
    click.echo(f"{printable(path)}: {', '.join(words) or none}")


def _network(text: NetworkText, settings: tuple[str, ...], inputs: tuple[str, ...]) -> Network:
    """A network without errors; otherwise shows them and exits with 2, because 1 means that the networks differ."""
    override = parse_override(inputs)
    analysis = text.analyze(parse_settings(settings), override)
    if analysis.network is None:
        show_diagnostics(analysis)
        raise SystemExit(2)
    refuse_unused(override)
    return analysis.network
