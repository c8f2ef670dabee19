"""docs/architecture.md agrees with the code."""

import re
import tomllib
from pathlib import Path

import pytest

from archdsl.extras import EXTRAS
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


def test_packages_import_only_those_above_them() -> None:
    """In the table's order, each package comes after those that it may import."""
    described = re.findall(r"`archdsl/(\w+)(?:\.py|/)`", "\n".join(first_cells(section("Packages"))))
    for index, name in enumerate(described):
        assert PACKAGES[name] <= set(described[:index]), name


def declared(requirements: list[str]) -> list[str]:
    """The packages of requirements; extras of archdsl itself are not packages."""
    return [requirement.partition(">")[0] for requirement in requirements if not requirement.startswith("archdsl[")]


def tables(text: str) -> list[str]:
    """The tables of a text."""
    return [part for part in text.split("\n\n") if part.startswith("|")]


def test_every_dependency_has_a_documented_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    core, extras = tables(section("Dependencies"))
    assert first_cells(core) == declared(project["dependencies"]) == sorted(declared(project["dependencies"]))
    described = [tuple(cell.strip() for cell in line.split("|")[1:3]) for line in extras.splitlines()[2:]]
    users = {name: found for name, found in project["optional-dependencies"].items() if name in EXTRAS}
    assert described == [(name, package) for name in users for package in declared(users[name])]


def test_every_dependency_is_used() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "archdsl").rglob("*.py"))
    used = set(re.findall(r"^\s*(?:import|from) (\w+)", code, re.MULTILINE))
    used |= set(re.findall(r"""import_module\("(\w+)"\)""", code))
    used |= {"graphviz-pure"}  # run as a program
    used |= {"onnxscript", "tensorboard"}  # torch imports them
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    packages = {*declared(project["dependencies"]), *(package for brings in EXTRAS.values() for package in brings)}
    modules = {"pillow": "PIL", "huggingface-hub": "huggingface_hub", "python-pptx": "pptx"}
    assert {modules.get(name, name) for name in packages} <= used


def test_every_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    requirements = [*project["dependencies"], *(requirement for extra in extras for requirement in extra)]
    pinned = re.findall(r"^([\w-]+)==[\w.]+$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE)
    names = {requirement.partition(">")[0] for requirement in requirements if not requirement.startswith("archdsl[")}
    assert names <= {name.lower().replace("_", "-") for name in pinned}
