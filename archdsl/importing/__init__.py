"""Import of networks: torch modules, and files of other tools."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .import_problem import ImportFailed as ImportFailed
    from .import_problem import ImportProblem as ImportProblem
    from .imported import Imported as Imported

_MODULES = {"ImportFailed": "import_problem", "Imported": "imported", "ImportProblem": "import_problem"}

__all__ = ["ImportFailed", "ImportProblem", "Imported"]


def __getattr__(name: str) -> Any:
    # Loaded on first use.
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_MODULES[name]}", __name__), name)
