"""The new folder of a run or a sweep."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from .common import usage

if TYPE_CHECKING:
    from ..training.runs.run_folder import Run


def new_run(out: str | None, base: str, name: str, what: str, *, leftovers: bool = False) -> "Run":
    """A new folder of a run, `out` or a numbered one in `base`; `what` names it in messages: `run` or `sweep`.

    Exits with 2 if it is not empty or cannot be created.
    """
    from ..training.runs.run_folder import Run

    with _reported(out, what):
        return Run.create(Path(out) if out else None, Path(base), name, leftovers=leftovers)


def refuse_occupied(out: str | None, base: str, what: str) -> None:
    """Exit as `new_run` would, as far as that can be determined without writing anything."""
    from ..training.runs.run_folder import refuse_occupied as refuse

    with _reported(out, what):
        refuse(Path(out) if out else None, Path(base))


@contextmanager
def _reported(out: str | None, what: str) -> Iterator[None]:
    """Exit with 2 if a folder is not empty or cannot be created."""
    try:
        yield
    except FileExistsError as error:
        if out is not None and Path(out).is_dir():
            usage(f"--out {out}: the folder is not empty; `--resume {out}` resumes a {what}")
        usage(f"{error.filename}: a file of that name exists")
    except OSError as error:
        usage(f"{error.filename}: the folder cannot be created: {error.strerror}")
