"""`--resume auto`: the same command starts a run and, given again, resumes it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archdsl.cli import main
from archdsl.training import report
from tests.training.processes.test_distributed import start

NET = """net Small(classes = 10, width = 4)
input 1x8x8
conv width k3 p1; bn; relu; maxpool 2
flatten; fc classes
train { precision fp32; layout channels_first; batch 200; data digits }
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "net.arch").write_text(NET)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(report, "draw_curves", lambda *_: None)
    monkeypatch.setattr(report, "draw_confusion", lambda *_: None)
    return tmp_path


def run(*args: object) -> Result:
    result = CliRunner().invoke(main, ["train", *map(str, args)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


AUTO = ("net.arch", "--out", "r", "--resume", "auto")


def epochs(folder: Path) -> int:
    return len((folder / "r/metrics.jsonl").read_text().splitlines())


def test_resume_auto_starts_then_resumes_then_finishes(folder: Path) -> None:
    assert run(*AUTO, "--epochs", 1).exit_code == 0
    assert epochs(folder) == 1
    again = run(*AUTO, "--epochs", 3)
    assert again.exit_code == 0, again.output
    assert "resuming in epoch 2" in again.output
    assert epochs(folder) == 3
    over = run(*AUTO, "--epochs", 3)
    assert over.exit_code == 0
    assert "all 3 epochs are finished" in over.output


def test_run_interrupted_before_writing_its_settings_restarts(folder: Path) -> None:
    (folder / "r").mkdir()
    assert run(*AUTO, "--epochs", 1).exit_code == 0  # an empty folder
    (folder / "r/settings.json").unlink()
    refused = run(*AUTO, "--epochs", 1)
    assert refused.exit_code == 2  # it contains weights
    for path in (folder / "r").rglob("*"):
        if path.is_file() and path.name != "net.arch":
            path.unlink()
    (folder / "r/checkpoints").rmdir()
    (folder / "r/.settings.json.xy.part").write_text("{")
    assert run(*AUTO, "--epochs", 1).exit_code == 0
    assert json.loads((folder / "r/settings.json").read_text())["recipe"]["epochs"] == 1


@pytest.mark.parametrize(
    ("more", "code", "message"),
    [
        (("--lr", 0.5), 2, "--lr: the run in r was started with another value"),
        (("--batch", 100), 2, "--batch: the run in r was started with another value"),
        (("--set", "width=8"), 2, "--set or --input differ"),
        (("--data", "mnist", "--input", "1x28x28"), 2, "differ"),
    ],
)
def test_resume_auto_with_different_options_is_refused(
    folder: Path, more: tuple[object, ...], code: int, message: str
) -> None:
    assert run(*AUTO, "--epochs", 1).exit_code == 0
    refused = run(*AUTO, *more)
    assert message in refused.output
    assert refused.exit_code == code
    assert epochs(folder) == 1


def test_resume_auto_with_a_different_text_is_refused(folder: Path) -> None:
    assert run(*AUTO, "--epochs", 1).exit_code == 0
    (folder / "net.arch").write_text(NET.replace("relu", "gelu"))
    refused = run(*AUTO, "--epochs", 2)
    assert refused.exit_code == 1
    assert "the network differs from the one in r" in refused.output


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "args", [("--resume", "auto"), ("net.arch", "--resume", "auto"), ("--out", "r", "--resume", "auto")]
)
def test_resume_auto_requires_a_network_and_a_folder(args: tuple[str, ...]) -> None:
    refused = run(*args, "--resume", "auto")
    assert refused.exit_code == 2
    assert "give the network, and the run's folder with --out" in refused.output


def test_resume_auto_with_two_processes(folder: Path) -> None:
    for epoch in (1, 2):
        (folder / "r/result.json").unlink(missing_ok=True)
        started = start(["-m", "archdsl", "train", *AUTO, "--epochs", str(epoch)], folder)
        message = [process.communicate(timeout=120) for process in started]
        assert [process.returncode for process in started] == [0, 0], message
        assert epochs(folder) == epoch
        assert (folder / "r/result.json").is_file()
