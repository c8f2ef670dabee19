"""`archdsl check --format markdown` and `latex`: tables for READMEs and papers."""

import sys
from collections.abc import Iterator

import click

from ..analysis.table_formats import NetworkRow, TableFormat, networks_row, render_networks, render_table
from ..diagnostics.terminal import printable
from ..network import Analysis
from .check_measures import MeasureOptions, columns_of
from .common import show_diagnostics


def report_table(analyses: Iterator[Analysis], several: bool, format_: TableFormat, measure: MeasureOptions) -> bool:
    """Print the table of a network, or one table of several networks. False if there is no table to print.

    No table is printed for a single network with errors: an incomplete one could end up in a paper.
    """
    if several:
        click.echo(render_networks(list(_rows(analyses)), format_))
        return True
    (analysis,) = analyses
    network = analysis.network
    found = network is not None and bool(network.graph.nodes)
    if network is not None and found:
        click.echo(render_table(network.graph, network.costs.nodes, columns_of(analysis, measure), format_))
        sys.stdout.flush()
    elif network is not None:
        click.echo(f"archdsl: {printable(analysis.source.name)} only has blocks: there is no table", err=True)
    show_diagnostics(analysis)
    return found


def _rows(analyses: Iterator[Analysis]) -> Iterator[NetworkRow]:
    """The row of each network; the diagnostics are printed at once. A file that only defines blocks has no row."""
    for analysis in analyses:
        network = analysis.network
        if network is None:
            yield networks_row(analysis.source.name, None, 0, 0)
        elif network.graph.nodes:
            yield networks_row(analysis.source.name, network.graph, network.parameters, network.costs.total.macs)
        show_diagnostics(analysis)
