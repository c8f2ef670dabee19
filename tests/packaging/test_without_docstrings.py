"""`python -OO` removes docstrings and assertions; the commands print the same text nevertheless."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from archdsl.cli import _COMMANDS, main

ROOT = Path(__file__).resolve().parents[2]
CORE = sorted({*_COMMANDS} - {"eval", "export", "import", "inspect", "lsp", "mcp", "predict", "sweep", "train"})
CASES = [
    ["--help"],
    *([name, "--help"] for name in CORE),
    ["zoo", "show", "--help"],
    ["layers"],
    ["layers", "conv"],
    ["layers", "--format", "json"],
    ["explain", "E0404"],
    ["explain", "W0903", "--format", "json"],
    ["check", "-e", "input 3x8x8; conv; conf 3"],
    ["check", "--format", "sarif", "-e", "input 3x8x8; conv; conf 3"],
    ["check", "-e", 'use "gempool"; input 3x64x64; gem; fc 10', "--allow", "gempool"],
    ["layers", "gem", "--allow", "gempool"],
    ["explain", "GEM01", "--allow", "gempool"],
]
PROGRAM = """
import json, sys
from click.testing import CliRunner
from archdsl.cli import main
print(json.dumps([CliRunner().invoke(main, words).output for words in json.load(sys.stdin)]))
"""
METADATA = "Metadata-Version: 2.1\nName: gempool\nVersion: 1.0\n"
ENTRY_POINTS = (
    "[archdsl.layers]\ngem = gempool.layers:GeM\n\n[archdsl.lints]\nnegative_input = gempool.negative_input\n"
)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A folder in which the package `gempool` is installed."""
    about = tmp_path / "gempool-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(METADATA)
    (about / "entry_points.txt").write_text(ENTRY_POINTS)
    (tmp_path / "gempool").symlink_to(ROOT / "examples" / "extension" / "gempool")
    return tmp_path


def outputs(package: Path, *options: str) -> list[str]:
    environment = {"PYTHONPATH": f"{package}:{ROOT}", "PYTHONIOENCODING": "utf-8", "ARCHDSL_CACHE": str(package)}
    done = subprocess.run(
        [sys.executable, *options, "-c", PROGRAM],
        input=json.dumps(CASES),
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


def test_commands_print_the_same_without_docstrings(package: Path) -> None:
    complete = outputs(package)
    assert "✓ network: 3×64×64 → 10" in complete[-3]
    for words, expected, found in zip(CASES, complete, outputs(package, "-OO"), strict=True):
        assert found == expected, words


def test_subcommands_have_help() -> None:
    assert "Print" in CliRunner().invoke(main, ["zoo", "show", "--help"]).output
