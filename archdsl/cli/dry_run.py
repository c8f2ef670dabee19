"""`archdsl train --dry-run`: everything up to the first steps, without a run."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .common import usage
from .network_text import NetworkText
from .score_words import scores_in_words
from .train_work import TrainOptions, prepared_run, training_of

if TYPE_CHECKING:
    from ..training.loop.first_steps import DryRun
    from ..training.loop.process_group import ProcessGroup

UNUSED = Path("dry-run")
"""The folder of a run that is never written."""


def dry_run(
    text: NetworkText, settings: tuple[str, ...], inputs: tuple[str, ...], out: str | None, options: TrainOptions
) -> "Callable[[ProcessGroup], int]":
    """A function for what each process does, which returns the exit status. Exits if the network, the recipe or the
    data set has errors.
    """
    _refuse_occupied(out)
    prepared = prepared_run(text, settings, inputs, options)

    def work(group: "ProcessGroup") -> int:
        from ..training.model_spec import model_spec_of
        from ..training.runs.run_folder import Run

        initial = Path(prepared.options.initial) if prepared.options.initial is not None else None
        model_spec = model_spec_of(prepared.network, prepared.given, prepared.sizes, initial)
        unlogged = prepared.options._replace(loggers=())
        run = Run(UNUSED, writes=False)
        done = training_of(model_spec, prepared.source, prepared.recipe, run, unlogged, group).dry_run()
        if group.is_leader:
            for line in _lines(done):
                click.echo(line)
        return 0

    return work


def _refuse_occupied(out: str | None) -> None:
    """Exit if a run could not be started in the folder."""
    path = Path("runs" if out is None else out)
    above = next(each for each in (path, *path.parents) if os.path.lexists(each))
    if not above.is_dir():
        if above == path or not above.exists():  # a file or a dangling link in place of a folder
            usage(f"{above}: a file of that name exists")
        usage(f"{path}: the folder cannot be created: {os.strerror(errno.ENOTDIR)}")
    if not os.access(above, os.W_OK | os.X_OK):
        usage(f"{path}: the folder cannot be created: {os.strerror(errno.EACCES)}")
    if out is not None and path.is_dir() and any(path.iterdir()):
        usage(f"--out {out}: the folder is not empty; `--resume {out}` resumes a run")


def _lines(done: "DryRun") -> list[str]:
    steps = f"{done.steps} step{'s' * (done.steps > 1)} of {done.images:,} samples"
    found = [f"dry run: {steps}, loss {done.loss:.4f}; the last step took {done.seconds:.2g} s"]
    if done.scores is not None:
        found.append(f"{done.split}: {done.evaluated:,} samples, {scores_in_words(done.scores)}")
    if done.peak is not None:
        found.append(f"peak memory {done.peak / 1e9:.2f} GB")
    return [*found, "nothing was written; without --dry-run, the same command trains"]
