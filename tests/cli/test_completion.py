"""Shell completion: what each argument completes, in every shell's protocol, and in the shells themselves."""

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from contextlib import chdir
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from archdsl import zoo
from archdsl.analysis.codes import by_code
from archdsl.cli import _COMMANDS, main
from archdsl.layers import merges, registry
from archdsl.text.library import standard_blocks
from archdsl.training.data.registry import data_sets

PROGRAM = """\
import sys
from archdsl.cli import main
try:
    main(prog_name="archdsl")
finally:
    heavy = {"torch", "numpy", "rich", "matplotlib"} & sys.modules.keys()
    if heavy:
        print("HEAVY", *heavy)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "net.arch").write_text("input 1x8x8\nstage body { conv 4 k3; relu }\nflatten; fc 2\n")
    (tmp_path / "my net.arch").write_text("input 8\n")
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / ".hidden.arch").write_text("")
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "a.arch").write_text("input 8\n")
    (tmp_path / "nets" / "deep").mkdir()
    return tmp_path


def complete(folder: Path, *words: str, shell: str = "bash") -> list[str]:
    """The lines that a shell's function reads; the last word is the one to complete."""
    with chdir(folder):
        result = CliRunner().invoke(main, [], prog_name="archdsl", env=requested(shell, *words))
    assert result.exit_code == 0, words
    assert result.stderr == "", words
    return result.stdout.splitlines()


def requested(shell: str, *words: str) -> dict[str, str]:
    """The environment in which a shell requests completions."""
    position = words[-1] if shell == "fish" else str(len(words))
    return {
        "_ARCHDSL_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": "\n".join(("archdsl", *words)),
        "COMP_CWORD": position,
    }


def words(lines: list[str]) -> set[str]:
    """The words among the lines of bash's protocol."""
    return {line.partition(",")[2] for line in lines if line.startswith(("plain,", "path,"))}


NETWORKS = {"net.arch", "my net.arch", "nets"}


@pytest.mark.parametrize(
    "command", ["check", "compile", "diagram", "diff", "export", "fmt", "sweep", "train", "weights", "why"]
)
def test_networks_are_completed(folder: Path, command: str) -> None:
    assert words(complete(folder, command, "")) == NETWORKS
    assert words(complete(folder, command, "ne")) == {"net.arch", "nets"}
    assert words(complete(folder, command, "zoo:resnet1")) == {
        f"zoo:{name}" for name in zoo.entries() if name.startswith("resnet1")
    }
    assert "zoo:lenet5" in words(complete(folder, command, "z"))


def test_folders_are_completed_by_the_shell(folder: Path) -> None:
    assert complete(folder, "check", "nets") == ["dir,nets"]
    assert words(complete(folder, "check", "nets/")) == {"nets/a.arch", "nets/deep"}
    assert complete(folder, "check", "nowhere/") == ["dir,nowhere/"]
    assert words(complete(folder, "check", ".")) == {".hidden.arch"}


def test_additional_file_arguments_are_completed(folder: Path) -> None:
    assert words(complete(folder, "check", "net.arch", "--strict", "my")) == {"my net.arch"}
    assert words(complete(folder, "diff", "net.arch", "zoo:lenet")) == {"zoo:lenet5"}


def test_bash_completion_of_words_with_colons(folder: Path) -> None:
    expected = {name for name in zoo.entries() if name.startswith("resnet1")}
    assert words(complete(folder, "diagram", "zoo", ":", "resnet1")) == expected
    assert words(complete(folder, "diagram", "zoo", ":")) == set(zoo.entries())
    assert words(complete(folder, "diff", "zoo", ":", "lenet5", "zoo", ":", "resnet1")) == expected
    assert words(complete(folder, "diff", "zoo", ":", "lenet5", "ne")) == {"net.arch", "nets"}


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (("explain", ""), set(by_code())),
        (("explain", "e03"), {code for code in by_code() if code.startswith("E03")}),
        (("layers", ""), {*registry(), *merges(), *standard_blocks(), "moe"}),
        (("layers", "softm"), {"softmax"}),
        (("zoo", "show", "vit_"), {name for name in zoo.entries() if name.startswith("vit_")}),
        (("zoo", ""), {"cite", "show"}),
        (("train", "net.arch", "--data", ""), set(data_sets())),
        (("train", "net.arch", "--data=cif"), {name for name in data_sets() if name.startswith("cif")}),
        (("eval", "run", "--data", "mn"), {name for name in data_sets() if name.startswith("mn")}),
        (("check", "--columns", "params,r"), {"params,rf"}),
        (("check", "--format", "j"), {"json"}),
        (("why", "net.arch", "body."), {"body.conv1", "body.relu1"}),
        (("",), set(_COMMANDS)),
        (("di",), {"diagram", "diff"}),
        (("check", "--wat"), {"--watch"}),
    ],
)
def test_arguments_and_options_complete_their_values(folder: Path, typed: tuple[str, ...], expected: set[str]) -> None:
    assert words(complete(folder, *typed)) == expected


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        (("eval", "r"), "dir,r"),
        (("inspect", "r"), "dir,r"),
        (("predict", "r"), "dir,r"),
        (("predict", "run", "x"), "file,x"),
        (("diagram", "net.arch", "-o", "x"), "file,x"),
        (("compile", "net.arch", "-o", "x"), "file,x"),
        (("import", "x"), "file,x"),
        (("train", "net.arch", "--data", "folder/"), "dir,folder/"),
    ],
)
def test_paths_are_completed_by_the_shell(folder: Path, typed: tuple[str, ...], line: str) -> None:
    assert complete(folder, *typed) == [line]


@pytest.mark.parametrize("name", sorted(_COMMANDS))
def test_completion_works_after_any_option(folder: Path, name: str) -> None:
    """Whatever was typed before: only completions are printed, and nothing runs."""
    command = main.get_command(click.Context(main), name)
    assert command is not None
    options = [option for each in command.params if isinstance(each, click.Option) for option in each.opts]
    before = sorted(folder.rglob("*"))
    for line in complete(folder, name, *(option for option in options if option.startswith("--")), "--"):
        assert line.startswith(("plain,--", "dir,", "file,"))
    for option in ("--help", "--schema"):
        for line in complete(folder, name, option, ""):
            assert line.split(",")[0] in ("plain", "path", "dir", "file", "")  # "": a command without arguments
    assert sorted(folder.rglob("*")) == before


def test_unknown_commands_complete_nothing(folder: Path) -> None:
    assert words(complete(folder, "chekc", "n")) == set()


@pytest.mark.parametrize("name", sorted(_COMMANDS))
def test_every_argument_has_a_completion(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    commands = [command]
    if isinstance(command, click.Group):
        commands = [found for each in command.list_commands(None) if (found := command.get_command(None, each))]  # type: ignore[arg-type]
    for each in commands:
        for parameter in each.params:
            if isinstance(parameter, click.Argument):
                assert parameter._custom_shell_complete is not None, (name, parameter.name)


def test_zsh_and_fish_show_descriptions(folder: Path) -> None:
    lines = complete(folder, "explain", "E0301", shell="zsh")
    assert lines == ["plain", "E0301", by_code()["E0301"].title]
    (line,) = complete(folder, "explain", "E0301", shell="fish")
    assert line.endswith(f"E0301\t{by_code()['E0301'].title}") or by_code()["E0301"].title in line
    assert "zoo:lenet5" in complete(folder, "check", "zoo:len", shell="zsh")


LIGHT = [
    ("",),
    ("check", "zoo:res"),
    ("explain", "E0"),
    ("layers", "c"),
    ("train", "net.arch", "--data", "m"),
    ("sweep", "--"),
    ("why", "net.arch", "b"),
    ("import", ""),
]


@pytest.mark.parametrize("words", LIGHT, ids=" ".join)
def test_completion_imports_no_heavy_package(folder: Path, words: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=folder,
        env=os.environ | requested("bash", *words),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.stderr == ""
    assert "HEAVY" not in done.stdout
    assert done.stdout.splitlines() == complete(folder, *words)


# --- in the shells ---


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the program `archdsl`."""
    path = tmp_path_factory.mktemp("programs") / "archdsl"
    call = 'from archdsl.cli import main; main(prog_name="archdsl")'
    path.write_text(f"#!/bin/sh\nexec '{sys.executable}' -c '{call}' \"$@\"\n")
    path.chmod(0o755)
    return path.parent


def environment(programs: Path, **more: str) -> dict[str, str]:
    return os.environ | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "TERM": "dumb", **more}


def typed(command: list[str], setup: str, line: str, folder: Path, env: dict[str, str]) -> str:
    """What an interactive shell shows after a line with tabs was typed: the line is printed by `echo`."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        command, cwd=folder, env=env, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
    )
    os.close(slave)
    try:
        _until(master, "READY", setup + "; echo RE''ADY\n")
        return _until(master, "DONE", line)
    finally:
        process.kill()
        process.wait()
        os.close(master)


def _until(master: int, end: str, line: str) -> str:
    """Type a line, and read until a text appears."""
    for part in line.partition("\t"):
        os.write(master, part.encode())
        time.sleep(0.1)
    found, deadline = "", time.monotonic() + 60
    while end not in found.replace(line.strip(), ""):
        assert time.monotonic() < deadline, found
        if select.select([master], [], [], 1)[0]:
            found += os.read(master, 65536).decode(errors="replace")
    return found


INTERACTIVE = [
    ("archdsl check my\t", "[check][my net.arch]"),
    ("archdsl check zoo:len\t", "[check][zoo:lenet5]"),
    ("archdsl diff net.arch zoo:wide_resnet5\t", "[diff][net.arch][zoo:wide_resnet50_2]"),
    ("archdsl train net.arch --data fash\t", "[train][net.arch][--data][fashion_mnist]"),
    ("archdsl expl\t", "[explain]"),
]


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
@pytest.mark.parametrize(("line", "expected"), INTERACTIVE)
def test_completion_in_bash(folder: Path, programs: Path, line: str, expected: str) -> None:
    source = 'source <(_ARCHDSL_COMPLETE=bash_source archdsl); archdsl() { printf "[%s]" "$@"; echo DO""NE; }'
    shell = ["bash", "--norc", "--noprofile", "-i"]
    assert expected in typed(shell, source, f"{line}\n", folder, environment(programs, INPUTRC="/dev/null"))


@pytest.mark.skipif(shutil.which("fish") is None, reason="no fish")
@pytest.mark.parametrize(("line", "expected"), INTERACTIVE)
def test_completion_in_fish(folder: Path, programs: Path, line: str, expected: str) -> None:
    source = f'_ARCHDSL_COMPLETE=fish_source archdsl | source; complete -C "{line.rstrip()}"'
    home = environment(programs, HOME=str(folder), XDG_CONFIG_HOME=str(folder / ".config"))
    done = subprocess.run(["fish", "-c", source], cwd=folder, env=home, capture_output=True, text=True, check=False)
    found = [each.partition("\t")[0] for each in done.stdout.splitlines()]
    assert expected.rpartition("[")[2].rstrip("]") in [each.replace("\\ ", " ") for each in found], done.stderr


@pytest.mark.skipif(shutil.which("zsh") is None, reason="no zsh")
@pytest.mark.parametrize(("line", "expected"), INTERACTIVE)
def test_completion_in_zsh(folder: Path, programs: Path, line: str, expected: str) -> None:
    source = 'autoload -Uz compinit; compinit -u -d .zcompdump; eval "$(_ARCHDSL_COMPLETE=zsh_source archdsl)"'
    shown = 'archdsl() { printf "[%s]" "$@"; echo DO""NE; }'
    shell = ["zsh", "-f", "-i"]
    assert expected in typed(shell, f"{source}; {shown}", f"{line}\n", folder, environment(programs))
