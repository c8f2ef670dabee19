"""Any file name, and any `use` in a text, gives output or a diagnostic, never a traceback."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from archdsl.cli import main

NAMES = {
    "nul": "a\0.arch",
    "nul in a folder": "a\0b/c.arch",
    "too long": "n" * 3000 + ".arch",
    "a folder that is too long": "n" * 3000 + "/a.arch",
    "deep": "n/" * 3000 + "a.arch",
    "a lone surrogate": "\ud800.arch",
    "a byte of no text": "\udcff.arch",
    "a line end": "a\nb.arch",
    "an escape": "\x1b[31m.arch",
    "direction": "\u202e.arch",
    "blank": " ",
    "empty": "",
    "a folder": ".",
    "a folder of devices": "/dev/fd",
    "back": "..",
    "a file as a folder": "net.arch/x.arch",
    "backslashes": "nets\\net.arch",
    "a drive": "C:\\nets\\net.arch",
    "a device": "/dev/null/x",
    "a link in a circle": "circle.arch",
    "zoo": "zoo:",
    "zoo with nul": "zoo:\0",
    "zoo outward": "zoo:../../etc/passwd",
    "a colon": ":",
    "a revision": "HEAD:\0",
    "home": "~/\0",
}
COMMANDS = {
    "check": ["check", "NAME"],
    "check json": ["check", "--format", "json", "NAME"],
    "check sarif": ["check", "--format", "sarif", "NAME", "net.arch"],
    "check --fix": ["check", "--fix", "NAME"],
    "compile": ["compile", "NAME"],
    "diagram": ["diagram", "NAME", "-o", "-", "--format", "dot"],
    "diff": ["diff", "net.arch", "NAME"],
    "diff first": ["diff", "NAME", "net.arch"],
    "fmt": ["fmt", "NAME"],
    "weights": ["weights", "NAME", "net.safetensors"],
    "why": ["why", "NAME", "fc1"],
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = tmp_path / "inner"  # `..` is a folder of this test alone
    inner.mkdir()
    monkeypatch.chdir(inner)
    Path("net.arch").write_text("input 8\nfc 2\n")
    Path("circle.arch").symlink_to("circle.arch")


@pytest.mark.parametrize("command", COMMANDS)
def test_hostile_file_names_cause_no_traceback(command: str) -> None:
    for kind, name in NAMES.items():
        done = CliRunner().invoke(main, [name if word == "NAME" else word for word in COMMANDS[command]])
        assert done.exception is None or isinstance(done.exception, SystemExit), (kind, done.exc_info)
        assert done.exit_code == 2, (kind, done.output)
        assert len(done.stderr.splitlines()) == 1, (kind, done.stderr)
        assert "\x1b" not in done.output
        assert "\u202e" not in done.output


@pytest.mark.parametrize("kind", NAMES)
def test_hostile_names_in_use_are_reported_at_their_position(kind: str) -> None:
    """A text is checked as far as possible; the name is reported at its position."""
    text = f'use "{NAMES[kind]}"\ninput 8\nfc 2\n'
    for command in (["check"], ["check", "--format", "json"], ["check", "--format", "github"], ["compile"]):
        done = CliRunner().invoke(main, [*command, "-"], input=text.encode("utf-8", "surrogatepass"))
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
        assert done.exit_code in (1, 2)
        assert "\x1b" not in done.output


@pytest.mark.parametrize("word", [".env", "/etc/passwd", "net", "net.txt", "net.arch.txt", ".arch/"])
def test_files_without_the_arch_extension_are_not_used(word: str) -> None:
    Path("net.txt").write_text("a secret { {\n")
    Path(".env").write_text("a secret { {\n")
    done = CliRunner().invoke(main, ["check", "-e", f'use "{word}"\ninput 8\nfc 2\n'])
    assert done.exit_code == 1
    assert any(why in done.stderr for why in ("end in .arch", "for a file, add `.arch`", "outside"))
    assert "secret" not in done.output
