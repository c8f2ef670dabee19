"""The data sets by name, one per file in `sets/`. Imports neither numpy nor torch until a data set is loaded."""

import importlib
import pkgutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ...packages.package import UsedPackage
from ...text.names import nearest
from ..errors.custom_errors import NotStored
from ..errors.data_errors import UnknownData, UnknownKind
from . import sets
from .dataset_spec import HUB_PREFIX, PYTHON_PREFIX, DataSpec

if TYPE_CHECKING:
    from types import ModuleType

    from .dataset_files import RemoteFile
    from .images import DataSource


@cache
def data_sets() -> dict[str, DataSpec]:
    """The facts about the published data sets, by name, in alphabetical order."""
    return {name: module.SPEC for name, module in _modules().items()}


@cache
def _modules() -> "dict[str, ModuleType]":
    found = {
        module.name: importlib.import_module(f"{sets.__name__}.{module.name}")
        for module in sorted(pkgutil.iter_modules(sets.__path__), key=lambda module: module.name)
    }
    if wrong := [name for name, module in found.items() if module.SPEC.name != name]:
        raise ImportError(f"sets/{wrong[0]}.py declares `{found[wrong[0]].SPEC.name}`: both need the same name")
    return found


def license_of(name: str) -> str:
    """The license of a published data set, in a few words."""
    license: str = _modules()[name].LICENSE
    return license


def files_of(name: str) -> "tuple[RemoteFile, ...]":
    """The files of a published data set that is downloaded."""
    return tuple(_modules()[name].source().remote_files)


def find_source(name: str, relative_to: Path | None = None, packages: Sequence[UsedPackage] = ()) -> "DataSource":
    """The data set with this name, from the Hub for `hf:OWNER/NAME`, or the files at this path.

    A relative path is relative to `relative_to`, if given (the folder of a network's file that names its data), else to
    the working directory. `packages` are those of the network, whose data sets are found, too; a built-in data set
    takes precedence. Raises UnknownData, NotStored, PackageDataFailed, MissingExtra, or HubFailed.
    """
    if name.startswith(PYTHON_PREFIX):
        raise NotStored("give the same data in Python, `archdsl.fit(…, resume=RUN)`, or other data with --data")
    if name in data_sets():
        from .published import Published

        module = _modules()[name]
        return Published(cast(DataSpec, module.SPEC), module.load)
    used = next((used for used in packages if name in used.package.datasets), None)
    if used is not None:
        from .package_data import package_source

        return package_source(name, used.package)
    if name.startswith(HUB_PREFIX):
        from .hf import HubSource

        return HubSource(name.removeprefix(HUB_PREFIX))
    from .file_sources import kinds_at, source_at

    full = str(relative_to / Path(name).expanduser()) if relative_to is not None else name
    found = source_at(full) if name else None
    if found is not None:
        return found
    path, colon, kind = name.rpartition(":")
    if colon and path:
        base = full.rpartition(":")[0]
        kinds = kinds_at(base)
        if kinds or source_at(base) is not None:
            raise UnknownKind(path, kind, kinds)
    known = (*data_sets(), *(each for used in packages for each in used.package.datasets))
    raise UnknownData(name, known, nearest(name.replace("-", "_"), known), bool(name) and Path(full).exists())
