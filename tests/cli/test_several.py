"""Several files in one call: an unreadable one does not prevent the others from being checked."""

import gc
import json
import sys
import weakref
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from archdsl.cli import main, network_text
from archdsl.network import analyze


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """A valid file, a missing one, one with an error."""
    (tmp_path / "right.arch").write_text("input 8\nfc  4\n")
    (tmp_path / "wrong.arch").write_text("input 8\nfcc 4\n")
    return [str(tmp_path / f"{name}.arch") for name in ("right", "gone", "wrong")]


def run(*args: str) -> Result:
    result = CliRunner().invoke(main, args)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


def test_check_continues_after_a_missing_file(files: list[str]) -> None:
    result = run("check", *files)
    assert result.exit_code == 2
    assert f"archdsl: {files[1]}: no such file" in result.stderr
    assert f"✓ {files[0]}" in result.stdout
    assert f"✗ {files[2]}: 1 error" in result.stdout
    assert "write `fc` instead of `fcc`" in result.stderr
    assert run("check", files[0], files[2]).exit_code == 1
    assert run("check", files[1], files[1]).exit_code == 2


def test_fmt_continues_after_an_unreadable_file(files: list[str]) -> None:
    assert run("fmt", "--check", files[0], files[1]).exit_code == 2
    result = run("fmt", files[1], files[0])
    assert result.exit_code == 2
    assert Path(files[0]).read_text() == "input 8\nfc 4\n"
    assert run("fmt", files[0]).exit_code == 0


FORMATS = ("text", "json", "sarif", "github")


@pytest.fixture
def many(tmp_path: Path) -> list[str]:
    """Forty files: every other one has an error."""
    for number in range(40):
        layer = "fc 2" if number % 2 else "fcc 2"
        (tmp_path / f"{number:02}.arch").write_text(f"input 8\n{layer}\nrelu\nfc {number + 1}\n")
    return [str(path) for path in sorted(tmp_path.glob("*.arch"))]


@pytest.mark.parametrize("form", FORMATS)
def test_only_one_network_is_kept_in_memory(many: list[str], form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many files there are, memory holds only the current one, with its text and diagnostics."""
    kept: list[weakref.ref[object]] = []
    most = 0

    def watched(*given: Any, **named: Any) -> Any:
        nonlocal most
        found = analyze(*given, **named)
        gc.collect()
        most = max(most, sum(each() is not None for each in kept))
        kept.append(weakref.ref(found.draft))
        return found

    monkeypatch.setattr(network_text, "analyze", watched)
    gc.freeze()  # objects from before need not be scanned forty times
    try:
        assert run("check", "--format", form, *many).exit_code == 1
    finally:
        gc.unfreeze()
    assert len(kept) == 40
    assert most <= 1


@pytest.mark.parametrize("form", FORMATS)
def test_reports_are_written_immediately(many: list[str], form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the last file is checked, the output for the previous ones has been written."""
    written: list[int] = []

    def watched(*given: Any, **named: Any) -> Any:
        sys.stdout.flush()
        written.append(sys.stdout.buffer.tell())
        return analyze(*given, **named)

    monkeypatch.setattr(network_text, "analyze", watched)
    run("check", "--format", form, *many)
    assert written[1] < written[20] < written[39]


@pytest.mark.parametrize("missing", [False, True])
def test_json_and_sarif_of_many_files_are_complete(many: list[str], missing: bool) -> None:
    names = [*many[:20], *["gone.arch"] * missing, *many[20:]]
    found = json.loads(run("check", "--format", "json", *names).stdout)
    assert found["schema_version"] == 2
    assert len(found["networks"]) == 40
    log = json.loads(run("check", "--format", "sarif", *names).stdout)
    (one,) = log["runs"]
    assert [result["ruleId"] for result in one["results"]] == ["E0201"] * 20
    assert [rule["id"] for rule in one["tool"]["driver"]["rules"]] == ["E0201"]
    lines = run("check", "--format", "github", *names).stdout.splitlines()
    assert len(lines) == 20
    result = run("check", *names)
    assert len(result.stdout.splitlines()) == 40
    assert result.exit_code == (2 if missing else 1)


@pytest.mark.parametrize("form", FORMATS)
def test_symbolic_and_fixed_sizes_are_checked_together(tmp_path: Path, form: str) -> None:
    (tmp_path / "a.arch").write_text("input 3xHxW\nconv 3 k3\n")
    (tmp_path / "b.arch").write_text("input 8\nfc 2\n")
    result = run("check", "--format", form, str(tmp_path / "a.arch"), str(tmp_path / "b.arch"))
    assert result.exit_code == 0
    if form == "text":
        assert [line[0] for line in result.stdout.splitlines()] == ["✓", "✓"]
