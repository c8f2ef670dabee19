"""Files of data sets: where they are stored, how they are downloaded and how their digests are checked."""

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path

import pooch  # type: ignore[import-untyped]  # it ships no types

from ..errors.data_errors import DataMissing, DownloadFailed
from ..errors.disk_errors import DiskFull
from ..safe_files import is_full
from .images import Download, Request

TIMEOUT_SECONDS = 30
_LARGEST = 2 << 30
"""Largest download in bytes, about ten times the largest published file: an endless download must not fill the disk."""


@dataclass(frozen=True)
class RemoteFile:
    """A published file: its name, its SHA-256 in hex, and URLs to try in order."""

    name: str
    sha256: str
    urls: tuple[str, ...]


@dataclass(frozen=True)
class LocalFile:
    """A readable file, and whether it is identical to the published one (None: its digest is not known)."""

    path: Path
    official: bool | None


def obtain(file: RemoteFile, dataset: str, request: Request, places: tuple[str, ...] = ()) -> LocalFile:
    """The file from `data_dir` if given, else from the cache, downloading it if necessary.

    `places` are subfolders of `data_dir` to search as well. A file NAME-ubyte.gz may be there decompressed, as
    NAME-ubyte. Raises DataMissing, DownloadFailed, or DiskFull.
    """
    if request.data_dir is None:
        return LocalFile(fetch(file, request.cache / "data" / dataset, request.download), official=True)
    names = (file.name, file.name.removesuffix(".gz")) if file.name.endswith("-ubyte.gz") else (file.name,)
    for folder in ("", *places):
        for name in names:
            path = request.data_dir / folder / name
            if path.is_file():
                return LocalFile(path, sha256(path) == file.sha256 if name == file.name else None)
    raise DataMissing(dataset, request.data_dir, names)


def fetch(file: RemoteFile, folder: Path, progress: Download) -> Path:
    """The file in `folder`, downloaded from the first URL whose content has the right digest.

    An existing file is verified, and downloaded again if its digest differs. Files are written under a temporary name
    and renamed, so several processes may do this at once. Raises DownloadFailed or DiskFull.
    """
    pooch.get_logger().setLevel(logging.WARNING)
    attempts = []
    for url in file.urls:
        downloader = pooch.HTTPDownloader(
            progressbar=_Bar(progress, file.name),  # an object with tqdm's interface
            timeout=TIMEOUT_SECONDS,
            headers={"Accept-Encoding": "identity"},  # keep a server's gzip encoding, else the digest differs
        )
        try:
            kept = pooch.retrieve(
                url, known_hash=f"sha256:{file.sha256}", fname=file.name, path=folder, downloader=downloader
            )
            return Path(kept)
        except ValueError as error:
            known = "RequestException" in _kinds(error)  # requests raises ValueError for a malformed URL
            why = _why(error) if known else "its sha256 differs from that of the published file"
            attempts.append((url, why))
        except OSError as error:
            if "RequestException" in _kinds(error):
                attempts.append((url, _why(error)))
                continue
            if is_full(error):
                raise DiskFull(folder / file.name) from error
            raise DownloadFailed(file.name, folder, ((str(folder), error.strerror or str(error)),)) from error
        finally:
            progress.finish()
    raise DownloadFailed(file.name, folder, tuple(attempts))


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _kinds(error: object) -> frozenset[str]:
    """The class names of an error: pooch passes on errors of requests and urllib3, and may use other packages in the
    future.
    """
    return frozenset(kind.__name__ for kind in type(error).__mro__)


def _why(error: Exception) -> str:
    kinds, inner = _kinds(error), error.args[0] if error.args else None
    response = getattr(error, "response", None)
    if "HTTPError" in kinds and response is not None:
        return f"{response.status_code} {response.reason}"
    if "Timeout" in kinds or "ReadTimeoutError" in _kinds(inner):
        return f"no response within {TIMEOUT_SECONDS} s"
    if "ChunkedEncodingError" in kinds:
        return "the connection was lost"
    if "ConnectionError" in kinds:
        return "no connection"
    return str(error)


class RequestException(OSError):
    """An aborted download, under the name that requests uses for its errors."""


class _Bar:
    """Forwards pooch's progress; pooch sets `total`, and after the last chunk resets it and reports the total again."""

    def __init__(self, progress: Download, name: str) -> None:
        self._progress = progress
        self._name = name
        self._whole = False
        self._seen = 0

    @property
    def total(self) -> int:
        return 0

    @total.setter
    def total(self, size: int) -> None:
        self._progress.start(self._name, size or None)

    def update(self, size: int) -> None:
        if self._whole:
            return
        self._seen += size
        if self._seen > _LARGEST:
            raise RequestException(f"more than {_LARGEST:,} bytes")
        self._progress.advance(size)

    def reset(self) -> None:
        self._whole = True

    def close(self) -> None:
        pass
