"""The files of a data set on the Hugging Face Hub: Parquet by split, each with a digest. None of its code is run.

The Hub converts most data sets to Parquet in a separate branch, `refs/convert/parquet`, as CONFIG/SPLIT/0000.parquet;
others have such files themselves. The list of files is cached, so data sets downloaded once are available offline.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ...text import paths
from ..errors.data_errors import DataCorrupt, HubFailed
from ..errors.missing_extra import require
from ..safe_files import write_text
from .dataset_files import sha256

if TYPE_CHECKING:
    from huggingface_hub import HfApi

_CONVERTED = "refs/convert/parquet"
_NAME = re.compile(r"(?P<repo>\w[\w.-]*(/\w[\w.-]*)?)(:(?P<config>[\w.-]+))?(@(?P<revision>[\w./-]+))?")
_SPLIT = re.compile(r"(?:^|[-_.])(train|validation|valid|val|dev|test)(?:[-_.]|$)")
_SPLITS = {"valid": "validation", "val": "validation", "dev": "validation"}


@dataclass(frozen=True)
class Name:
    """`OWNER/NAME:CONFIG@REVISION`; config and revision may be omitted."""

    repo: str
    config: str | None
    revision: str | None

    @classmethod
    def read(cls, text: str) -> "Name":
        """Parse the part after `hf:`. Raises HubFailed."""
        match = _NAME.fullmatch(text)
        if match is None:
            raise HubFailed(text, "not a valid name on the Hub", "write `hf:OWNER/NAME`, or `hf:OWNER/NAME:CONFIG`")
        return cls(match["repo"], match["config"], match["revision"])

    def __str__(self) -> str:
        return self.repo + (f":{self.config}" if self.config else "")


@dataclass(frozen=True)
class HubFile:
    """A file: its path in the repository, its split, and its digests as reported by the Hub.

    These are the SHA-256 of a large file (None for one that git itself stores), and the ID of its blob in git, which
    for a large file is that of a pointer (None in a list that an earlier version cached).
    """

    path: str
    split: str
    sha256: str | None
    blob: str | None = None


@dataclass(frozen=True)
class Listing:
    """The files of one config at one commit."""

    commit: str
    files: tuple[HubFile, ...]


def need_packages() -> None:
    """Raise MissingExtra if the packages for reading Hub data sets are not installed."""
    require("a data set of the Hugging Face Hub", "hf")


def list_files(name: Name) -> Listing:
    """The Parquet files of a data set, requested from the Hub; from the cache if the Hub does not respond.

    Raises HubFailed.
    """
    from huggingface_hub.errors import HfHubHTTPError

    # the underlying HTTP library varies (requests, httpx, …); not all of its errors are OSErrors
    no_answer: tuple[type[BaseException], ...] = (OSError, HfHubHTTPError.__mro__[1])
    kept = paths.user_cache() / "hub" / f"{re.sub(r'[^A-Za-z0-9.-]', '_', f'{name}@{name.revision}')}.json"
    try:
        with _hub_errors(name):
            listing = _query(name)
    except no_answer as error:
        if not kept.is_file():
            why = "the Hub cannot be reached, and the data set is not in the cache"
            raise HubFailed(
                str(name), f"{why} ({type(error).__name__})", "check the network connection and try again"
            ) from error
        cached = json.loads(kept.read_text(encoding="utf-8"))
        return Listing(cached["commit"], tuple(HubFile(**file) for file in cached["files"]))
    kept.parent.mkdir(parents=True, exist_ok=True)
    write_text(kept, json.dumps(asdict(listing), indent=1))
    return listing


def fetch_file(name: Name, commit: str, file: HubFile) -> Path:
    """The file in huggingface_hub's own cache, downloaded if necessary. Raises HubFailed or DataCorrupt."""
    with _hub_errors(name):
        path = Path(_api().hf_hub_download(name.repo, file.path, repo_type="dataset", revision=commit))
    if file.sha256 is not None and sha256(path) != file.sha256:
        raise DataCorrupt(path.resolve(), "its sha256 differs from the Hub's")
    if file.sha256 is None and file.blob is not None and _git_blob(path) != file.blob:
        raise DataCorrupt(path.resolve(), "its git digest differs from the Hub's")
    return path


def _git_blob(path: Path) -> str:
    """The ID of a file's content in git: the SHA-1 of its size and content, in hex."""
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _api() -> "HfApi":
    """The Hub, or the server in HF_ENDPOINT."""
    from huggingface_hub import HfApi

    return HfApi(endpoint=os.environ.get("HF_ENDPOINT"))


def _query(name: Name) -> Listing:
    from huggingface_hub.errors import RevisionNotFoundError

    hub = _api()
    try:
        revision = name.revision or _CONVERTED
        commit = hub.dataset_info(name.repo, revision=revision).sha
    except RevisionNotFoundError:
        if name.revision is not None:
            raise
        commit = hub.dataset_info(name.repo).sha
    assert commit is not None
    tree = hub.list_repo_tree(name.repo, repo_type="dataset", revision=commit, recursive=True)
    found: dict[str, list[HubFile]] = {}
    for entry in tree:
        path = PurePosixPath(entry.path)
        split = _split_of(path)
        if path.suffix == ".parquet" and split is not None:
            lfs = getattr(entry, "lfs", None)
            config = path.parts[0] if len(path.parts) > 1 else "default"
            found.setdefault(config, []).append(
                HubFile(entry.path, split, lfs.sha256 if lfs else None, getattr(entry, "blob_id", None))
            )
    return Listing(commit, tuple(sorted(_chosen(name, found), key=lambda file: file.path)))


def _chosen(name: Name, found: dict[str, list[HubFile]]) -> list[HubFile]:
    """The files of the requested config, or of the only one, or of the one named default."""
    if not found:
        raise HubFailed(str(name), "it has no Parquet files for training", "choose another data set")
    wanted = name.config or (next(iter(found)) if len(found) == 1 else "default")
    if wanted not in found:
        which = f"no config `{wanted}`" if name.config else "several configs"
        raise HubFailed(
            str(name), which, f"choose one: `hf:{name.repo}:{sorted(found)[0]}`; {', '.join(sorted(found))}"
        )
    return found[wanted]


def _split_of(path: PurePosixPath) -> str | None:
    """The split in `default/train/0000.parquet` or `data/train-00000-of-00001.parquet`."""
    for part in (path.stem, path.parent.name):
        if match := _SPLIT.search(part):
            return _SPLITS.get(match[1], match[1])
    return None


@contextmanager
def _hub_errors(name: Name) -> Iterator[None]:
    """Raise error responses of the Hub as Problems."""
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
    )

    try:
        yield
    except GatedRepoError as error:
        suggestion = "accept its terms on its page, then run `hf auth login` or set HF_TOKEN"
        raise HubFailed(str(name), "it is gated: the Hub requires accepting its terms", suggestion) from error
    except RepositoryNotFoundError as error:
        suggestion = "search huggingface.co/datasets; a private data set needs `hf auth login` or HF_TOKEN"
        raise HubFailed(str(name), "the Hub has no such data set", suggestion) from error
    except LocalEntryNotFoundError as error:
        raise HubFailed(str(name), "the Hub cannot be reached", "check the network connection and try again") from error
    except HfHubHTTPError as error:
        status = getattr(error.response, "status_code", "no answer")
        raise HubFailed(str(name), f"the Hub responds with {status}", "try again later") from error
