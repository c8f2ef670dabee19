"""The hooks for pre-commit pass for a valid file and fail for an invalid one."""

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from archdsl.backends.diagram.formats import EXTENSIONS
from archdsl.cli import main

ROOT = Path(__file__).resolve().parents[2]
HOOKS: dict[str, dict[str, Any]] = {
    hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Iterator[Path]:
    here = Path.cwd()
    os.chdir(tmp_path)
    (tmp_path / "net.arch").write_text("input 1x8x8\nconv 4 k3\nrelu\ngap\nfc 2\n")
    yield tmp_path
    os.chdir(here)


def run(hook: str, *words: str) -> Result:
    program, *command = shlex.split(HOOKS[hook]["entry"])
    assert program == "archdsl"
    return CliRunner().invoke(main, [*command, *words])


def test_check_hook(folder: Path) -> None:
    assert run("archdsl-check", "net.arch").exit_code == 0
    (folder / "net.arch").write_text("input 1x8x8\nconv 4 k9\n")
    assert run("archdsl-check", "net.arch").exit_code == 1


def test_fmt_hook_modifies_the_file(folder: Path) -> None:
    before = (folder / "net.arch").read_text()
    assert run("archdsl-fmt", "net.arch").exit_code == 0
    assert (folder / "net.arch").read_text() == before
    (folder / "net.arch").write_text(before.replace("conv 4", "conv   4"))
    run("archdsl-fmt", "net.arch")
    assert (folder / "net.arch").read_text() == before


def test_diagram_hook(folder: Path) -> None:
    words = ("net.arch", "-o", "net.svg")
    assert run("archdsl-diagram", *words).exit_code == 1
    assert CliRunner().invoke(main, ["diagram", *words]).exit_code == 0
    assert run("archdsl-diagram", *words).exit_code == 0
    (folder / "net.arch").write_text("input 1x8x8\nconv 5 k3\n")
    assert run("archdsl-diagram", *words).exit_code == 1


def test_diagram_hook_runs_for_every_format() -> None:
    files = re.compile(HOOKS["archdsl-diagram"]["files"])
    assert not [each for each in (".arch", *EXTENSIONS) if not files.search(f"docs/net{each}")]


def test_hooks_run_for_arch_files() -> None:
    assert list(HOOKS) == ["archdsl-check", "archdsl-fmt", "archdsl-diagram"]
    assert all(hook["language"] == "python" for hook in HOOKS.values())
