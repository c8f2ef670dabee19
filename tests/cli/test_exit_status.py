"""Exit statuses of all commands are those of docs/command_line.md: 2 for an error in the command, 1 for the network."""

import re
from contextlib import chdir
from pathlib import Path

import pytest
from click.testing import CliRunner

from archdsl.cli import _COMMANDS, main

PAGE = Path(__file__).resolve().parents[2] / "docs" / "command_line.md"
DOCUMENTED = {int(status) for status in re.findall(r"^\| (\d+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)}

# Errors in the command, besides an unknown option, which is tried for all.
WRONG: dict[str, list[str]] = {
    "cache": ["nosuch", "clear", "clear nosuch", "clear ../net.arch"],
    "check": [
        "",
        "gone.arch",
        "net.arch gone.arch",
        "net.arch --format xml",
        "net.arch --set x",
        "net.arch --set a=1 --set a=2",
        "net.arch --style gone.arch",
        "net.arch --style fixed.arch",
    ],
    "compile": ["", "gone.arch", "net.arch -o nowhere/net.py", "net.arch -e net.arch", "net.arch --set x"],
    "data": [
        "digit",
        "digits test:0",
        "digits test:999999 -o x.png",
        "digits tset:0 -o x.png",
        "digits -o x.png",
        "digits test:0 test:1 -o x.png",
        "digits test:0 -o x.jpg",
        "digits test:0 -o x.png --data-dir folder",
        "digits test:0 -o x.png --split 0.5",
        "--split 0.5",
        "digits test:0 -o x.png --split nan",
    ],
    "diagram": [
        "",
        "net.arch",
        "gone.arch -o x.svg",
        "net.arch -o x.xyz",
        "net.arch -o nowhere/x.svg",
        "net.arch -o x.svg --dpi 96",
        "net.arch -o x.svg --style gone.arch",
        "net.arch -o x.svg --style fixed.arch",
    ],
    "diff": [
        "",
        "net.arch",
        "net.arch gone.arch",
        "net.arch wrong.arch",
        "net.arch net.arch net.arch",
        "zoo:resnet1 zoo:lenet5",
        "net.arch net.arch -o x.xyz",
        "net.arch net.arch -o nowhere/x.svg",
    ],
    "eval": ["", "gone", "folder"],
    "explain": ["E9999", "E0301 E0302"],
    "export": ["", "gone.arch", "net.arch --to xyz", "net.arch -o nowhere/net.onnx"],
    "fmt": ["", "gone.arch", "net.arch gone.arch"],
    "import": ["", "gone.onnx", "no_such_module:model", "notes.txt"],
    "inspect": ["", "gone gone.png", "folder"],
    "layers": ["convolutoin", "conv relu"],
    "lsp": ["net.arch"],
    "mcp": ["net.arch"],
    "predict": ["", "gone", "gone gone.png", "folder gone.png", "gone text --temperature nan"],
    "sweep": [
        "",
        "gone.arch",
        "net.arch --trials 0",
        "net.arch --lr x..y",
        "net.arch --data nosuch",
        "--status gone",
        "status",
        "status gone",
        "status gone --status gone",
        "--format json status gone",
        "net.arch folder --lr 0.1,0.2",
        "net.arch --lr 0.1,0.2 --storage x --out s",
        "net.arch --lr 0.1,0.2 --format json",
    ],
    "train": [
        "",
        "gone.arch",
        "net.arch --data nosuch",
        "net.arch --epochs x",
        "net.arch --resume gone",
        "net.arch --device abacus",
    ],
    "weights": ["", "net.arch", "gone.arch w.safetensors", "net.arch gone.safetensors"],
    "why": ["", "net.arch", "gone.arch conv1", "net.arch nosuch", "net.arch 99"],
    "zoo": ["shwo", "show", "show nosuch", "cite", "cite nosuch"],
}
# Errors in the network, or what a check finds.
FAILED: dict[str, list[str]] = {
    "check": [
        "wrong.arch",
        "net.arch wrong.arch",
        "-e input",
        "warned.arch --strict",
        "net.arch --fits 1B",
        "fixed.arch --sizes 2",
        "net.arch --style style.arch",
    ],
    "compile": ["wrong.arch"],
    "diagram": ["wrong.arch -o x.svg", "net.arch -o x.svg --check", "net.arch -o x.svg --style style.arch"],
    "diff": ["net.arch zoo:lenet5"],
    "export": ["wrong.arch -o x.safetensors"],
    "fmt": ["--check unformatted.arch", "broken.arch"],
    "sweep": ["wrong.arch --lr 0.1,0.2"],
    "train": ["wrong.arch --data digits"],
    "why": ["wrong.arch conv1"],
}
SUCCEEDING: dict[str, list[str]] = {
    "cache": ["", "--format json", "clear hub"],
    "check": [
        "net.arch",
        "-e input_8".replace("_", "·"),
        "warned.arch",
        "zoo:lenet5",
        "net.arch zoo:lenet5",
        "--schema",
    ],
    "compile": ["net.arch"],
    "data": ["", "digits", "mnist --format json", "digits test:0 -o x.png", "shapes"],
    "diagram": ["net.arch -o y.svg"],
    "diff": ["net.arch net.arch"],
    "explain": ["", "E0301"],
    "fmt": ["--check net.arch"],
    "layers": ["", "conv"],
    "why": ["net.arch conv1"],
    "zoo": ["show lenet5"],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {
        "style.arch": 'figure { label nothing "x" }\n',
        "net.arch": "input 1x8x8\nconv 4 k3\nrelu\nflatten\nfc 10\n",
        "fixed.arch": "input 1x8x8\nconv 4 k3\nrelu\nflatten\nfc 10\n",
        "wrong.arch": "input 1x8x8\nconv 4 k9\nflatten\nfc 10\n",
        "broken.arch": "input 1x8x8\nconv (\n",
        "warned.arch": "input 1x8x8\nlet a = 3\nconv 4 k3\n",
        "unformatted.arch": "input   1x8x8;conv 4   k3\n",
        "notes.txt": "nothing",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "folder").mkdir()
    return tmp_path


def status(folder: Path, command: str, words: str) -> tuple[int, str]:
    """The exit status and the output of a command; `·` stands for a space within a word."""
    args = [word.replace("·", " ") for word in words.split()]
    with chdir(folder):
        result = CliRunner().invoke(main, [command, *args])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    assert result.exit_code in DOCUMENTED
    return result.exit_code, result.output


def cases(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(command, words) for command, found in table.items() for words in found]


def test_documentation_lists_every_exit_status() -> None:
    assert sorted(DOCUMENTED) == [0, 1, 2, 130]


def test_every_command_has_a_case() -> None:
    assert WRONG.keys() == _COMMANDS.keys()


@pytest.mark.parametrize("command", sorted(_COMMANDS))
def test_unknown_option_exits_with_2(folder: Path, command: str) -> None:
    found, output = status(folder, command, "--no-such-option")
    assert found == 2
    assert "--no-such-option" in output


@pytest.mark.parametrize(("command", "words"), cases(WRONG))
def test_usage_error_exits_with_2(folder: Path, command: str, words: str) -> None:
    before = sorted(folder.rglob("*"))
    found, output = status(folder, command, words)
    assert found == 2, output
    assert output.strip()
    assert sorted(folder.rglob("*")) == before  # nothing was written


@pytest.mark.parametrize(("command", "words"), cases(FAILED))
def test_network_error_exits_with_1(folder: Path, command: str, words: str) -> None:
    found, output = status(folder, command, words)
    assert found == 1, output
    assert output.strip()


@pytest.mark.parametrize(("command", "words"), cases(SUCCEEDING))
def test_success_exits_with_0(folder: Path, command: str, words: str) -> None:
    found, output = status(folder, command, words)
    assert found == 0, output


def test_unknown_command_exits_with_2(folder: Path) -> None:
    assert status(folder, "chekc", "net.arch")[0] == 2


def test_pages_link_to_the_list_of_exit_statuses() -> None:
    """Each page that says more than a sentence about statuses links to the one that has all of them."""
    root = PAGE.parents[1]
    pages = [root / "README.md", *(root / "docs" / name for name in ("howto/ci.md", "language/errors.md"))]
    assert all("command_line.md#exit-status" in page.read_text(encoding="utf-8") for page in pages)


@pytest.mark.parametrize("command", ["check", "fmt", "diagram -o x.svg", "train", "export", "sweep"])
def test_file_and_inline_text_together_are_refused(command: str) -> None:
    """With a file and -e, the message shows both rather than asking for a network."""
    done = CliRunner().invoke(main, [*command.split(), "other.arch", "-e", "input 3; fc 1"])
    assert done.exit_code == 2
    assert "-e gives the network, and so does `other.arch`; leave one of them out" in done.stderr
