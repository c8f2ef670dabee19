import json
import os
import subprocess
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
def test_the_status_is_that_of_diff() -> None:
    assert run("a.arch", "a.arch").exit_code == 0
    assert run("a.arch", "b.arch").exit_code == 1
    assert run("a.arch", "c.arch").exit_code == 2


def test_a_mistake_is_not_a_difference(folder: Path) -> None:
    (folder / "b.arch").write_text("input 3x8x8\nconv 8 k9\n")
    done = run("a.arch", "b.arch")
    assert done.exit_code == 2
    assert "error[E0401]" in done.output


def test_values_for_either_side() -> None:
    assert run("zoo:lenet5", "zoo:lenet5", "--set", "classes=7").exit_code == 0
    done = run("zoo:lenet5", "zoo:lenet5", "--set-b", "classes=7")
    assert done.exit_code == 1
    assert "fc classes: units 10 → 7" in done.output
    assert run("zoo:lenet5", "zoo:lenet5", "--set-b", "classes=7", "--set-a", "classes=7").exit_code == 0


@pytest.mark.usefixtures("folder")
def test_json() -> None:
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
def test_markdown() -> None:
    done = run("a.arch", "b.arch", "--format", "markdown")
    assert done.stdout.startswith("### a → b\n\n`a.arch` → `b.arch`\n")
    assert "| ~ | `conv1` | `conv 8 k3 → conv 8 k5` |" in done.stdout


def git(*words: str) -> None:
    who = ["-c", "user.name=n", "-c", "user.email=e@x"]
    subprocess.run(["git", *who, *words], check=True, capture_output=True)


def test_a_revision(folder: Path) -> None:
    """The text and what it uses are those of the revision, from a folder inside of the repository, too."""
    nets = folder / "nets"
    nets.mkdir()
    (nets / "blocks.arch").write_text("block unit(c) { conv c k3; relu }\ninput 3x8x8\nunit 2\n")
    (nets / "net.arch").write_text('use "blocks.arch"\ninput 3x8x8\nunit 8\n')
    git("init", "-q")
    git("add", "nets")
    git("commit", "-qm", "first")
    (nets / "blocks.arch").write_text("block unit(c) { conv c k5; relu }\ninput 3x8x8\nunit 2\n")
    done = run("HEAD:nets/net.arch", "nets/net.arch")
    assert done.exit_code == 1
    assert "kernel 3 → 5" in done.output or "conv c k3 → conv c k5" in done.output
    os.chdir(nets)
    assert run("HEAD:net.arch", "HEAD:net.arch").exit_code == 0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("HEAD:a.arch", "git says: "),
        ("nosuch:a.arch", "git says: "),
        ("--output=x:a.arch", "a revision does not begin with `-`"),
        ("HEAD:nosuch/a.arch", "there is no folder nosuch"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_revision_that_cannot_be_read(name: str, said: str) -> None:
    done = run("--", name, "a.arch")
    assert done.exit_code == 2
    assert said in done.output
    assert len(done.output.splitlines()) == 1


def test_a_file_that_the_revision_lacks(folder: Path) -> None:
    git("init", "-q")
    git("add", "a.arch")
    git("commit", "-qm", "first")
    done = run("HEAD:b.arch", "a.arch")
    assert done.exit_code == 2
    assert "there is no such file at that revision" in done.output
    assert not list(folder.glob("x*"))
