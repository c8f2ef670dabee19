"""What a worker of `archdsl sweep` shows."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, final

import click

from ..diagnostics.terminal import printable
from ..training.sweep.search import Listener

if TYPE_CHECKING:
    from ..training.sweep.search import Sweep
    from ..training.sweep.sweep_settings import SweepSettings
    from ..training.sweep.trial_attempts import Attempt
    from ..training.sweep.trial_result import Trial


@final
class Shown(Listener):
    """Prints a line for each event, and updates sweep.json."""

    def __init__(self, sweep: "Sweep", plan: "SweepSettings") -> None:
        self._sweep, self._plan = sweep, plan

    def finished(self, number: int, trial: "Trial") -> None:
        """Print a line for a finished trial, and all errors of a failed one."""
        from ..training.sweep.sweep_report import line, write_json

        write_json(self._sweep, self._plan.network, self._plan.data)
        click.echo(f"trial {number}/{self._sweep.trials}  {printable(line(trial, self._sweep.metric))}")
        if trial.why is not None:
            click.echo("\n".join(f"    {printable(text)}" for text in trial.why.splitlines()))

    def takes_over(self, number: int, worker: str) -> None:
        click.echo(f"trial {number}/{self._sweep.trials}  its worker {printable(worker)} is gone; continuing the trial")

    def lost(self, number: int) -> None:
        reason = "another worker has taken over this trial, because this worker sent no heartbeat"
        click.echo(f"trial {number}/{self._sweep.trials}  {reason}")

    def waits(self, running: Sequence["Attempt"]) -> None:
        listed = ", ".join(f"{each.number} ({each.claim.worker if each.claim else '?'})" for each in running)
        click.echo(f"waiting for trial {printable(listed)}, in case its worker is killed; Ctrl-C ends this worker only")
