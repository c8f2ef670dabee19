"""The packages inside archdsl and their permitted imports. docs/architecture.md describes each of them."""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TOP = ROOT / "archdsl"

# Each package with those that it may import, in order of dependency; a package may always import itself. Imports inside
# functions and for type checkers count like all others.
BASE = {"record", "limits", "version"}
CORE = BASE | {"text", "shapes", "diagnostics", "contract", "layers", "syntax", "packages", "expressions", "graph"}
PACKAGES: Mapping[str, set[str]] = {
    "record": set(),
    "limits": set(),
    "version": set(),
    "extras": set(),
    "text": BASE,
    "shapes": BASE,
    "diagnostics": BASE | {"text"},
    "contract": BASE | {"text", "shapes", "diagnostics"},
    "layers": BASE | {"text", "shapes", "diagnostics", "contract"},
    "syntax": BASE | {"text", "diagnostics"},
    "highlight": BASE | {"text", "syntax", "layers"},
    "packages": BASE | {"text", "shapes", "diagnostics", "contract", "layers", "syntax"},
    "expressions": BASE | {"text", "shapes", "diagnostics", "syntax"},
    "graph": BASE | {"text", "shapes", "diagnostics", "contract", "syntax", "packages", "expressions"},
    "elaborate": CORE,
    "analysis": CORE,
    "structure": CORE | {"elaborate"},
    "backends": CORE | {"elaborate", "structure", "analysis"},
    "zoo": BASE | {"text", "diagnostics", "syntax"},
    "suggest": CORE | {"elaborate", "analysis"},
    "network": CORE | {"elaborate", "structure", "analysis", "suggest", "backends", "zoo", "extras"},
    "importing": CORE | {"elaborate", "structure", "analysis", "backends", "network", "extras"},
    "lecture": CORE | {"elaborate", "analysis", "network"},
    "service": CORE | {"elaborate", "analysis", "network"},
    "training": CORE | {"extras", "elaborate", "analysis", "backends", "zoo", "network"},
    "extension": CORE | {"analysis", "training"},
    "explain": CORE | {"elaborate", "analysis", "zoo", "network", "training"},
    "browser": CORE | {"elaborate", "analysis", "backends", "zoo", "network", "service", "training"},
    "integrations": CORE
    | {"extras", "elaborate", "analysis", "backends", "zoo", "network", "highlight", "service", "browser"},
    "lsp": BASE | {"text", "analysis", "backends", "network", "zoo", "service"},
    "agents": CORE | {"extras", "elaborate", "analysis", "backends", "zoo", "network", "importing", "training"},
    "cli": CORE
    | {"extras", "elaborate", "analysis", "backends", "zoo", "network", "importing", "training", "explain"}
    | {"lsp", "agents"}
    | {"highlight"},
    "__init__": {"version", "network", "importing", "integrations", "training", "zoo"},
    "__main__": {"cli"},
}


@cache
def modules() -> Mapping[str, Path]:
    """Every module of the package by its dotted name."""
    found = {}
    for path in TOP.rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(name: str) -> Iterator[tuple[int, str]]:
    """The modules of the package that a module imports, each with its line."""
    path = modules()[name]
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, each.name) for each in node.names if each.name.split(".")[0] == "archdsl")
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            if base.split(".")[0] == "archdsl":
                for each in node.names:
                    inner = f"{base}.{each.name}"
                    yield node.lineno, inner if inner in modules() else base


def package_of(name: str) -> str:
    """The package of a module: the first part of its name below archdsl."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def test_every_package_is_listed() -> None:
    assert {package_of(name) for name in modules()} == set(PACKAGES)


@pytest.mark.parametrize("name", PACKAGES)
def test_package_imports_only_permitted_packages(name: str) -> None:
    wrong = [
        f"{modules()[module].relative_to(ROOT)}:{line} imports {imported}"
        for module in modules()
        if package_of(module) == name
        for line, imported in imports(module)
        if package_of(imported) not in PACKAGES[name] | {name}
    ]
    assert not wrong, f"{name} may import {', '.join(sorted(PACKAGES[name]))}:\n" + "\n".join(wrong)


def test_modules_have_no_import_cycles() -> None:
    graph = {name: {imported for _, imported in imports(name) if imported in modules()} for name in modules()}
    # Modules that import nothing else are removed first; the remaining ones form cycles.
    while free := [name for name, needed in graph.items() if not needed - {name}]:
        for name in free:
            del graph[name]
        graph = {name: needed - set(free) for name, needed in graph.items()}
    around = {name: sorted(needed) for name, needed in graph.items() if any(name in graph[each] for each in needed)}
    assert not graph, f"these import each other: {around}"
