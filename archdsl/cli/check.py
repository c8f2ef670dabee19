"""`archdsl check`: shapes, parameters, mistakes. Imports neither torch nor numpy."""

import sys
from collections.abc import Iterable

import click

from ..diagnostics import Severity, Sink
from ..diagnostics.diagnostic import Found
from ..diagnostics.terminal import printable, summary
from ..network import Analysis, Network, analyse
from ..shapes.symbolic import plain
from ..text.source import Source
from ..training.recipe_check import check_recipe
from .check_measures import Asked, check_asked, columns_of, facts_of, measure_options, show_measures, wanted_of
from .common import network_options, parse_override, parse_settings, read_all, show_mistakes
from .conflicts import refuse_conflicts

_MEASURES = "--columns --batch --optimizer --precision --fits --coverage"
_CONFLICTS = (
    ("--fits", "--batch", "--fits looks for the largest batch"),
    ("--diff", f"--fix --explain {_MEASURES}", "--diff shows what would change, and nothing else"),
    ("--sizes", f"--fix --diff --explain --strict --pedantic {_MEASURES}", "--sizes answers for sizes alone"),
    ("--format json", "--sizes --diff", "--format json reports on the network"),
    ("--format github", "--sizes --diff --explain", "--format github is of mistakes alone"),
    ("--format sarif", "--sizes --diff --explain", "--format sarif is of mistakes alone"),
    ("--expr", "--fix", "a text given with -e is no file to write; --diff shows what would change"),
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
    sources, whole = read_all(files) if text is None else ([Source(text, name="<text>")], True)
    values, override = parse_settings(settings), parse_override(inputs)

    def check(source: Source) -> Analysis:
        return analyse(source, Sink(), values, override, recipe=check_recipe, pedantic=pedantic, blocks_only=True)

    analyses = [check(source) for source in sources]
    if sizes is not None:
        from .asked_sizes import answer_sizes

        sys.exit(int(not answer_sizes(analyses, sizes)))
    if fix or diff:
        from .fixing import mend

        analyses = [mend(analysis, check, unsafe=unsafe, diff=diff) for analysis in analyses]
    fits = diff or _report(analyses, output, explain, measure)
    found = [item for analysis in analyses for item in analysis.diagnostics]
    sys.exit(int(not fits or bool(found if strict else _errors(found))) if whole else 2)


def _report(analyses: list[Analysis], output: str, explain: bool, measure: Asked) -> bool:
    """Print the report. False where the network does not fit into the memory that is asked about."""
    if output == "json":
        _json(analyses, explain, measure)
    elif output != "text":
        _records(analyses, output)
    elif len(analyses) == 1:
        return _table(analyses[0], explain, measure)
    else:
        _lines(analyses)
    return True


def _errors(found: Iterable[Found]) -> int:
    return sum(item.diagnostic.severity is Severity.ERROR for item in found)


def _table(analysis: Analysis, explain: bool, measure: Asked) -> bool:
    from ..analysis.cost import draft_costs
    from ..analysis.table import table, totals

    draft, network = analysis.draft, analysis.network
    costs = draft_costs(draft) if network is None else network.costs.nodes
    if draft.nodes:
        click.echo(table(draft, costs, explain=explain, columns=columns_of(analysis, measure)))
        if sums := totals(draft, costs):
            click.echo(f"\n{sums}")
    fits = True
    if network is not None:
        click.echo(f"✓ {_verdict(network)}")
        if network.graph.symbols:
            from ..analysis.valid_sizes_text import describe

            click.echo(describe(network.sizes))
        if network.graph.nodes:
            fits = show_measures(network, measure)
    if draft.nodes and analysis.diagnostics:
        click.echo()
    sys.stdout.flush()
    show_mistakes(analysis)
    return fits


def _verdict(network: Network) -> str:
    """What is well: the network, or the blocks of a file without one."""
    from ..analysis.table import verdict

    if network.graph.nodes:
        return verdict(network.graph)
    names = [f"`{printable(block.name.text)}`" for block in network.program.blocks]
    return f"no network, {len(names)} block{'s' * (len(names) > 1)} for others to use: {', '.join(names)}"


def _lines(analyses: list[Analysis]) -> None:
    for analysis in analyses:
        name = printable(analysis.source.name)
        if analysis.network is None:
            click.echo(f"✗ {name}: {summary(analysis.diagnostics)}")
        else:
            click.echo(f"✓ {name}: {_verdict(analysis.network)}{_figures(analysis.network)}")
    for analysis in analyses:
        if analysis.diagnostics:
            sys.stdout.flush()
            click.echo(err=True)
            show_mistakes(analysis)


def _figures(network: Network) -> str:
    """Parameters and multiply-accumulates; those of an example where they depend on symbolic dimensions."""
    from ..analysis.quantities import si

    if not network.graph.nodes:
        return ""
    macs = plain(network.costs.total.macs)
    example = "" if macs is network.costs.total.macs else f" at {network.graph.example}"
    return f", {network.parameters:,} parameters, {si(macs)} MACs{example}"


def _json(analyses: list[Analysis], explain: bool, measure: Asked) -> None:
    from ..analysis.check_report import SCHEMA_VERSION, report, write

    reports = (
        report(
            analysis.source.name,
            analysis.draft,
            facts_of(analysis, measure),
            analysis.diagnostics,
            _sizes(analysis),
            wanted_of(measure, explain),
        )
        for analysis in analyses
    )
    if len(analyses) == 1:
        for part in write(next(reports)):
            click.echo(part, nl=False)
        click.echo()
        return
    click.echo(f'{{\n"schema_version": {SCHEMA_VERSION},\n"networks": [')
    for index, values in enumerate(reports):
        click.echo("," * (index > 0) + "".join(write(values)))
    click.echo("]\n}")


def _sizes(analysis: Analysis) -> list[str] | None:
    network = analysis.network
    return network.sizes.described() if network is not None and network.graph.symbols else None


def _records(analyses: list[Analysis], output: str) -> None:
    """The mistakes alone, of all files together."""
    from ..diagnostics import github, sarif

    found = [item for analysis in analyses for item in analysis.diagnostics]
    text = (sarif if output == "sarif" else github).render(found)
    if text:
        click.echo(text)
