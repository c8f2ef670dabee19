"""Where a sweep keeps its trials: a journal in its folder, or a database. Passwords are neither shown nor stored."""

import contextlib
import re
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import optuna
from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    IntegrityError,
    NoSuchModuleError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)

from ..errors.problem import Problem
from ..errors.run_errors import CannotResume
from ..errors.sweep_errors import BadStorage, StorageFailed
from ..safe_files import refuse_links, unwritten
from .journal import Journal

JOURNAL = "trials.log"
_CREATIONS = 6
_EXAMPLES = "write `postgresql://USER@HOST/DATABASE`, `mysql+pymysql://USER@HOST/DATABASE` or `sqlite:///FILE`"
_DRIVERS = {
    "psycopg": "'psycopg[binary]'",
    "psycopg2": "psycopg2-binary",
    "mysqldb": "mysqlclient",
    "pymysql": "pymysql",
}
"""The packages of the drivers, by SQLAlchemy's names."""


def without_password(url: str) -> str:
    """The URL of a database without its password and its query, which may contain one, too. Raises BadStorage."""
    known = _parsed(url)
    return URL.create(
        known.drivername, known.username, host=known.host, port=known.port, database=known.database
    ).render_as_string()


def open_storage(folder: Path, url: str | None) -> BaseStorage:
    """The storage of the sweep in a folder: its journal, or the database at a URL. Raises Problem."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    if url is not None:
        return _open_database(url)
    journal = refuse_links(folder, folder / JOURNAL)
    if journal.exists() and not journal.is_file():  # opening a pipe would block forever
        raise _damaged(folder, ValueError("it is not a regular file"))
    with reported(folder, None):
        backend = Journal(journal)
        backend.verify()
        return JournalStorage(backend)


def _open_database(url: str) -> BaseStorage:
    parsed = _parsed(url)
    try:
        with reported(Path(), url), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # a SQLite file is locked briefly while another process writes
            options = {"connect_args": {"timeout": 60}} if parsed.get_backend_name() == "sqlite" else {}
            return _with_tables(url, options)
    except ImportError as error:
        driver = parsed.get_driver_name()
        how = f"`pip install {_DRIVERS[driver]}`" if driver in _DRIVERS else f"install the driver `{driver}`"
        raise BadStorage(f"the Python driver of `{parsed.drivername}` is not installed", how) from error


def _with_tables(url: str, options: dict[str, Any]) -> RDBStorage:
    """Optuna's storage. It creates its tables if they are missing, which fails if another process does so meanwhile."""
    for attempt in range(_CREATIONS):
        try:
            return RDBStorage(url, engine_kwargs=options)
        except (IntegrityError, ProgrammingError, OperationalError) as error:
            meanwhile = isinstance(error, IntegrityError) or "already exists" in str(error)
            if not meanwhile or attempt == _CREATIONS - 1:
                raise
            time.sleep(attempt / 2)
    raise AssertionError


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError, TypeError) as error:
        raise BadStorage("it is not the URL of a database", _EXAMPLES) from error
    try:
        parsed.get_dialect()
    except NoSuchModuleError as error:
        kind = url.partition(":")[0]
        raise BadStorage(f"the kind of database `{kind}` is not supported", _EXAMPLES) from error
    if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise BadStorage("an in-memory database is lost when its process ends", "give a file: `sqlite:///FILE`")
    return parsed


@contextlib.contextmanager
def reported(folder: Path, url: str | None) -> Iterator[None]:
    """Raise the problem that a storage error indicates: a damaged journal, a full disk, or a lost connection.

    UpdateFinishedTrialError is not caught: the caller knows what it means.
    """
    try:
        yield
    except (Problem, UpdateFinishedTrialError, ImportError):
        raise
    except (SQLAlchemyError, StorageInternalError) as error:
        raise StorageFailed(*_scrubbed(url or "", error)) from None  # a traceback could show the password
    except OSError as error:
        raise unwritten(folder / JOURNAL, error) from error
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, AssertionError, RuntimeError) as error:
        if url is not None:
            raise StorageFailed(*_scrubbed(url, error)) from None
        raise _damaged(folder, error) from error


def _scrubbed(url: str, error: Exception) -> tuple[str, str]:
    """The URL and the message of an error, without secrets."""
    cause = error.__cause__ or error
    text = str(getattr(cause, "orig", None) or cause).strip().partition("\n")[0] or type(error).__name__
    parsed = make_url(url)
    typed = re.search(r"://[^/?#@]*?:(.*)@", url)
    secrets = [typed[1] if typed else "", parsed.password or ""]
    secrets += [value for each in parsed.query.values() for value in _several(each)]
    for secret in secrets:
        for spelled in {secret, quote(secret), quote_plus(secret)} - {""}:
            text = text.replace(spelled, "***")
    return without_password(url), text


def _several(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value


def _damaged(folder: Path, error: Exception) -> CannotResume:
    why = str(error).partition("\n")[0] or type(error).__name__
    suggestion = f"delete {JOURNAL}: the sweep starts again with the same points"
    return CannotResume(folder, f"{JOURNAL} is corrupt ({why})", suggestion)
