"""The state of a sweep, for people and as JSON: read from its storage, while workers train."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from optuna.trial import TrialState

from ...text.counts import counted
from ..duration import duration
from ..tasks.metric import Metric
from .search import Sweep, results
from .sweep_settings import SweepSettings
from .trial_attempts import Attempt, by_number, current
from .trial_result import best, shown
from .workers import SILENT_SECONDS, was_killed

STATES = ("running", "done", "pruned", "failed", "killed", "waiting")


def status(sweep: Sweep, plan: SweepSettings) -> dict[str, Any]:
    """The trials by state, the best one, and the workers. Raises Problem."""
    attempts = sweep.store(create=False).attempts()
    metric, now = sweep.metric, time.time()
    rows = [_row(sweep.folder, number, each, metric, now) for number, each in by_number(attempts).items()]
    rows = [row for row in rows if row["number"] <= sweep.trials]
    counts = {state: sum(row["state"] == state for row in rows) for state in STATES}
    counts["waiting"] += sweep.trials - len(rows)
    return {
        "schema_version": 1,
        "network": plan.network,
        "data": plan.data,
        "metric": metric.name,
        "direction": "maximize" if metric.higher else "minimize",
        "planned": sweep.trials,
        "counts": counts,
        "best": best(results(attempts), metric),
        "trials": rows,
    }


def as_text(found: dict[str, Any], metric: Metric) -> str:
    """The state of a sweep for people."""
    counts = ", ".join(f"{count} {state}" for state, count in found["counts"].items() if count)
    lines = [f"{found['network']} on {found['data']}: {counted(found['planned'], 'trial')}: {counts}"]
    named = {row["number"]: row for row in found["trials"]}
    if top := found["best"]:
        lines.append(f"best: trial {top}, {_score(named[top], metric)}: {shown(named[top]['point'] or {})}")
    rows = [("trial", "state", metric.label, "epoch", "worker", "last heartbeat", "point")]
    for row in found["trials"]:
        heard = row["heartbeat_seconds_ago"]
        rows.append((
            str(row["number"]), row["state"], _score(row, metric), str(row["epoch"] or ""), row["worker"] or "",
            f"{duration(heard)} ago" if heard is not None else "", shown(row["point"] or {}),
        ))  # fmt: skip
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    table = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return "\n".join([*lines, "", *table] if len(rows) > 1 else lines)


def as_json(found: dict[str, Any]) -> str:
    return json.dumps(found, indent=2, ensure_ascii=False)


def _row(sweep: Path, number: int, attempts: Sequence[Attempt], metric: Metric, now: float) -> dict[str, Any]:
    attempt = current(attempts) or attempts[-1]
    result, claim = attempt.result, attempt.claim
    values = attempt.values
    value = result.value if result else values[max(values)] if values else None
    beat = attempt.beat.at
    return {
        "number": number,
        "state": _state(sweep, attempt, now),
        "point": next((each.point for each in reversed(attempts) if each.point is not None), None),
        "value": value,
        "epoch": max(values, default=None) if result is None or result.epoch is None else result.epoch,
        "epochs_reported": len(values),
        "worker": claim.worker if claim else None,
        "heartbeat_seconds_ago": round(max(0.0, now - beat), 1) if attempt.running and beat else None,
        "attempts": len([each for each in attempts if each.claim is not None]),
        "run": result.run if result else claim.folder if claim else None,
        "why": result.why if result else None,
    }


def _state(sweep: Path, attempt: Attempt, now: float) -> str:
    """The state of a trial. For a worker on another machine, `killed` is a guess: the clocks may differ."""
    if attempt.result is not None and attempt.finished:
        return attempt.result.state
    if attempt.state is TrialState.RUNNING and attempt.claim is not None:
        killed = was_killed(sweep, attempt.claim)
        silent = killed is None and now - attempt.beat.at > 2 * SILENT_SECONDS
        return "killed" if killed or silent else "running"
    return "running" if attempt.running else "waiting"


def _score(row: dict[str, Any], metric: Metric) -> str:
    return metric.write(row["value"]) if row["value"] is not None else ""
