"""Four workers of one sweep, the first of which kills itself in the middle of its first trial.

Run in a process of its own: `python -m tests.training.sweep.four_workers FOLDER`. The workers are forked from it, after
torch was imported once. Nothing depends on time: each step waits for a byte in a pipe, which a worker also writes when
it ends with an error. Prints the exit status of each worker.
"""

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from archdsl.cli import main
from archdsl.training import session
from archdsl.training.sweep import sweep_report
from archdsl.training.sweep.epoch_reports import EpochReports
from archdsl.training.sweep.trial import attempt

NET = """net Small(classes = 10)
input 1x8x8
flatten; fc 16; relu; fc classes
train { precision fp32; layout channels_first; epochs 2; batch 512; data digits }
"""
COMMAND = ["sweep", "net.arch", "--lr", "0.3,0.1,0.03,0.01,0.003", "--out", "s", "--keep", "2"]
FIRST_LINE = "metrics-before-the-kill.jsonl"


def worker(at_first_epoch: Callable[[Path], None], announce: int) -> int:
    """Run the command in a forked process, which calls this at the end of its first epoch, and writes to a pipe when it
    ends. Returns the process's ID.
    """
    child = os.fork()
    if child:
        return child
    report = EpochReports.epoch

    def epoch(self: EpochReports, line: dict[str, object], best: bool) -> None:
        report(self, line, best)
        EpochReports.epoch = report  # type: ignore[method-assign]
        at_first_epoch(self._run)

    EpochReports.epoch = epoch  # type: ignore[method-assign]
    status = 1
    try:
        main(COMMAND, standalone_mode=False)
        status = 0
    except SystemExit as stop:
        status = int(stop.code or 0)
    finally:
        os.write(announce, b"1")
        os._exit(status)


def run() -> list[int]:
    arrived, announce = os.pipe()
    held, release = os.pipe()
    kill_pipe_read, kill_pipe_write = os.pipe()

    def kill_worker(run: Path) -> None:
        shutil.copy(run / "metrics.jsonl", FIRST_LINE)
        os.write(announce, b"1")
        os.read(kill_pipe_read, 1)
        os.kill(os.getpid(), signal.SIGKILL)

    def wait(run: Path) -> None:
        os.write(announce, b"1")
        os.read(held, 1)

    first = worker(kill_worker, announce)
    os.read(arrived, 1)
    others = [worker(wait, announce) for _ in range(3)]
    for _ in others:  # all four train, each its own trial
        os.read(arrived, 1)
    os.write(kill_pipe_write, b"1")
    statuses = [os.waitpid(first, 0)[1]]
    os.write(release, b"111")
    return [*statuses, *(os.waitpid(each, 0)[1] for each in others)]


if __name__ == "__main__":
    assert callable(attempt)  # its modules are imported once, before the workers are forked
    os.chdir(sys.argv[1])
    Path("net.arch").write_text(NET, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:  # figures take longer than the trainings
        patch.setattr(session, "write_report", lambda *_, **__: None)
        patch.setattr(sweep_report, "draw_sweep", lambda *_: None)
        print(json.dumps(run()))
