"""Torch calls as source."""

import ast
import keyword
import math
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ...contract.call import Apply, Module, Placeholder

OPERATORS = {
    "operator.add": "+",
    "operator.mul": "*",
    "operator.sub": "-",
    "operator.truediv": "/",
    "operator.pow": "**",
}
HELPERS = "archdsl.backends.modules."


class SourceText(str):
    """An argument that is already source."""

    __slots__ = ()


def expression(call: Module | Apply, inputs: Sequence[str] = ("x",)) -> str:
    """One call as source: `nn.Conv2d(3, 64, 5, padding=2)`, `F.pad(x, (1, 1))`, `x + y`."""
    if isinstance(call, Apply) and call.target in OPERATORS:
        left, right = (literal(arg, inputs) for arg in call.args)
        return f"{left} {OPERATORS[call.target]} {right}"
    if isinstance(call, Apply) and call.target == "operator.getitem":
        tensor, places = call.args
        places = places if isinstance(places, tuple) else (places,)
        return f"{literal(tensor, inputs)}[{', '.join(map(_place, places))}]"
    args = [literal(arg, inputs) for arg in call.args]
    args += [f"{name}={literal(value, inputs)}" for name, value in call.kwargs]
    if call.target == ".unflatten":  # the method has no types
        return f"torch.unflatten({', '.join(args)})"
    if call.target.startswith("."):
        return f"{args[0]}{call.target}({', '.join(args[1:])})"
    return f"{short(call.target)}({', '.join(args)})"


def _place(place: int | slice | SourceText) -> str:
    """One index of several: `0`, `:`, `2:8`, `::2`."""
    if not isinstance(place, slice):
        return str(place)
    ends = (place.start, place.stop, place.step)
    start, stop, step = ("" if end is None else str(end) for end in ends)
    if any(isinstance(end, SourceText) for end in ends):  # with spaces, as in PEP 8
        return " ".join(part for part in (start, ":", stop, *([":", step] if step else ())) if part)
    return f"{start}:{stop}:{step}" if step else f"{start}:{stop}"


def literal(value: Any, inputs: Sequence[str]) -> str:
    if isinstance(value, Module):
        return expression(value)
    if isinstance(value, Placeholder):
        return f"[{', '.join(inputs)}]" if value.index < 0 else inputs[value.index]
    if isinstance(value, SourceText):
        return str(value)
    if isinstance(value, tuple):
        inner = ", ".join(literal(each, inputs) for each in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if value in (math.inf, -math.inf):
        return f'float("{value}")'
    return f'"{value}"' if isinstance(value, str) and '"' not in value else repr(value)


def short(target: str) -> str:
    for long, short in (("torch.nn.functional.", "F."), ("torch.nn.", "nn."), (HELPERS, "")):
        if target.startswith(long):
            return short + target.removeprefix(long)
    return target


def class_name(word: str) -> str:
    """`dense_block` as `DenseBlock`; always an identifier."""
    parts = [part for part in re.split(r"\W+|_", word) if part]
    name = "".join(part[0].upper() + part[1:] for part in parts) or "Network"
    return f"Net{name}" if not name.isidentifier() or keyword.iskeyword(name) else name


TAKEN = frozenset({"self", "F", "nn", "torch", "math", "Tensor", "OrderedDict", "super", "range", "int", "x"})
"""Names that the text imports or uses."""


@cache
def helper_modules() -> Mapping[str, tuple[str, ...]]:
    """The modules and functions that torch lacks, with their arguments; importing their file would import torch."""
    found: dict[str, tuple[str, ...]] = {}
    for name, (node, _) in _ours().items():
        methods = [each for each in node.body if isinstance(each, ast.FunctionDef) and each.name == "__init__"]
        found[name] = tuple(arg.arg for each in methods for arg in each.args.args[1:])
    return found


def helper_code(name: str) -> str:
    """The source text of a module or function that torch lacks."""
    return _ours()[name][1]


@cache
def _ours() -> Mapping[str, tuple[ast.ClassDef | ast.FunctionDef, str]]:
    """The modules and functions that torch lacks, as trees and as texts."""
    folder = Path(__file__).parent.parent
    found: dict[str, tuple[ast.ClassDef | ast.FunctionDef, str]] = {}
    for file in ("modules.py", "attention_module.py"):
        text = (folder / file).read_text(encoding="utf-8")
        lines = text.splitlines()
        for node in ast.parse(text).body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                start = min(each.lineno for each in (node, *node.decorator_list))
                found[node.name] = node, "\n".join(lines[start - 1 : node.end_lineno])
    return found
