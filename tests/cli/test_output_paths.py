"""What a command cannot write is an error in the command: one message and status 2, in all commands alike."""

import os
import subprocess
import sys
from contextlib import chdir
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from archdsl.cli import main
from archdsl.cli.output_path import OutputPath

WRITES = {"-o", "--output", "--out"}
COMMANDS = {
    "compile": (("compile", "net.arch", "-o"), ".py"),
    "data": (("data", "digits", "test:0", "-o"), ".png"),
    "data of several": (("data", "digits", "test:0", "test:1", "-o"), ""),
    "diagram": (("diagram", "net.arch", "-o"), ".svg"),
    "diff": (("diff", "net.arch", "net.arch", "-o"), ".svg"),
    "export": (("export", "net.arch", "--to", "safetensors", "-o"), ".safetensors"),
    "import": (("import", "config.json", "-o"), ".arch"),
    "train": (("train", "net.arch", "--data", "digits", "--epochs", "1", "--out"), ""),
    "sweep": (("sweep", "net.arch", "--data", "digits", "--lr", "0.1,0.2", "--epochs", "1", "--out"), ""),
}
PATHS = {
    "below a file": "file.txt/x{}",
    "a folder with files": "full{}",
    "a null character": "a\0b{}",
    "too long": "n" * 300 + "{}",
    "empty": "",
    "a link to itself": "loop{}",
    "bytes that are not UTF-8": "n\udcff{}",
}
CONFIG = '{"model_type": "gpt2", "n_layer": 1, "n_embd": 8, "n_head": 2, "n_positions": 8, "vocab_size": 9}'


@pytest.fixture(name="folder")
def prepared_folder(tmp_path: Path) -> Path:
    (tmp_path / "net.arch").write_text("input 1x8x8\nflatten; fc 10\n", encoding="utf-8")
    (tmp_path / "config.json").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "file.txt").write_text("", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("kind", PATHS)
@pytest.mark.parametrize("command", COMMANDS)
def test_unwritable_output_path_is_a_usage_error(folder: Path, command: str, kind: str) -> None:
    words, ending = COMMANDS[command]
    if kind == "a folder with files":
        if command == "data of several":
            pytest.skip("it writes to a folder")
        (folder / f"full{ending}").mkdir()
        (folder / f"full{ending}" / "kept").write_text("", encoding="utf-8")
    if kind == "a link to itself":
        (folder / f"loop{ending}").symlink_to(f"loop{ending}")
    before = sorted(folder.rglob("*"))
    with chdir(folder):
        done = CliRunner().invoke(main, [*words, PATHS[kind].format(ending) if PATHS[kind] else ""])
    assert isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code == 2, done.output
    assert sorted(folder.rglob("*")) == before
    assert "\0" not in done.output


@pytest.mark.parametrize("command", [name for name, (_, ending) in COMMANDS.items() if ending and name != "data"])
def test_path_of_a_folder_is_refused_for_a_file(folder: Path, command: str) -> None:
    words, ending = COMMANDS[command]
    before = sorted(folder.rglob("*"))
    with chdir(folder):
        done = CliRunner().invoke(main, [*words, f"new{ending}/"])
    assert done.exit_code == 2, done.output
    assert f"new{ending}/ is a folder; give the name of a file in it" in " ".join(done.output.split())
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("command", ["compile", "diagram", "diff", "data", "import"])
def test_output_may_have_other_characters_with_an_ascii_locale(folder: Path, command: str) -> None:
    words, ending = COMMANDS[command]
    output = folder / f"\uadf8\ub9bc{ending}"
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    line = [sys.executable, "-m", "archdsl", *words, str(output)]
    done = subprocess.run(line, cwd=folder, env={**os.environ, **locale}, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert output.is_file()


@pytest.mark.parametrize("command", ["compile", "diagram", "import"])
def test_read_only_file_is_kept(folder: Path, command: str) -> None:
    words, ending = COMMANDS[command]
    output = folder / f"kept{ending}"
    output.write_text("kept", encoding="utf-8")
    output.chmod(0o444)
    with chdir(folder):
        done = CliRunner().invoke(main, [*words, output.name])
    assert done.exit_code == 2, done.output
    assert "cannot be written: the file is read-only" in done.output
    assert output.read_text(encoding="utf-8") == "kept"


RECORDED = {
    "train": ("FILE", "--data", "--data-dir", "--from", "--resume", "--set", "--input", "-e"),
    "sweep": ("FILE", "--data", "--data-dir", "--resume", "--set", "--input", "-e", "--storage"),
}
"""What a run or a sweep records, or where it is written."""


@pytest.mark.parametrize(("command", "name"), [(command, name) for command in RECORDED for name in RECORDED[command]])
def test_arguments_that_a_run_cannot_record_are_refused(folder: Path, command: str, name: str) -> None:
    """They are refused before anything is read, not when the first file of the run is written."""
    given = [] if name == "FILE" else ["net.arch", name]
    before = sorted(folder.rglob("*"))
    with chdir(folder):
        done = CliRunner().invoke(main, [command, *given, "x=n\udcff"])
    assert done.exit_code == 2, done.output
    assert "x=n\\u{dcff}` is not UTF-8 text" in done.stderr
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("command", ["train", "sweep", "data of several"])
def test_existing_file_in_place_of_a_folder_is_reported(folder: Path, command: str) -> None:
    (folder / "plain").write_text("", encoding="utf-8")
    with chdir(folder):
        done = CliRunner().invoke(main, [*COMMANDS[command][0], "plain"])
    assert done.exit_code == 2
    assert "a file of that name exists" in done.stderr


def test_device_file_is_not_replaced(folder: Path, tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("needs named pipes")
    pipe = tmp_path / "pipe.safetensors"
    os.mkfifo(pipe)
    with chdir(folder):
        done = CliRunner().invoke(main, [*COMMANDS["export"][0], str(pipe)])
    assert done.exit_code == 2
    assert "not a regular file" in done.stderr
    assert pipe.is_fifo()


def test_every_output_option_has_the_output_path_type() -> None:
    context = click.Context(main)
    commands = {name: main.get_command(context, name) for name in main.list_commands(context)}
    outputs = [
        (name, option)
        for name, command in commands.items()
        if command is not None
        for option in command.params
        if WRITES & set(option.opts)
    ]
    assert len(outputs) >= 9
    assert [name for name, option in outputs if not isinstance(option.type, OutputPath)] == []
