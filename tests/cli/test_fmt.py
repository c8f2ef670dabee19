"""`archdsl fmt`."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archdsl.cli import main

ROUGH = "input 3x8x8;relu # keep\ndense 3\n"
NEAT = "input 3x8x8; relu  # keep\nfc 3\n"


def run(*args: str | Path, input: str | None = None) -> Result:
    return CliRunner().invoke(main, ["fmt", *map(str, args)], input=input)


@pytest.fixture
def rough(tmp_path: Path) -> Path:
    path = tmp_path / "rough.arch"
    path.write_text(ROUGH)
    return path


def test_rewrites_the_file_and_keeps_its_mode(rough: Path) -> None:
    rough.chmod(0o640)
    done = run(rough)
    assert (done.exit_code, rough.read_text()) == (0, NEAT)
    assert rough.stat().st_mode & 0o777 == 0o640
    assert list(rough.parent.iterdir()) == [rough]
    assert run(rough).output == ""


def test_a_link_stays_a_link(rough: Path) -> None:
    link = rough.with_name("link.arch")
    link.symlink_to(rough.name)
    assert run(link).exit_code == 0
    assert link.is_symlink()
    assert rough.read_text() == NEAT


def test_check_lists_and_writes_nothing(rough: Path) -> None:
    neat = rough.with_name("neat.arch")
    neat.write_text(NEAT)
    done = run("--check", rough, neat)
    assert (done.exit_code, done.output) == (1, f"{rough} would change\n")
    assert rough.read_text() == ROUGH
    assert run("--check", neat).exit_code == 0


def test_diff_shows_and_writes_nothing(rough: Path) -> None:
    done = run("--diff", rough)
    assert done.exit_code == 0
    assert done.output.splitlines()[3:] == [
        *(f"-{line}" for line in ROUGH.splitlines()),
        "+input 3x8x8; relu  # keep",
        "+fc 3",
    ]
    assert rough.read_text() == ROUGH


def test_standard_input() -> None:
    done = run("-", input=ROUGH)
    assert (done.exit_code, done.output) == (0, NEAT)


def test_mistakes_leave_the_file_alone(rough: Path) -> None:
    wrong = rough.with_name("wrong.arch")
    wrong.write_text("input 3x8x8;relu (\n")
    done = run(wrong, rough)
    assert done.exit_code == 1
    assert "error[E01" in done.output
    assert wrong.read_text() == "input 3x8x8;relu (\n"
    assert rough.read_text() == NEAT
