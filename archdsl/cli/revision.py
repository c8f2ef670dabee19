"""A text as it was at a revision of its git repository: `HEAD:net.arch`."""

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..text.files import Unreadable, read_source
from ..text.source import Source


def is_revision(name: str) -> bool:
    """Whether a name is REVISION:FILE rather than a file's or the zoo's."""
    revision, colon, file = name.partition(":")
    # One letter before the colon is a drive of Windows.
    return bool(colon and file and len(revision) > 1) and revision != "zoo" and not Path(name).exists()


@contextmanager
def at_revision(name: str) -> Iterator[Source]:
    """The text, with the `.arch` files of that revision around it for as long as it lasts. Raises Unreadable."""
    revision, _, file = name.partition(":")
    if revision.startswith("-"):
        raise Unreadable("a revision does not begin with `-`")
    path = Path(file)
    root = Path(_git("rev-parse", "--show-toplevel", folder=path.parent).decode().strip())
    inside = (path.parent.resolve() / path.name).relative_to(root.resolve())
    archive = _git("archive", "--format=tar", revision, "--", ":(glob)**/*.arch", folder=root)
    with tempfile.TemporaryDirectory(prefix="archdsl-") as folder:
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            tar.extractall(folder, filter="data")
        try:
            yield read_source(Path(folder) / inside, name=name)
        except Unreadable as error:
            raise Unreadable(f"{error} at that revision") from None


def _git(*words: str, folder: Path) -> bytes:
    try:
        done = subprocess.run(["git", *words], cwd=folder, capture_output=True, check=False)
    except FileNotFoundError:
        missing = "git is not installed" if folder.is_dir() else f"there is no folder {folder}"
        raise Unreadable(missing) from None
    if done.returncode:
        told = done.stderr.decode(errors="replace").strip().splitlines()
        raise Unreadable(f"git says: {told[0].removeprefix('fatal: ')}" if told else "git cannot read it")
    return done.stdout
