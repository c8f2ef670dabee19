"""docs/architecture.md agrees with the code."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.test_package_imports import PACKAGES

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """The text under a heading of the second level."""
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def first_cells(text: str) -> list[str]:
    """The first column of the table in a text, without its heading."""
    return [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("|")][2:]


@pytest.mark.parametrize("path", re.findall(r"`([\w/.]+[/.]\w*)`", "\n".join(first_cells(section("Packages")))))
def test_packages_exist(path: str) -> None:
    assert (ROOT / path).exists()


def test_every_package_is_described() -> None:
    described = re.findall(r"`archdsl/(\w+)(?:\.py|/)`", "\n".join(first_cells(section("Packages"))))
    assert sorted(described) == sorted(name for name in PACKAGES if not name.startswith("__"))


def test_packages_import_those_above_them() -> None:
    """In the table's order, each package comes after those that it may import."""
    described = re.findall(r"`archdsl/(\w+)(?:\.py|/)`", "\n".join(first_cells(section("Packages"))))
    for index, name in enumerate(described):
        assert PACKAGES[name] <= set(described[:index]), name


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = [requirement.partition(">")[0] for requirement in project["dependencies"]]
    assert first_cells(section("Dependencies")) == declared == sorted(declared)


def test_every_dependency_is_used() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "archdsl").rglob("*.py"))
    used = set(re.findall(r"^\s*(?:import|from) (\w+)", code, re.MULTILINE)) | {"graphviz-pure"}  # run as a program
    declared = {requirement.partition(">")[0] for requirement in project["dependencies"]}
    assert {"PIL" if name == "pillow" else name for name in declared} <= used


def test_every_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    requirements = [*project["dependencies"], *(requirement for extra in extras for requirement in extra)]
    pinned = re.findall(r"^([\w-]+)==[\w.]+$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE)
    names = {requirement.partition(">")[0] for requirement in requirements if not requirement.startswith("archdsl[")}
    assert names <= {name.lower().replace("_", "-") for name in pinned}
