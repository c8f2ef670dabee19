"""The commands for a fresh clone: every target that a page names exists, setup prints little, examples are
reproducible.
"""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from scripts import dev

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
SOURCES = [*sorted((ROOT / "scripts").rglob("*.py")), *sorted((ROOT / ".github").rglob("*.yml")), ROOT / ".ci" / "run"]
NAMED = re.compile(r"`make ([\w-]+)|^(?: {4}|\$ )?make ([\w-]+)(?=\s*(?:#.*|  .*)?$)|dev\.py ([a-z]+)", re.MULTILINE)
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def rules() -> set[str]:
    """The targets of the Makefile."""
    found = re.findall(r"^([a-z ]+):\n\t", MAKEFILE, re.MULTILINE)
    return {word for line in found for word in line.split()}


def test_makefile_targets_match_the_commands() -> None:
    assert rules() == set(dev.COMMANDS)
    phony = re.search(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
    assert phony is not None
    assert set(phony[1].split()) == rules()


@pytest.mark.parametrize("path", [*PAGES, *SOURCES], ids=lambda path: str(path.relative_to(ROOT)))
def test_documented_make_targets_exist(path: Path) -> None:
    for match in NAMED.finditer(path.read_text(encoding="utf-8")):
        name = match[1] or match[2] or match[3]
        assert name == "NAME" or name in dev.COMMANDS, match[0]


def test_contributing_page_names_the_main_targets() -> None:
    found = {match[1] for match in NAMED.finditer((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))}
    assert {"demo", "site", "fuzz", "bench", "conformance", "format"} <= found


def test_script_docstring_lists_every_command() -> None:
    assert set(re.findall(r"dev\.py (\w+)", dev.__doc__ or "")) | {"help"} == set(dev.COMMANDS)


def test_script_is_valid_syntax_for_older_python() -> None:
    source = Path(dev.__file__).read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 7))


@pytest.fixture
def pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Python replaced by a script with much output, which ends with the exit status in a file next to it."""
    script = tmp_path / "python"
    script.write_text(f"#!/bin/sh\nseq 1 500\necho WARNING: a scroll >&2\nexit $(cat {tmp_path}/status)\n")
    script.chmod(0o755)
    monkeypatch.setattr(dev, "venv_program", lambda name: script)
    monkeypatch.setattr(dev, "LOG", tmp_path / "setup.log")
    return tmp_path / "status"


@pytest.mark.skipif(os.name == "nt", reason="a script of a shell")
def test_pip_output_goes_to_the_log(pip: Path, capfd: pytest.CaptureFixture[str]) -> None:
    pip.write_text("0")
    dev.pip_install("something")
    assert capfd.readouterr() == ("", "")
    log = dev.LOG.read_text()
    assert "pip install" in log
    assert "WARNING: a scroll" in log


@pytest.mark.skipif(os.name == "nt", reason="a script of a shell")
def test_failure_shows_the_end_of_the_log(pip: Path) -> None:
    pip.write_text("3")
    with pytest.raises(dev.Failure) as raised:
        dev.pip_install("something")
    lines = str(raised.value).splitlines()
    assert "pip ended with status 3" in lines[0]
    assert lines[-2:] == ["500", "WARNING: a scroll"]
    assert len(lines) < 50


def program(text: str) -> list[str | Path]:
    return [sys.executable, "-c", f"import time; {text}"]


def test_two_commands_run_in_parallel(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Each waits for a file that the other one writes."""
    first, second = (
        program(
            f"from pathlib import Path; folder = Path({str(tmp_path)!r}); (folder / {mine!r}).touch()\n"
            f"while not (folder / {other!r}).exists(): time.sleep(0.01)\nprint('done', {mine!r})"
        )
        for mine, other in (("first", "second"), ("second", "first"))
    )
    dev.show_both(first, second)
    assert {"done first", "done second"} <= set(capfd.readouterr().out.splitlines())


def test_failure_of_the_first_command_stops_the_second(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(dev.Failure, match="ended with status 3"):
        dev.show_both(program("print('wrong'); raise SystemExit(3)"), program("time.sleep(1000)"))
    assert "\nwrong\n" in capfd.readouterr().out


def test_failure_of_the_second_command_is_reported() -> None:
    with pytest.raises(dev.Failure, match="ended with status 4"):
        dev.show_both(program("pass"), program("raise SystemExit(4)"))


def test_setup_ends_with_a_summary() -> None:
    lines = subprocess.check_output([sys.executable, "-c", dev.SUMMARY], text=True).splitlines()
    assert len(lines) == 4
    assert lines[0].startswith(f"   Python {sys.version_info[0]}.{sys.version_info[1]}.")
    assert re.fullmatch(r"   archdsl \S+, editable, and \d+ packages it needs", lines[1])
    assert re.fullmatch(r"   torch \d+\.\d+\.\d+\S*, .+", lines[2])


@pytest.mark.parametrize("profile", [None, "same", "fuzz"])
def test_hypothesis_is_derandomized_by_default(profile: str | None) -> None:
    env = {key: value for key, value in os.environ.items() if key not in ("HYPOTHESIS_PROFILE", "CI")}
    env |= {"HYPOTHESIS_PROFILE": profile} if profile else {}
    program = "import tests.conftest; from hypothesis import settings; print(settings().derandomize)"
    output = subprocess.check_output([sys.executable, "-c", program], cwd=ROOT, env=env, text=True)
    assert output.strip() == str(profile != "fuzz")


def test_hypothesis_profile_is_applied() -> None:
    assert settings().derandomize == (os.environ.get("HYPOTHESIS_PROFILE") != "fuzz")
