"""Networks from a Python callable: `torchvision.models:resnet50`."""

import importlib
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from .import_problem import ImportFailed, UnusableSource, first_line


def module_of(source: str, arguments: Mapping[str, Any]) -> nn.Module:
    """The module that `module:callable` returns for these keyword arguments.

    If a package creates its models by name, as timm does, a callable that it lacks is taken as the name of a model.
    Raises UnusableSource if there is no such callable, ImportFailed if it does not return a module.
    """
    package, _, path = source.partition(":")
    make = _callable(package, path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = make if isinstance(make, nn.Module) else make(**arguments)
    except Exception as error:  # the callable is the user's code
        raise ImportFailed(f"{source} raises {type(error).__name__}: {first_line(error)}") from None
    if not isinstance(made, nn.Module):
        raise ImportFailed(f"{source} returns {type(made).__name__}, not a torch module")
    return made


def _callable(package: str, path: str) -> Callable[..., Any]:
    found: Any = _package(package)
    for name in path.split("."):
        if hasattr(found, name):
            found = getattr(found, name)
        elif callable(create := getattr(found, "create_model", None)):
            return lambda **arguments: create(name, **arguments)
        else:
            near = _nearest(name, dir(found))
            raise UnusableSource(f"{package} has no `{path}`", f"did you mean `{package}:{near}`?" if near else "")
    if not callable(found):
        raise UnusableSource(f"`{package}:{path}` cannot be called", "name a class or a function that makes a module")
    return found  # type: ignore[no-any-return]  # just tested


def _package(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name == name or name.startswith(f"{error.name}."):
            raise UnusableSource(f"there is no Python module `{name}`", "install it, or run from its folder") from None
        raise UnusableSource(f"the Python module `{name}` needs `{error.name}`", "install it") from None
    except Exception as error:  # the module is the user's code
        raise ImportFailed(f"the Python module `{name}` raises {type(error).__name__}: {first_line(error)}") from None


def _nearest(name: str, others: list[str]) -> str | None:
    from ..text.names import nearest

    return nearest(name, [each for each in others if not each.startswith("_")])


def sizes_of(module: nn.Module) -> tuple[int, ...] | None:
    """The input sizes that a module declares, as those of timm do; None if it declares none."""
    config = getattr(module, "default_cfg", None)
    sizes = config.get("input_size") if isinstance(config, Mapping) else None
    return tuple(sizes) if isinstance(sizes, tuple | list) and all(isinstance(each, int) for each in sizes) else None
