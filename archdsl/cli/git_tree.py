"""The texts of a git revision, read object by object: nothing is checked out, so no filter and no hook runs."""

import os
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from ..text.files import MAX_BYTES, NotFound, UnreadableFile

_LINK = "120000"
_SUBMODULE = "160000"
_MOST_LINKS = 40
"""Largest number of symbolic links to follow to a file, as in Linux."""

# A repository's own settings may name programs: for fetching missing objects, for watching its files.
_SAFE = {"GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}


class GitTree:
    """The files of a repository at a revision, by their path from the top folder."""

    def __init__(self, revision: str, folder: Path) -> None:
        """The tree of a revision, in the repository that contains the folder. Raises UnreadableFile."""
        if revision.startswith("-"):
            raise UnreadableFile("a revision cannot start with `-`")
        self._folder = folder
        self._tree = _git("rev-parse", "--verify", f"{revision}^{{tree}}", folder=folder).decode().strip()
        self.prefix = os.fsdecode(_git("rev-parse", "--show-prefix", folder=folder).rstrip(b"\n"))
        """The path of the folder, such as `nets/`; empty for the top folder."""

    @cached_property
    def _entries(self) -> dict[str, tuple[str, str]]:
        """The mode and the object of each file."""
        listed = _git("ls-tree", "-r", "-z", "--full-tree", self._tree, folder=self._folder)
        lines = (os.fsdecode(line).partition("\t") for line in listed.split(b"\0") if line)
        return {path: (facts.split()[0], facts.split()[2]) for facts, _, path in lines}

    @cached_property
    def _folders(self) -> set[str]:
        return {"/".join(path.split("/")[:depth]) for path in self._entries for depth in range(path.count("/") + 1)}

    def files(self, ending: str) -> Sequence[str]:
        """The paths of the files with this suffix, including links."""
        return sorted(path for path in self._entries if path.endswith(ending))

    def read(self, path: str) -> bytes:
        """The content of a file; links are followed within the repository. Raises NotFound, UnreadableFile."""
        path = self.resolve(path)
        mode, name = self._entries.get(path, ("", ""))
        if mode == _SUBMODULE:
            raise UnreadableFile("it is a submodule")
        if path in self._folders:
            raise UnreadableFile("it is a folder at that revision")
        if not mode:
            raise NotFound("no such file at that revision")
        return self._blob(name)

    def resolve(self, path: str) -> str:
        """The path of the file after resolving all links in it. Raises NotFound, UnreadableFile."""
        done: list[str] = []
        left = path.split("/")
        links = 0
        while left:
            part = left.pop(0)
            if part in ("", "."):
                continue
            if part == "..":
                if not done:
                    raise UnreadableFile("it is outside the repository")
                done.pop()
                continue
            done.append(part)
            mode, name = self._entries.get("/".join(done), ("", ""))
            if mode == _LINK:
                links += 1
                target = os.fsdecode(self._blob(name))
                if links > _MOST_LINKS:
                    raise UnreadableFile("it is a circular link")
                if target.startswith("/"):
                    raise UnreadableFile("it is a link to a file outside the repository")
                done.pop()
                left[:0] = target.split("/")
            elif mode == _SUBMODULE and left:
                raise UnreadableFile(f"{'/'.join(done)} is a submodule")
            elif mode and left:
                raise NotFound(f"{'/'.join(done)} is a file at that revision, not a folder")
        return "/".join(done)

    def _blob(self, name: str) -> bytes:
        # `cat-file blob` prints the object as it was committed; `show` would run the repository's own converters.
        return _git("cat-file", "blob", name, folder=self._folder, most=MAX_BYTES + 1)


def inside(path: Path) -> tuple[Path, str]:
    """The nearest existing folder above a path, and the path relative to it.

    The folder of a file at a revision may have been deleted since. Raises UnreadableFile.
    """
    try:
        whole = Path(os.path.abspath(path))
    except OSError as error:
        raise UnreadableFile(f"the working directory cannot be read: {error.strerror}") from None
    folder = next(each for each in (whole, *whole.parents) if os.path.isdir(each))
    return folder, whole.relative_to(folder).as_posix()


def _git(*words: str, folder: Path, most: int | None = None) -> bytes:
    """The output of git, at most `most` bytes of it. Raises UnreadableFile."""
    command = ["git", "-c", "core.fsmonitor=false", *words]
    pipe = subprocess.PIPE
    try:
        with (
            tempfile.TemporaryFile() as errors,
            subprocess.Popen(
                command, cwd=folder, env={**os.environ, **_SAFE}, stdin=subprocess.DEVNULL, stdout=pipe, stderr=errors
            ) as process,
        ):
            assert process.stdout is not None
            data = process.stdout.read(-1 if most is None else most)
            if len(data) == most:
                process.kill()
                return data
            if process.wait():
                errors.seek(0)
                raise UnreadableFile(_git_error(errors.read()))
            return data
    except FileNotFoundError:
        raise UnreadableFile("git is not installed") from None
    except OSError as error:
        raise UnreadableFile(f"git cannot be run: {error.strerror}") from None
    except ValueError:  # NUL, or a character that the system's encoding does not have
        raise UnreadableFile("invalid name of a revision or file") from None


def _git_error(errors: bytes) -> str:
    lines = errors.decode(errors="replace").strip().splitlines()
    first = next(iter(lines), "").removeprefix("fatal: ")
    first = first.replace("Needed a single revision", "there is no such revision")
    return f"git: {first}" if first else "git cannot read it"
