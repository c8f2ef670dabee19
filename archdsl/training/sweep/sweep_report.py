"""The output of a sweep: a table of its trials, its JSON, its figure."""

from collections.abc import Sequence

from ..safe_files import write_text
from .search import Sweep, as_json, best, front
from .sweep_figure import draw_sweep, shown
from .trial import Trial

_MARK = "*"


def line(trial: Trial) -> str:
    """A completed trial in one line: the point, and the scores if it succeeded."""
    if trial.accuracy is None:
        return f"{shown(trial.point)}  failed"
    cost = f"{trial.macs:,} MACs" if trial.macs is not None else ""
    return f"{shown(trial.point)}  validation accuracy {trial.accuracy:.2%}  {cost}  {trial.seconds or 0:.0f}s"


def table(trials: Sequence[Trial]) -> str:
    """All trials that succeeded, the most accurate first; those on the Pareto front are marked."""
    top = best(trials)
    optimal = front(trials) if len({trial.macs for trial in trials if trial.accuracy is not None}) > 1 else ()
    numbered = [(number, trial) for number, trial in enumerate(trials, 1) if trial.accuracy is not None]
    numbered.sort(key=lambda pair: (-(pair[1].accuracy or 0.0), pair[1].loss or 0.0))
    names = list(dict.fromkeys(name for _, trial in numbered for name in trial.point))
    rows = [("trial", *names, "accuracy", "loss", "MACs", "params", "")]
    for number, trial in numbered:
        values = [_value(trial.point.get(name)) for name in names]
        scores = (f"{trial.accuracy:.2%}", f"{trial.loss:.4f}", f"{trial.macs:,}", f"{trial.parameters:,}")
        rows.append((str(number), *values, *scores, _MARK * (trial in optimal) + " best" * (trial is top)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join([*map(str.rjust, row[:-1], widths), row[-1]]).rstrip() for row in rows]
    lines.insert(1, "─" * max(map(len, lines)))
    left_out = len(trials) - len(numbered)
    notes = [f"{_MARK} Pareto-optimal: no trial is more accurate with as few MACs"] * bool(optimal) + [
        f"{left_out} failed"
    ] * bool(left_out)
    return "\n".join([*lines, *[""][: len(notes)], *notes])


def write_json(sweep: Sweep, network: str, data: str) -> None:
    """sweep.json in the sweep's folder. Raises DiskFull."""
    content = as_json(sweep, sweep.trials_done(), {"format": 1, "network": network, "data": data})
    write_text(sweep.folder / "sweep.json", content)


def write_sweep(sweep: Sweep, trials: tuple[Trial, ...], network: str, data: str) -> None:
    """sweep.json, sweep.svg and sweep.png in the sweep's folder. Raises DiskFull."""
    write_json(sweep, network, data)
    draw_sweep(trials, sweep.space, f"{network} on {data}, {len(trials)} trials", sweep.folder / "sweep")


def _value(value: object) -> str:
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
