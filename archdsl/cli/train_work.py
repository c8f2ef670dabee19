"""What `archdsl train` does in each process: start a run, resume one, or decide by the folder's content."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from ..diagnostics import Sink
from ..diagnostics.terminal import render, summary
from ..network import Network
from ..text import paths
from ..training.recipe.composition import EXTENDABLE, BadOption, compose, extend, option_of
from ..training.recipe.recipe import Recipe
from .common import colourful, load_or_exit, parse_override, parse_settings, usage
from .problems import fail, follows

if TYPE_CHECKING:
    from ..training.data.images import Source
    from ..training.loop.process_group import Team
    from ..training.model_spec import Subject
    from ..training.runs.run_folder import Run
    from ..training.session import Outcome, Training

AUTO = "auto"
"""`--resume auto`: the same command starts a run, and resumes it when given again."""


class Asked(NamedTuple):
    """The options besides the network: recipe fields by path, the data folder, the device."""

    recipe: Mapping[tuple[str, ...], Any]
    data_dir: str | None
    device: str
    tensorboard: bool = False


Work = Callable[["Team"], "Outcome"]
"""The work of each process in its group; returns the outcome."""


class _Begun(NamedTuple):
    """A network and everything needed to start a run of it."""

    network: Network
    given: dict[str, Any]
    sizes: tuple[str, ...]
    recipe: Recipe
    source: "Source"
    asked: Asked


def start(file: str, settings: tuple[str, ...], inputs: tuple[str, ...], out: str | None, asked: Asked) -> Work:
    """Train in a new run. Exits if the network, the recipe or the data set has errors."""
    begun = _read(file, settings, inputs, asked)
    return lambda team: _start(begun, _new_run(begun, out, team, leftovers=False), team)


def resume_run(folder: str, file: str | None, asked: Asked) -> Work:
    """Resume a run. Exits if that is not possible."""
    from ..training.errors.problem import Problem
    from ..training.runs.run_folder import Run

    try:
        run = Run.open(Path(folder), writes=not follows())
        if file is not None:
            run.refuse_changes(load_or_exit(file).source.text)
        return _resumed(run, extend(run.read_settings().recipe, asked.recipe), asked)
    except BadOption as error:
        usage(str(error))
    except Problem as problem:
        fail(problem)


def start_or_resume(file: str, settings: tuple[str, ...], inputs: tuple[str, ...], out: str, asked: Asked) -> Work:
    """Train in the folder `out`: start a new run if there is none yet, otherwise resume it.

    The files of a process that ended before it wrote its settings are not a run, and are overwritten.
    """
    begun = _read(file, settings, inputs, asked)

    def go(team: "Team") -> "Outcome":
        from ..training.runs.run_folder import Run

        run = Run(Path(out), writes=team.leads)
        if not team.any(team.leads and run.holds_one):  # only one looks: others might see the new run
            return _start(begun, _new_run(begun, out, team, leftovers=True), team)
        run.refuse_changes(begun.network.source.text)
        recipe = _same_recipe(run, begun)
        return _resumed(run, recipe, asked)(team)

    return go


def _read(file: str, settings: tuple[str, ...], inputs: tuple[str, ...], asked: Asked) -> _Begun:
    given = parse_settings(settings)
    network = load_or_exit(file, given, parse_override(inputs))
    recipe = _recipe(network, asked)
    from ..training.errors.problem import Problem

    try:
        return _Begun(network, given, inputs, recipe, _source(network, recipe, asked), asked)
    except Problem as problem:
        fail(problem)


def _start(begun: _Begun, run: "Run", team: "Team") -> "Outcome":
    from ..training.model_spec import subject_of

    try:
        subject = subject_of(begun.network, begun.given, begun.sizes)
        return _training(subject, begun.source, begun.recipe, run, begun.asked, team).start()
    except BaseException:  # Ctrl-C while images are read, too
        run.discard_empty()
        raise


def _resumed(run: "Run", recipe: Recipe, asked: Asked) -> Work:
    """Resume a run with this recipe. Raises Problem, ArchError."""
    from ..training.model_spec import subject_of
    from ..training.runs.loaded_run import read_network, refuse_misfit

    settings = run.read_settings()
    network = read_network(run, settings)
    refuse_misfit(run, settings, network)
    source = _source(network, settings.with_source(recipe), asked)
    subject = subject_of(network, settings.network.given, settings.network.sizes)
    where = asked._replace(data_dir=asked.data_dir or settings.data.folder)
    return lambda team: _training(subject, source, recipe, run, where, team).resume()


def _same_recipe(run: "Run", begun: _Begun) -> Recipe:
    """The recipe for resuming, if the command that started a run is given again; exits with 2 if it differs."""
    settings = run.read_settings()
    if dict(settings.network.given) != begun.given or settings.network.sizes != begun.sizes:
        usage(f"--set or --input differ from the run in {run.folder}: give the same values, or another --out")
    if settings.data.source != begun.source.origin:
        usage(f"--data: the run in {run.folder} trains on {settings.data.source}, not {begun.source.origin}")
    before, now = settings.recipe.model_dump(exclude={"data": {"name"}}), begun.recipe.model_dump()
    del now["data"]["name"]
    if other := [line for line in now if line not in EXTENDABLE and now[line] != before[line]]:
        usage(f"{option_of(other[0])}: the run in {run.folder} was started with another value; give another --out")
    return settings.recipe.model_copy(update={name: getattr(begun.recipe, name) for name in EXTENDABLE})


def _new_run(begun: _Begun, out: str | None, team: "Team", *, leftovers: bool) -> "Run":
    """The leader's new run; the other processes get its path and write nothing."""
    from ..training.runs.run_folder import Run

    run = _create_run(begun, out, leftovers=leftovers) if team.leads else None
    folder = team.share(str(run.folder) if run else "")
    return run or Run(Path(folder), writes=False)


def _create_run(begun: _Begun, out: str | None, *, leftovers: bool) -> "Run":
    from ..training.runs.run_folder import Run, run_name

    name = run_name(begun.network.graph.name, begun.source.spec.name)
    try:
        return Run.create(Path(out) if out else None, Path("runs"), name, leftovers=leftovers)
    except FileExistsError as error:
        if out is not None and Path(out).is_dir():
            usage(f"--out {out}: the folder is not empty; `--resume {out}` resumes a run")
        usage(f"{error.filename}: a file of that name exists")
    except OSError as error:
        usage(f"{error.filename}: {error.strerror}")


def _recipe(network: Network, asked: Asked) -> Recipe:
    """The recipe; shows errors in the block and exits with 1, or with 2 for an invalid option."""
    sink = Sink()
    try:
        recipe = compose(network.settings, asked.recipe, sink)
    except BadOption as error:
        usage(str(error))
    from ..training.network_check import check_names

    if recipe is not None and (why := check_names(network.graph, recipe, sink)):
        usage(f"--freeze: {why}")
    if recipe is None or len(sink):
        _show(sink, network)
        raise SystemExit(1)
    if recipe.data.name is None:
        usage("no data set: give `--data digits`, or write `train { data digits }` in the file")
    return recipe


def _source(network: Network, recipe: Recipe, asked: Asked) -> "Source":
    """The data set, after checking that the network fits it. Raises Problem; shows mismatches and exits with 1."""
    from ..training.data.registry import find_source
    from ..training.network_check import check

    name = recipe.data.name or ""
    path = network.source.path
    beside = path.parent if path is not None and ("data", "name") not in asked.recipe else None
    source = find_source(name, beside)
    if asked.data_dir is not None and not source.reads_data_dir:
        usage(f"--data-dir: `{source.spec.name}` does not read files from a folder; leave it out")
    if source.spec.shape is None and ("data", "fit") in asked.recipe:
        usage("--fit: images of a folder are decoded at the network's size; leave it out")
    sink = Sink()
    check(network.graph, source.spec, recipe.data.fit, sink)
    if len(sink):
        _show(sink, network)
        raise SystemExit(1)
    return source


def _training(
    subject: "Subject", source: "Source", recipe: Recipe, run: "Run", asked: Asked, team: "Team"
) -> "Training":
    from rich.console import Console

    from ..training.callbacks.progress import watch_on
    from ..training.data.images import Request
    from ..training.loop.callback import Watch
    from ..training.runs.interrupt import StopOnSignal
    from ..training.session import Place, Training

    watch = watch_on(Console(highlight=False)) if team.leads else Watch()
    if asked.tensorboard and team.leads:
        from ..training.callbacks.tensorboard import EventWatch

        watch = EventWatch(watch, run)
    folder = Path(asked.data_dir) if asked.data_dir else None
    request = Request(subject.shape, paths.user_cache(), data_dir=folder, download=watch)
    return Training(
        subject, source, recipe, Place(request, asked.device, run), watch, StopOnSignal(team.size > 1), team
    )


def _show(sink: Sink, network: Network) -> None:
    text = render(sink, color=colourful(sys.stderr), root=network.source)
    click.echo(f"{text}\n\n{summary(sink)}", err=True)
