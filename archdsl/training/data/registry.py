"""The data sets by name, one per file in `sets/`. Imports neither numpy nor torch until a data set is loaded."""

import importlib
import pkgutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ...text.names import nearest
from ..errors.data_errors import UnknownData
from . import sets
from .dataset_spec import HUB_PREFIX, DataSpec

if TYPE_CHECKING:
    from types import ModuleType

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


def find_source(name: str, beside: Path | None = None) -> "DataSource":
    """The data set with this name, of the Hub for `hf:OWNER/NAME`, or the folder of images at this path.

    A relative path is relative to `beside`, if given (the folder of a network's file that names its data), else to the
    working folder. Raises UnknownData, MissingExtra, HubFailed.
    """
    if name in data_sets():
        from .published import Published

        module = _modules()[name]
        return Published(cast(DataSpec, module.SPEC), module.load)
    if name.startswith(HUB_PREFIX):
        from .hf import HubSource

        return HubSource(name.removeprefix(HUB_PREFIX))
    folder = Path(name).expanduser() if beside is None else beside / Path(name).expanduser()
    if name and folder.is_dir():
        from .image_folder import FolderSource

        return FolderSource(folder)
    raise UnknownData(name, tuple(data_sets()), nearest(name.replace("-", "_"), data_sets()))
