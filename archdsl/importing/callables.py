"""Networks from a Python callable: `torchvision.models:resnet50`."""

import importlib
import inspect
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from torch import nn

from ..text.file_formats import PYTHON
from ..text.names import nearest
from ..text.word_lists import first_of, listed
from .import_problem import ImportFailed, UnusableSource, first_line
from .python_file import module_in, search

_NAMED = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.KEYWORD_ONLY,
)


def module_of(source: str, arguments: Mapping[str, Any]) -> nn.Module:
    """The torch module that `module:callable` or `file.py:callable` returns for these keyword arguments.

    If a package creates its models by name, as timm does, a callable that it lacks is taken as the name of a model.
    Raises UnusableSource if there is no such callable, ImportFailed if it does not return a module.
    """
    package, _, path = source.rpartition(":")
    make = _callable(package, path)
    if not isinstance(make, nn.Module):
        _refuse_arguments(source, make, arguments)
    with _reporting(source), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = make if isinstance(make, nn.Module) else _called(make, arguments)
    if not isinstance(made, nn.Module):
        raise ImportFailed(f"{source} returns {type(made).__name__}, not a torch module")
    return made


@contextmanager
def _reporting(what: str) -> Iterator[None]:
    """Run the user's code; what it raises, apart from Ctrl-C, becomes an ImportFailed."""
    try:
        yield
    except (KeyboardInterrupt, UnusableSource):
        raise
    except BaseException as error:
        raise ImportFailed(f"{what} raises {type(error).__name__}: {first_line(error)}") from None


def _called(make: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    """The result of a callable; parameters without a keyword are given by position."""
    left, positional = dict(arguments), []
    for name, each in (_parameters(make) or {}).items():
        if each.kind is not inspect.Parameter.POSITIONAL_ONLY or (name not in left and each.default is each.empty):
            break
        positional.append(left.pop(name, each.default))
    return make(*positional, **left)


def _parameters(make: Callable[..., Any]) -> Mapping[str, inspect.Parameter] | None:
    """The parameters of a callable; None if it is written in C and does not state them."""
    try:
        return inspect.signature(make).parameters
    except (TypeError, ValueError):
        return None


def _refuse_arguments(source: str, make: Callable[..., Any], arguments: Mapping[str, Any]) -> None:
    """Raise UnusableSource for an `async` function, and for an argument that a callable does not have, or needs."""
    if inspect.iscoroutinefunction(make):
        raise UnusableSource(f"`{source}` is an `async` function, which returns no module", "name another function")
    parameters = _parameters(make)
    if parameters is None:
        return
    named = {name: each for name, each in parameters.items() if each.kind in _NAMED}
    if not any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters.values()):
        for name in arguments:
            if name not in named:
                near = nearest(name, named)
                known = f"did you mean `{near}`?" if near else f"its arguments: {first_of(named, 10)}" if named else ""
                raise UnusableSource(f"`{source}` has no argument `{name}`", known)
    missing = [name for name, each in named.items() if each.default is each.empty and name not in arguments]
    if missing:
        given = " ".join(f"--set {name}=…" for name in missing)
        raise UnusableSource(f"`{source}` needs {listed(f'`{name}`' for name in missing)}", f"give {given}")


_MISSING = object()


def _callable(package: str, path: str) -> Callable[..., Any]:
    found: Any = _package(package)
    for name in path.split("."):
        with _reporting(f"{package}:{path}"):  # a package that loads its modules late runs code here
            inner = getattr(found, name, _MISSING)
        if inner is not _MISSING:
            found = inner
        elif callable(create := getattr(found, "create_model", None)):
            return lambda **arguments: create(name, **arguments)
        else:
            near = nearest(name, [each for each in dir(found) if not each.startswith("_")])
            raise UnusableSource(f"{package} has no `{path}`", f"did you mean `{package}:{near}`?" if near else "")
    if not callable(found):
        raise UnusableSource(f"`{package}:{path}` cannot be called", "name a class or a function that makes a module")
    return found  # type: ignore[no-any-return]  # just tested


def _package(name: str) -> Any:
    """The Python module with this name, or in this file; a module in the current folder is found."""
    file = Path(name) if name.lower().endswith(PYTHON) else None
    if file is not None and not file.is_file():
        raise UnusableSource(f"{file} is a folder" if file.is_dir() else f"there is no file {file}")
    try:
        return _module(name) if file is None else module_in(file)
    except (KeyboardInterrupt, UnusableSource):
        raise
    except ModuleNotFoundError as error:
        if file is None and (error.name == name or name.startswith(f"{error.name}.")):
            suggestion = "install it, run from its folder, or name its file: `FILE.py:CALLABLE`"
            raise UnusableSource(f"there is no Python module `{name}`", suggestion) from None
        raise UnusableSource(f"the Python module `{name}` needs `{error.name}`", "install it") from None
    except BaseException as error:  # the module is the user's code
        raise ImportFailed(f"the Python module `{name}` raises {type(error).__name__}: {first_line(error)}") from None


def _module(name: str) -> Any:
    search(Path.cwd())
    return importlib.import_module(name)


def sizes_of(module: nn.Module) -> tuple[int, ...] | None:
    """The input sizes that a module declares, as those of timm do; None if it declares none."""
    config = getattr(module, "default_cfg", None)
    sizes = config.get("input_size") if isinstance(config, Mapping) else None
    return tuple(sizes) if isinstance(sizes, tuple | list) and all(isinstance(each, int) for each in sizes) else None
