"""The part of `archdsl check` that reports valid input sizes: `--sizes 224,350x525`."""

import re

import click

from ..analysis.valid_sizes_text import describe, format_verdicts
from ..diagnostics.terminal import printable
from ..network import Analysis, ArchError
from ..text.counts import counted
from .common import show_diagnostics, usage


def print_valid_sizes(networks: list[Analysis], queries: str) -> bool:
    """Print which sizes are valid, from the closed forms. True if all sizes are valid for all networks."""
    found = []
    for network in networks:
        if len(networks) > 1:
            click.echo(f"{printable(network.source.name)}:")
        found.append(_one(network, queries))
    return all(found)


def _one(analysis: Analysis, queries: str) -> bool:
    try:
        sizes = analysis.sizes
    except LookupError as error:
        usage(f"{analysis.source.name}: {error}")
    except ArchError as error:
        if analysis.network is None:
            show_diagnostics(analysis)
        else:
            click.echo(str(error).strip(), err=True)
        return False
    wanted = _parse(queries, len(sizes.symbols))
    click.echo(describe(sizes))
    lines, valid = format_verdicts(sizes, wanted)
    click.echo(lines)
    return valid


def _parse(text: str, count: int) -> list[tuple[int, ...]]:
    """`224,350x525` as values of the input's symbolic dimensions; a single number is the value of all of them."""
    queries = []
    for part in text.split(","):
        numbers = part.strip().split("x")
        if not all(re.fullmatch("0*[1-9][0-9]{,11}", number) for number in numbers):
            raise click.BadParameter(f"`{printable(part)}` is not a size like 224 or 350x525", param_hint="--sizes")
        if len(numbers) not in (1, count):
            word = counted(count, "symbolic dimension") if count > 1 else "one symbolic dimension"
            raise click.BadParameter(
                f"`{printable(part)}` has {counted(len(numbers), 'number')}, for {word}", param_hint="--sizes"
            )
        queries.append(tuple(int(number) for number in numbers) * (count if len(numbers) == 1 else 1))
    return queries
