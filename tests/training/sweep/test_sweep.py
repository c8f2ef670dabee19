"""Sweeps: the search space, the choice of points, the output."""

import importlib.util
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from archdsl.cli import main
from archdsl.training import session
from archdsl.training.errors.run_errors import CannotResume
from archdsl.training.recipe.recipe import Recipe
from archdsl.training.sweep import sweep_report
from archdsl.training.sweep.epoch_reports import EpochReports
from archdsl.training.sweep.search import Listener, Sweep
from archdsl.training.sweep.search_space import BadRange, Choices, Point, Range, Space, space_of
from archdsl.training.sweep.sweep_figure import draw_sweep
from archdsl.training.sweep.trial import Stopped
from archdsl.training.sweep.trial_result import Trial, best, front
from archdsl.training.tasks.metric import METRICS
from tests.training.helpers import StopAfter, edit_settings

NET = """net Small(classes = 10, width = 8)
input 1x8x8
conv width k3 p1; relu; maxpool 4
flatten; fc classes
train { precision fp32; layout channels_first; epochs 1; batch 128; data digits }
"""


def space(*settings: str, **options: str) -> Space:
    paths = {
        "lr": ("optimizer", "lr"),
        "optimizer": ("optimizer", "name"),
        "momentum": ("optimizer", "momentum"),
        "data": ("data", "name"),
        "flip": ("augment", "flip"),
        "crop": ("augment", "crop"),
    }
    return space_of(settings, {paths.get(name, (name,)): text for name, text in options.items()})


# --- search space -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "dimension"),
    [
        ("0.5,1,2", Choices((0.5, 1, 2))),
        ("1..4", Range(1, 4, is_integer=True, log=False)),
        ("1..16", Range(1, 16, is_integer=True, log=True)),
        ("0.5..2", Range(0.5, 2, is_integer=False, log=False)),
        ("0.01..0.3", Range(0.01, 0.3, is_integer=False, log=True)),
        ("0..100", Range(0, 100, is_integer=True, log=False)),  # 0 has no logarithm
    ],
)
def test_lists_and_ranges_are_parsed(text: str, dimension: object) -> None:
    assert space(f"width={text}").dimensions == {"width": dimension}


def test_option_lists_and_ranges_follow_the_option_type() -> None:
    found = space(
        lr="1..2", epochs="2..9", batch="2..9", crop="off,2", flip="on,off", optimizer="adam,sgd", data="../a,../b"
    )
    assert found.dimensions == {
        "--lr": Range(1, 2, is_integer=False, log=False),
        "--epochs": Range(2, 9, is_integer=True, log=False),
        "--batch": Range(2, 9, is_integer=True, log=False),
        "--crop": Choices(("off", 2)),
        "--flip": Choices(("on", "off")),
        "--optimizer": Choices(("adam", "sgd")),
        "--data": Choices(("../a", "../b")),
    }


def test_single_value_is_not_a_dimension() -> None:
    found = space("width=2", lr="0.1", epochs="1,2")
    assert (found.parameters, found.options, list(found.dimensions)) == ({"width": 2}, {"--lr": "0.1"}, ["--epochs"])


def test_value_in_double_quotes_may_have_commas() -> None:
    paths = {"at": ("schedule", "at"), "class_weights": ("loss", "class_weights")}
    options = {"at": '"0.5, 0.8"', "class_weights": '"cat=2, dog=3",balanced'}
    found = space_of((), {paths[name]: text for name, text in options.items()})
    assert found.options == {"--at": "0.5, 0.8"}
    assert found.dimensions == {"--class-weights": Choices(("cat=2, dog=3", "balanced"))}
    assert str(found.dimensions["--class-weights"]) == options["class_weights"]
    with pytest.raises(BadRange, match="has an opening quote without a closing one"):
        space_of((), {("schedule", "at"): '"0.5, 0.8'})


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("width", "`width` is not NAME=VALUES"),
        ("width=1,,2", "has an empty value"),
        ("width=1,2,1", "has a duplicate value"),
        ("width=3..1", "is not an ascending range"),
        ("width=a,b", "`a` is not a number"),
        ("width=[1,2],[3]", "a sweep takes numbers for a parameter, not lists"),
        ("width=1..inf", "`inf` is too large"),
    ],
)
def test_invalid_lists_are_reported(setting: str, message: str) -> None:
    with pytest.raises(BadRange, match=message):
        space(setting)


def test_fields_of_other_kinds_are_omitted() -> None:
    found = space(optimizer="adam,sgd", momentum="0.5,0.9")
    adam: Point = {"--optimizer": "adam", "--momentum": 0.9}
    assert found.recipe(adam) == {("optimizer", "name"): "adam"}
    assert found.used(adam) == {"--optimizer": "adam"}
    assert found.recipe({**adam, "--optimizer": "sgd"})["optimizer", "momentum"] == "0.9"
    kept = space(momentum="0.5,0.9").recipe({"--momentum": 0.9})  # the file sets the kind: reported there
    assert kept == {("optimizer", "momentum"): "0.9"}


def test_point_values_become_recipe_settings() -> None:
    found = space(flip="on,off", crop="off,2").recipe({"--flip": "on", "--crop": "off"})
    augment = Recipe.model_validate({"augment": {path[1]: value for path, value in found.items()}}).augment
    assert (augment.flip, augment.crop) == (True, None)


# --- choice of points -------------------------------------------------------------------------------------------------


def measured(point: Point, run: Path, reports: EpochReports) -> Trial:
    """An immediate simulated result: best at a learning rate of 0.1, better with width."""
    width, lr = float(point.get("width", 1)), float(point["--lr"])
    if width == 3:
        return Trial(point, why="three is no width")
    accuracy = 0.9 - 0.1 * abs(math.log10(lr) + 1) - 0.2 / width
    return Trial(point, int(1000 * width), 10, accuracy, 1 - accuracy, 1, 1.0, run.name)


def points(sweep: Sweep) -> list[Point]:
    return [trial.point for trial in sweep.trials_done().values()]


def made(folder: Path, of: Space, trials: int, seed: int = 0) -> Sweep:
    folder.mkdir(exist_ok=True)
    return Sweep(folder, of, seed, trials)


def test_lists_are_tried_in_all_combinations(tmp_path: Path) -> None:
    sweep = made(tmp_path / "s", space("width=1,2", lr="0.1,0.2,0.3"), trials=50)
    sweep.run(measured, Listener())
    assert points(sweep) == [{"width": w, "--lr": lr} for w in (1, 2) for lr in (0.1, 0.2, 0.3)]


def test_fewer_trials_than_combinations_are_sampled_without_repetition(tmp_path: Path) -> None:
    of = space("width=1..2", lr="0.1,0.2")
    assert of.grid() is None
    of = space("width=1,2,3,4,5,6", lr="0.1,0.2")
    sweep = made(tmp_path / "s", of, trials=5)
    sweep.run(measured, Listener())
    chosen = points(sweep)
    assert len({tuple(point.items()) for point in chosen}) == 5
    assert {point["width"] for point in chosen} != {1, 2, 3}  # not the first five in order
    made(tmp_path / "s", of, trials=12).run(measured, Listener())
    assert len({tuple(point.items()) for point in points(sweep)}) == 12


@pytest.mark.parametrize("settings", [("width=1..6",), ()], ids=["with MACs", "accuracy alone"])
def test_resumed_sweep_has_the_same_points(tmp_path: Path, settings: tuple[str, ...]) -> None:
    of = space(*settings, lr="0.001..1")
    whole = made(tmp_path / "whole", of, trials=16)
    whole.run(measured, Listener())
    left = [3]

    def cut_off(point: Point, run: Path, reports: EpochReports) -> Trial:
        left[0] -= 1
        if left[0] == 0:
            left[0] = 3
            raise Stopped
        return measured(point, run, reports)

    parts = made(tmp_path / "parts", of, trials=16)
    for _ in range(20):
        try:
            parts.run(cut_off, Listener())
            break
        except Stopped:
            continue
    assert points(parts) == points(whole)
    assert len(points(whole)) == 16
    other = made(tmp_path / "other", of, trials=3, seed=1)
    other.run(measured, Listener())
    assert points(other) != points(whole)[:3]


def test_search_beats_random_sampling(tmp_path: Path) -> None:
    sweep = made(tmp_path / "s", space(lr="0.0001..10"), trials=40)
    sweep.run(measured, Listener())
    rates = [float(point["--lr"]) for point in points(sweep)]
    near = [abs(math.log10(rate) + 1) < 0.5 for rate in rates]  # a fifth of the range
    assert sum(near[20:]) > 10


def test_pareto_front() -> None:
    def trial(macs: int, value: float | None, loss: float = 1.0, *, pruned: bool = False) -> Trial:
        return Trial({}, macs, 1, value, loss, pruned=pruned)

    trials = {
        1: trial(6, 0.7), 2: trial(9, 0.8, 0.5), 3: trial(2, None), 4: trial(5, 0.8), 6: trial(1, 0.5),
        7: trial(1, 0.9, pruned=True),
    }  # fmt: skip
    accuracy, lower = METRICS["accuracy"], METRICS["bits_per_byte"]
    assert front(trials, accuracy) == (6, 4)
    assert best(trials, accuracy) == 2  # as accurate as the fourth one, with a lower loss
    assert best(trials, lower) == 6
    assert front(trials, lower) == (6,)
    assert best({3: trials[3]}, accuracy) is None


def test_figure_shows_every_trial(tmp_path: Path) -> None:
    accuracy = METRICS["accuracy"]
    for number, of in enumerate(
        (space("width=1,2,3,4", lr="0.1,0.01"), space(lr="0.1..0.2", optimizer="adam,$sgd$"[:4]))
    ):
        sweep = made(tmp_path / str(number), of, trials=8)
        sweep.run(measured, Listener())
        draw_sweep(sweep.trials_done(), of, accuracy, "image", "$ a title", tmp_path / str(number) / "sweep")
        svg = (tmp_path / str(number) / "sweep.svg").read_text()
        assert ("MACs per image" in svg) == (number == 0)
        assert (tmp_path / str(number) / "sweep.png").stat().st_size > 5000
    draw_sweep({1: Trial({}, why="none")}, of, accuracy, "image", "", tmp_path / "none")
    assert not (tmp_path / "none.svg").exists()


# --- command line -----------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a network; figures, which take longer than these trainings, are not drawn."""
    (tmp_path / "net.arch").write_text(NET)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(session, "write_report", lambda *_, **__: None)
    monkeypatch.setattr(sweep_report, "draw_sweep", lambda *_: None)
    return tmp_path


def run(*args: object) -> Result:
    result = CliRunner().invoke(main, ["sweep", *map(str, args)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


def message(folder: Path) -> Any:
    return json.loads((folder / "sweep.json").read_text())


def test_sweep_without_any_accuracy_fails(folder: Path) -> None:
    result = run("net.arch", "--optimizer", "sgd", "--lr", "1e30,1e31", "--out", "my sweep")
    assert result.exit_code == 1, result.output
    assert "the loss became" in result.output
    assert "error: no trial succeeded" in result.output
    assert [row["value"] for row in message(folder / "my sweep")["trials"]] == [None, None]


def test_stopped_sweep_resumes_with_the_same_result(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    args = ("net.arch", "--set", "width=0.5,2,4", "--lr", "0.1,0.01")
    whole = run(*args, "--out", "whole")
    assert whole.exit_code == 0, whole.output
    assert "trial 1/6  width=0.5 --lr=0.1  failed\n    error[E0305]: `filters` of `conv` cannot be 0.5" in whole.output
    assert "* Pareto-optimal: no trial with the same or fewer MACs is better\n2 failed" in whole.output
    found = message(folder / "whole")
    assert [row["value"] is None for row in found["trials"]] == [True, True, False, False, False, False]
    assert found["trials"][found["best"] - 1]["value"] == max(row["value"] or 0 for row in found["trials"])
    assert json.loads((folder / "whole/trials/003/settings.json").read_text())["data"]["images"]["test"] == 0
    assert run("--resume", "whole").exit_code == 0  # nothing is left to do

    stops = iter([StopAfter(30), StopAfter(4)])  # never queried so often in one trial; in the middle of the second
    with monkeypatch.context() as patched:
        patched.setattr("archdsl.training.runs.interrupt.StopOnSignal", lambda: next(stops))
        stopped = run(*args, "--out", "parts")
    assert stopped.exit_code == 130, stopped.output
    assert "finished trials are kept. To resume: archdsl sweep --resume parts" in stopped.output
    assert len(message(folder / "parts")["trials"]) == 3
    (folder / "net.arch").unlink()
    resumed = run("--resume", "parts")
    assert resumed.exit_code == 0, resumed.output
    assert "trial 3/" not in resumed.output
    again = message(folder / "parts")
    for row in (*found["trials"], *again["trials"]):
        row.pop("seconds")
        row.pop("worker")
        row["why"] = row["why"] is not None  # the file has another name in it
    assert again == found


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("args", "code", "expected"),
    [
        ((), 2, "give a network to train, or a sweep to resume"),
        (("net.arch",), 2, "nothing varies; give a list or a range"),
        (("net.arch", "--lr", "0.1,0.1"), 2, "--lr: `0.1,0.1` has a duplicate value"),
        (("net.arch", "--lr", "0.1,x"), 2, "--lr: `lr` must be a number"),
        (("net.arch", "--optimizer", "adam,sdg"), 2, "--optimizer: `sdg` is not one of sgd, adam"),
        (("net.arch", "--flip", "on,yes"), 2, "--flip: `yes` is neither `on` nor `off`"),
        (("net.arch", "--momentum", "0.5,0.9"), 2, "`adam` takes no `momentum`"),
        (("net.arch", "--set", "widt=1,2"), 1, "the network has no parameter `widt`"),
        (("net.arch", "--set", "width=0.1,0.2"), 1, "`filters` of `conv` cannot be 0.1"),
        (("net.arch", "--lr", "0.1,0.2", "--data", "digit"), 2, "did you mean `digits`?"),
        (("net.arch", "--lr", "0.1,0.2", "--split", "1"), 2, "`--split 1` leaves none"),
        (("net.arch", "--epochs", "1,2", "--out", "net.arch"), 2, "net.arch"),
        (("--resume", "nothing"), 2, "cannot use nothing: no such folder"),
        (("--resume", "nothing", "--device", "cpu"), 2, "cannot use nothing: no such folder"),
        (("--resume", "net.arch"), 2, "cannot use net.arch: it is not a folder"),
        (("--resume", "nothing", "--keep", "1"), 2, "keeps its settings"),
        (("net.arch", "--lr", "0.1,0.2", "--trials", "3"), 2, "the lists have 2 combinations"),
        (
            ("net.arch", "--lr", "0.1,0.2", "--data", "digits", "--data-dir", "."),
            2,
            "`digits` does not read files from a folder",
        ),
        (("--resume", "nothing", "--lr", "1,2"), 2, "keeps its settings"),
    ],
)
def test_invalid_sweep_arguments_are_refused(args: tuple[str, ...], code: int, expected: str) -> None:
    result = run(*args)
    assert expected in result.output
    assert result.exit_code == code
    assert not Path("sweeps").exists()


def test_missing_optuna_names_the_extra(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    result = run("net.arch", "--lr", "0.1,0.2")
    assert result.exit_code == 2
    assert "needs the extra `sweep`" in result.output
    assert "[sweep]" in result.output


def test_help_imports_no_heavy_package() -> None:
    program = (
        "import sys\nfrom click.testing import CliRunner\nfrom archdsl.cli import main\n"
        "assert '--weight-decay' in CliRunner().invoke(main, ['sweep', '--help']).output\n"
        "heavy = {'torch', 'numpy', 'rich', 'matplotlib', 'optuna'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_truncated_journal_is_continued_and_corrupt_one_is_refused(tmp_path: Path) -> None:
    of = space(lr="0.1,0.2,0.3")
    made(tmp_path, of, trials=2).run(measured, Listener())
    journal = tmp_path / "trials.log"
    before = journal.read_bytes()
    journal.write_bytes(before + b'{"op_code": 4, "wor')  # killed, or the disk full, in the middle of a line
    sweep = Sweep(tmp_path, of, 0, 3)
    assert len(sweep.trials_done()) == 2
    sweep.run(measured, Listener())
    assert len(sweep.trials_done()) == 3
    assert journal.read_bytes().startswith(before)
    assert all(json.loads(line) for line in journal.read_text().splitlines())
    journal.write_bytes(before + b"garbage\n")
    with pytest.raises(CannotResume, match=r"trials\.log is corrupt"):
        sweep.trials_done()


@pytest.mark.usefixtures("folder")
def test_folder_with_a_sweep_can_be_checked() -> None:
    assert run("net.arch", "--lr", "0.1,0.2", "--out", "s", "--epochs", 1).exit_code == 0
    for name in (".", "s"):
        checked = CliRunner().invoke(main, ["check", name])
        assert checked.exit_code == 0, checked.output
        assert "s/net.arch: " in checked.output


@pytest.mark.usefixtures("folder")
def test_invalid_range_in_settings_is_reported() -> None:
    assert run("net.arch", "--lr", "0.1,0.2", "--out", "s", "--epochs", 1).exit_code == 0
    edit_settings(Path("s"), lambda settings: settings["options"].update({"--lr": "x..y"}))
    refused = run("--resume", "s")
    assert refused.exit_code == 1
    assert "error: cannot use s: settings.json: --lr: `x` is not a number" in refused.output
