"""Packages for tests, as an installation leaves them: modules, and a `dist-info` folder with their entry points."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "extension"


def write_metadata(folder: Path, name: str, points: Mapping[str, Mapping[str, str]], version: str = "1.0") -> None:
    """The `dist-info` of a package with these entry points by group."""
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = [
        line for group, each in points.items() for line in (f"[{group}]", *(f"{k} = {v}" for k, v in each.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")


def write_package(
    folder: Path, name: str, modules: Mapping[str, str], points: Mapping[str, Mapping[str, str]], version: str = "1.0"
) -> None:
    """A package of these modules, by name; its import name is its name with `_`."""
    own = folder / name.replace("-", "_")
    own.mkdir(parents=True)
    for module, text in {"__init__": "", **modules}.items():
        (own / f"{module}.py").write_text(text)
    write_metadata(folder, name, points, version)


def write_example_metadata(folder: Path) -> list[Path]:
    """The metadata of the worked example; the folders with it and with the example's modules, for `sys.path`."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    write_metadata(folder, project["name"], project["entry-points"], project["version"])
    return [folder, EXAMPLE]
