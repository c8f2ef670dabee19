"""Nodes of an exported program: their operations, arguments and modules."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import fx

from ..structure import Scope
from .import_problem import ImportFailed
from .values import (
    Computed,
    ConstantTensor,
    NoResult,
    SourceParameter,
    Tensor,
)

Arguments = Mapping[str, Any]


def base_name(target: Any) -> str:
    """The name of an operation without its overload and without the underscore of one that changes its input."""
    name = getattr(target, "__name__", str(target)).partition(".")[0]
    return name.rstrip("_") if not name.startswith("_") else name


def changes_input(target: Any) -> bool:
    """Whether an operation writes into its first argument."""
    schema = getattr(target, "_schema", None)
    return bool(
        schema and schema.arguments and schema.arguments[0].alias_info and schema.arguments[0].alias_info.is_write
    )


def bound(target: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Arguments:
    """All arguments by name, with their defaults; by position where the target has no schema."""
    schema = getattr(target, "_schema", None)
    if schema is None:
        return {**{str(i): arg for i, arg in enumerate(args)}, **kwargs}
    found: dict[str, Any] = {}
    for i, each in enumerate(schema.arguments):
        found[each.name] = args[i] if i < len(args) else kwargs.get(each.name, each.default_value)
    return found


def kwargs_list(kwargs: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """The named arguments as pairs."""
    return tuple((name, value) for name, value in kwargs.items())


def functional(target: Any) -> Callable[..., Any]:
    """The operation, on a copy where it would change its input."""
    if not changes_input(target):
        return target  # type: ignore[no-any-return]  # an operator
    return lambda first, *args, **kwargs: target(first.clone(), *args, **kwargs)


def wrapped(result: Any) -> Any:
    if isinstance(result, torch.Tensor):
        return ConstantTensor(result)
    if isinstance(result, tuple | list):
        return tuple(map(wrapped, result))
    return result


def values_in(value: Any) -> Iterator[Any]:
    """All values among nested arguments."""
    if isinstance(value, Tensor | ConstantTensor | SourceParameter | Computed | NoResult):
        yield value
    elif isinstance(value, tuple | list):
        for each in value:
            yield from values_in(each)


def constants_of(program: torch.export.ExportedProgram) -> dict[str, torch.Tensor]:
    return {name: value for name, value in program.constants.items() if isinstance(value, torch.Tensor)}


def attribute_of(program: torch.export.ExportedProgram, name: str) -> torch.Tensor:
    found: Any = program.graph_module
    for part in name.split("."):
        found = getattr(found, part)
    if not isinstance(found, torch.Tensor):
        raise ImportFailed(f"`{name}` is a part of the program that is not a tensor")
    return found


def stack_of(node: fx.Node) -> list[tuple[str, str]]:
    """The modules around an operation, from outside in: path and class."""
    stack = node.meta.get("nn_module_stack") or {}
    found = []
    for path, kind in stack.values():
        name = kind if isinstance(kind, str) else f"{kind.__module__}.{kind.__qualname__}"
        found.append((re.sub(r"^L\['self'\]\.?", "", str(path)), name))
    return found


def module_of(node: fx.Node) -> str:
    """The innermost module of an operation, with its class: `layer1.0 (Bottleneck)`."""
    stack = stack_of(node)
    if not stack:
        return ""
    path, kind = stack[-1]
    return f"{path} ({kind.rpartition('.')[2]})" if path else ""


def scopes_of(node: fx.Node) -> Iterator[Scope]:
    """The modules around an operation without the network itself and torch's layers."""
    for path, kind in stack_of(node):
        if not path or (kind.startswith("torch.nn.modules") and not kind.endswith(("Sequential", "ModuleList"))):
            continue
        yield Scope(path.rpartition(".")[2], snake(kind.rpartition(".")[2]))


def snake(name: str) -> str:
    """A class name as an identifier of the language: `InvertedResidual` is `inverted_residual`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return spaced.lower()
