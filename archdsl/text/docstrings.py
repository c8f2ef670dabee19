"""The docstrings of archdsl and of packages, which are its documentation, even under `python -OO`."""

import sys
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ast


def docstring(documented: Any) -> str:
    """The docstring of a class or function, as it is in the source; empty if it has none.

    `python -OO` and PYTHONOPTIMIZE=2 remove docstrings; the source file is read then.
    """
    found = documented.__doc__
    if found is None and sys.flags.optimize >= 2:
        found = _in_source(documented.__module__).get(documented.__qualname__)
    return found or ""


@cache
def _in_source(module: str) -> dict[str, str]:
    """The docstrings of a module by qualified name; empty if its source cannot be read."""
    import ast
    import inspect

    try:
        return dict(_docstrings(ast.parse(inspect.getsource(sys.modules[module])), ""))
    except (KeyError, OSError, TypeError, SyntaxError, ValueError):
        return {}


def _docstrings(parent: "ast.AST", prefix: str) -> Iterator[tuple[str, str]]:
    import ast

    for node in ast.iter_child_nodes(parent):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            name = prefix + node.name
            if text := ast.get_docstring(node, clean=False):
                yield name, text
            if isinstance(node, ast.ClassDef):
                yield from _docstrings(node, f"{name}.")
