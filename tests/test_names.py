"""A name says what it names without its folder: no public class and no module occurs twice in the package."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "archdsl"

COMMANDS = frozenset({"weights.py", "zoo.py"})
"""Commands with the name of the module that does their work: a file in `cli/` is called like its command."""


def test_class_names_are_unique() -> None:
    shared = _repeated((node.name, path) for path in _modules() for node in _classes(path))
    assert not shared


def test_module_names_are_unique() -> None:
    shared = _repeated((path.name, path) for path in _modules() if path.name not in ("__init__.py", "__main__.py"))
    assert shared.keys() == COMMANDS, {name: shared.get(name) for name in shared.keys() ^ COMMANDS}


def _modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def _classes(path: Path) -> list[ast.ClassDef]:
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return [node for node in nodes if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]


def _repeated(pairs: Iterator[tuple[str, Path]]) -> dict[str, list[str]]:
    """The names that occur several times, with where they do."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, path in pairs:
        found[name].append(str(path.relative_to(PACKAGE)))
    return {name: places for name, places in found.items() if len(places) > 1}
