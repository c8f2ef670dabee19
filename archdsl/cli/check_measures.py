"""Measurements of `archdsl check`: columns of the table, training memory, input coverage."""

import re
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from ..analysis.columns import NAMES
from ..diagnostics.terminal import printable
from ..network import Analysis, Network
from ..text.counts import counted
from ..text.word_choice import WordChoice
from .shell_completion import complete_columns

if TYPE_CHECKING:
    from ..analysis.check_report import ReportOptions
    from ..analysis.columns import TableColumns
    from ..analysis.measures import NetworkMeasures
    from ..analysis.memory import Memory
    from ..analysis.memory_options import MemoryOptions

F = TypeVar("F", bound=Callable[..., Any])

_UNITS = {"": 0, "k": 10, "m": 20, "g": 30, "t": 40}
_BYTES = re.compile(r"(\d{1,12}(?:\.\d{1,6})?) ?([kmgt]?)(i?b)?", re.IGNORECASE)


class MeasureOptions(NamedTuple):
    """The measurements that the user requested. `fits` is in bytes, of each process if there are `shards`."""

    columns: str | None
    batch: int | None
    optimizer: str | None
    precision: str | None
    fits: int | None
    shards: int | None
    coverage: bool

    @property
    def memory(self) -> bool:
        """Whether training memory is requested."""
        return any(each is not None for each in (self.batch, self.optimizer, self.precision, self.fits, self.shards))


def _bytes(context: click.Context, option: click.Parameter, value: str | None) -> int | None:
    return None if value is None else parse_bytes(value)


def parse_bytes(value: str) -> int:
    """`8G`, `512MiB`, `8GB` in bytes: powers of 1024, or of 1000 with a plain B. Raises BadParameter."""
    found = _BYTES.fullmatch(value.strip())
    if found is None or not float(found[1]):
        raise click.BadParameter(f"`{printable(value)}` is not an amount of memory like 8G or 512MiB")
    power = _UNITS[found[2].lower()]
    return int(float(found[1]) * (1000 ** (power // 10) if (found[3] or "").lower() == "b" else 1 << power))


def measure_options(command: F) -> F:
    """The options, passed to the command as the parameter `measure` of type `MeasureOptions`."""

    @wraps(command)
    def with_options(**values: Any) -> Any:
        requested = MeasureOptions(**{name: values.pop(name) for name in MeasureOptions._fields})
        return command(**values, measure=requested)

    options = (
        click.option("--schema", is_flag=True, callback=_print_schema, expose_value=False, is_eager=True, help=_SCHEMA),
        click.option(
            "--columns",
            metavar="NAMES",
            shell_complete=complete_columns,
            help=f"Columns of the table: {', '.join(NAMES)}. rf, jump, start and paths describe receptive fields; "
            "share is all percentages.",
        ),
        click.option(
            "--batch",
            type=click.IntRange(1),
            metavar="N",
            help="Report the memory that training with this batch size takes.",
        ),
        click.option("--optimizer", type=WordChoice(_OPTIMIZERS), help="Optimizer to assume for the memory estimate."),
        click.option(
            "--precision",
            type=WordChoice(_PRECISIONS),
            help="Precision of the forward pass to assume for the memory estimate.",
        ),
        click.option(
            "--fits",
            callback=_bytes,
            metavar="MEMORY",
            help="Report the largest batch that fits in this much memory, such as 8G.",
        ),
        click.option(
            "--shards",
            type=click.IntRange(2),
            metavar="N",
            help="Report the memory per process if N processes shard the weights (`archdsl train --shard`).",
        ),
        click.option(
            "--input-coverage",
            "coverage",
            is_flag=True,
            help="Report input coverage: how many outputs read each element of the input.",
        ),
    )
    wrapped: Any = with_options
    wrapped.__click_params__ = getattr(command, "__click_params__", [])
    for option in reversed(options):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[no-any-return]  # the decorated function keeps its type


_SCHEMA = "Print the JSON Schema of --format json."
_OPTIMIZERS = ("sgd", "adam", "adamw", "rmsprop", "muon")
_PRECISIONS = ("fp32", "bf16", "fp16")


def _print_schema(context: click.Context, option: click.Parameter, wanted: bool) -> None:
    if not wanted or context.resilient_parsing:
        return
    from ..analysis.check_schema import schema

    click.echo(schema())
    context.exit()


def check_requested(requested: MeasureOptions, networks: int, output: str) -> None:
    """Raise UsageError for conflicting options."""
    if networks > 1 and (requested.columns or requested.coverage or requested.memory):
        raise click.UsageError("columns, memory and input coverage are for a single network: give one file")
    if output != "text" and (requested.coverage or requested.fits):
        raise click.UsageError(
            f"--format {output} has no input coverage or largest batch: omit --input-coverage and --fits"
        )
    if output in ("markdown", "latex") and requested.memory and not requested.columns:
        raise click.UsageError(f"--format {output} shows memory as a column: add --columns memory")
    if output in ("github", "sarif") and (requested.memory or requested.columns):
        raise click.UsageError(f"--format {output} only reports diagnostics, not columns or memory")
    if requested.columns is not None:
        from ..analysis.columns import UnknownColumn, choose

        try:
            choose(requested.columns)
        except UnknownColumn as error:
            raise click.BadParameter(f"{printable(str(error))}", param_hint="--columns") from None


def columns_of(analysis: Analysis, requested: MeasureOptions) -> "TableColumns | None":
    """The columns in addition to the default ones; None if there are none."""
    from ..analysis.columns import TableColumns, choose

    return None if requested.columns is None else TableColumns(facts_of(analysis, requested), choose(requested.columns))


def facts_of(analysis: Analysis, requested: MeasureOptions) -> "NetworkMeasures | None":
    """The facts of a network for columns and reports; None if it has errors."""
    from ..analysis.measures import NetworkMeasures

    network = analysis.network
    if network is None:
        return None
    # The recipe is read only if a measurement depends on it.
    memory_options = memory_options_of(network, requested) if requested.columns or requested.memory else None
    return NetworkMeasures(network.graph, network.costs, memory_options)


def memory_options_of(network: Network, requested: MeasureOptions) -> "MemoryOptions":
    """The memory settings of training: from the options, else from the text."""
    from ..training.recipe.recipe_memory import memory_options

    return memory_options(
        network.graph,
        batch=requested.batch,
        optimizer=requested.optimizer,
        precision=requested.precision,
        shards=requested.shards,
    )


def report_options_of(requested: MeasureOptions, explain: bool) -> "ReportOptions":
    """The measurements to include in a network's JSON beyond the default ones."""
    from ..analysis.check_report import ReportOptions
    from ..analysis.columns import choose
    from ..analysis.measures import MEMORY

    columns = choose(requested.columns) if requested.columns else ()
    measures = [column.measure for column in columns if column.measure is not None]
    return ReportOptions(
        measures=tuple(dict.fromkeys([*measures, *([MEMORY] if requested.memory else [])])),
        texts=tuple(column for column in columns if column.measure is None and not column.always),
        arithmetic=explain,
    )


def show_measures(network: Network, requested: MeasureOptions) -> bool:
    """Print memory and coverage if requested. False if the network does not fit in the given memory."""
    fits = True
    if requested.memory:
        fits = _show_memory(network, requested)
    if requested.coverage:
        _show_coverage(network)
    return fits


def _show_memory(network: Network, requested: MeasureOptions) -> bool:
    from ..analysis.quantities import size

    options = memory_options_of(network, requested)
    if requested.fits is None:
        click.echo(_description(options.memory(network.graph)))
        return True
    batch = options.largest_batch(network.graph, requested.fits)
    over = f" in each of {counted(options.shards, 'process')}" if options.shards > 1 else ""
    if batch == 0:
        least = options.replace(batch=options.shards).memory(network.graph)
        click.echo(
            f"✗ not even a batch of {options.shards} fits in {size(requested.fits)}{over}: it takes {size(least.total)}"
        )
        return False
    click.echo(f"the largest batch that fits in {size(requested.fits)}{over} is {batch:,}")
    click.echo(_description(options.replace(batch=batch).memory(network.graph)))
    return True


def _description(memory: "Memory") -> str:
    from ..analysis.quantities import size

    parts = {
        "parameters": memory.parameters + memory.buffers,
        "gradients": memory.gradients,
        memory.optimizer_name: memory.optimizer,
        "averaged weights": memory.copies,
        "activations": memory.activations,
        "activation gradients": memory.transient,
        "gathered weights and gradients": memory.gathered,
    }
    parts_text = " · ".join(f"{name} {size(bytes)}" for name, bytes in parts.items() if bytes)
    batches = "a batch" if memory.batch == 1 else "batches"
    over = f" in each of {counted(memory.shards, 'process')}" if memory.shards > 1 else ""
    head = f"training on {batches} of {memory.batch:,} in {memory.precision} takes {size(memory.total)}{over}"
    return f"{head}\n  {parts_text}"


def _show_coverage(network: Network) -> None:
    from ..analysis.input_coverage_text import CannotCover, describe

    try:
        click.echo(describe(network.graph))
    except CannotCover as error:
        raise click.UsageError(f"--input-coverage: {error}") from None
