"""`archdsl check`: shapes, parameters, errors. Imports neither torch nor numpy."""

import sys
from collections.abc import Callable, Iterator
from typing import NoReturn, final

import click

from ..diagnostics import Sink
from ..diagnostics.diagnostic import Finding
from ..diagnostics.terminal import printable
from ..graph import Graph
from ..network import Analysis, style_findings
from ..text.source import Source
from ..text.word_choice import WordChoice
from .check_measures import MeasureOptions, check_requested, measure_options
from .check_reports import FileDiagnostics, Status, report
from .common import network_options, parse_override, parse_settings, refuse_both, refuse_unused, show_diagnostics
from .conflicts import refuse_conflicts
from .folders import expanded
from .network_text import NetworkText, NetworkTexts, named_network, read_style_text
from .shell_completion import complete_network
from .watching import watch_option

_MEASURES = "--columns --batch --optimizer --precision --fits --shards --input-coverage"
_CONFLICTS = (
    ("--fits", "--batch", "--fits computes the largest batch"),
    ("--diff", f"--fix --explain {_MEASURES}", "--diff only shows what would change"),
    ("--sizes", f"--fix --diff --explain --strict --pedantic {_MEASURES}", "--sizes only reports valid sizes"),
    ("--format json", "--sizes --diff", "--format json only reports on the network"),
    ("--format github", "--sizes --diff --explain", "--format github only reports diagnostics"),
    ("--format sarif", "--sizes --diff --explain", "--format sarif only reports diagnostics"),
    ("--watch", "--fix --unsafe --diff", "--watch only reports and changes no file"),
    ("--watch", "--format", "--watch shows text"),
    ("--style", "--fix --diff --sizes --format", "--style only prints a text report"),
    ("--format markdown", "--sizes --diff --explain", "--format markdown prints only the table"),
    ("--format latex", "--sizes --diff --explain", "--format latex prints only the table"),
)


@click.command("check")
@click.argument("files", nargs=-1, metavar="FILE…", shell_complete=complete_network)
@click.option("-e", "--expr", "text", metavar="TEXT", help="Check this source text instead of a file.")
@network_options
@click.option("--explain", is_flag=True, help="Show how spatial dimensions are computed.")
@measure_options
@click.option(
    "--sizes", metavar="SIZES", help="Report which input sizes of a list, such as 224,256,350x525, are valid."
)
@click.option("--fix", is_flag=True, help="Apply safe fixes to the files, then check again.")
@click.option("--unsafe", is_flag=True, help="With --fix or --diff: also include likely fixes.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, without writing it.")
@click.option(
    "--style", metavar="FILE", help="Also check the `figure { … }` block in this style file against the networks."
)
@click.option("--strict", is_flag=True, help="Exit with status 1 if there are warnings.")
@click.option("--pedantic", is_flag=True, help="Also warn about style and small inefficiencies.")
@click.option(
    "--format",
    "output",
    type=WordChoice(["text", "markdown", "latex", "json", "github", "sarif"]),
    default="text",
    show_default=True,
    help="Output format: text for people, a table for a README or a paper, JSON, GitHub annotations, or SARIF.",
)
@watch_option
def command(
    files: tuple[str, ...],
    text: str | None,
    settings: tuple[str, ...],
    inputs: tuple[str, ...],
    explain: bool,
    sizes: str | None,
    fix: bool,
    unsafe: bool,
    diff: bool,
    style: str | None,
    strict: bool,
    pedantic: bool,
    output: str,
    measure: MeasureOptions,
) -> None:
    """Check networks: shapes, parameters, multiply-accumulates, errors.

    FILE is a file, a folder (every network below it), `-` for standard input, zoo:NAME, REVISION:FILE in git, or the
    folder of a run. A single network is shown as a table, several as one line each. `# archdsl: ignore[W0903]` at the
    end of a line silences that warning there; `archdsl explain W0903` explains it.
    """
    refuse_both(files[0] if files else None, text)
    if not files and text is None:
        raise click.UsageError("give the files to check, or source text with -e")
    if unsafe and not (fix or diff):
        raise click.UsageError("--unsafe needs --fix or --diff")
    refuse_conflicts(_CONFLICTS)
    names = expanded(files)
    several = names != list(files) or len(names) > 1
    if explain and several and output == "text":
        raise click.UsageError("--explain extends the table of a single network: give one file")
    check_requested(measure, 2 if several else 1, output)
    # A single file is read before the report starts, so an unreadable file ends the command.
    texts = NetworkTexts(names) if several else [named_network(names[0] if names else None, text)]
    values, override = parse_settings(settings), parse_override(inputs)

    def check(text: NetworkText) -> Analysis:
        return text.analyze(values, override, recipe=_check_recipe, pedantic=pedantic, blocks_only=True)

    # One network at a time, so memory does not grow with the number of files.
    analyses: Iterator[Analysis] = (check(text) for text in texts)
    if sizes is not None:
        _answer_sizes(analyses, sizes)
    if fix or diff:
        # All files are fixed before the report starts, so an unwritable file ends the command before the report.
        analyses = iter([_fixed(text, check, unsafe=unsafe, diff=diff) for text in texts])
    status = Status(strict=strict)
    styled = None if style is None else _StyleCheck(read_style_text(style))
    counted = status.counted(analyses if styled is None else styled.alongside(analyses))
    if diff:
        for analysis in counted:
            show_diagnostics(analysis)
    else:
        report(counted, status, several, output, explain, measure)
    if styled is not None:
        styled.report(status)
    if not status.failed:
        refuse_unused(override)
    missing = isinstance(texts, NetworkTexts) and texts.missing
    sys.exit(2 if missing else int(status.failed))


def _answer_sizes(analyses: Iterator[Analysis], sizes: str) -> NoReturn:
    """Print which sizes are valid, and exit with 1 unless all are."""
    from .size_queries import print_valid_sizes

    sys.exit(int(not print_valid_sizes(list(analyses), sizes)))


def _fixed(text: NetworkText, check: Callable[[NetworkText], Analysis], *, unsafe: bool, diff: bool) -> Analysis:
    """The analysis of a text with the fixes applied, or shown with `diff`."""
    from .fixing import apply_fixes

    def analyze_again(source: Source) -> Analysis:
        return check(text.replace(source=source))

    return apply_fixes(check(text), analyze_again, writable=text.writable, unsafe=unsafe, diff=diff)


@final
class _StyleCheck:
    """The check of a style file against networks.

    `found` has the errors that the style has for any network. `unchecked` are networks with errors: their layers are
    not all known.
    """

    def __init__(self, text: Source) -> None:
        self.text = text
        self.found: list[Finding] = []
        self.unchecked: list[Analysis] = []

    def alongside(self, analyses: Iterator[Analysis]) -> Iterator[Analysis]:
        """The same analyses; the style is checked against the network of each as it passes."""
        for analysis in analyses:
            if analysis.graph is None:
                self.unchecked.append(analysis)
            else:
                known = {(each.diagnostic.code, each.diagnostic.span.start) for each in self.found}
                for each in style_findings(self.text, analysis.graph):
                    if (each.diagnostic.code, each.diagnostic.span.start) not in known:
                        self.found.append(each)
            yield analysis

    def report(self, status: Status) -> None:
        """Print the errors in the style, or that it has none if all networks could be checked."""
        if self.found:
            status.failed = True
            sys.stdout.flush()
            show_diagnostics(FileDiagnostics(self.text, tuple(self.found)))
        elif not self.unchecked:
            click.echo(f"✓ {printable(self.text.name)}: its figure settings are valid")


def _check_recipe(graph: Graph, sink: Sink) -> None:
    from ..training.network_check import check_recipe

    check_recipe(graph, sink)
