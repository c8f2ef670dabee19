"""The output of a sweep: a table of its trials, its JSON, and its figure."""

from ...text.counts import counted
from ..safe_files import write_text
from ..tasks.metric import Metric
from .search import Sweep, as_json
from .sweep_figure import draw_sweep
from .trial_result import Trial, Trials, best, costs_differ, front, ranked, shown

_MARK = "*"


def line(trial: Trial, metric: Metric) -> str:
    """A finished trial in one line: the point, and the scores if it succeeded."""
    if trial.value is None:
        return f"{shown(trial.point)}  failed"
    cost = f"{trial.macs:,} MACs" if trial.macs is not None else ""
    pruned = "  pruned" * trial.pruned
    score = f"validation {metric.label} {metric.write(trial.value)}"
    return f"{shown(trial.point)}  {score}  {cost}  {trial.seconds or 0:.0f}s{pruned}"


def table(trials: Trials, metric: Metric) -> str:
    """All trials that were trained to the end, the best first; those on the Pareto front are marked."""
    top = best(trials, metric)
    optimal = front(trials, metric) if costs_differ(trials) else ()
    order = ranked(trials, metric)
    names = list(dict.fromkeys(name for number in order for name in trials[number].point))
    rows = [("trial", *names, metric.label, "loss", "MACs", "params", "")]
    for number in order:
        trial = trials[number]
        values = [_value(trial.point.get(name)) for name in names]
        scores = (metric.write(trial.value or 0.0), f"{trial.loss:.4f}", f"{trial.macs:,}", f"{trial.parameters:,}")
        rows.append((str(number), *values, *scores, _MARK * (number in optimal) + " best" * (number == top)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join([*map(str.rjust, row[:-1], widths), row[-1]]).rstrip() for row in rows]
    lines.insert(1, "─" * max(map(len, lines)))
    notes = [f"{_MARK} Pareto-optimal: no trial with the same or fewer MACs is better"] * bool(optimal)
    for state in ("pruned", "failed"):
        count = sum(trial.state == state for trial in trials.values())
        notes += [f"{count} {state}"] * bool(count)
    return "\n".join([*lines, *[""][: len(notes)], *notes])


def write_json(sweep: Sweep, network: str, data: str) -> None:
    """Write sweep.json into the sweep's folder. Raises Problem."""
    content = as_json(sweep, sweep.trials_done(), {"format": 2, "network": network, "data": data})
    write_text(sweep.folder / "sweep.json", content)


def write_sweep(sweep: Sweep, trials: dict[int, Trial], network: str, data: str, sample: str) -> None:
    """Write sweep.json, sweep.svg and sweep.png into the sweep's folder. Raises Problem."""
    write_json(sweep, network, data)
    title = f"{network} on {data}, {counted(len(trials), 'trial')}"
    draw_sweep(trials, sweep.space, sweep.metric, sample, title, sweep.folder / "sweep")


def _value(value: object) -> str:
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
