"""`check --format markdown` and `latex`: the table alone, or nothing."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archdsl import load
from archdsl.analysis.table_formats import render_table
from archdsl.cli import main

FORMATS = ("markdown", "latex")


def run(*args: str) -> Result:
    result = CliRunner().invoke(main, ["check", *args])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


@pytest.mark.parametrize("form", FORMATS)
def test_table_of_one_network(form: str) -> None:
    result = run("zoo:lenet5", "--format", form)
    assert result.exit_code == 0
    assert result.stdout == render_table(load("zoo:lenet5").graph, format=form) + "\n"  # type: ignore[arg-type]


@pytest.mark.parametrize("form", FORMATS)
def test_network_with_errors_has_no_table(form: str, tmp_path: Path) -> None:
    result = run("-e", "input 3x8x8; conv 3 k9; relu", "--format", form)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "error[" in result.stderr
    (tmp_path / "blocks.arch").write_text("block b { relu }\n")
    result = run(str(tmp_path / "blocks.arch"), "--format", form)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "only has blocks: there is no table" in result.stderr


@pytest.mark.parametrize("form", FORMATS)
def test_table_of_several_networks(form: str, tmp_path: Path) -> None:
    (tmp_path / "wrong.arch").write_text("input 8; fcc 4\n")
    (tmp_path / "blocks.arch").write_text("block b { relu }\n")
    files = ["zoo:lenet5", str(tmp_path / "wrong.arch"), str(tmp_path / "blocks.arch"), "zoo:alexnet"]
    result = run(*files, "--format", form)
    assert result.exit_code == 1
    lines = [
        line for line in result.stdout.splitlines() if any(name in line for name in ("LeNet5", "wrong", "AlexNet"))
    ]
    assert [line.count("?") for line in lines] == [0, 4, 0]
    assert "blocks.arch" not in result.stdout
    assert "there is no layer or block `fcc`" in result.stderr
    assert run("zoo:lenet5", "gone.arch", "zoo:alexnet", "--format", form).exit_code == 2


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    "options",
    [["--sizes", "8"], ["--explain"], ["--fix", "--diff"], ["--input-coverage"], ["--fits", "1G"], ["--batch", "4"]],
)
def test_options_incompatible_with_tables_are_refused(form: str, options: list[str]) -> None:
    result = run("-e", "input 3x8x8; conv 3 k3", "--format", form, *options)
    assert result.exit_code == 2
    assert result.stdout == ""


@pytest.mark.parametrize("form", FORMATS)
def test_table_with_selected_columns(form: str) -> None:
    result = run("-e", "input 3x8x8; conv 3 k3", "--format", form, "--columns", "memory,rf", "--batch", "4")
    assert result.exit_code == 0
    assert "memory" in result.stdout
    assert "KiB" in result.stdout
