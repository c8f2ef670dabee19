"""Loggers by name: those that ship with archdsl, and those that installed packages register as `archdsl.loggers` entry
points.

The code of a package is imported only if the user names its logger.
"""

import importlib
import importlib.util
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...packages.failures import described
from ...text.names import nearest
from ..errors.custom_errors import CustomCodeFailed, NoLogger
from ..errors.missing_extra import MissingPackage, require

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from ..loop.callback import TrainingCallback
    from ..runs.run_folder import Run

GROUP = "archdsl.loggers"
TENSORBOARD = "tensorboard"
_ADAPTERS = {
    "mlflow": ("mlflow_logger", "MlflowLogger"),
    "trackio": ("trackio_logger", "TrackioLogger"),
    "wandb": ("wandb_logger", "WandbLogger"),
}
"""The module and the class of each logger, by its name, which is also the name of the Python package it needs."""


def logger_names() -> tuple[str, ...]:
    """The names of all loggers, in alphabetical order; imports no code from other packages."""
    return tuple(sorted({TENSORBOARD, *_ADAPTERS, *_entry_points()}))


def _entry_points() -> "dict[str, EntryPoint]":
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=GROUP)}


def refuse_unknown_loggers(names: tuple[str, ...]) -> None:
    """Raise NoLogger or MissingExtra for loggers that cannot be used, before the data is read."""
    for name in names:
        if name == TENSORBOARD:
            require("the logger `tensorboard`", TENSORBOARD)
        elif name in _ADAPTERS:
            if importlib.util.find_spec(name) is None:
                raise MissingPackage(f"the logger `{name}`", name)
        elif name not in _entry_points():
            raise NoLogger(name, logger_names(), nearest(name, logger_names()))


def logging_callback(name: str, run: "Run") -> "TrainingCallback":
    """The callback of a logger. Raises the same errors as `refuse_unknown_loggers`, and CustomCodeFailed."""
    from .user_callbacks import UserCallbacks

    refuse_unknown_loggers((name,))
    if name == TENSORBOARD:
        from .tensorboard import TensorBoardCallback

        return TensorBoardCallback(run)
    logger = _created(name, _shipped_class if name in _ADAPTERS else _package_class)
    try:
        return UserCallbacks([logger], run, "logger")
    except TypeError as error:
        raise CustomCodeFailed("logger", name, f"cannot be used: {error}") from error


def _created(name: str, load: Callable[[str], Callable[[], Any]]) -> object:
    """The logger with this name, created by the class or function that `load` returns. Raises CustomCodeFailed."""
    try:
        return load(name)()
    except Exception as error:
        raise CustomCodeFailed("logger", name, f"cannot be loaded: {described(error)}") from error


def _shipped_class(name: str) -> Callable[[], Any]:
    module, logger = _ADAPTERS[name]
    make: Callable[[], Any] = getattr(importlib.import_module(f".{module}", __package__), logger)
    return make


def _package_class(name: str) -> Callable[[], Any]:
    make: Callable[[], Any] = _entry_points()[name].load()
    return make
