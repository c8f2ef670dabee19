"""Atomic writes, on every system."""

import errno
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archdsl.cli import main
from archdsl.text.atomic import write_atomically

NETWORK = "input 3x8x8\nconv 4 k3;relu; flatten; fc 10\n"
WRITERS = {
    "compile": ("compile", "net.arch", "-o", "out"),
    "diagram": ("diagram", "net.arch", "-o", "out", "--format", "dot"),
    "fmt": ("fmt", "out"),
    "check --fix": ("check", "--fix", "--unsafe", "out"),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.arch").write_text(NETWORK)
    (tmp_path / "out").write_text("input 3x8x8\nconv 4  k3; bn;relu; flatten; fc 10\n")
    return tmp_path


def run(*args: str) -> Result:
    result = CliRunner().invoke(main, args)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


def refuse(monkeypatch: pytest.MonkeyPatch, name: str, number: int) -> None:
    """Let a system function fail as on a full or broken disk."""

    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, name, fail)


@pytest.mark.parametrize("place", ["fsync", "replace", "write_bytes", "mkstemp"])
@pytest.mark.parametrize("writer", WRITERS)
def test_previous_content_survives_a_failed_write(
    folder: Path, monkeypatch: pytest.MonkeyPatch, writer: str, place: str
) -> None:
    before = (folder / "out").read_bytes()
    if place == "write_bytes":

        def half(path: Path, data: bytes) -> int:
            with path.open("wb") as file:
                file.write(data[:10])
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(Path, "write_bytes", half)
    elif place == "mkstemp":
        refuse(monkeypatch, "open", errno.ENOSPC)
    elif place == "replace":
        refuse(monkeypatch, "rename", errno.ENOSPC)
        refuse(monkeypatch, "replace", errno.ENOSPC)
    else:
        refuse(monkeypatch, "fsync", errno.ENOSPC)
    done = run(*WRITERS[writer])
    monkeypatch.undo()
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 1
    assert "out cannot be written: No space left on device" in done.stderr
    assert (folder / "out").read_bytes() == before
    assert sorted(each.name for each in folder.iterdir()) == ["net.arch", "out"]


@pytest.mark.parametrize("writer", WRITERS)
def test_fsync_only_on_writable_files(folder: Path, monkeypatch: pytest.MonkeyPatch, writer: str) -> None:
    """Like Windows, which refuses to flush a file opened for reading, and to open a folder."""
    opened: dict[int, int] = {}
    open_, fsync = os.open, os.fsync

    def windows_open(path: str, flags: int, *rest: int, **more: int) -> int:
        if os.path.isdir(path):
            raise PermissionError(errno.EACCES, "Permission denied")
        handle = open_(path, flags, *rest, **more)
        opened[handle] = flags
        return handle

    def windows_fsync(handle: int) -> None:
        if opened[handle] & (os.O_WRONLY | os.O_RDWR) == 0:
            raise OSError(errno.EBADF, "Bad file descriptor")
        fsync(handle)

    before = (folder / "out").read_bytes()
    monkeypatch.setattr(os, "open", windows_open)
    monkeypatch.setattr(os, "fsync", windows_fsync)
    assert run(*WRITERS[writer]).exit_code == 0
    monkeypatch.undo()
    assert (folder / "out").read_bytes() != before
    assert opened


@pytest.mark.parametrize("writer", ["compile", "diagram"])
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a\0b", "it contains a null character"),
        ("n" * 300, "too long for the name of a file"),
        ("n" * 300 + "/x", "too long for the name of a file"),
        ("no\0where/x", "it contains a null character"),
        ("a\ud800", "it contains half of a surrogate pair"),
        (".", "it is a folder"),
        ("net.arch/x", "there is no folder"),
    ],
)
def test_invalid_file_names_are_refused(folder: Path, writer: str, name: str, reason: str) -> None:
    done = run(*(name if word == "out" else word for word in WRITERS[writer]))
    assert done.exit_code == 2
    assert reason in done.stderr.splitlines()[-1]


def test_longest_file_name_is_written(tmp_path: Path) -> None:
    for path in (tmp_path / ("n" * 255), tmp_path / ("é" * 127)):
        write_atomically(path, lambda beside: beside.write_bytes(b"whole"))
        assert path.read_bytes() == b"whole"


def test_interrupted_writer_leaves_no_file(tmp_path: Path) -> None:
    def stop(beside: Path) -> None:
        beside.write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "file", stop)
    assert list(tmp_path.iterdir()) == []
