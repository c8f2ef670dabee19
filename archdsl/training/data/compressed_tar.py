"""Members of archives that are compressed with gzip, by their exact names; nothing is written to disk."""

import gzip
import tarfile
import zlib
from collections.abc import Iterable
from pathlib import Path

from ...text.counts import counted
from ..errors.data_errors import DataCorrupt

LARGEST_MEMBER = 512 << 20
"""Largest size of a member in bytes."""


def read_members(path: Path, names: Iterable[str]) -> dict[str, bytes]:
    """The contents of these members, regular files. Raises DataCorrupt, including for a missing member and one that is
    too large.
    """
    found: dict[str, bytes] = {}
    missing = set(names)
    try:
        with _Bounded(path) as stream, tarfile.open(fileobj=stream, mode="r:") as archive:
            for member in archive:
                if member.name in missing and member.isreg() and 0 <= member.size <= LARGEST_MEMBER:
                    content = archive.extractfile(member)
                    assert content is not None
                    found[member.name] = content.read()
                    missing.remove(member.name)
                    if not missing:
                        break
    except (tarfile.TarError, EOFError, OSError, ValueError, zlib.error) as error:
        raise DataCorrupt(path, f"corrupt archive ({error})") from error
    if missing:
        raise DataCorrupt(path, f"the archive does not contain {', '.join(sorted(missing))}")
    return found


class _Bounded(gzip.GzipFile):
    """Limits each read to LARGEST_MEMBER: tarfile reads as much as the headers of an archive declare."""

    def read(self, size: int | None = -1) -> bytes:
        requested = -1 if size is None else size
        if not 0 <= requested <= LARGEST_MEMBER:
            raise tarfile.ReadError(f"a header declares {counted(requested, 'byte')}")
        return super().read(requested)
