"""A folder in which commands run: the texts of an example, a git history, a small trained run, some images."""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from .cli_words import IMAGES, LARGE, RUN
from .example import Example, encoded

NETWORK = "input 3x8x8; stage low { conv 4 k3; relu }; gap; fc 2\n"
"""The text of the small run, and of a.arch in the git history."""


class Workspace:
    """The folder of one process, restored before each example."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="properties-"))
        atexit.register(shutil.rmtree, self.root, ignore_errors=True)
        self.folder = self.root / "work"
        self._kept = self.root / "kept"
        self.folder.mkdir()
        self._kept.mkdir()
        _history(self.folder)
        _images(self._kept / IMAGES, (8, 8))
        _images(self._kept / LARGE, (12, 10))
        _run(self._kept)
        self._clean: dict[str, tuple[int, int]] | None = None

    @contextmanager
    def holding(self, example: Example) -> Iterator[dict[str, tuple[int, int]]]:
        """Work in the folder, with the texts of an example in it. Yields the state of its files."""
        if self._clean is None or self.state() != self._clean:
            self._restore()
        for name, text in example.files:
            (self.folder / name).write_bytes(encoded(text))
        before = Path.cwd()
        os.chdir(self.folder)
        try:
            yield self.state()
        finally:
            os.chdir(before)
            for name, _ in example.files:
                (self.folder / name).unlink(missing_ok=True)

    def state(self) -> dict[str, tuple[int, int]]:
        """Size and modification time of every file, except git's own."""
        found = {}
        for folder, inner, names in os.walk(self.folder):
            inner[:] = [name for name in inner if name != ".git"]
            for name in names:
                path = os.path.join(folder, name)
                facts = os.lstat(path)
                found[os.path.relpath(path, self.folder)] = (facts.st_size, facts.st_mtime_ns)
        return found

    def _restore(self) -> None:
        for path in self.folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                if path.name != ".git":
                    shutil.rmtree(path)
            else:
                path.unlink()
        shutil.copytree(self._kept, self.folder, dirs_exist_ok=True)
        self._clean = self.state()


@cache
def workspace() -> Workspace:
    """The workspace of this process."""
    return Workspace()


def _history(folder: Path) -> None:
    """A git repository with a.arch in its only commit."""
    if shutil.which("git") is None:
        return
    (folder / "a.arch").write_text(NETWORK)
    who = ("-c", "user.name=properties", "-c", "user.email=properties@example.org", "-c", "commit.gpgsign=false")
    for words in (("init", "--quiet"), ("add", "a.arch"), (*who, "commit", "--quiet", "--message", "Add a network")):
        subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)
    (folder / "a.arch").unlink()


def _images(folder: Path, size: tuple[int, int]) -> None:
    """Six images of each of two classes."""
    import numpy
    from PIL import Image

    generator = numpy.random.default_rng(0)
    for name, least in (("cat", 0), ("dog", 128)):
        (folder / name).mkdir(parents=True)
        for number in range(6):
            pixels = generator.integers(least, least + 128, (*size, 3), dtype=numpy.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")


def _run(folder: Path) -> None:
    """A run of one epoch on those images."""
    from archdsl.cli import main

    text = folder / "small.arch"
    text.write_text(NETWORK)
    words = ["train", str(text), "--data", str(folder / IMAGES), "--epochs", "1", "--batch", "4", "--device", "cpu"]
    done = CliRunner().invoke(main, [*words, "--split", "0.5", "--out", str(folder / RUN)])
    assert done.exit_code == 0, done.output
    text.unlink()


# Writes outside the workspace

_outside: list[str] | None = None
"""The paths written outside the workspace, while that is monitored."""
_allowed: tuple[str, ...] = ()
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_CHANGES = {"os.mkdir", "os.remove", "os.rmdir", "os.symlink", "os.link", "os.chmod", "os.truncate", "os.rename"}


def _callback(event: str, arguments: tuple[Any, ...]) -> None:
    if _outside is None:
        return
    if event == "open":
        path, mode, flags = arguments
        written = flags & _WRITES if isinstance(flags, int) else bool(set(mode or "r") & set("wax+"))
        if written:
            _note(path)
    elif event in _CHANGES:
        _note(arguments[1] if event in ("os.rename", "os.symlink", "os.link") else arguments[0])


def _note(path: Any) -> None:
    if _outside is None or not isinstance(path, str | bytes | os.PathLike):
        return
    where = os.path.abspath(os.fsdecode(path))
    if "__pycache__" not in where and not where.startswith(_allowed):
        _outside.append(where)


@contextmanager
def watched_writes(inside: Path) -> Iterator[list[str]]:
    """The written paths outside a folder, the temporary folders and the caches."""
    global _outside, _allowed
    _install()
    cache_folder = os.environ.get("ARCHDSL_CACHE") or str(Path.home() / ".cache" / "archdsl")
    _allowed = (str(inside), tempfile.gettempdir(), cache_folder, os.devnull, "/dev/tty", "/dev/shm")
    found: list[str] = []
    _outside = found
    try:
        yield found
    finally:
        _outside = None


@cache
def _install() -> None:
    sys.addaudithook(_callback)
