"""`archdsl check`: shapes, parameters, mistakes. Imports neither torch nor numpy."""

import sys
from collections.abc import Iterator

import click

from ..diagnostics import Sink
from ..network import Analysis, analyse
from ..text.source import Source
from ..training.check import check_recipe
from .check_measures import Asked, check_asked, measure_options
from .check_reports import Status, report
from .common import Texts, network_options, parse_override, parse_settings, read, refuse_unused, show_mistakes
from .conflicts import refuse_conflicts

_MEASURES = "--columns --batch --optimizer --precision --fits --coverage"
_CONFLICTS = (
    ("--fits", "--batch", "--fits looks for the largest batch"),
    ("--diff", f"--fix --explain {_MEASURES}", "--diff shows what would change, and nothing else"),
    ("--sizes", f"--fix --diff --explain --strict --pedantic {_MEASURES}", "--sizes answers for sizes alone"),
    ("--format json", "--sizes --diff", "--format json reports on the network"),
    ("--format github", "--sizes --diff --explain", "--format github is of mistakes alone"),
    ("--format sarif", "--sizes --diff --explain", "--format sarif is of mistakes alone"),
)


@click.command("check")
@click.argument("files", nargs=-1, metavar="FILE…")
@click.option("-e", "--expr", "text", metavar="TEXT", help="Check this text instead of a file.")
@network_options
@click.option("--explain", is_flag=True, help="Show the arithmetic of every side.")
@measure_options
@click.option("--sizes", metavar="SIZES", help="Which of these input sizes are valid: 224,256,350x525.")
@click.option("--fix", is_flag=True, help="Mend what is certain, write the files, and check again.")
@click.option("--unsafe", is_flag=True, help="With --fix or --diff: mend what is likely, too.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, and write nothing.")
@click.option("--strict", is_flag=True, help="End with 1 for a warning, too.")
@click.option("--pedantic", is_flag=True, help="Warn of matters of taste and small savings, too.")
@click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json", "github", "sarif"]),
    default="text",
    show_default=True,
    help="How to report: for people, for programs, as annotations of a pull request, as a log of analysers.",
)
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
    strict: bool,
    pedantic: bool,
    output: str,
    measure: Asked,
) -> None:
    """Check networks: shapes, parameters, multiply-accumulates, mistakes.

    One FILE gets its table, several a line each; `-` is standard input. `# archdsl: ignore[W0903]` at the end of a line
    silences that warning there; `archdsl explain W0903` says what it means.
    """
    if bool(files) == (text is not None):
        raise click.UsageError("give the files to check, or a text with -e")
    if unsafe and not (fix or diff):
        raise click.UsageError("--unsafe says what --fix or --diff may do: give one of them, too")
    refuse_conflicts(_CONFLICTS)
    if explain and len(files) > 1 and output == "text":
        raise click.UsageError("--explain shows the arithmetic in a network's table: give one file")
    check_asked(measure, len(files), output)
    # A single file is read before the report begins: one that cannot be read ends the command.
    sources = Texts(files) if len(files) > 1 else [Source(text, name="<text>") if text is not None else read(files[0])]
    values, override = parse_settings(settings), parse_override(inputs)

    def check(source: Source) -> Analysis:
        return analyse(source, Sink(), values, override, recipe=check_recipe, pedantic=pedantic, blocks_only=True)

    # One after the other, so that no more than one network is in memory, however many files there are.
    analyses: Iterator[Analysis] = (check(source) for source in sources)
    if sizes is not None:
        from .asked_sizes import answer_sizes

        sys.exit(int(not answer_sizes(list(analyses), sizes)))
    if fix or diff:
        from .fixing import mend

        # All of them before the report begins: what cannot be written ends the command, not half a report.
        analyses = iter([mend(analysis, check, unsafe=unsafe, diff=diff) for analysis in analyses])
    status = Status(strict=strict)
    if diff:
        for analysis in status.counted(analyses):
            show_mistakes(analysis)
    else:
        report(status.counted(analyses), status, len(files) > 1, output, explain, measure)
    if not status.failed:
        refuse_unused(override)
    missing = isinstance(sources, Texts) and sources.missing
    sys.exit(2 if missing else int(status.failed))
