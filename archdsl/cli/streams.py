"""Standard input, output and error that are closed or broken, or on a full disk: a one-line error and exit status 1."""

import contextlib
import errno
import io
import os
import sys
from collections.abc import Iterator
from typing import Any, NoReturn

INTERRUPTED = 130
"""The exit status after Ctrl-C, following shells: 128 plus the number of the signal."""

_WRITTEN = {"stdout": "standard output", "stderr": "standard error"}
# Windows reports a pipe whose reader is gone as EINVAL.
_BROKEN_PIPE = {errno.EPIPE, errno.EINVAL} if sys.platform == "win32" else {errno.EPIPE}


class _MonitoredFile(io.FileIO):
    """A file descriptor that remembers why a write failed; buffers above it lose the error."""

    failure: OSError | None = None

    def write(self, data: Any) -> int:
        """Write as many bytes as the system accepts."""
        try:
            return super().write(data)
        except OSError as error:
            self.failure = self.failure or error
            raise


class _ClosedBytes(io.RawIOBase):
    """A file descriptor that the caller closed: every operation fails as it would in the operating system."""

    failure: OSError | None = None

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> NoReturn:
        raise OSError(errno.EBADF, "it is closed")

    def write(self, data: Any) -> int:
        if not len(data):
            return 0
        self.failure = OSError(errno.EBADF, "it is closed")
        raise self.failure


@contextlib.contextmanager
def guarded() -> Iterator[None]:
    """Run a command; if a stream fails, report it in one line and exit with 1.

    A reader that closes the pipe early (`| head`) is not an error: the command ends silently.
    """
    raws = _open()
    try:
        yield
    except OSError as error:
        _fail(raws, error)
    finally:
        _flush(raws)


def _open() -> dict[str, _MonitoredFile | _ClosedBytes]:
    """Monitor the streams, replace closed ones, and substitute characters that a stream's encoding does not have."""
    raws: dict[str, _MonitoredFile | _ClosedBytes] = {}
    for number, name in enumerate(("stdin", *_WRITTEN)):
        stream = getattr(sys, name)
        if stream is None:
            _reserve(number)
            setattr(sys, name, _closed(closed := _ClosedBytes(), reading=name == "stdin"))
            raws[name] = closed
        elif name in _WRITTEN and isinstance(stream, io.TextIOWrapper):
            # Tables contain × and ─; a terminal that cannot show them gets a question mark rather than a traceback.
            stream.reconfigure(errors="replace")
            if io.FileIO in (type(stream.buffer), type(getattr(stream.buffer, "raw", None))):
                stream.flush()
                raws[name] = _MonitoredFile(stream.fileno(), "w", closefd=False)
                setattr(sys, name, _monitored(raws[name], stream))
    return raws


def _closed(raw: _ClosedBytes, *, reading: bool) -> io.TextIOWrapper:
    """A text stream over a closed file descriptor: writes are refused at once."""
    buffer: Any = io.BufferedReader(raw) if reading else raw
    return io.TextIOWrapper(buffer, encoding="utf-8", errors="replace", write_through=not reading)


def _monitored(raw: Any, like: io.TextIOWrapper) -> io.TextIOWrapper:
    """A text stream over a monitored file descriptor, with the same buffering (PYTHONUNBUFFERED) as another."""
    return io.TextIOWrapper(
        raw if type(like.buffer) is io.FileIO else io.BufferedWriter(raw),
        encoding=like.encoding,
        errors=like.errors,
        line_buffering=like.line_buffering,
        write_through=like.write_through,
    )


def _reserve(number: int) -> None:
    """Reserve the number of a closed file descriptor, so that no file opened later receives a stream's output."""
    try:
        os.fstat(number)
    except OSError:
        with contextlib.suppress(OSError):
            handle = os.open(os.devnull, os.O_RDWR)
            if handle != number:
                os.dup2(handle, number)
                os.close(handle)


def _flush(raws: dict[str, _MonitoredFile | _ClosedBytes]) -> None:
    """Flush the streams. Python does so only after the exit status is set."""
    for name in _WRITTEN:
        stream = getattr(sys, name)
        if not stream.closed:
            try:
                stream.flush()
            except OSError as error:
                _fail(raws, error)
    if any(raw.failure for raw in raws.values()):  # click has already handled a broken pipe here
        raise SystemExit(1)


def _fail(raws: dict[str, _MonitoredFile | _ClosedBytes], error: OSError) -> NoReturn:
    """Report that a stream, or whatever raised this error, failed; exit with 1."""
    failed = {name: raw.failure for name, raw in raws.items() if raw.failure is not None}
    what = [f"{_WRITTEN[name]} cannot be written" for name in failed] or [str(error.filename)] * bool(error.filename)
    cause = next(iter(failed.values()), error)
    for name in failed:
        _silence(name)
    if not failed or cause.errno not in _BROKEN_PIPE:
        with contextlib.suppress(OSError):
            print(": ".join(["archdsl", *what[:1], cause.strerror or str(cause)]), file=sys.stderr, flush=True)
    raise SystemExit(1) from None


def _silence(name: str) -> None:
    """Discard what a failed stream still has in its buffer; otherwise Python reports an error at exit."""
    with contextlib.suppress(OSError):
        handle = os.open(os.devnull, os.O_WRONLY)
        setattr(sys, name, os.fdopen(handle, "w", encoding="utf-8", errors="replace"))
