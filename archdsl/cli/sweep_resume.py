"""`archdsl sweep` in the folder of an existing sweep: resume it, join it, or show its status."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..diagnostics.terminal import printable
from ..record import Record
from ..text.counts import counted
from ..training.recipe.composition import BadOption
from .common import usage
from .network_text import read_network_text
from .problems import fail
from .sweep_trials import checked, run_sweep, sweep_context, sweep_of

if TYPE_CHECKING:
    from ..training.sweep.sweep_settings import SweepSettings


class Local(Record):
    """What may differ between the machines of a sweep; `storage` is the database's URL as typed."""

    data_dir: str | None
    device: str | None
    storage: str | None


def resume_sweep(folder: Path, trials: int | None, local: Local) -> None:
    """Continue the sweep in a folder, alone or with other processes."""
    from ..training.errors.problem import Problem
    from ..training.model_spec import NETWORK
    from ..training.runs.run_network import verify_texts
    from ..training.sweep.sweep_settings import read_sweep, refuse_version
    from ..training.tasks.metric import METRICS

    try:
        plan = read_sweep(folder)
        refuse_version(folder, plan)
        verify_texts(folder, plan.texts)
    except Problem as problem:
        fail(problem)
    plan = _increased(folder, plan, trials)
    url = _storage(plan, local.storage)
    network = read_network_text(str(folder / NETWORK))
    data_dir = str(Path(local.data_dir).resolve()) if local.data_dir else plan.data_dir
    context = sweep_context(network, plan.space(), plan.sizes, data_dir, local.device or plan.device, plan.metric)
    if plan.metric not in METRICS:  # the metric of a package, which has to be loaded
        try:
            checked(context, plan.prune)
        except BadOption as error:
            usage(str(error))
        except Problem as problem:
            fail(problem)
    run_sweep(folder, plan, context, url, create=url is None)


def joined(folder: Path, settings: "SweepSettings", trials: int | None) -> "SweepSettings":
    """The settings with which a process joins the same sweep: with the sweep's number of trials, or a greater one."""
    from ..training.errors.problem import Problem
    from ..training.sweep.sweep_settings import read_sweep

    try:
        recorded = read_sweep(folder)
    except Problem as problem:
        fail(problem)
    increased = _increased(folder, recorded, trials)
    return settings.model_copy(update={"trials": increased.trials})


def show_status(folder: Path, output: str, storage: str | None) -> None:
    """Show the trials of the sweep in a folder."""
    from ..training.errors.problem import Problem
    from ..training.sweep.sweep_settings import read_sweep
    from ..training.sweep.sweep_status import as_json, as_text, status

    try:
        plan = read_sweep(folder)
        sweep = sweep_of(folder, plan, _storage(plan, storage))
        found = status(sweep, plan)
    except Problem as problem:
        fail(problem)
    if output == "json":
        click.echo(as_json(found))
    else:
        click.echo("\n".join(map(printable, as_text(found, sweep.metric).splitlines())))


def _storage(plan: "SweepSettings", storage: str | None) -> str | None:
    """The URL of a sweep's database: as typed now, else as stored, without a password."""
    if storage is not None and plan.storage is None:
        usage("--storage: the trials of this sweep are in its folder; leave --storage out")
    return storage or plan.storage


def _increased(folder: Path, plan: "SweepSettings", trials: int | None) -> "SweepSettings":
    """The settings with a greater number of trials, written to the sweep."""
    from ..training.errors.problem import Problem
    from ..training.sweep.shared_start import rewrite

    if trials is None or trials == plan.trials:
        return plan
    if trials < plan.trials:
        usage(
            f"--trials {trials}: the sweep already has {counted(plan.trials, 'trial')}; give more or leave --trials out"
        )
    plan = plan.model_copy(update={"trials": trials})
    try:
        rewrite(folder, plan)
    except Problem as problem:
        fail(problem)
    return plan
