"""Folders in place of files: every network below them, as git sees the folder."""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..text.library import SUFFIX
from .common import usage
from .network_text import is_run

_IGNORE = ".gitignore"
_PATTERN = "*." + "".join(f"[{letter}{letter.upper()}]" for letter in SUFFIX[1:])
"""The networks for git: `:(icase)` finds none in a folder below the top one."""


def expanded(names: Sequence[str]) -> list[str]:
    """The names, with each folder replaced by the networks below it; a run's folder is a network itself.

    Files that .gitignore excludes, and hidden folders, are left out. Exits with 2 for a folder without networks.
    """
    found = []
    for name in names:
        if not is_folder(name):
            found.append(name)
            continue
        below = networks_below(name)
        if not below:
            usage(f"{name}: there are no {SUFFIX} files in this folder")
        found += below
    return list(dict.fromkeys(found))


def is_folder(name: str) -> bool:
    """Whether a name stands for the networks below a folder."""
    return name != "-" and os.path.isdir(name) and not is_run(name)


def networks_below(folder: str) -> list[str]:
    """The networks below a folder, sorted."""
    return sorted(_networks(Path(folder)))


def _networks(folder: Path) -> Iterator[str]:
    """The files below a folder; for the network of a run, the run's folder."""
    walked, ignores = _walk(folder)
    if ignores or _in_repository(folder):
        listed = _not_ignored(folder)
        walked = walked if listed is None else [path for path in walked if os.path.abspath(path) in listed]
    for path in walked:
        run = os.path.dirname(path)
        yield run if os.path.basename(path) == "net.arch" and is_run(run) else path


def _walk(folder: Path) -> tuple[list[str], bool]:
    """The networks below a folder, and whether one of its folders has a .gitignore."""
    found, ignores = [], False
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        ignores = ignores or _IGNORE in files
        shown = (file for file in files if not file.startswith("."))
        found += [os.path.join(place, file) for file in shown if file.lower().endswith(SUFFIX)]
    return found, ignores


def _in_repository(folder: Path) -> bool:
    path = Path(os.path.abspath(folder))
    return any((each / ".git").exists() for each in (path, *path.parents))


def _not_ignored(folder: Path) -> set[str] | None:
    """The absolute paths of the files that .gitignore does not exclude; None if git fails or is not installed."""
    if _in_repository(folder):
        return _listed(folder, [])
    # Outside of a repository, git reads .gitignore only if it is given an empty repository.
    with tempfile.TemporaryDirectory() as own:
        where = [f"--git-dir={own}", f"--work-tree={os.path.abspath(folder)}"]
        if _git(folder, [f"--git-dir={own}", "init", "--quiet", "--bare"]) is None:
            return None
        return _listed(folder, where)


def _listed(folder: Path, where: Sequence[str]) -> set[str] | None:
    arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", _PATTERN]
    output = _git(folder, [*where, *arguments])
    if output is None:
        return None
    base = os.path.abspath(folder)
    return {os.path.join(base, os.fsdecode(name)) for name in output.split(b"\0") if name}


def _git(folder: Path, arguments: Sequence[str]) -> bytes | None:
    """The output of git; None if it is not installed or cannot read the folder."""
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(
            ["git", "-c", "core.fsmonitor=false", *arguments],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
