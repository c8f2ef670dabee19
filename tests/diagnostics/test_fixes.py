"""Fixes are applied in one step, checked again and reported; never half a file, never a worse text."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from archdsl.analysis.codes import by_code
from archdsl.cli import main
from archdsl.diagnostics import Diagnostic, Edit, Fix, Sink
from archdsl.diagnostics.diagnostic import Finding
from archdsl.diagnostics.fixes import fix
from archdsl.explain.examples import run_example
from archdsl.network import analyze
from archdsl.text.source import Source, Span
from archdsl.training.network_check import check_recipe

WRONG = "net N(width = 8)\ninput 3x32x32\nstage a { covn widht k3 p1 } bn\nfc 4K\n"


def check(source: Source) -> tuple[Finding, ...]:
    return analyze(source, Sink(), recipe=check_recipe).diagnostics


def fixed(text: str, *, unsafe: bool) -> str:
    source = Source(text)
    return fix(source, check(source), check, unsafe=unsafe).source.text


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["check", *arguments])
    return done.exit_code, done.output


def test_safe_fixes_only() -> None:
    assert fixed(WRONG, unsafe=False) == WRONG.replace("} bn", "}; bn").replace("4K", "4000")


def test_unsafe_fixes_are_applied_too() -> None:
    wanted = WRONG.replace("} bn", "}; bn").replace("4K", "4000").replace("covn", "conv").replace("widht", "width")
    # The first three uncover an image in front of `fc`, and a bias that the normalization removes.
    assert fixed(WRONG, unsafe=True) == wanted.replace("k3 p1", "k3 p1 nobias").replace("fc", "gap\nfc")


def test_errors_revealed_by_a_fix_are_fixed_too() -> None:
    assert fixed("input 64\nfcc 8K\n", unsafe=True) == "input 64\nfc 8000\n"


def test_unused_ignore_codes_are_removed_individually() -> None:
    text = "input 3x8x8\nconv 8 k3  # archdsl: ignore[W0903, W0904]\n"
    assert fixed(text, unsafe=False) == "input 3x8x8\nconv 8 k3\n"
    text = "input 3x8x8\nconv 8 k3; bn  # archdsl: ignore[W0904, W0903, W0905]\n"
    assert fixed(text, unsafe=False) == "input 3x8x8\nconv 8 k3; bn  # archdsl: ignore[W0903]\n"


@pytest.mark.parametrize("code", by_code())
def test_fix_of_every_example_removes_the_error(code: str) -> None:
    kind = by_code()[code]
    source, found = run_example(kind, kind.wrong)
    if not found[0].suggestions or found[0].suggestions[0].ambiguous:
        return
    offered = found[0].suggestions[0]
    again = fix(source, found, lambda text: run_example(kind, text.text)[1], unsafe=True)
    assert code not in [item.diagnostic.code for item in again.found]
    assert again.applied
    assert again.applied[0].title == offered.title


class Doubled(Diagnostic):
    """Two similar characters that one fix makes equal."""

    title = "a letter twice"

    def message(self) -> str:
        return "a letter twice"

    def fix(self) -> Fix:
        return Fix(title="one", edits=(Edit(span=self.span, text=self.span.text[0]),), safe=True)


Doubled.code = "E9998"


def doubled(source: Source) -> tuple[Finding, ...]:
    sink = Sink()
    for i in range(len(source.text) - 1):
        if source.text[i] == source.text[i + 1]:
            sink.emit(Doubled(span=Span(source, i, i + 2)))
    return tuple(item.replace(suggestions=(item.diagnostic.fix(),)) for item in sink)


def test_adjacent_edits_are_applied_in_the_next_round() -> None:
    source = Source("aaaab")
    done = fix(source, doubled(source), doubled, unsafe=False)
    assert done.source.text == "ab"
    assert done.found == ()
    assert len(done.applied) == 3


def test_fixed_file_is_written_and_reported(tmp_path: Path) -> None:
    file = tmp_path / "net.arch"
    file.write_bytes(b"\xef\xbb\xbfinput 64\r\nfcc 8\r\n")
    file.chmod(0o640)
    assert run(str(file), "--diff", "--unsafe")[0] == 1
    assert file.read_bytes().endswith(b"fcc 8\r\n")
    status, reported = run(str(file), "--fix", "--unsafe")
    assert status == 0
    assert "line 2: write `fc` instead of `fcc` (E0201)" in reported
    assert file.read_bytes() == b"\xef\xbb\xbfinput 64\r\nfc 8\r\n"
    assert file.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["net.arch"]


def test_unwritable_file_is_reported_in_one_line() -> None:
    assert run("-e", "input 64; fcc 8", "--fix") == (
        2,
        "archdsl: <text> is not a file that fixes can be written to; --diff shows them\n",
    )
    status, reported = run("-e", "input 64; fcc 8", "--unsafe")
    assert status == 2
    assert "--unsafe" in reported


def test_used_files_are_not_modified(tmp_path: Path) -> None:
    (tmp_path / "blocks.arch").write_text("block unit { covn 8 k3 }\n", encoding="utf-8")
    file = tmp_path / "net.arch"
    file.write_text('use "blocks.arch"\ninput 3x8x8\nunit\n', encoding="utf-8")
    status, reported = run(str(file), "--fix", "--unsafe")
    assert status == 1
    assert "applied" not in reported
    assert "covn" in (tmp_path / "blocks.arch").read_text(encoding="utf-8")
