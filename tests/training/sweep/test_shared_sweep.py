"""Sweeps that several processes share: claims, workers that are killed, joining, what is stored where."""

import contextlib
import errno
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import pytest
from click.testing import CliRunner, Result
from optuna.storages import RDBStorage
from sqlalchemy.exc import IntegrityError, OperationalError

import archdsl
from archdsl.cli import main
from archdsl.cli.network_text import NetworkText
from archdsl.cli.sweep_trials import checked, sweep_context
from archdsl.text.source import Source
from archdsl.training import session
from archdsl.training.data.registry import find_source
from archdsl.training.errors.disk_errors import DiskFull
from archdsl.training.errors.run_errors import CannotResume
from archdsl.training.errors.sweep_errors import BadStorage, OtherSweep, OtherVersion, StorageFailed
from archdsl.training.recipe.recipe import Recipe
from archdsl.training.sweep import journal, sweep_report, trial_storage, workers
from archdsl.training.sweep.epoch_reports import EpochReports
from archdsl.training.sweep.halving import is_pruned, rungs
from archdsl.training.sweep.kept_weights import delete_others
from archdsl.training.sweep.search import MAX_FAILED_ATTEMPTS, Listener, Sweep
from archdsl.training.sweep.search_space import Point, space_of
from archdsl.training.sweep.shared_start import share, start_or_join
from archdsl.training.sweep.status_report import SweepStatusReport
from archdsl.training.sweep.sweep_settings import SweepSettings
from archdsl.training.sweep.trial import Stopped
from archdsl.training.sweep.trial_attempts import Attempt, Beat, Claim, by_number, current
from archdsl.training.sweep.trial_result import Trial
from archdsl.training.sweep.trial_store import AttemptLost, TrialStore
from archdsl.training.sweep.workers import SILENT_SECONDS, Silence
from archdsl.training.tasks.choice import choose
from archdsl.training.tasks.metric import METRICS
from tests.training.helpers import edit_settings

RATES = space_of((), {("optimizer", "lr"): "0.1,0.2,0.3"})
RANGE = space_of((), {("optimizer", "lr"): "0.001..1"})
PASSWORD = "s3cr%40t!/"


@pytest.fixture(params=["journal", "sqlite"])
def sweep(request: pytest.FixtureRequest, tmp_path: Path) -> Sweep:
    """A sweep of three rates, with its trials in a journal or in a database."""
    url = f"sqlite:///{tmp_path}/trials.db" if request.param == "sqlite" else None
    (tmp_path / "s").mkdir()
    return Sweep(tmp_path / "s", RATES, 0, 3, url=url)


def trained(point: Point, run: Path, reports: EpochReports) -> Trial:
    return Trial(point, 10, 10, 1 - float(point["--lr"]), 0.5, 1, 1.0, run.name)


# --- claims -----------------------------------------------------------------------------------------------------------


def test_trial_is_claimed_by_one_of_two_workers(sweep: Sweep) -> None:
    first, second = sweep.store(), sweep.store()  # as two processes have them
    first.add(1, None)
    second.add(1, None)  # at the same time: only the first attempt counts
    seen = [current(by_number(each.attempts())[1]) for each in (first, second)]
    assert [each.id if each else None for each in seen] == [first.attempts()[0].id] * 2
    claims = [
        each.claim(attempt, Claim(name, None, "001"))
        for each, attempt, name in ((second, seen[1], "b"), (first, seen[0], "a"))
        if attempt
    ]
    assert claims == [True, False]
    attempt = current(by_number(first.attempts())[1])
    assert attempt is not None
    assert attempt.claim == Claim("b", None, "001")
    assert [first.end(attempt.id, released=False), second.end(attempt.id, released=False)] == [True, False]
    with pytest.raises(AttemptLost):
        second.beat(attempt.id, 1)
    with pytest.raises(AttemptLost):
        second.report(attempt.id, 1, 0.5)
    with pytest.raises(AttemptLost):
        second.finish(attempt.id, Trial({"--lr": 0.1}, value=0.9), [0.9])
    left = current(by_number(first.attempts())[1])
    assert left is not None
    assert left.id == first.attempts()[1].id  # the second attempt waits for whoever takes the trial up


def test_workers_try_each_point_once(sweep: Sweep) -> None:
    """Each trial is trained by a worker that starts while another one trains: the deepest one finishes first."""
    seen: list[tuple[int, Point]] = []

    def train(point: Point, run: Path, reports: EpochReports) -> Trial:
        seen.append((len(seen), point))
        if len(seen) < 3:
            with contextlib.suppress(_Waits):
                replace(sweep, seed=0).run(train, _NoWaiting())
        return trained(point, run, reports)

    sweep.run(train, Listener())
    assert [point["--lr"] for _, point in seen] == [0.1, 0.2, 0.3]
    done = sweep.trials_done()
    assert [(number, trial.point["--lr"]) for number, trial in done.items()] == [(1, 0.1), (2, 0.2), (3, 0.3)]
    assert len({trial.worker for trial in done.values()}) == 3


class _Waits(Exception):
    pass


class _NoWaiting(Listener):
    def waits(self, running: Any) -> None:
        raise _Waits


def test_stopped_or_killed_trial_is_resumed_with_its_point(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path, RANGE, 0, 2)
    tried: list[tuple[float, str, dict[int, float]]] = []

    def train(point: Point, run: Path, reports: EpochReports) -> Trial:
        run.mkdir(parents=True, exist_ok=True)
        tried.append((float(point["--lr"]), run.name, dict(reports._values)))
        if len(tried) == 1:
            reports.epoch({"epoch": 1, "validation": {"accuracy": 0.25}}, True)
            raise Stopped
        return trained(point, run, reports)

    with pytest.raises(Stopped):
        sweep.run(train, Listener())
    sweep.run(train, Listener())
    assert [name for _, name, _ in tried] == ["001", "001", "002"]
    assert tried[0][0] == tried[1][0] != tried[2][0]
    assert tried[1][2] == {1: 0.25}  # for pruning: epochs are not trained again


def abandoned_attempt(sweep: Sweep, silent: bool) -> Attempt:
    """A trial whose worker is gone: its lock is free, or it is of another machine and silent."""
    store = sweep.store()
    store.add(1, {"--lr": 0.1})
    place = "elsewhere" if silent else workers._lock_scope(sweep.folder)
    assert store.claim(store.attempts()[-1], Claim("gone-1", place, "001"))
    store.choose(store.attempts()[-1].id, {"--lr": 0.1}, trial_distributions(sweep))
    store.report(store.attempts()[-1].id, 1, 0.25)
    return store.attempts()[-1]


def trial_distributions(sweep: Sweep) -> dict[str, Any]:
    from archdsl.training.sweep.proposals import distributions

    return distributions(sweep.space)


@pytest.mark.parametrize("silent", [False, True], ids=["lock is free", "silent"])
def test_trial_of_a_killed_worker_is_resumed(tmp_path: Path, silent: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = Sweep(tmp_path, RATES, 0, 3)
    abandoned_attempt(sweep, silent)
    checkpoint = sweep.folder / "trials/001/checkpoints/step-000000003.safetensors"
    checkpoint.parent.mkdir(parents=True)
    checkpoint.write_bytes(b"state")
    monkeypatch.setattr(Silence, "over", lambda self, running: [a for a in running if a.claim.worker == "gone-1"])
    if not silent:
        monkeypatch.setattr(Silence, "over", lambda self, running: [])
        pytest.importorskip("fcntl")
    runs: list[str] = []
    notified: list[tuple[int, str]] = []

    class Notes(Listener):
        def takes_over(self, number: int, worker: str) -> None:
            notified.append((number, worker))

    def train(point: Point, run: Path, reports: EpochReports) -> Trial:
        runs.append(run.name)
        if len(runs) == 1:
            assert (run / "checkpoints" / checkpoint.name).read_bytes() == b"state"
            assert reports._values == {1: 0.25}
        return trained(point, run, reports)

    sweep.run(train, Notes())
    # a worker of another machine may not be gone: nobody else writes to its folder
    assert runs == ["001-2" if silent else "001", "002", "003"]
    assert notified == [(1, "gone-1")]
    assert [trial.point["--lr"] for trial in sweep.trials_done().values()] == [0.1, 0.2, 0.3]


def test_trial_that_kills_its_workers_fails(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    sweep = Sweep(tmp_path, RATES, 0, 1)
    for _ in range(MAX_FAILED_ATTEMPTS):
        sweep.store().end(abandoned_attempt(sweep, silent=False).id, released=False)
    sweep.run(trained, Listener())
    trial = sweep.trials_done()[1]
    assert (trial.state, trial.why) == ("failed", "3 workers were killed while they trained it")


def test_worker_that_lost_its_trial_continues_with_another(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path, RATES, 0, 3)
    lost: list[int] = []

    class Notes(Listener):
        def lost(self, number: int) -> None:
            lost.append(number)

    def train(point: Point, run: Path, reports: EpochReports) -> Trial:
        if not lost and point["--lr"] == 0.1:
            sweep.store().end(reports._attempt.id, released=False)  # another worker has heard nothing for minutes
            reports.epoch({"epoch": 1, "validation": {"accuracy": 0.25}}, True)
        return trained(point, run, reports)

    sweep.run(train, Notes())
    assert lost == [1]
    assert len(sweep.trials_done()) == 3


def test_heartbeat_timeout_uses_the_clock_of_the_observer() -> None:
    now = [0.0]
    silence = Silence(lambda: now[0])

    def attempt(number: int, count: int, at: float) -> Attempt:
        waiting = optuna.trial.TrialState.RUNNING
        return Attempt(number, number, waiting, None, None, Beat(count, at), {}, None, False)

    quiet, busy = attempt(1, 5, 1e12), attempt(2, 5, -1e12)  # the other machines' clocks are off
    assert silence.over([quiet, busy]) == []
    now[0] = SILENT_SECONDS - 1
    assert silence.over([quiet, attempt(2, 6, -1e12)]) == []
    now[0] = SILENT_SECONDS
    assert silence.over([quiet, attempt(2, 6, -1e12)]) == [quiet]
    now[0] = 2 * SILENT_SECONDS - 2
    assert silence.over([attempt(1, 6, 1e12), attempt(2, 6, -1e12)]) == []  # it is there again


# --- pruning ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("epochs", "expected"), [(1, ()), (2, (1,)), (9, (1, 3)), (30, (1, 2, 4, 10)), (2.5, (1,))])
def test_pruning_rungs(epochs: float, expected: tuple[int, ...]) -> None:
    assert rungs(epochs) == expected


@pytest.mark.parametrize("name", ["accuracy", "bits_per_byte"])
def test_pruning_matches_optuna(name: str) -> None:
    metric = METRICS[name]
    direction = optuna.study.StudyDirection.MAXIMIZE if metric.higher else optuna.study.StudyDirection.MINIMIZE
    pruner = optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=3)
    study = optuna.create_study(direction=direction, pruner=pruner, sampler=optuna.samplers.RandomSampler(seed=0))
    before: list[dict[int, float]] = []
    decisions = 0
    for number in range(40):
        trial, own = study.ask(), dict[int, float]()
        for epoch in range(1, 10):
            value = ((number * 7919 + epoch * 104729) % 1009) / 1009
            own[epoch] = value
            trial.report(value, epoch)
            mine = epoch in (1, 3, 9) and is_pruned(own, before, epoch, metric)
            assert trial.should_prune() == mine, (number, epoch)
            decisions += mine
            if mine:
                break
        pruned = own and max(own) < 9
        study.tell(trial, None if pruned else own[9], state=optuna.trial.TrialState.PRUNED if pruned else None)
        before.append(own)
    assert 20 < decisions < 40


def test_trial_with_nan_metric_is_pruned() -> None:
    assert is_pruned({1: float("nan")}, [], 1, METRICS["accuracy"])
    assert not is_pruned({2: 0.1}, [{1: 0.9}], 1, METRICS["accuracy"])


# --- what is kept -----------------------------------------------------------------------------------------------------


def test_weights_of_best_and_running_trials_are_kept(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path, RATES, 0, 3, keep=1)
    victim = tmp_path.parent / "victim"
    (victim / "checkpoints").mkdir(parents=True, exist_ok=True)
    (victim / "best.safetensors").write_bytes(b"precious")
    for name in ("001", "002", "003", "running"):
        for file in ("best.safetensors", "checkpoints/step-000000001.safetensors", "metrics.jsonl", "mine.safetensors"):
            path = tmp_path / "trials" / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")
    store = sweep.store()
    store.add(1, {"--lr": 0.1})
    assert store.claim(store.attempts()[-1], Claim("other", "elsewhere", "running"))
    with contextlib.suppress(_Waits):
        sweep.run(trained, _NoWaiting())
    left = sorted(str(path.relative_to(tmp_path / "trials")) for path in tmp_path.glob("trials/**/*.safetensors"))
    every = ("best.safetensors", "checkpoints/step-000000001.safetensors")
    mine = [f"{name}/mine.safetensors" for name in ("001", "002", "003", "running")]
    ours = [f"{name}/{file}" for name in ("002", "running") for file in every]
    assert left == sorted([*mine, *ours, *(f"001/{file}" for file in every)])  # 001 is no trial's run
    (tmp_path / "trials/003").rename(tmp_path / "moved")
    (tmp_path / "trials/003").symlink_to(victim)
    delete_others(tmp_path, sweep.store().attempts(), METRICS["accuracy"], 1)
    assert (victim / "best.safetensors").read_bytes() == b"precious"


# --- joining ----------------------------------------------------------------------------------------------------------


def plan(**changes: Any) -> SweepSettings:
    settings = SweepSettings(
        network="Net", data="digits", set=("width=1,2",), sizes=(), options={"--lr": "0.1,0.2", "--data": "digits"},
        data_dir=None, device="cpu", seed=0, trials=4, texts={"net.arch": "abc"},
    )  # fmt: skip
    return settings.model_copy(update=changes)


TEXTS = {"net.arch": "net Net\ninput 1\n"}


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"options": {"--lr": "0.1,0.3", "--data": "digits"}}, "--lr: 0.1,0.2 in the sweep, 0.1,0.3 in this command"),
        ({"options": {"--lr": "0.1,0.2", "--data": "/x"}}, "--data: digits in the sweep, /x in this command"),
        ({"options": {"--data": "digits"}}, "--lr: 0.1,0.2 in the sweep, nothing in this command"),
        ({"set": ("width=1,3",)}, "--set width: 1,2 in the sweep, 1,3 in this command"),
        ({"sizes": ("3x8x8",)}, "--input: nothing in the sweep, 3x8x8 in this command"),
        ({"texts": {"net.arch": "abd"}}, "text of net.arch: abc in the sweep, abd in this command"),
        ({"network": "Other"}, "network: Net in the sweep, Other in this command"),
        ({"seed": 1}, "seed: 0 in the sweep, 1 in this command"),
        ({"prune": True}, "prune: False in the sweep, True in this command"),
    ],
)
def test_different_sweep_is_not_joined(tmp_path: Path, changes: dict[str, Any], difference: str) -> None:
    assert start_or_join(tmp_path / "s", plan(), TEXTS)
    with pytest.raises(OtherSweep) as refused:
        start_or_join(tmp_path / "s", plan(**changes), TEXTS)
    assert refused.value.details() == (difference,)


def test_same_sweep_is_joined_from_another_machine(tmp_path: Path) -> None:
    assert start_or_join(tmp_path / "s", plan(), TEXTS)
    other = plan(device="cuda", data_dir="/data", trials=2)  # these belong to a machine
    assert not start_or_join(tmp_path / "s", other, TEXTS)
    (tmp_path / "s/net.arch").unlink()  # the first process was killed before it wrote the text
    assert not start_or_join(tmp_path / "s", plan(), TEXTS)
    assert (tmp_path / "s/net.arch").read_text() == TEXTS["net.arch"]


def test_sweep_of_another_version_is_refused(tmp_path: Path) -> None:
    start_or_join(tmp_path / "s", plan(), TEXTS)
    edit_settings(tmp_path / "s", lambda settings: settings.update(archdsl="0.0.1"))
    with pytest.raises(OtherVersion, match=r"was started with archdsl 0\.0\.1, but this is archdsl"):
        start_or_join(tmp_path / "s", plan(), TEXTS)
    store = TrialStore.open(tmp_path, f"sqlite:///{tmp_path}/trials.db", "s", [optuna.study.StudyDirection.MAXIMIZE])
    share(tmp_path, plan(archdsl="0.0.1"), store)
    with pytest.raises(OtherVersion):
        share(tmp_path, plan(), store)
    store.keep_settings(plan(seed=1).model_dump_json())
    with pytest.raises(OtherSweep, match="other settings"):
        share(tmp_path, plan(), store)


def test_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(FileExistsError):
        start_or_join(tmp_path, plan(), TEXTS)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_foreign_study_in_the_database_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/trials.db"
    optuna.create_study(storage=url, study_name="s").ask()
    store = TrialStore.open(tmp_path, url, "s", [optuna.study.StudyDirection.MINIMIZE])
    with pytest.raises((CannotResume, StorageFailed)):
        share(tmp_path, plan(name="s"), store)


# --- storage ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"postgresql://me:{PASSWORD}@host:5/db", "postgresql://me@host:5/db"),
        (f"postgresql+psycopg2://me@host/db?password={PASSWORD}", "postgresql+psycopg2://me@host/db"),
        (f"mysql+pymysql://me:{PASSWORD}@host/db", "mysql+pymysql://me@host/db"),
        ("sqlite:////tmp/x.db", "sqlite:////tmp/x.db"),
    ],
)
def test_storage_url_is_shown_without_password(url: str, shown: str) -> None:
    assert trial_storage.without_password(url) == shown


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("trials.db", "it is not the URL of a database"),
        (f"postgresql://me:{PASSWORD}@host:x/db", "it is not the URL of a database"),
        ("sqlite://", "an in-memory database is lost when its process ends"),
        (f"postgres://me:{PASSWORD}@host/db", "the kind of database `postgres` is not supported"),
        (f"oracle://me:{PASSWORD}@host/db", "the Python driver of `oracle` is not installed"),
    ],
)
def test_invalid_storage_url_is_refused_without_password(tmp_path: Path, url: str, message: str) -> None:
    with pytest.raises(BadStorage) as refused:
        trial_storage.open_storage(tmp_path, url)
    assert message in refused.value.message()
    assert "s3cr" not in " ".join([refused.value.message(), *refused.value.help()])


def test_database_errors_contain_no_password(tmp_path: Path) -> None:
    url = f"postgresql://me:{PASSWORD}@host/db?sslpassword=other"
    with pytest.raises(StorageFailed) as failed, trial_storage.reported(tmp_path, url):
        raise RuntimeError(f"cannot log in as me with s3cr@t!/, at {url}, with other")
    shown = "\n".join([failed.value.message(), *failed.value.help(), repr(failed.value)])
    assert "postgresql://me@host/db" in shown
    assert not any(secret in shown for secret in ("s3cr", "other"))


def test_two_processes_create_the_tables_of_a_database_at_the_same_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create, made = RDBStorage, list[str]()
    failures: list[Exception] = [
        IntegrityError("CREATE TYPE", None, Exception("duplicate key")),
        OperationalError("CREATE TABLE", None, Exception("table studies already exists")),
    ]

    def storage(url: str, **options: Any) -> Any:
        made.append(url)
        if failures:
            raise failures.pop(0)
        return create(url, **options)

    monkeypatch.setattr(trial_storage, "RDBStorage", storage)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    url = f"sqlite:///{tmp_path}/trials.db"
    assert isinstance(trial_storage.open_storage(tmp_path, url), create)
    failures.append(OperationalError("SELECT", None, Exception("no such host")))
    with pytest.raises(StorageFailed, match="no such host"):
        trial_storage.open_storage(tmp_path, url)
    assert len(made) == 4


def test_full_disk_leaves_the_journal_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = Sweep(tmp_path, RATES, 0, 3)
    store = sweep.store()
    store.add(1, {"--lr": 0.1})
    before = (tmp_path / "trials.log").read_bytes()

    def full(stream: Any, content: bytes) -> None:
        stream.write(content[:7])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(journal, "_write", full)
        with pytest.raises(DiskFull):
            store.add(2, {"--lr": 0.2})
    assert (tmp_path / "trials.log").read_bytes() == before
    sweep.run(trained, Listener())
    assert len(sweep.trials_done()) == 3


# --- command line -----------------------------------------------------------------------------------------------------

NET = """net Small(classes = 10)
input 1x8x8
flatten; fc classes
train { precision fp32; layout channels_first; epochs 2; batch 512; data digits }
"""
LANGUAGE = """net Next
input 8 int(256)
embedding 4; fc 256
train { precision fp32; epochs 1; batch 32 }
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "net.arch").write_text(NET)
    (tmp_path / "next.arch").write_text(LANGUAGE)
    (tmp_path / "text.txt").write_text("to be or not to be, " * 60)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(session, "write_report", lambda *_, **__: None)
    monkeypatch.setattr(sweep_report, "draw_sweep", lambda *_: None)
    return tmp_path


def run(*args: object) -> Result:
    result = CliRunner().invoke(main, ["sweep", *map(str, args)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


def test_sweep_in_a_database(folder: Path) -> None:
    url = f"sqlite:///{folder}/trials.db"
    begun = run("net.arch", "--lr", "0.1,0.01", "--prune", "--out", "s", "--storage", url + "?timeout=33")
    assert begun.exit_code == 0, begun.output
    assert "joins" not in begun.output
    assert not (folder / "s/trials.log").exists()
    assert "timeout=33" not in (folder / "s/settings.json").read_text() + (folder / "s/sweep.json").read_text()
    other = run("net.arch", "--lr", "0.1,0.01", "--prune", "--out", "s", "--storage", url)
    assert other.exit_code == 0, other.output
    assert "s: joining the sweep" in other.output
    report = SweepStatusReport.model_validate_json(run("--status", "s", "--format", "json").output, strict=True)
    shown = report.model_dump()
    assert shown["counts"] == {"running": 0, "done": 1, "pruned": 1, "failed": 0, "killed": 0, "waiting": 0}
    pruned = next(row for row in shown["trials"] if row["state"] == "pruned")
    assert pruned["epochs_reported"] == 1
    assert shown["best"] != pruned["number"]
    moved = run("net.arch", "--lr", "0.1,0.02", "--out", "elsewhere/s", "--storage", url)
    assert moved.exit_code == 2
    assert "--lr: 0.1,0.01 in the sweep, 0.1,0.02 in this command" in moved.output
    (folder / "trials.db").unlink()
    gone = run("--resume", "s")
    assert gone.exit_code == 2
    assert "has no sweep `s`" in gone.output


def test_sweep_minimizes_a_lower_is_better_metric(folder: Path) -> None:
    result = run("next.arch", "--data", "text.txt", "--lr", "0.0001,0.1", "--out", "s", "--keep", "0")
    assert result.exit_code == 0, result.output
    assert "trials are compared by the validation bits per byte of the best epoch; lower is better" in result.output
    found = json.loads((folder / "s/sweep.json").read_text())
    assert (found["metric"], found["direction"]) == ("bits_per_byte", "minimize")
    values = {row["number"]: row["value"] for row in found["trials"]}
    assert values[found["best"]] == min(values.values())
    assert found["best"] == 2
    assert not list(folder.glob("s/trials/**/*.safetensors"))
    text = run("--status", "s").output
    assert run("status", "s").output == text
    for words in (("--format", "json", "status", "s"), ("status", "--format", "json", "s")):
        assert run(*words).output == run("--status", "s", "--format", "json").output
    (folder / "status").write_text("input 1x8x8; flatten; fc 10\n")  # a network, if no sweep follows
    assert "nothing varies" in run("status", "--data", "digits").output
    assert run("status", "s").output == text
    assert run("status", "--help").output.startswith("Usage: ")
    assert "2 trials: 2 done" in text
    named = run("s", "--lr", "0.1,0.2")
    assert named.exit_code == 2
    assert "s is a sweep: `--resume s` continues or joins it" in named.output
    assert f"best: trial 2, {values[2]:.4f}: --lr=0.1" in text
    _refuse_the_folder_of_another_kind(folder)


def _refuse_the_folder_of_another_kind(folder: Path) -> None:
    (trial,) = sorted((folder / "s/trials").iterdir())[:1]
    for words in (("sweep", "--status", trial), ("sweep", "status", trial), ("sweep", "--resume", trial)):
        done = CliRunner().invoke(main, list(map(str, words)))
        assert done.exit_code == 2
        assert f"cannot use {trial}: it is not the folder of a sweep\n" in done.output
    for args in (("train", "--resume", "s"), ("eval", "s"), ("predict", "s", "test:0"), ("inspect", "s")):
        done = CliRunner().invoke(main, args)
        assert done.exit_code == 2, args
        assert "cannot use s: it is not the folder of a run\n" in done.output
    settings = trial / "settings.json"
    settings.write_text(json.dumps(json.loads(settings.read_text()) | {"recipe": 3}))
    assert run("--status", trial).exit_code == 1  # damaged rather than of another kind


@pytest.mark.parametrize(
    ("data", "network", "metric", "higher"),
    [
        ("digits", "input 1x8x8\nflatten; fc 10", "accuracy", True),
        ("digits", "input 1x8x8\nconv 1 k3 p1", "psnr", True),
        ("shapes", "input 3x64x64\nconv 4 k1", "miou", True),
        ("shape_sets", "input 3x64x64\ngap; fc 3", "mean_ap", True),
        ("shape_boxes", "input 3x64x64\nconv 8 k16 s16", "ap", True),
        ("friedman", "input 10\nfc 1", "r2", True),
        ("alice", "input 12 int(256)\nembedding 4; fc 256", "bits_per_byte", False),
        ("shape_captions", "input image 3x16x16\ninput words 9 int(26)\nembedding 4; fc 26", "bleu4", True),
    ],
)
def test_trials_of_each_task_are_compared_by_its_metric(data: str, network: str, metric: str, higher: bool) -> None:
    task = choose(find_source(data).spec, Recipe.model_validate({"data": {"name": data}}), archdsl.loads(network).graph)
    assert task.metric == metric
    text = NetworkText(source=Source(network, name="net.arch"))
    varied = space_of((), {("optimizer", "lr"): "0.1,0.2", ("data", "name"): data})
    common = checked(sweep_context(text, varied, (), None, "cpu"), prune=True)
    assert (common.metric.name, common.metric.higher) == (metric, higher)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (("--status", "s", "--lr", "1,2"), "--status shows a sweep: only --format"),
        (("--status", "nothing"), "cannot use nothing: no such folder"),
        (("net.arch", "--lr", "1,2", "--format", "json"), "--format is the format of --status"),
        (("net.arch", "--lr", "1,2", "--storage", "sqlite:///x.db"), "give --out, too"),
        (("net.arch", "--lr", "1,2", "--out", "s", "--storage", "x"), "it is not the URL of a database"),
        (("net.arch", "--lr", "1,2", "--out", "s", "--storage", "sqlite:///no/x.db"), "unable to open database file"),
        (("net.arch", "--epochs", "2,4", "--prune"), "`--epochs` varies"),
        (("net.arch", "--lr", "1,2", "--epochs", "1", "--prune"), "give 2 epochs or more, not 1"),
        (("net.arch", "--task", "classification,multilabel"), "classification has accuracy, multilabel has mAP"),
        (("net.arch", "--lr", "1,2", "--out", "."), "the folder is not empty, and has no sweep"),
    ],
)
def test_invalid_shared_sweep_arguments_are_refused(args: tuple[str, ...], expected: str) -> None:
    result = run(*args)
    assert expected in result.output
    assert result.exit_code == (1 if "unable" in expected else 2)
    assert not Path("s").exists()


# --- four processes ---------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot be forked here")
def test_four_workers_finish_although_one_is_killed(tmp_path: Path) -> None:
    from tests.training.sweep.four_workers import FIRST_LINE

    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    ran = subprocess.run(
        [sys.executable, "-m", "tests.training.sweep.four_workers", tmp_path],
        env=environment, capture_output=True, text=True, cwd=Path(__file__).parents[3], check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    first, *others = json.loads(ran.stdout.splitlines()[-1])
    assert os.WTERMSIG(first) == signal.SIGKILL
    assert others == [0, 0, 0], ran.stdout + ran.stderr

    attempts = by_number(Sweep(tmp_path / "s", RATES, 0, 5).store().attempts())
    assert list(attempts) == [1, 2, 3, 4, 5]
    assert all(len([each for each in at if each.finished]) == 1 for at in attempts.values())  # every trial once
    claims = [[each.claim.worker for each in at if each.claim] for at in attempts.values()]
    assert [len(each) for each in claims] == [2, 1, 1, 1, 1]
    killed, finisher = claims[0]
    assert killed != finisher
    found = json.loads((tmp_path / "s/sweep.json").read_text())
    rows = {row["number"]: row for row in found["trials"]}
    assert rows[1]["worker"] == finisher
    assert {row["worker"] for row in rows.values()} == {each[-1] for each in claims}
    assert len({row["point"]["--lr"] for row in rows.values()}) == 5
    assert rows[found["best"]]["value"] == max(row["value"] for row in rows.values())
    # it continued from the checkpoint: the first epoch, with its seconds, was not trained again
    lines = (tmp_path / "s/trials/001/metrics.jsonl").read_text().splitlines()
    assert len(lines) == 2
    assert lines[0] == (tmp_path / FIRST_LINE).read_text().splitlines()[0]
    assert len(list(tmp_path.glob("s/trials/*/best.safetensors"))) == 2
    assert not list(tmp_path.glob("s/workers/*"))
