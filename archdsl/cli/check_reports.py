"""Reports of `archdsl check`: each network is reported as soon as it is checked, and then released."""

import sys
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import click

from ..diagnostics.diagnostic import Finding
from ..diagnostics.terminal import printable, summary
from ..network import Analysis, Network
from ..shapes.symbolic import concrete
from ..text.counts import counted
from ..text.source import Source
from .check_measures import MeasureOptions, columns_of, facts_of, report_options_of, show_measures
from .common import show_diagnostics


class Status:
    """What the exit status depends on."""

    def __init__(self, *, strict: bool) -> None:
        self._strict = strict
        self.failed = False

    def counted(self, analyses: Iterable[Analysis]) -> Iterator[Analysis]:
        """The same analyses, counted: errors set `failed`, and with `strict`, warnings do as well."""
        for analysis in analyses:
            self.failed = self.failed or bool(analysis.found if self._strict else analysis.errors)
            yield analysis


class FileDiagnostics(NamedTuple):
    """What is kept of a network until all networks are reported."""

    source: Source
    diagnostics: tuple[Finding, ...]


def report(
    analyses: Iterator[Analysis], status: Status, several: bool, output: str, explain: bool, measure: MeasureOptions
) -> None:
    """Print the report, and set `failed` if a network does not fit in the given memory."""
    if output == "json":
        _json(analyses, several, explain, measure)
    elif output == "sarif":
        _sarif(analyses)
    elif output == "github":
        _github(analyses)
    elif output in ("markdown", "latex"):
        from .table_reports import report_table

        status.failed = not report_table(analyses, several, output, measure) or status.failed  # type: ignore[arg-type]  # both are formats
    elif several:
        _lines(analyses)
    else:
        for analysis in analyses:
            status.failed = not _table(analysis, explain, measure) or status.failed


def _table(analysis: Analysis, explain: bool, measure: MeasureOptions) -> bool:
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
    show_diagnostics(analysis)
    return fits


def _verdict(network: Network) -> str:
    """What was checked: the network, or the blocks of a file without a network."""
    from ..analysis.table import verdict

    if network.graph.nodes:
        return verdict(network.graph)
    if not network.program.blocks:
        return "no network, only a figure style: --style checks it against a network"
    names = [f"`{printable(block.name.text)}`" for block in network.program.blocks]
    return f"no network, {counted(len(names), 'block')} that other files can use: {', '.join(names)}"


def _lines(analyses: Iterable[Analysis]) -> None:
    kept = []
    for analysis in analyses:
        name = printable(analysis.source.name)
        if analysis.network is None:
            click.echo(f"✗ {name}: {summary(analysis.found)}")
        else:
            click.echo(f"✓ {name}: {_verdict(analysis.network)}{_figures(analysis.network)}")
        if analysis.diagnostics:
            kept.append(FileDiagnostics(analysis.source, analysis.diagnostics))
    for diagnosed in kept:
        sys.stdout.flush()
        click.echo(err=True)
        show_diagnostics(diagnosed)


def _figures(network: Network) -> str:
    """Parameters and multiply-accumulates; at the example sizes if they depend on symbolic dimensions."""
    from ..analysis.quantities import si

    if not network.graph.nodes:
        return ""
    macs = concrete(network.costs.total.macs)
    example = "" if macs is network.costs.total.macs else f" at {network.graph.example}"
    return f", {counted(network.parameters, 'parameter')}, {si(macs)} MACs{example}"


def _json(analyses: Iterable[Analysis], several: bool, explain: bool, measure: MeasureOptions) -> None:
    from ..analysis.check_report import SCHEMA_VERSION, write

    if several:
        click.echo(f'{{\n"schema_version": {SCHEMA_VERSION},\n"networks": [')
    for index, analysis in enumerate(analyses):
        click.echo("," * (index > 0), nl=False)
        for part in write(_values(analysis, explain, measure)):
            click.echo(part, nl=False)
        click.echo()
    if several:
        click.echo("]\n}")


def _values(analysis: Analysis, explain: bool, measure: MeasureOptions) -> Any:
    from ..analysis.check_report import report as values

    facts, wanted = facts_of(analysis, measure), report_options_of(measure, explain)
    return values(analysis.source.name, analysis.draft, facts, analysis.diagnostics, _sizes(analysis), wanted)


def _sizes(analysis: Analysis) -> list[str] | None:
    network = analysis.network
    return network.sizes.described() if network is not None and network.graph.symbols else None


def _sarif(analyses: Iterable[Analysis]) -> None:
    """Print only the diagnostics, those of all files together."""
    from ..diagnostics.sarif import write

    for part in write(item for analysis in analyses for item in analysis.diagnostics):
        click.echo(part, nl=False)
    click.echo()


def _github(analyses: Iterable[Analysis]) -> None:
    """Print only the diagnostics, those of all files together."""
    from ..diagnostics.github import render

    for analysis in analyses:
        if text := render(analysis.diagnostics):
            click.echo(text)
