"""Which weights a sweep keeps: those of the best trials. Nothing of a trial that is not finished is ever deleted."""

import contextlib
import shutil
from collections.abc import Iterable
from pathlib import Path

from ..errors.disk_errors import SymbolicLinkRefused
from ..runs.run_folder import INITIAL
from ..safe_files import refuse_links
from ..tasks.metric import Metric
from .trial_attempts import Attempt, by_number, current
from .trial_result import Trial, ranked

DEFAULT_KEPT = 3
TRIALS = "trials"
_WEIGHTS = ("best.safetensors", "last.safetensors", INITIAL)
_CHECKPOINTS = "checkpoints"


def kept(trials: dict[int, Trial], metric: Metric, count: int) -> frozenset[int]:
    """The numbers of the trials whose weights are kept. A result never changes, so a trial that is no longer among them
    never returns.
    """
    return frozenset(ranked(trials, metric)[:count])


def delete_others(sweep: Path, attempts: Iterable[Attempt], metric: Metric, count: int) -> None:
    """Delete the weights and the checkpoints of the finished trials that are not among the best `count`."""
    grouped = by_number(attempts)
    results = {number: found for number, found in ((n, current(each)) for n, each in grouped.items()) if found}
    trials = {number: each.result for number, each in results.items() if each.finished and each.result}
    best = kept(trials, metric, count)
    for number, result in trials.items():
        for attempt in grouped[number]:
            # a worker that was assumed to have ended may still be writing, but to another folder
            if attempt.claim is not None and attempt.ended and attempt.claim.folder != result.run:
                _delete(sweep, attempt.claim.folder)
        if number not in best and result.run is not None:
            _delete(sweep, result.run)


def copy_checkpoints(sweep: Path, source: str, target: str) -> None:
    """Copy a run that another machine may still write to; its checkpoints are complete whenever they exist."""
    with contextlib.suppress(SymbolicLinkRefused):
        before = refuse_links(sweep, sweep / TRIALS / source)
        after = refuse_links(sweep, sweep / TRIALS / target)
        if not before.is_dir():
            return
        shutil.rmtree(after, ignore_errors=True)
        with contextlib.suppress(OSError, shutil.Error):  # a file that its writer removed meanwhile
            shutil.copytree(before, after, symlinks=True, ignore=shutil.ignore_patterns("*.part"))


def _delete(sweep: Path, run: str) -> None:
    folder = sweep / TRIALS / run
    with contextlib.suppress(SymbolicLinkRefused, OSError):
        refuse_links(sweep, folder / _CHECKPOINTS)
        for path in (*(folder / name for name in _WEIGHTS), *(folder / _CHECKPOINTS).glob("step-*.safetensors")):
            path.unlink(missing_ok=True)
        (folder / _CHECKPOINTS).rmdir()
