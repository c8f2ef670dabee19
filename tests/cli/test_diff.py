import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archdsl.cli import main

TEXT = "input 3x8x8\nconv 8 k3; relu\ngap; fc 10\n"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    here = Path.cwd()
    os.chdir(tmp_path)
    (tmp_path / "a.arch").write_text(TEXT)
    (tmp_path / "b.arch").write_text(TEXT.replace("k3", "k5"))
    yield tmp_path
    os.chdir(here)


def run(*args: object) -> Result:
    return CliRunner().invoke(main, ["diff", *map(str, args)])


@pytest.mark.usefixtures("folder")
def test_exit_status_follows_diff() -> None:
    assert run("a.arch", "a.arch").exit_code == 0
    assert run("a.arch", "b.arch").exit_code == 1
    assert run("a.arch", "c.arch").exit_code == 2


def test_network_error_has_another_exit_status_than_a_difference(folder: Path) -> None:
    (folder / "b.arch").write_text("input 3x8x8\nconv 8 k9\n")
    done = run("a.arch", "b.arch")
    assert done.exit_code == 2
    assert "error[E0401]" in done.output


def test_settings_of_each_network() -> None:
    assert run("zoo:lenet5", "zoo:lenet5", "--set", "classes=7").exit_code == 0
    done = run("zoo:lenet5", "zoo:lenet5", "--set-b", "classes=7")
    assert done.exit_code == 1
    assert "fc classes: units 10 → 7" in done.output
    assert run("zoo:lenet5", "zoo:lenet5", "--set-b", "classes=7", "--set-a", "classes=7").exit_code == 0


@pytest.mark.usefixtures("folder")
def test_json_report() -> None:
    done = run("a.arch", "b.arch", "--format", "json")
    found = json.loads(done.stdout)
    assert found["differs"] is True
    assert [row["kind"] for row in found["layers"]] == ["same", "changed", "changed", "same", "same"]
    assert found["layers"][1]["changes"] == ["layer", "parameters", "macs", "field", "output"]
    assert found["weights"]["changed"] == [
        {
            "a": {"name": "conv1.weight", "shape": [8, 3, 3, 3], "parameter": True},
            "b": {"name": "conv1.weight", "shape": [8, 3, 5, 5], "parameter": True},
        }
    ]


@pytest.mark.usefixtures("folder")
def test_markdown_report() -> None:
    done = run("a.arch", "b.arch", "--format", "markdown")
    assert done.stdout.startswith("### a → b\n\n`a.arch` → `b.arch`\n")
    assert "| ~ | `conv1` | `conv 8 k3 → conv 8 k5` |" in done.stdout


def test_diff_figure_is_written(folder: Path) -> None:
    done = run("a.arch", "b.arch", "-o", "changes.svg")
    assert (done.exit_code, done.output) == (1, "changes.svg: 2 changed\n")
    assert b"was conv" in (folder / "changes.svg").read_bytes()
    assert run("a.arch", "a.arch", "-o", "same.svg").output == "same.svg: no layer differs\n"
    assert run("a.arch", "b.arch", "-o", "changes.txt").exit_code == 2
    assert run("a.arch", "b.arch", "-o", "changes.svg", "--full").exit_code == 2


@pytest.mark.parametrize("path", ["-", "changes", "changes.foo"])
def test_figure_error_suggests_only_supported_formats(path: str) -> None:
    result = run("-e", "input 3", "-e", "input 4", "-o", path)
    assert result.exit_code == 2
    assert ".svg" in result.output
    assert not [each for each in (".mmd", ".html", ".htm,", ".mermaid") if each in result.output]


def test_figure_of_networks_that_differ_only_in_outputs(tmp_path: Path) -> None:
    """The exit status is 1, so the summary says why."""
    text = "input 3x8x8; conv 4 k1 as z"
    result = run("-e", text, "-e", f"{text}; output in, z", "-o", tmp_path / "changes.svg")
    assert result.exit_code == 1
    assert result.output.endswith("no layer differs, but the outputs do\n")
