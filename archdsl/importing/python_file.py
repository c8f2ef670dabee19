"""Python files that are loaded for a callable in them, alone or as a part of their package."""

import ast
import importlib
import importlib.util
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

from ..text.file_formats import PYTHON
from .import_problem import UnusableSource


def module_in(file: Path) -> ModuleType:
    """The module in a file, imported as `package.module` if it is an `__init__.py` or needs relative imports.

    Modules in its folder and in the current one are found. Raises UnusableSource, and what the file's code raises.
    """
    search(Path.cwd())
    search(file.resolve().parent)
    levels = _levels(file)
    return _in_package(file.resolve(), levels) if levels else _alone(file)


def search(folder: Path) -> None:
    """Let Python find modules in a folder, as if a program in it were run."""
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def _levels(file: Path) -> int:
    """How many folders of the file's path its package has at least; 0 if the file can be loaded alone."""
    least = int(file.stem == "__init__")
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return least  # loading the file reports what is wrong
    nodes: list[ast.AST] = [tree]
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            least = max(least, node.level)
        # A file that tries a relative import usually has another one for when it is run alone.
        nodes += (each for each in ast.iter_child_nodes(node) if not isinstance(each, ast.Try))
    return least


def _alone(file: Path) -> ModuleType:
    """The module in a file, whose name may be that of an installed one."""
    name = f"archdsl_imported_{file.stem}"
    # The suffix may be in upper case.
    spec = importlib.util.spec_from_file_location(name, file, loader=SourceFileLoader(name, str(file)))
    if spec is None or spec.loader is None:
        raise UnusableSource(f"{file} cannot be loaded as a Python module")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _in_package(file: Path, levels: int) -> ModuleType:
    """The module in an absolute path, imported from the outermost of its folders that belong to its package."""
    if file.suffix != PYTHON:
        raise UnusableSource(f"{file.name} is a module of a package, whose files end in {PYTHON}", "rename it")
    folder = file.parent
    names = [] if file.stem == "__init__" else [file.stem]
    while folder.name and (levels > 0 or (folder / "__init__.py").is_file()):
        names.insert(0, folder.name)
        folder, levels = folder.parent, levels - 1
    search(folder)
    importlib.invalidate_caches()
    try:
        module = importlib.import_module(".".join(names))
    except ModuleNotFoundError as error:
        if error.name != names[0] and error.name != ".".join(names):
            raise
        raise _other(file, names[0]) from None
    if module.__file__ is None or not file.samefile(module.__file__):
        raise _other(file, names[0])
    return module


def _other(file: Path, package: str) -> UnusableSource:
    why = f"{file.name} is a module of the package `{package}`, but Python finds another module `{package}`"
    return UnusableSource(why, "rename the folder of the package")
