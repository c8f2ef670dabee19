"""The weights of a model on the Hugging Face Hub: safetensors, in one file or in shards. None of its code is run.

The Hub reports the SHA-256 of each large file and the Git digest of each small one, which the downloads must match. The
list of files is cached, so weights that were downloaded once are available offline.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..record import Record
from ..text import paths
from ..text.atomic import write_atomically
from .weight_files import CannotLoad, Report, UnknownWeights, shards_of

if TYPE_CHECKING:
    from huggingface_hub import HfApi

_NAME = re.compile(r"(?P<repo>\w[\w.-]*(/\w[\w.-]*)?)(@(?P<revision>[\w./-]+))?", re.ASCII)
_FILES = ("model.safetensors", "model.safetensors.index.json")
_LARGEST_LIST = 16 << 20


class HubModel(Record):
    """A model at one commit: the digests of its files by path, each `sha256:…` or `git:…`."""

    repo: str
    commit: str
    files: Mapping[str, str]


def hub_file(name: str, report: Report) -> Path:
    """The weights file of the model `OWNER/NAME` or `OWNER/NAME@REVISION`, or the index of its shards.

    Raises CannotLoad.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise UnknownWeights(f"`hf:{name}` is not a name on the Hub", help="write `hf:OWNER/NAME`")
    model = _model(match["repo"], match["revision"])
    first = next((file for file in _FILES if file in model.files), None)
    if first is None:
        pickled = [file for file in model.files if file.endswith((".bin", ".pth", ".pt", ".ckpt", ".h5", ".msgpack"))]
        why = f"only {pickled[0]}, a format that is not downloaded" if pickled else "no weights"
        raise CannotLoad(f"hf:{name} has {why}: model.safetensors is needed", help="choose another model or revision")
    path = _fetched(model, first, report)
    if first.endswith(".index.json"):
        for shard in shards_of(path):
            if shard not in model.files:
                raise CannotLoad(f"hf:{name}: the shard {shard}, which its index names, is missing")
            _fetched(model, shard, report)
    return path


def _fetched(model: HubModel, file: str, report: Report) -> Path:
    """A file in huggingface_hub's cache, downloaded if necessary, with the digest that the Hub has reported."""
    from huggingface_hub import try_to_load_from_cache

    kept = try_to_load_from_cache(model.repo, file, revision=model.commit)
    if not isinstance(kept, str):
        report(f"downloading hf:{model.repo}: {file}")
    with _hub_errors(model.repo):
        path = Path(_hub().hf_hub_download(model.repo, file, revision=model.commit))
    if not _has(path, model.files[file]):
        raise CannotLoad(
            f"hf:{model.repo}: {file} does not have the digest that the Hub reports",
            help=f"delete {path.resolve()} and try again",
        )
    return path


def _has(path: Path, digest: str) -> bool:
    """Whether a file has this digest."""
    kind, _, expected = digest.partition(":")
    if kind == "sha256":
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == expected
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest() == expected


def _hub() -> "HfApi":
    """The Hub, or the server in HF_ENDPOINT."""
    from huggingface_hub import HfApi

    return HfApi(endpoint=os.environ.get("HF_ENDPOINT"))


def _model(repo: str, revision: str | None) -> HubModel:
    """The files of a model, requested from the Hub; from the cache if the Hub cannot be reached. Raises CannotLoad."""
    from huggingface_hub.errors import HfHubHTTPError

    # The underlying HTTP library varies (requests, httpx, …), and not all of its errors are OSErrors.
    no_answer: tuple[type[BaseException], ...] = (OSError, HfHubHTTPError.__mro__[1])
    words = re.sub(r"[^A-Za-z0-9.-]", "_", f"{repo}@{revision or ''}")
    kept = paths.user_cache() / "hub" / f"weights_{words}.json"
    try:
        with _hub_errors(repo):
            model = _requested(repo, revision)
    except no_answer as error:
        known = _cached(kept)
        if known is None or known.get("repo") != repo:
            raise CannotLoad(
                f"hf:{repo}: the Hub cannot be reached, and the weights are not in the cache ({type(error).__name__})",
                help="check the network connection, or download model.safetensors elsewhere and give its path",
            ) from error
        return HubModel(repo=repo, commit=known["commit"], files=known["files"])
    kept.parent.mkdir(parents=True, exist_ok=True)
    content = {"repo": repo, "commit": model.commit, "files": dict(model.files)}
    write_atomically(kept, lambda temporary: temporary.write_text(json.dumps(content, indent=1), encoding="utf-8"))
    return model


def _cached(path: Path) -> dict[str, Any] | None:
    """A cached list of files; None if there is no usable one."""
    try:
        found = json.loads(path.read_bytes()) if path.stat().st_size <= _LARGEST_LIST else None
    except (OSError, ValueError):
        return None
    good = isinstance(found, dict) and isinstance(found.get("commit"), str) and isinstance(found.get("files"), dict)
    return found if good else None


def _requested(repo: str, revision: str | None) -> HubModel:
    hub = _hub()
    commit = hub.model_info(repo, revision=revision).sha
    assert commit is not None
    files = {}
    for entry in hub.list_repo_tree(repo, revision=commit):
        digest = getattr(entry, "blob_id", None)
        if digest is not None:
            lfs = getattr(entry, "lfs", None)
            files[entry.path] = f"sha256:{lfs.sha256}" if lfs else f"git:{digest}"
    return HubModel(repo=repo, commit=commit, files=files)


@contextmanager
def _hub_errors(repo: str) -> Iterator[None]:
    """Raise CannotLoad for the error responses of the Hub."""
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        yield
    except GatedRepoError as error:
        suggestion = "accept its terms on its page, then run `hf auth login` or set HF_TOKEN"
        raise CannotLoad(f"hf:{repo} is gated: the Hub requires accepting its terms", help=suggestion) from error
    except RepositoryNotFoundError as error:
        suggestion = "search huggingface.co/models; a private model needs `hf auth login` or HF_TOKEN"
        raise CannotLoad(f"hf:{repo}: the Hub has no such model", help=suggestion) from error
    except RevisionNotFoundError as error:
        raise CannotLoad(f"hf:{repo}: the model has no such revision") from error
    except LocalEntryNotFoundError as error:
        raise CannotLoad(f"hf:{repo}: the Hub cannot be reached", help="check the network connection") from error
    except HfHubHTTPError as error:
        status = getattr(error.response, "status_code", "no answer")
        raise CannotLoad(f"hf:{repo}: the Hub responds with {status}", help="try again later") from error
