"""Names of shipped networks that are given as if they were files here: the error says how to name them."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from archdsl.cli import main
from archdsl.text.paths import examples

COMMANDS = (["check"], ["fmt"], ["compile"], ["diagram", "-o", "net.svg"], ["train", "--data", "digits"])


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
@pytest.mark.parametrize("name", ["lenet5.arch", "zoo/resnet.arch"])
def test_error_names_the_installed_example(
    command: list[str], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, [*command, f"examples/{name}"])
    assert done.exit_code == 2
    (installed,) = re.findall(r"no such file; the example is installed as `(.*)`", done.output)
    assert Path(installed).samefile(examples() / name)
    assert CliRunner().invoke(main, ["check", installed]).exit_code == 0


@pytest.mark.parametrize("command", COMMANDS[:1] + COMMANDS[2:], ids=lambda words: words[0])
@pytest.mark.parametrize("name", ["lenet5", "resnet50"])
def test_name_of_a_zoo_network_gets_its_prefix(
    command: list[str], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, [*command, name])
    assert done.exit_code == 2
    assert f"{name}: no such file; did you mean `zoo:{name}`?" in done.output
    Path(name).write_text("input 3x8x8; conv 2", encoding="utf-8")
    assert "zoo:" not in CliRunner().invoke(main, ["check", name]).output


@pytest.mark.parametrize("given", ["examples/none.arch", "examples", "other/lenet5.arch", "examples/../pyproject.toml"])
def test_other_missing_paths_get_no_hint(given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["check", given])
    assert done.exit_code == 2
    assert "installed" not in done.output


def test_unreadable_example_gets_no_hint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("examples").mkdir()
    Path("examples/lenet5.arch").write_bytes(b"\xff")
    done = CliRunner().invoke(main, ["check", "examples/lenet5.arch"])
    assert "not valid UTF-8" in done.output
    assert "installed" not in done.output
