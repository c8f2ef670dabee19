"""The JSON of `archdsl sweep --status`: a documented model, stable within its `schema_version`."""

from typing import Literal

from pydantic import Field

from ...diagnostics.json_models import Model

TrialStateName = Literal["running", "done", "pruned", "failed", "killed", "waiting"]


class TrialStatus(Model):
    """One trial of a sweep."""

    number: int = Field(description="From 1.")
    state: TrialStateName
    point: dict[str, int | float | str] | None = Field(description="Option → value; null if it is not known yet.")
    value: float | None = Field(
        description="The metric of the best epoch; while the trial is running, of the latest epoch."
    )
    epoch: int | None = Field(description="The epoch of `value`.")
    epochs_reported: int = Field(description="Number of epochs whose metric has been recorded.")
    worker: str | None
    heartbeat_seconds_ago: float | None = Field(description="Seconds since the last heartbeat of a running worker.")
    attempts: int = Field(description="Number of workers that have started it.")
    run: str | None = Field(description="The name of its run folder.")
    why: str | None = Field(description="Why it has no result; null otherwise.")


class SweepStatusReport(Model):
    """The state of a sweep, with `--status SWEEP`."""

    schema_version: Literal[1] = 1
    network: str
    data: str
    metric: str = Field(description="The metric by which trials are compared, such as `accuracy`.")
    direction: Literal["maximize", "minimize"]
    planned: int = Field(description="Number of trials.")
    counts: dict[TrialStateName, int] = Field(description="State → number of trials.")
    best: int | None = Field(description="The number of the best finished trial.")
    trials: list[TrialStatus] = Field(description="The trials so far.")
