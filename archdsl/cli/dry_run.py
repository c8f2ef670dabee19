"""`archdsl train --dry-run`: everything up to the first steps, without a run."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..text.counts import counted
from .network_text import NetworkText
from .new_run import refuse_occupied
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
    refuse_occupied(out, "runs", "run")
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


def _lines(done: "DryRun") -> list[str]:
    steps = f"{counted(done.steps, 'step')} of {counted(done.images, 'sample')}"
    found = [f"dry run: {steps}, loss {done.loss:.4f}; the last step took {done.seconds:.2g} s"]
    if done.scores is not None:
        found.append(f"{done.split}: {counted(done.evaluated, 'sample')}, {scores_in_words(done.scores)}")
    if done.peak is not None:
        found.append(f"peak memory {done.peak / 1e9:.2f} GB")
    return [*found, "nothing was written; without --dry-run, the same command trains"]
