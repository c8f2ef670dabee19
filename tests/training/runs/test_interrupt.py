"""Signals that stop a training, and signals that do not."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from archdsl.training.runs.interrupt import StopOnSignal

HANGUP = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no terminal sends a signal here")


@pytest.fixture
def number(request: pytest.FixtureRequest) -> signal.Signals:
    return signal.Signals[request.param]


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM", pytest.param("SIGHUP", marks=HANGUP)], indirect=True)
def test_signal_stops_and_its_handler_is_restored(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    try:
        with StopOnSignal() as stop:
            assert not stop()
            signal.raise_signal(number)
            assert stop()
        # a terminal is lost once, and the remaining output is written completely
        assert signal.getsignal(number) is (signal.SIG_IGN if number.name == "SIGHUP" else before)
    finally:
        signal.signal(number, before)


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM", pytest.param("SIGHUP", marks=HANGUP)], indirect=True)
def test_ignored_signal_remains_ignored(number: signal.Signals) -> None:
    before = signal.signal(number, signal.SIG_IGN)
    try:
        with StopOnSignal() as stop:
            signal.raise_signal(number)
            assert not stop()
        assert signal.getsignal(number) is signal.SIG_IGN
    finally:
        signal.signal(number, before)


def test_second_ctrl_c_stops_immediately() -> None:
    with StopOnSignal() as stop:
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        assert stop()
    with StopOnSignal(waits_for_step=True) as stop:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        assert stop()


ON_TERMINAL = """
import os, sys
terminal = os.open(sys.argv[1], os.O_RDWR)  # the leader of a session has the first that it opens
for stream in (0, 1, 2):
    os.dup2(terminal, stream)
os.execv(sys.executable, [sys.executable, "-m", "archdsl", *sys.argv[2:]])
"""


@HANGUP
def test_run_continues_after_sighup(tmp_path: Path) -> None:
    net = "input 1x8x8\nflatten; fc 10\ntrain { data digits; epochs 5000; precision fp32; layout channels_first }\n"
    (tmp_path / "net.arch").write_text(net)
    ours, theirs = os.openpty()
    command = [sys.executable, "-c", ON_TERMINAL, os.ttyname(theirs), "train", "net.arch", "--out", "r"]
    with subprocess.Popen(command, cwd=tmp_path, start_new_session=True) as process:
        shown = b""
        while b"epoch    3/5000" not in shown:
            shown += os.read(ours, 1 << 16)
        os.close(theirs)
        os.close(ours)  # hangs up
        assert process.wait(timeout=60) == 130, shown
    assert (tmp_path / "r/last.safetensors").is_file()
    assert '"status": "stopped"' in (tmp_path / "r/report.json").read_text()
    done = len((tmp_path / "r/metrics.jsonl").read_text().splitlines())
    assert done >= 3
    resume = [sys.executable, "-m", "archdsl", "train", "--resume", "r", "--epochs", str(done + 1)]
    resumed = subprocess.run(resume, cwd=tmp_path, text=True, capture_output=True, check=False)
    assert resumed.returncode == 0, resumed.stderr
