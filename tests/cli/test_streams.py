"""Closed or broken streams, or full disks, end every command with at most one line and with status 1."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from archdsl.cli import _COMMANDS

from .stream_runs import STATES

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="descriptors of POSIX")

NETWORK = "input 3x8x8\nconv 4 k3; relu; flatten; fc 10\n"
RUNS: dict[str, tuple[str, ...]] = {
    "--help": ("--help",),
    "--version": ("--version",),
    "check": ("check", "net.arch"),
    "check a b": ("check", "net.arch", "net.arch"),
    "check json": ("check", "net.arch", "--format", "json"),
    "check sarif": ("check", "net.arch", "--format", "sarif"),
    "check github": ("check", "-e", "input 3x8x8; convv 4", "--format", "github"),
    "check schema": ("check", "--schema"),
    "check --diff": ("check", "-e", "input 3x8x8; conv 4 k3; bn", "--diff", "--unsafe"),
    "check --sizes": ("check", "net.arch", "--sizes", "8,9"),
    "compile": ("compile", "net.arch"),
    "diagram": ("diagram", "net.arch", "-o", "-", "--format", "dot"),
    "diff": ("diff", "net.arch", "zoo:lenet5"),
    "explain": ("explain",),
    "fmt": ("fmt", "-"),
    "layers": ("layers", "conv"),
    "why": ("why", "net.arch", "conv1"),
    "zoo show": ("zoo", "show", "lenet5"),
    "zoo cite": ("zoo", "cite", "lenet5"),
}
CALL = [sys.executable, "-m", "archdsl"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("streams")
    (path / "net.arch").write_text(NETWORK)
    return path


def start(
    folder: Path, run: tuple[str, ...], stdout: int, prepare: Callable[[], None] | None = None
) -> subprocess.Popen[bytes]:
    with (folder / "net.arch").open("rb") as text:
        return subprocess.Popen(
            [*CALL, *run], cwd=folder, stdin=text, stdout=stdout, stderr=subprocess.PIPE, preexec_fn=prepare
        )


def ended(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    _, message = process.communicate(timeout=60)
    return process.returncode, message.decode()


EXPECTED = {
    "broken": (1, ""),
    "full": (1, "archdsl: standard output cannot be written: No space left on device\n"),
    "closed": (1, "archdsl: standard output cannot be written: it is closed\n"),
}
"""The exit status and the message if the standard output is a broken pipe, a full disk or closed."""
FORKED = [(name, state) for name in RUNS for state in STATES]
HELP = [(name, "full") for name in _COMMANDS]


@pytest.fixture(scope="module")
def forked(folder: Path) -> dict[tuple[str, str], tuple[int, str]]:
    """What became of each run and each `--help`, by its name and by what is wrong with the output."""
    commands = [*((RUNS[name], state) for name, state in FORKED), *(((name, "--help"), state) for name, state in HELP)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.cli.stream_runs", json.dumps(commands)],
        cwd=folder, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, capture_output=True, check=True,
    )  # fmt: skip
    names = [*FORKED, *((f"{name} --help", state) for name, state in HELP)]
    return {key: (status, message) for key, (status, message) in zip(names, json.loads(done.stdout), strict=True)}


@pytest.mark.parametrize("name", RUNS)
def test_unwritable_standard_output_is_an_error(forked: dict[tuple[str, str], tuple[int, str]], name: str) -> None:
    assert {state: forked[name, state] for state in STATES} == EXPECTED


@pytest.mark.parametrize("name", _COMMANDS)
def test_unwritable_help_is_an_error(forked: dict[tuple[str, str], tuple[int, str]], name: str) -> None:
    assert forked[f"{name} --help", "full"] == EXPECTED["full"]


@pytest.mark.parametrize("name", ["--help", "check json"])
def test_subprocess_ends_like_a_fork(folder: Path, name: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    full = os.open("/dev/full", os.O_WRONLY)
    broken = start(folder, RUNS[name], writing)
    filled = start(folder, RUNS[name], full)
    closed = start(folder, RUNS[name], subprocess.DEVNULL, lambda: os.close(1))
    os.close(full)
    os.close(writing)
    assert dict(zip(STATES, map(ended, (broken, filled, closed)), strict=True)) == EXPECTED


FAILING = {
    "check": ("check", "-e", "input 3x8x8; convv 4"),
    "check nosuch.arch": ("check", "nosuch.arch"),
    "check --nosuch": ("check", "--nosuch"),
    "nosuch": ("nosuch",),
    "fmt": ("fmt", "nosuch.arch"),
    "diff": ("diff", "HEAD:nosuch.arch", "net.arch"),
}


@pytest.mark.parametrize("name", FAILING)
def test_unwritable_standard_error_sets_the_exit_status(folder: Path, name: str) -> None:
    """No message can be printed; only the status reports it."""
    full = os.open("/dev/full", os.O_WRONLY)
    filled = subprocess.run([*CALL, *FAILING[name]], cwd=folder, stdout=subprocess.PIPE, stderr=full, check=False)
    os.close(full)
    closed = subprocess.run(
        [*CALL, *FAILING[name]],
        cwd=folder,
        stdout=subprocess.PIPE,
        preexec_fn=lambda: os.close(2),
        check=False,
    )
    for done in (filled, closed):
        assert done.returncode == 1
        assert b"Traceback" not in done.stdout


@pytest.mark.parametrize("run", [("check", "-"), ("fmt", "-"), ("compile", "-"), ("why", "-", "conv1")])
def test_closed_standard_input_is_an_error(folder: Path, run: tuple[str, ...]) -> None:
    done = subprocess.run(
        [*CALL, *run], cwd=folder, capture_output=True, text=True, preexec_fn=lambda: os.close(0), check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "archdsl: standard input cannot be read: it is closed\n"


def test_endless_standard_input_is_refused() -> None:
    with open("/dev/zero", "rb") as zeros:
        done = subprocess.run(
            [*CALL, "check", "-"], stdin=zeros, capture_output=True, text=True, check=False, timeout=60
        )
    assert done.returncode == 2
    assert "longer than" in done.stderr


def test_all_streams_closed(folder: Path) -> None:
    done = subprocess.run([*CALL, "check", "net.arch"], cwd=folder, preexec_fn=lambda: os.closerange(0, 3), check=False)
    assert done.returncode == 1


def test_closed_standard_output_without_output_is_no_error(folder: Path) -> None:
    done = subprocess.run([*CALL, "fmt", "--diff", "net.arch"], cwd=folder, preexec_fn=lambda: os.close(1), check=False)
    assert done.returncode == 0


def test_ctrl_c_prints_one_line(folder: Path) -> None:
    os.mkfifo(folder / "never.arch")
    process = subprocess.Popen([*CALL, "check", "never.arch"], cwd=folder, stderr=subprocess.PIPE, text=True)
    # Opening it for writing blocks until somebody reads: then the command is waiting for its text.
    with (folder / "never.arch").open("wb"):
        process.send_signal(signal.SIGINT)
        _, message = process.communicate(timeout=60)
    assert process.returncode == 130
    assert message.splitlines() == ["", "archdsl: interrupted"]


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "cp932"])
@pytest.mark.parametrize("run", ["check", "check json", "layers", "why"])
def test_unencodable_characters_are_replaced(folder: Path, encoding: str, run: str) -> None:
    env = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run([*CALL, *RUNS[run]], cwd=folder, env=env, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    # click writes UTF-8 if the encoding is ASCII, which systems without a locale report.
    assert done.stdout.decode("utf-8" if encoding == "ascii" else encoding)


def test_output_in_the_c_locale(folder: Path) -> None:
    env = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    (folder / "é.arch").write_text("input 8 # é\nfc 4\nfcc 2\n", encoding="utf-8")
    done = subprocess.run([*CALL, "check", "é.arch"], cwd=folder, env=env, capture_output=True, check=False)
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert b"write `fc` instead" in done.stderr
