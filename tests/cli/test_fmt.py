"""`archdsl fmt`."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archdsl.cli import fmt, main
from archdsl.diagnostics import Sink
from archdsl.syntax import parse
from archdsl.syntax.format import format_program
from archdsl.syntax.tokens import KEYWORDS
from archdsl.text.source import Source

UNFORMATTED = "input 3x8x8;relu # keep\ndense 3\n"
FORMATTED = "input 3x8x8; relu  # keep\nfc 3\n"


def run(*args: str | Path, input: str | None = None) -> Result:
    return CliRunner().invoke(main, ["fmt", *map(str, args)], input=input)


@pytest.fixture
def unformatted(tmp_path: Path) -> Path:
    path = tmp_path / "rough.arch"
    path.write_text(UNFORMATTED)
    return path


def test_fmt_rewrites_the_file_and_keeps_its_mode(unformatted: Path) -> None:
    unformatted.chmod(0o640)
    done = run(unformatted)
    assert (done.exit_code, unformatted.read_text()) == (0, FORMATTED)
    assert unformatted.stat().st_mode & 0o777 == 0o640
    assert list(unformatted.parent.iterdir()) == [unformatted]
    assert run(unformatted).output == ""


def test_symlink_is_preserved(unformatted: Path) -> None:
    link = unformatted.with_name("link.arch")
    link.symlink_to(unformatted.name)
    assert run(link).exit_code == 0
    assert link.is_symlink()
    assert unformatted.read_text() == FORMATTED


def test_read_only_file_is_kept_and_the_others_are_formatted(unformatted: Path) -> None:
    other = unformatted.with_name("other.arch")
    other.write_text(unformatted.read_text())
    before = unformatted.read_text()
    unformatted.chmod(0o444)
    result = CliRunner().invoke(main, ["fmt", str(unformatted), str(other)])
    assert result.exit_code == 2
    assert f"{unformatted} cannot be written: the file is read-only" in result.stderr
    assert unformatted.read_text() == before != other.read_text()


def test_check_lists_files_without_writing(unformatted: Path) -> None:
    neat = unformatted.with_name("neat.arch")
    neat.write_text(FORMATTED)
    done = run("--check", unformatted, neat)
    assert (done.exit_code, done.output) == (1, f"{unformatted} would change\n")
    assert unformatted.read_text() == UNFORMATTED
    assert run("--check", neat).exit_code == 0


def test_diff_shows_changes_without_writing(unformatted: Path) -> None:
    done = run("--diff", unformatted)
    assert done.exit_code == 0
    assert done.output.splitlines()[3:] == [
        *(f"-{line}" for line in UNFORMATTED.splitlines()),
        "+input 3x8x8; relu  # keep",
        "+fc 3",
    ]
    assert unformatted.read_text() == UNFORMATTED


def test_standard_input_is_formatted_to_standard_output() -> None:
    done = run("-", input=UNFORMATTED)
    assert (done.exit_code, done.output) == (0, FORMATTED)


def test_errors_leave_the_file_unchanged(unformatted: Path) -> None:
    wrong = unformatted.with_name("wrong.arch")
    wrong.write_text("input 3x8x8;relu (\n")
    done = run(wrong, unformatted)
    assert done.exit_code == 1
    assert "error[E01" in done.output
    assert wrong.read_text() == "input 3x8x8;relu (\n"
    assert unformatted.read_text() == FORMATTED


@pytest.mark.parametrize(
    "text",
    [
        "block {}() {{ relu }}\ninput 8\nfc 2\n",
        "net {}()\ninput 8\nfc 2\n",
        "net {}(a=1)\ninput 8;   fc a\n",
        "input 8\nstage {} {{ fc 2 }}\n",
        "input 8\n{}()\n",
        "input 8\n{}(1) {{ relu }} {{ relu }}\n",
        "input 8\nfc 2 as {}\n",
        "input 8\nlet {} = 2;  fc 2\n",
    ],
)
def test_formatted_text_has_no_syntax_errors(tmp_path: Path, text: str) -> None:
    """Whatever names a text uses, its formatted form has no syntax errors; otherwise the file remains unchanged."""
    path = tmp_path / "net.arch"
    for word in sorted(KEYWORDS):
        path.write_text(text.format(word))
        done = run(path)
        if path.read_text() == text.format(word):
            continue
        assert done.exit_code == 0
        sink = Sink()
        parse(Source(path.read_text()), sink)
        assert sink.errors == 0


DAMAGE: dict[str, Callable[[str], str]] = {
    "a statement is lost": lambda text: text.replace("fc 3\n", ""),
    "a value changes": lambda text: text.replace("3x8x8", "3x8x9"),
    "a word changes": lambda text: text.replace("relu", "gelu"),
    "it cannot be read": lambda text: text + "}\n",
    "nothing is left": lambda text: "",
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_file_is_unchanged_if_the_formatter_has_a_bug(
    unformatted: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(fmt, "format_program", lambda *given: DAMAGE[kind](format_program(*given)))
    done = run(unformatted)
    assert done.exit_code == 1
    assert "please report this as a bug" in done.stderr
    assert unformatted.read_text() == UNFORMATTED


def test_synonyms_are_replaced_by_the_canonical_name(unformatted: Path) -> None:
    unformatted.write_text("input 8\ndense   4;  linear 3\n")
    assert run(unformatted).exit_code == 0
    assert unformatted.read_text() == "input 8\nfc 4; fc 3\n"


def test_settings_with_the_name_of_a_layer_are_kept(tmp_path: Path) -> None:
    """`clip` is a synonym of the layer `clamp`, and the setting of gradient clipping."""
    path = tmp_path / "a.arch"
    path.write_text("input 4\nclip 0 6;  fc 3\ntrain {  clip 1 }\n")
    done = CliRunner().invoke(main, ["fmt", str(path)])
    assert done.exit_code == 0, done.output
    assert path.read_text() == "input 4\nclamp 0 6; fc 3\ntrain { clip 1 }\n"
