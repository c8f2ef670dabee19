"""Starts a sweep in one of several processes, which may start at the same time; the others join it."""

import contextlib
import os
import uuid
from collections.abc import Mapping
from pathlib import Path

from ..errors.run_errors import CannotResume
from ..runs.run_folder import SETTINGS, Run
from ..runs.sealed_json import seal
from ..safe_files import make_folder, refuse_links, unwritten, utf8, write_text
from .kept_weights import TRIALS
from .sweep_settings import SweepSettings, read_sweep, refuse_differences, settings_in_storage
from .trial_store import TrialStore


def start_or_join(folder: Path, plan: SweepSettings, texts: Mapping[str, str]) -> bool:
    """Start the sweep in a folder, or make sure that the one there is the same. True if it was started here.

    Raises OSError for a folder that cannot be created, FileExistsError for one with other files, and OtherSweep,
    OtherVersion, and Problem.
    """
    folder.mkdir(parents=True, exist_ok=True)
    settings = refuse_links(folder, folder / SETTINGS)
    started = False
    if not settings.exists():
        if _others(folder) and not settings.exists():  # checked again: another process may have started it meanwhile
            raise FileExistsError(folder)
        started = _created(settings, seal(plan))
    if not started:
        refuse_differences(folder, read_sweep(folder), plan)
    Run(folder).write_network({name: text for name, text in texts.items() if not (folder / name).exists()})
    make_folder(refuse_links(folder, folder / TRIALS))
    return started


def share(folder: Path, plan: SweepSettings, store: TrialStore) -> None:
    """Store the settings of a sweep in its database, or make sure that those there are the same. Raises Problem."""
    there = store.settings()
    if there is not None:
        refuse_differences(folder, settings_in_storage(folder, there), plan)
        return
    try:
        known = bool(store.attempts())
    except CannotResume:
        known = True
    if known:
        raise CannotResume(folder, f"the database has another study `{plan.name}`", "use another name: --out")
    store.keep_settings(plan.model_dump_json())


def rewrite(folder: Path, plan: SweepSettings) -> None:
    """Write the settings of a sweep whose number of trials was increased. Raises Problem."""
    write_text(refuse_links(folder, folder / SETTINGS), seal(plan))


def _others(folder: Path) -> bool:
    """Whether a folder has files other than those left by a process that was interrupted while it started a sweep."""
    return any(not path.name.endswith(".part") for path in folder.iterdir())


def _created(path: Path, text: str) -> bool:
    """Create a file with its whole content; False if another process has created it. Raises DiskFull or CannotWrite."""
    content = utf8(path, text)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        try:
            with temporary.open("xb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            return _linked(temporary, path)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()
    except OSError as error:
        raise unwritten(path, error) from error


def _linked(source: Path, path: Path) -> bool:
    """Give a complete file its name, unless the name is taken: atomic on local disks and NFS."""
    try:
        os.link(source, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        if path.exists():
            return False
        source.rename(path)
    return True
