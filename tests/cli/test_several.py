"""Several files in one call: one that cannot be read keeps none of the others from being looked at."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archdsl.cli import main


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """A file that is right, one that is not there, one with a mistake."""
    (tmp_path / "right.arch").write_text("input 8\nfc  4\n")
    (tmp_path / "wrong.arch").write_text("input 8\nfcc 4\n")
    return [str(tmp_path / f"{name}.arch") for name in ("right", "gone", "wrong")]


def run(*args: str) -> Result:
    result = CliRunner().invoke(main, args)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


def test_check_goes_on_behind_a_file_that_is_not_there(files: list[str]) -> None:
    result = run("check", *files)
    assert result.exit_code == 2
    assert f"archdsl: {files[1]}: there is no such file" in result.stderr
    assert f"✓ {files[0]}" in result.stdout
    assert f"✗ {files[2]}: 1 error" in result.stdout
    assert "did you mean `fc`?" in result.stderr
    assert run("check", files[0], files[2]).exit_code == 1
    assert run("check", files[1], files[1]).exit_code == 2


def test_fmt_writes_what_can_be_read(files: list[str]) -> None:
    assert run("fmt", "--check", files[0], files[1]).exit_code == 2
    result = run("fmt", files[1], files[0])
    assert result.exit_code == 2
    assert Path(files[0]).read_text() == "input 8\nfc 4\n"
    assert run("fmt", files[0]).exit_code == 0
