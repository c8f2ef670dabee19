"""The weights of torchvision's classification models: files of torch.save on its server.

torchvision_files.json has the names of the files, by model and by the name of the weights, the default ones first. Each
name ends with the first eight or ten hexadecimal digits of the file's SHA-256, which the download must match.
"""

import hashlib
import json
import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..text import paths
from ..text.names import nearest
from .weight_files import CannotLoad, Report, UnknownWeights

SERVER = "https://download.pytorch.org/models/"
TIMEOUT_SECONDS = 30
_LARGEST = 4 << 30
"""The maximum size of a download in bytes; the largest file, that of regnet_y_128gf, is 2.6 GB. An endless download
must not fill the disk.
"""
_DIGITS = re.compile(r"-([0-9a-f]{8,})\.pth")


def file_table() -> Mapping[str, Mapping[str, str]]:
    """The names of the files by model and weights, the default weights first."""
    found: Mapping[str, Mapping[str, str]] = json.loads(
        Path(__file__).with_name("torchvision_files.json").read_text(encoding="utf-8")
    )
    return found


def torchvision_file(name: str, report: Report) -> Path:
    """The file of a model's weights, `resnet50` or `resnet50@IMAGENET1K_V1`, downloaded if necessary.

    Raises CannotLoad.
    """
    file = _file_of(name)
    digits = _DIGITS.search(file)
    assert digits is not None, file
    folder = paths.user_cache() / "weights" / "torchvision"
    kept = folder / file
    if kept.is_file() and _sha256(kept).startswith(digits[1]):
        return kept
    kept.unlink(missing_ok=True)
    report(f"downloading {SERVER}{file}")
    _download(f"torchvision:{name}", file, digits[1], folder)
    return kept


def _file_of(name: str) -> str:
    table, (model, _, weights) = file_table(), name.partition("@")
    if model not in table:
        near = nearest(model, table)
        suggestion = (
            f"did you mean `torchvision:{near}`?"
            if near
            else "archdsl loads those of torchvision's classification models"
        )
        raise UnknownWeights(f"torchvision has no weights for a model `{model}`", help=suggestion)
    files = table[model]
    if weights and weights not in files:
        known = ", ".join(f"`torchvision:{model}@{each}`" for each in files)
        raise UnknownWeights(f"torchvision has no weights `{weights}` for {model}", help=f"it has {known}")
    return files[weights] if weights else next(iter(files.values()))


def _download(name: str, file: str, digits: str, folder: Path) -> None:
    """Download a file under a temporary name, compare its digest, and rename it. Raises CannotLoad."""
    import pooch  # type: ignore[import-untyped]  # it ships no types

    pooch.get_logger().setLevel(logging.WARNING)
    download = pooch.HTTPDownloader(
        progressbar=_SizeLimit(), timeout=TIMEOUT_SECONDS, headers={"Accept-Encoding": "identity"}
    )

    def verified(url: str, output: str, owner: Any) -> None:
        download(url, output, owner)
        if not _sha256(Path(output)).startswith(digits):
            raise _WrongDigest

    url = f"{SERVER}{file}"
    try:
        pooch.retrieve(url, known_hash=None, fname=file, path=folder, downloader=verified)
    except _WrongDigest:
        why = f"its SHA-256 does not begin with {digits}, as that of the published file does"
        raise CannotLoad(f"{name}: {url}: {why}", help="try again later") from None
    except (OSError, ValueError) as error:  # requests raises ValueError for a malformed URL
        raise CannotLoad(
            f"{name}: {url}: {_why(error)}",
            help=f"check the network connection, or download the file elsewhere and put it in {folder}",
        ) from error


class _WrongDigest(Exception):
    """A download whose content differs from the published file."""


class _SizeLimit:
    """Has the interface of the progress bars of pooch; stops a download that is too large."""

    total = 0

    def __init__(self) -> None:
        self._seen = 0

    def update(self, size: int) -> None:
        self._seen += size
        if self._seen > _LARGEST:
            raise OSError(f"more than {_LARGEST:,} bytes")

    def reset(self) -> None:
        """Start again: after the last chunk, pooch reports the total."""
        self._seen = 0

    def close(self) -> None:
        """Nothing is shown."""


def _why(error: Exception) -> str:
    """The reason for a failed download; the classes of requests and urllib3 are recognized by their names."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    response = getattr(error, "response", None)
    if "HTTPError" in kinds and response is not None:
        return f"{response.status_code} {response.reason}"
    if "Timeout" in kinds:
        return f"no response within {TIMEOUT_SECONDS} s"
    if "ConnectionError" in kinds:
        return "no connection"
    return getattr(error, "strerror", None) or str(error)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
