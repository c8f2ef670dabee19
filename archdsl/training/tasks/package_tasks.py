"""Tasks of packages: loaded when a recipe names them, with their errors contained. This module imports no torch."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ...packages.failures import PackageError, PackageFailed
from ...packages.package import Package, UsedPackage
from ...text.docstrings import docstring
from .contained_call import called
from .metric import METRICS, declare_metrics
from .task import Task

if TYPE_CHECKING:
    from .meter import Loss, Meter, Scores

_TASKS: dict[tuple[str, str], Task] = {}
"""The tasks that were loaded, by package and name: a process loads a package once."""


def task_in_packages(name: str, packages: Sequence[UsedPackage]) -> Task | None:
    """A package's task; None for another name. Raises PackageFailed."""
    used = next((used for used in packages if name in used.package.tasks), None)
    return None if used is None else _task(name, used.package)


def package_tasks(packages: Sequence[UsedPackage]) -> tuple[str, ...]:
    """The names of the packages' tasks."""
    return tuple(name for used in packages for name in used.package.tasks)


def _task(name: str, package: Package) -> Task:
    """The task. Raises PackageFailed."""
    key = package.name, name
    if key not in _TASKS:
        try:
            _TASKS[key] = _loaded(name, package)
        except PackageError as error:
            raise PackageFailed(package.name, str(error)) from error
    return _TASKS[key]


def _loaded(name: str, package: Package) -> Task:
    """The task of an entry point. Raises PackageError."""
    found = package.tasks[name]()
    if not isinstance(found, type) or not issubclass(found, Task):
        raise PackageError(f"the task `{name}` is not a subclass of `Task`")
    if missing := sorted(found.__abstractmethods__):
        raise PackageError(f"the task `{name}` does not implement `{'`, `'.join(missing)}`")
    if missing := [each for each in ("name", "targets", "losses", "metric") if not hasattr(found, each)]:
        raise PackageError(f"the task `{name}` does not declare `{'`, `'.join(missing)}`")
    if found.name != name:
        raise PackageError(f"the entry point `{name}` is a task named `{found.name}`: both need the same name")
    _check_losses(name, found)
    try:
        declare_metrics(found.metrics)
    except ValueError as error:
        raise PackageError(f"the task `{name}`: {error}") from error
    if found.metric not in METRICS:
        raise PackageError(f"the task `{name}` selects epochs by `{found.metric}`, which is not a metric")
    return _contained(found, package.name)()


def _check_losses(name: str, task: type[Task]) -> None:
    """Raise PackageError for a loss that no recipe can name."""
    from ..recipe.fields import parts

    known = parts("loss")
    if not task.losses:
        raise PackageError(f"the task `{name}` has no losses; `custom` is a loss that the task defines")
    if wrong := [loss for loss in task.losses if loss not in known]:
        raise PackageError(f"the task `{name}` names the loss `{wrong[0]}`; the losses are {', '.join(known)}")


def _contained(task: type[Task], package: str) -> type[Task]:
    """A subclass whose methods raise nothing but PackageFailed and Problem, and return what they should."""
    names = [each for each in vars(Task) if not each.startswith("_") and callable(getattr(Task, each))]
    methods = {each: _guard(task, package, each) for each in names}
    about = {"__module__": task.__module__, "__qualname__": task.__qualname__, "__doc__": docstring(task)}
    return type(task.__name__, (task,), {**about, **methods})


def _guard(task: type[Task], package: str, name: str) -> Callable[..., Any]:
    method = getattr(task, name)
    where = f"the task `{task.name}` failed in `{name}`"

    def call(self: Task, *args: Any, **kwargs: Any) -> Any:
        value = called(package, where, method, self, *args, **kwargs)
        match name:
            case "loss":
                return _ContainedLoss(package, task.name, _expected(package, where, value, callable(value), "a loss"))
            case "meter":
                return _contained_meter(package, task, where, value)
            case "fits":
                return _expected(package, where, value, isinstance(value, bool), "True or False")
            case "answers" | "tables" | "tiles":
                return _expected(package, where, value, isinstance(value, list), "a list")
        return value

    call.__name__, call.__doc__ = name, method.__doc__
    return call


def _expected(package: str, where: str, value: Any, fits: bool, words: str) -> Any:
    if not fits:
        raise PackageFailed(package, f"{where}: it returned {type(value).__name__}, not {words}")
    return value


class _ContainedLoss:
    """A loss whose errors, and results other than a scalar, become PackageFailed."""

    def __init__(self, package: str, task: str, loss: "Loss") -> None:
        self._package, self._loss = package, loss
        self._where = f"the loss of the task `{task}` failed"

    def __call__(self, output: Any, targets: Any) -> Any:
        value = called(self._package, self._where, self._loss, output, targets)
        shape = tuple(getattr(value, "shape", (0,)))
        if shape:
            raise PackageFailed(self._package, f"{self._where}: it returned {_shown(value)}, not a scalar tensor")
        return value


def _shown(value: Any) -> str:
    shape = getattr(value, "shape", None)
    return type(value).__name__ if shape is None else f"a tensor of {'×'.join(map(str, shape))}"


def _contained_meter(package: str, task: type[Task], where: str, value: Any) -> "Meter[Scores]":
    from .contained_meter import ContainedMeter
    from .meter import Meter

    _expected(package, where, value, isinstance(value, Meter), "a Meter")
    return ContainedMeter(package, task, value)
