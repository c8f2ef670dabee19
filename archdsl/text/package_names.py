"""Names of Python packages in texts: `use "shiftnet"`, `use "shiftnet>=1.2"`."""

import re

from ..record import Record

_WANTED = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?)(?:\s*>=\s*(\d+(?:\.\d+)*))?")
_RELEASE = re.compile(r"(?:\d+!)?v?(\d+(?:\.\d+)*)")


class RequiredPackage(Record):
    """A package that a text names, and the lowest version that it needs; None for any."""

    name: str
    least: str | None = None


def wanted_package(text: str) -> RequiredPackage | None:
    """The package that the target of `use` names; None for a file name or anything else."""
    found = _WANTED.fullmatch(text)
    return None if found is None else RequiredPackage(name=found[1], least=found[2])


def normalized(name: str) -> str:
    """The name that all spellings of a package's name share: `Shift_Net` is `shift-net` (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def is_older(version: str, least: str) -> bool:
    """Whether the release numbers of a version are below these: 1.10 is not older than 1.9."""
    found = _RELEASE.match(version)
    return found is not None and _numbers(found[1]) < _numbers(least)


def _numbers(release: str) -> tuple[int, ...]:
    numbers = [int(part) for part in release.split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
