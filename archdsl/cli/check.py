"""`archdsl check`: shapes, parameters, mistakes. Imports neither torch nor numpy."""

import sys
from collections.abc import Callable, Iterable

import click

from ..diagnostics import Severity, Sink
from ..diagnostics.diagnostic import Found
from ..diagnostics.terminal import printable, summary
from ..network import Network, analyse
from ..text.source import Source
from .check_measures import Asked, check_asked, columns_of, measure_options, show_measures, terms_of
from .common import network_options, parse_override, parse_settings, read_all, show_mistakes

Check = Callable[[Source], Network]


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
    check_asked(measure, len(files), output)
    sources, whole = read_all(files) if text is None else ([Source(text, name="<text>")], True)
    values, override = parse_settings(settings), parse_override(inputs)

    def check(source: Source) -> Network:
        return analyse(source, Sink(), values, override, recipe=True, pedantic=pedantic, library=True)

    networks = [check(source) for source in sources]
    if sizes is not None:
        from .asked_sizes import answer_sizes

        sys.exit(not answer_sizes(networks, sizes))
    if fix or diff:
        from .fixing import mend

        networks = [mend(network, check, unsafe=unsafe, diff=diff) for network in networks]
    fits = diff or _report(networks, output, explain, measure)
    found = [item for network in networks for item in network.diagnostics]
    sys.exit(int(not fits or bool(found if strict else _errors(found))) if whole else 2)


def _report(networks: list[Network], output: str, explain: bool, measure: Asked) -> bool:
    """Print the report. False where the network does not fit into the memory that is asked about."""
    if output == "json":
        _json(networks, measure)
    elif output != "text":
        _records(networks, output)
    elif len(networks) == 1:
        return _table(networks[0], explain, measure)
    else:
        _lines(networks)
    return True


def _errors(found: Iterable[Found]) -> int:
    return sum(item.diagnostic.severity is Severity.ERROR for item in found)


def _table(network: Network, explain: bool, measure: Asked) -> bool:
    from ..analysis.table import table, totals

    if network.graph.nodes:
        click.echo(table(network, explain=explain, columns=columns_of(network, measure)))
        click.echo()
        click.echo(totals(network))
    fits = True
    if not _errors(network.diagnostics):
        click.echo(f"✓ {_verdict(network)}")
        if network.graph.symbols:
            from ..analysis.valid_sizes_text import describe

            click.echo(describe(network.sizes))
        if network.graph.nodes:
            fits = show_measures(network, measure)
    if network.graph.nodes and network.diagnostics:
        click.echo()
    sys.stdout.flush()
    show_mistakes(network)
    return fits


def _verdict(network: Network) -> str:
    """What is well: the network, or the blocks of a file without one."""
    from ..analysis.table import verdict

    if network.graph.nodes:
        return verdict(network)
    names = [f"`{printable(block.name.text)}`" for block in network.program.blocks]
    return f"no network, {len(names)} block{'s' * (len(names) > 1)} for others to use: {', '.join(names)}"


def _lines(networks: list[Network]) -> None:
    from ..analysis.table import si

    for network in networks:
        name = printable(network.source.name)
        if _errors(network.diagnostics):
            click.echo(f"✗ {name}: {summary(network.diagnostics)}")
            continue
        total = network.costs.total
        counts = f", {total.parameters:,} parameters, {si(total.macs)} MACs" if network.graph.nodes else ""
        click.echo(f"✓ {name}: {_verdict(network)}{counts}")
    for network in networks:
        if network.diagnostics:
            sys.stdout.flush()
            click.echo(err=True)
            show_mistakes(network)


def _json(networks: list[Network], measure: Asked) -> None:
    from ..analysis.check_report import report

    models = [report(network, terms_of(network, measure)) for network in networks]
    if len(models) == 1:
        click.echo(models[0].model_dump_json(indent=2))
    else:
        click.echo("[" + ",\n".join(model.model_dump_json(indent=2) for model in models) + "]")


def _records(networks: list[Network], output: str) -> None:
    """The mistakes alone, of all files together."""
    from ..diagnostics import github, sarif

    found = [item for network in networks for item in network.diagnostics]
    text = (sarif if output == "sarif" else github).render(found)
    if text:
        click.echo(text)
