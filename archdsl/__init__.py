"""archdsl: a language for neural network architectures.

Importing this package is cheap: each public name is loaded from its module on first use.
"""

from typing import TYPE_CHECKING, Any

from .version import __version__

if TYPE_CHECKING:
    from .importing.from_torch import from_torch as from_torch
    from .network import ArchError as ArchError
    from .network import Network as Network
    from .network import load as load
    from .network import loads as loads

_PUBLIC = {
    "ArchError": "network",
    "Network": "network",
    "from_torch": "importing.from_torch",
    "load": "network",
    "loads": "network",
}

__all__ = ["ArchError", "Network", "__version__", "from_torch", "load", "loads"]


def load_ipython_extension(shell: Any) -> None:
    """Register `%%arch` with IPython; `%load_ext archdsl` calls it."""
    from .integrations.jupyter import register

    register(shell)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    import_module(".network", __name__).register_display(_notebook_display)
    return getattr(import_module(f".{_PUBLIC[name]}", __name__), name)


def _notebook_display() -> Any:
    from .integrations.jupyter import NotebookDisplay

    return NotebookDisplay()
