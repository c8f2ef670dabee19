"""The classes and functions of a Python file that may make a network, found without running it."""

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path


def candidates(file: Path) -> list[str]:
    """The public torch modules and functions without required arguments that a file defines at its top level.

    If there are none, its functions that need arguments; none either if the file is not valid Python.
    """
    try:
        body = ast.parse(file.read_bytes()).body
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    modules = _modules(body)
    functions = [each for each in body if isinstance(each, ast.FunctionDef) and not _returns_none(each)]
    usable = {each.name for each in functions if not _needs_arguments(each.args)}
    names = [each.name for each in body if isinstance(each, ast.ClassDef | ast.FunctionDef)]
    found = [name for name in names if name in modules or name in usable] or [each.name for each in functions]
    return [name for name in dict.fromkeys(found) if not name.startswith("_")]


def _modules(body: list[ast.stmt]) -> set[str]:
    """The classes whose base classes can be torch modules: those of torch.nn, and of other packages."""
    imported, found = dict(_imported(body)), set[str]()
    for each in body:
        if isinstance(each, ast.ClassDef) and any(_is_module(base, imported, found) for base in each.bases):
            found.add(each.name)
    return found


def _is_module(base: ast.expr, imported: Mapping[str, str], local: set[str]) -> bool:
    first, dot, rest = ast.unparse(base).partition(".")
    if first in local:
        return True
    if first not in imported:
        return False
    name = f"{imported[first]}{dot}{rest}"
    package = name.partition(".")[0]
    return name.startswith("torch.nn.") if package == "torch" else package not in sys.stdlib_module_names


def _imported(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    """The names that are imported, each with its full name; relative imports start with a dot."""
    for statement in body:
        if isinstance(statement, ast.Import):
            for each in statement.names:
                yield (each.asname, each.name) if each.asname else (each.name.partition(".")[0],) * 2
        elif isinstance(statement, ast.ImportFrom):
            for each in statement.names:
                yield each.asname or each.name, f"{'.' * statement.level}{statement.module or ''}.{each.name}"


def _needs_arguments(args: ast.arguments) -> bool:
    return len(args.posonlyargs) + len(args.args) > len(args.defaults) or None in args.kw_defaults


def _returns_none(function: ast.FunctionDef) -> bool:
    return isinstance(function.returns, ast.Constant) and function.returns.value is None
