"""Commands that rewrite a file keep its byte order mark and line endings, and a file that has changed meanwhile."""

import codecs
from pathlib import Path

import pytest
from click.testing import CliRunner

from archdsl.cli import fixing, fmt, main
from archdsl.diagnostics.fixes import Fixed, fix
from archdsl.text.source import Source

COMMANDS = {
    ("fmt",): ("input 5 int(7);embedding 64 # é\ndense 3\n", "input 5 int(7); embedding 64  # é\nfc 3\n"),
    ("check", "--fix", "--unsafe"): ("input 5 int(7) # é\nlrelu\n", "input 5 int(7) # é\nembedding 64\nlrelu\n"),
}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_byte_order_mark_and_line_endings_are_kept(
    tmp_path: Path, command: tuple[str, ...], mark: bytes, newline: str
) -> None:
    before, after = (text.replace("\n", newline) for text in COMMANDS[command])
    file, link = tmp_path / "a.arch", tmp_path / "link.arch"
    file.write_bytes(mark + before.encode())
    link.symlink_to(file)
    CliRunner().invoke(main, [command[0], str(link), *command[1:]])
    assert file.read_bytes() == mark + after.encode()
    assert link.is_symlink()


def test_file_that_changes_while_it_is_formatted_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.arch"
    file.write_text("input 4;fc 3\n")

    def save(source: Source) -> str:
        file.write_text("input 4; fc 5\n")
        return "input 4; fc 3\n"

    monkeypatch.setattr(fmt, "formatted", save)
    _is_kept(["fmt", str(file)], file, "input 4; fc 5\n")


def test_file_that_changes_while_it_is_fixed_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.arch"
    file.write_text("input 5 int(7)\nlrelu\n")

    def save(source: Source, *args: object, **options: object) -> Fixed:
        file.write_text("input 5 int(9)\nlrelu\n")
        return fix(source, *args, **options)  # type: ignore[arg-type]  # the arguments are passed on

    monkeypatch.setattr(fixing, "fix", save)
    _is_kept(["check", str(file), "--fix", "--unsafe"], file, "input 5 int(9)\nlrelu\n")


def _is_kept(command: list[str], file: Path, text: str) -> None:
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 2
    assert done.output == f"archdsl: {file} has changed since it was read; run the command again\n"
    assert file.read_text() == text
