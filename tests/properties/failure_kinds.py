"""Kinds of failures: the type of the exception and the innermost location in archdsl that it passed through."""

import re
import traceback
from pathlib import Path

import archdsl
from archdsl.record import Record

from .resource_guard import TooLong

_PACKAGE = str(Path(archdsl.__file__).parent)
_SHARED = ("shapes/", "contract/", "text/", "record.py", "layers/_")
"""Modules that everything calls: failures there are distinguished by the caller."""


class Broken(Exception):
    """A property that does not hold; `kind` groups failures, the message has the details."""

    def __init__(self, kind: str, details: str = "") -> None:
        super().__init__(f"{kind}: {details}" if details else kind)
        self.kind = kind


class Failure(Record):
    """A failure: its kind, and the end of its traceback."""

    kind: str
    details: str


def failure_of(error: BaseException) -> Failure:
    """The failure that an exception indicates."""
    if isinstance(error, Broken) and error.__cause__ is None:
        return Failure(kind=error.kind, details=str(error))
    origin = error.__cause__ if isinstance(error, Broken) and error.__cause__ is not None else error
    lines = traceback.format_exception(type(origin), origin, origin.__traceback__)
    where = _innermost(origin) or _word(str(origin))
    prefix = f"{error.kind}: " if isinstance(error, Broken) else ""
    return Failure(kind=f"{prefix}{type(origin).__name__} in {where}", details="".join(lines)[-4000:])


def _innermost(error: BaseException) -> str | None:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(_PACKAGE)]
    if not frames:
        return None
    places = [f"{Path(frame.filename).relative_to(_PACKAGE).as_posix()}:{frame.name}" for frame in frames]
    if isinstance(error, TooLong):
        # Where the time ran out is random; which part of the work it was is not.
        return next((place for place in places if not place.startswith(("cli/", "network.py"))), places[-1])
    if not places[-1].startswith(_SHARED):
        return places[-1]
    caller = next((place for place in reversed(places) if not place.startswith(_SHARED)), None)
    return f"{places[-1]} of {caller}" if caller else places[-1]


def _word(message: str) -> str:
    """The beginning of a message without its numbers: the same for failures of a kind."""
    return re.sub(r"\d+", "N", message.splitlines()[0] if message else "no message")[:80]
