"""Exceptions of the Python interface survive pickling: process pools pickle them."""

import importlib
import inspect
import pickle
import pkgutil
from pathlib import Path
from typing import Any

import pytest

from archdsl.analysis.columns import UnknownColumn
from archdsl.backends.weight_files import CannotLoad
from archdsl.extras import MissingPackages
from archdsl.importing.import_problem import ImportFailed, UnusableSource
from archdsl.packages.failures import PackageFailed
from archdsl.training import errors
from archdsl.training.errors.problem import Problem

VALUES = {
    "int": 3, "float": 0.5, "str": "a text", "bool": True, "Path": Path("a/b"), "Path | None": Path("a"),
    "int | None": 4, "str | None": None,
    "tuple[str, ...]": ("one", "two"), "tuple[tuple[str, str], ...]": (("a", "b"),),
    "OSError": OSError(28, "full"),
}  # fmt: skip


def problems() -> list[type[Problem]]:
    """Every concrete problem."""
    for module in pkgutil.iter_modules(errors.__path__):
        importlib.import_module(f"{errors.__name__}.{module.name}")
    found, waiting = [], [Problem]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if not inspect.isabstract(kind):
            found.append(kind)
    return sorted(found, key=lambda kind: kind.__name__)


def an_example(kind: type[Problem]) -> Problem:
    if "__init__" not in {name for each in kind.__mro__[: kind.__mro__.index(Problem)] for name in vars(each)}:
        return kind()
    parameters = list(inspect.signature(kind).parameters.values())
    arguments: list[Any] = []
    for each in parameters:
        wanted = each.annotation if isinstance(each.annotation, str) else inspect.formatannotation(each.annotation)
        name = wanted.replace("pathlib.", "").replace("_local.", "")
        arguments.append("train" if each.name == "extra" else VALUES[name])
    return kind(*arguments)


def test_problem_classes_are_found() -> None:
    assert len(problems()) > 20


@pytest.mark.parametrize("kind", problems(), ids=lambda kind: kind.__name__)
def test_problem_survives_pickling(kind: type[Problem]) -> None:
    problem = an_example(kind)
    again = pickle.loads(pickle.dumps(problem))
    assert type(again) is kind
    assert (again.message(), again.details(), again.help()) == (problem.message(), problem.details(), problem.help())
    assert str(again) == str(problem)


@pytest.mark.parametrize(
    "error",
    [
        UnknownColumn("parms"),
        MissingPackages("archdsl.fit", "train"),
        PackageFailed("gempool", "it failed"),
        ImportFailed("cannot import"),
        UnusableSource("no such file", "give one"),
        CannotLoad("does not fit", ("one", "two"), "give another"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_error_survives_pickling(error: Exception) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error)
    assert again.__dict__ == error.__dict__
