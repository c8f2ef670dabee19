"""`archdsl train --log`: loggers of installed packages, found by their entry points, and those that ship."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner, Result

from archdsl.cli import main
from archdsl.training.callbacks.loggers import logger_names
from archdsl.training.errors.custom_errors import NoLogger
from tests.packages.written_packages import write_package
from tests.training.helpers import leave_out_figures

NET = """net Small(classes = 10)
input 1x8x8
conv 4 k3; relu
flatten; fc classes
train { data digits; precision fp32; layout channels_first; epochs 2; batch 64; optimizer adam lr=0.01 }
"""
LOGGER = """import json, pathlib
class Logger:
    def on_start(self, run):
        self.path = run.folder / "logged.json"
        self.lines = [{"parameters": run.parameters, "epochs": run.epochs, "status": run.status, "data": run.data}]
    def on_epoch(self, run, epoch):
        self.lines.append(epoch)
    def on_end(self, run):
        report = (run.folder / "report.html").is_file()
        self.lines.append({"status": run.status, "result": run.result, "report": report})
        self.path.write_text(json.dumps(self.lines))
class Fails(Logger):
    def on_epoch(self, run, epoch):
        raise KeyError("server")
def broken():
    raise OSError("no server")
class Odd:
    def on_epoc(self, run, epoch): pass
"""


@pytest.fixture(autouse=True)
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    leave_out_figures(monkeypatch)


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package with loggers, installed."""
    points = {"journal": "journal.log:Logger", "fails": "journal.log:Fails", "broken": "journal.log:broken"}
    points |= {"odd": "journal.log:Odd", "absent": "journal.none:Logger"}
    write_package(tmp_path / "site", "journal", {"log": LOGGER}, {"archdsl.loggers": points})
    monkeypatch.syspath_prepend(tmp_path / "site")
    for name in [name for name in sys.modules if name.partition(".")[0] == "journal"]:
        monkeypatch.delitem(sys.modules, name)


def train(folder: Path, *args: object) -> Result:
    (folder / "net.arch").write_text(NET)
    result = CliRunner().invoke(
        main, ["train", str(folder / "net.arch"), "--out", str(folder / "run"), *map(str, args)]
    )
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


@pytest.mark.usefixtures("journal")
def test_logger_of_an_installed_package(tmp_path: Path) -> None:
    assert {"journal", "mlflow", "tensorboard", "trackio", "wandb"} <= set(logger_names())
    assert "journal" not in sys.modules, "its code runs only if it is named"
    assert train(tmp_path, "--log", "journal").exit_code == 0
    start, *epochs, end = json.loads((tmp_path / "run" / "logged.json").read_text())
    assert (start["epochs"], start["status"], start["data"]) == (2, "running", "digits")
    assert start["parameters"]["optimizer.lr"] == 0.01
    assert start["parameters"]["augment.crop"] == "off"
    assert epochs == [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    result = json.loads((tmp_path / "run" / "result.json").read_text())["test"]
    assert end == {
        "status": "finished", "report": True, "result": {f"test/{name}": value for name, value in result.items()},
    }  # fmt: skip


@pytest.mark.usefixtures("journal")
@pytest.mark.parametrize(
    ("name", "words", "status"),
    [
        ("fails", "the logger `journal.log.Fails` raised KeyError: 'server' (log.py:14)", 1),
        ("broken", "the logger `broken` cannot be loaded: OSError: no server (log.py:16)", 1),
        ("absent", "the logger `absent` cannot be loaded: ModuleNotFoundError", 1),
        ("odd", "a method `on_epoc`, which is never called; did you mean `on_epoch`?", 1),
        ("jurnal", "there is no logger `jurnal`", 2),
    ],
)
def test_failing_logger_is_reported(tmp_path: Path, name: str, words: str, status: int) -> None:
    done = train(tmp_path, "--log", name)
    assert words in done.output
    assert done.exit_code == status
    assert "Traceback" not in done.output
    assert (tmp_path / "run").exists() == (name == "fails"), "nothing is left of what did not start"


def test_misspelled_logger_gets_a_suggestion() -> None:
    error = NoLogger("mlfow", logger_names(), "mlflow")
    assert error.help()[0] == "did you mean `mlflow`?"


@pytest.mark.parametrize("name", ["mlflow", "trackio", "wandb"])
def test_missing_package_is_reported_before_training(tmp_path: Path, name: str) -> None:
    if importlib.util.find_spec(name) is not None:
        pytest.skip("it is installed")
    done = train(tmp_path, "--log", name)
    assert done.exit_code == 2
    assert f"needs the package {name}, which is not installed" in done.output
    assert not (tmp_path / "run").exists()


class _Recorder(ModuleType):
    """A module whose functions record their calls."""

    def __init__(self, name: str, calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]]) -> None:
        super().__init__(name)
        self.calls, self.__spec__ = calls, importlib.util.spec_from_loader(name, None)
        self.summary: dict[str, float] = {}

    def __getattr__(self, function: str) -> Any:
        if function.startswith("__"):
            raise AttributeError(function)

        def call(*args: Any, **named: Any) -> Any:
            self.calls.append((function, args, named))
            return None if function == "active_run" else self

        return call


@pytest.mark.parametrize(
    ("name", "start", "log", "end"),
    [
        ("mlflow", "start_run", "log_metrics", "end_run"),
        ("trackio", "init", "log", "finish"),
        ("wandb", "init", "log", "finish"),
    ],
)
def test_shipped_loggers_make_the_expected_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, start: str, log: str, end: str
) -> None:
    """What is logged, with a module that records it; the modules themselves are not among the tests' packages."""
    calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
    module = _Recorder(name, calls)
    monkeypatch.setitem(sys.modules, name, module)
    assert train(tmp_path, "--log", name).exit_code == 0
    names = [call[0] for call in calls]
    assert names.index(start) < names.index(log) < names.index(end) == len(names) - 1
    by_step = {named["step"]: args[0] for function, args, named in calls if function == log and "step" in named}
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert {step: each["accuracy/validation"] for step, each in by_step.items()} == {
        line["epoch"]: line["validation"]["accuracy"] for line in lines
    }
    result = json.loads((tmp_path / "run" / "result.json").read_text())["test"]["accuracy"]
    final = [args[0] for function, args, named in calls if function == log and "step" not in named]
    assert [*final, module.summary][0]["test/accuracy"] == result
