"""`--watch`: a real process answers once per change, whatever way the file is saved, and ends cleanly."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from archdsl.cli import main
from archdsl.cli.file_states import INTERVAL, FileStates

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

PATIENCE = 30.0
QUIET = 5 * INTERVAL
"""Long enough for an answer that should not come."""


class Watch:
    """A process with --watch: its answers, each the text up to the line that says what is watched."""

    def __init__(self, folder: Path, *args: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "archdsl", *args, "--watch"],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def answer(self) -> str:
        """The next answer."""
        found = ""
        while not found.rpartition("\n\n")[2].startswith("watching "):
            found += self._lines.get(timeout=PATIENCE)
        return found

    def nothing(self) -> bool:
        """Whether no answer comes for a while."""
        try:
            line = self._lines.get(timeout=QUIET)
        except queue.Empty:
            return True
        pytest.fail(f"an answer without a change: {line}")

    def stop(self) -> int:
        """Press Ctrl-C, after which nothing is printed; the exit status."""
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(timeout=PATIENCE)
        self._reader.join(timeout=PATIENCE)
        assert "".join(self._lines.queue).strip() == ""
        return status


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Watch]]:
    started = []

    def begin(*args: str) -> Watch:
        started.append(Watch(tmp_path, *args))
        return started[-1]

    yield begin
    for each in started:
        each.process.kill()
        each.process.wait()
        assert each.process.stdout is not None
        each.process.stdout.close()


def overwrite(path: Path, text: str) -> None:
    path.write_text(text)


def rename(path: Path, text: str) -> None:
    """As most editors save: a new file takes the place of the old one."""
    beside = path.with_suffix(".tmp")
    beside.write_text(text)
    os.replace(beside, path)


def backup(path: Path, text: str) -> None:
    """As Vim saves: the old file is renamed, then the new one is written."""
    os.replace(path, path.with_suffix(".arch~"))
    path.write_text(text)


def slowly(path: Path, text: str) -> None:
    """In two steps, with an incomplete file between them."""
    with path.open("w") as file:
        file.write(text[: len(text) // 2])
        file.flush()
        time.sleep(0.02)
        file.write(text[len(text) // 2 :])


def remove_first(path: Path, text: str) -> None:
    """Deleted, and written again a moment later."""
    path.unlink()
    time.sleep(0.3)
    path.write_text(text)


SAVES = (overwrite, rename, backup, slowly, remove_first)


def test_one_report_per_change(tmp_path: Path, start: Callable[..., Watch]) -> None:
    path = tmp_path / "net.arch"
    path.write_text("input 8\nfc 3\n")
    watch = start("check", "net.arch")
    assert "✓ net: 8 → 3" in watch.answer()
    for width, save in enumerate(SAVES, 4):
        save(path, f"input 8\nrelu\nfc {width}\n")
        answer = watch.answer()
        assert f"✓ net: 8 → {width}" in answer, save.__name__
        assert answer.count("✓") == 1
        assert watch.nothing(), save.__name__
    assert watch.stop() == 0


def test_watch_reports_new_and_fixed_errors(tmp_path: Path, start: Callable[..., Watch]) -> None:
    path = tmp_path / "net.arch"
    path.write_text("input 8\nfcc 3\n")
    watch = start("check", "net.arch")
    assert "write `fc` instead of `fcc`" in watch.answer()
    path.write_text("input 8\nfc 3\n")
    assert "✓ net: 8 → 3" in watch.answer()
    path.write_bytes(b"\xff\xfe\n")
    assert "not valid UTF-8" in watch.answer()
    path.write_text("input 8\nfc 4\n")
    assert "✓ net: 8 → 4" in watch.answer()
    assert watch.stop() == 0


def test_deleted_file_may_reappear(tmp_path: Path, start: Callable[..., Watch]) -> None:
    path = tmp_path / "net.arch"
    path.write_text("input 8\nfc 3\n")
    watch = start("check", "net.arch")
    watch.answer()
    path.unlink()
    assert "net.arch: no such file" in watch.answer()
    assert watch.nothing()
    path.write_text("input 8\nfc 5\n")
    assert "✓ net: 8 → 5" in watch.answer()
    assert watch.stop() == 0


def test_touching_a_file_causes_no_report(tmp_path: Path, start: Callable[..., Watch]) -> None:
    path = tmp_path / "net.arch"
    path.write_text("input 8\nfc 3\n")
    watch = start("check", "net.arch")
    watch.answer()
    os.utime(path, (1, 1))
    rename(path, "input 8\nfc 3\n")
    assert watch.nothing()
    path.write_text("input 8\nfc 4\n")  # of the same size
    assert "8 → 4" in watch.answer()
    assert watch.stop() == 0


def test_used_files_are_watched(tmp_path: Path, start: Callable[..., Watch]) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "net.arch").write_text('use "lib/blocks.arch"\ninput 8\nhead\n')
    watch = start("check", "net.arch")
    assert "error[" in watch.answer()
    (tmp_path / "lib" / "blocks.arch").write_text("block head { fc 3 }\n")
    assert "8 → 3" in watch.answer()
    (tmp_path / "lib" / "blocks.arch").write_text("block head { fc 4 }\n")
    assert "8 → 4" in watch.answer()
    (tmp_path / "lib" / "other.arch").write_text("block head { fc 5 }\n")
    assert watch.nothing()
    assert watch.stop() == 0


def test_folder_is_watched_for_new_files(tmp_path: Path, start: Callable[..., Watch]) -> None:
    (tmp_path / "nets" / "deep").mkdir(parents=True)
    (tmp_path / "nets" / "a.arch").write_text("input 8\nfc 3\n")
    watch = start("check", "nets")
    assert "✓ nets/a.arch" in watch.answer()
    (tmp_path / "nets" / "deep" / "b.arch").write_text("input 8\nfc 4\n")
    answer = watch.answer()
    assert answer.count("✓") == 2
    (tmp_path / "nets" / "notes.txt").write_text("nothing")
    assert watch.nothing()
    (tmp_path / "nets" / "a.arch").unlink()
    assert "a.arch" not in watch.answer()
    (tmp_path / "nets" / "new").mkdir()
    (tmp_path / "nets" / "new" / "c.arch").write_text("input 8\nfc 9\n")
    assert "8 → 9" in watch.answer()
    assert watch.stop() == 0


def test_watched_diagram_is_updated(tmp_path: Path, start: Callable[..., Watch]) -> None:
    path, figure = tmp_path / "net.arch", tmp_path / "net.svg"
    path.write_text("input 8\nfc 3\n")
    watch = start("diagram", "net.arch", "-o", "net.svg")
    assert "net.svg: net, 27 parameters" in watch.answer()
    before = figure.read_bytes()
    path.write_text("input 8\nfc 4\n")
    assert "net.svg: net, 36 parameters" in watch.answer()
    after = figure.read_bytes()
    assert after != before
    path.write_text("input 8\nfcc 4\n")
    assert "error[" in watch.answer()
    assert figure.read_bytes() == after
    assert watch.stop() == 0


@pytest.mark.parametrize(
    ("args", "status", "message"),
    [
        (["check", "gone.arch"], 2, "no such file"),
        (["check", "-e", "input 8"], 2, "--watch needs files"),
        (["check", "-"], 2, "--watch needs files"),
        (["check"], 2, "give the files"),
        (["check", "net.arch", "--fix"], 2, "leave out --fix"),
        (["check", "net.arch", "--format", "json"], 2, "leave out --format"),
        (["check", "net.arch", "--columns", "parms"], 2, "did you mean `params`"),
        (["diagram", "net.arch", "-o", "-", "--format", "svg"], 2, "leave out --watch"),
        (["diagram", "net.arch", "-o", "net.svg", "--check"], 2, "leave out --watch"),
        (["diagram", "net.arch", "-o", "net.xyz"], 2, "unknown extension"),
        (["diagram", "-e", "input 8", "-o", "net.svg"], 2, "--watch needs files"),
    ],
)
def test_usage_error_ends_watch(tmp_path: Path, args: list[str], status: int, message: str) -> None:
    (tmp_path / "net.arch").write_text("input 8\nfc 3\n")
    args = [str(tmp_path / arg) if arg.endswith((".arch", ".svg", ".xyz")) else arg for arg in args]
    result = CliRunner().invoke(main, [*args, "--watch"])
    assert result.exit_code == status
    assert message in result.output


def test_watching_only_a_revision_is_refused(tmp_path: Path) -> None:
    (tmp_path / "net.arch").write_text("input 8\nfc 3\n")
    who = ["-c", "user.name=A", "-c", "user.email=a@b.c"]
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "x"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    done = subprocess.run(
        [sys.executable, "-m", "archdsl", "check", "HEAD:net.arch", "--watch"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 2
    assert "what is given here does not change" in done.stderr


def test_watch_does_not_read_pipes(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    states = FileStates()
    states.note(tmp_path / "pipe")
    states.note(tmp_path / "gone.arch")
    assert states.files == (str(tmp_path / "gone.arch"),)
