"""archdsl: a language for neural network architectures.

Importing this package is cheap: each public name is loaded from its module on first use.
"""

from typing import TYPE_CHECKING, Any

from .version import __version__

if TYPE_CHECKING:
    from . import zoo as zoo
    from .importing.from_torch import from_torch as from_torch
    from .integrations.widget import widget as widget
    from .network import Analysis as Analysis
    from .network import ArchError as ArchError
    from .network import ArchWarning as ArchWarning
    from .network import LayerInfo as LayerInfo
    from .network import LayerList as LayerList
    from .network import Network as Network
    from .network import load as load
    from .network import loads as loads
    from .network.pretrained import load_weights as load_weights
    from .training.callbacks.callback_methods import Callback as Callback
    from .training.callbacks.callback_methods import RunningTraining as RunningTraining
    from .training.fitting import fit as fit
    from .training.program_check import check as check
    from .training.trained_run import TrainedRun as TrainedRun
    from .training.trained_run import load_run as load_run

_PUBLIC = {
    "Analysis": "network",
    "ArchError": "network",
    "ArchWarning": "network",
    "Callback": "training.callbacks.callback_methods",
    "LayerInfo": "network",
    "LayerList": "network",
    "Network": "network",
    "RunningTraining": "training.callbacks.callback_methods",
    "TrainedRun": "training.trained_run",
    "check": "training.program_check",
    "fit": "training.fitting",
    "from_torch": "importing.from_torch",
    "load": "network",
    "load_run": "training.trained_run",
    "load_weights": "network.pretrained",
    "loads": "network",
    "widget": "integrations.widget",
}

__all__ = [
    "Analysis",
    "ArchError",
    "ArchWarning",
    "Callback",
    "LayerInfo",
    "LayerList",
    "Network",
    "RunningTraining",
    "TrainedRun",
    "__version__",
    "check",
    "fit",
    "from_torch",
    "load",
    "load_run",
    "load_weights",
    "loads",
    "widget",
    "zoo",
]


def load_ipython_extension(shell: Any) -> None:
    """Register `%%arch` with IPython; `%load_ext archdsl` calls it."""
    from .integrations.jupyter import register

    register(shell)


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> Any:
    if name != "zoo" and name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    if name == "zoo":
        return import_module(".zoo", __name__)
    import_module(".network", __name__).register_display(_notebook_display)
    return getattr(import_module(f".{_PUBLIC[name]}", __name__), name)


def _notebook_display() -> Any:
    from .integrations.jupyter import NotebookDisplay

    return NotebookDisplay()
