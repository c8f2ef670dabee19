"""What is suggested for symbolic dimensions is the size of the network's own inputs, and applying it helps."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from archdsl.cli import main

INPUTS = {
    "table": "input F",
    "signal": "input 4xL",
    "sequence": "input TxC",
    "features": "input 10xF",
    "image": "input 3xHxW",
    "one axis": "input 3x32xW",
    "volume": "input 1x8xHxW",
    "ids": "input T int(100)\nembedding 8",
    "computed": "input 3xHxH",
    "parameter": "net N(H = 40)\ninput 3xHxW",
    "two": "input a F\ninput b 3xHxW\nfrom b; gap as picture\nfrom a",
    "named": "input words T int(50)\nembedding 8",
}
ERRORS = {
    "E0504": "flatten; fc 2",
    "E0510": "let n = 7 // @{last}\nrelu",
    "assertion": "assert @{last} == 7\nrelu",
}


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("kind", INPUTS)
def test_suggested_sizes_fit_the_inputs(tmp_path: Path, kind: str, error: str) -> None:
    text = f"{INPUTS[kind]}\n{ERRORS[error].format(last=_last(kind))}\n"
    status, printed = run(tmp_path, text, "check")
    assert status == 1, printed
    suggested = options(printed)
    assert suggested, printed
    _, again = run(tmp_path, text, "check", *suggested)
    assert "--input" not in again, again
    assert "E0504" not in again, again
    assert "E0510" not in again, again
    assert "E05" not in again.replace("E0506", ""), again  # only the assertion that is false for this size


@pytest.mark.parametrize(
    "kind", [kind for kind in INPUTS if kind not in ("table", "features", "sequence", "parameter")]
)
@pytest.mark.parametrize("command", [("export", "--to", "safetensors", "-o"), ("check", "--input-coverage")])
def test_commands_suggest_sizes_that_they_accept(tmp_path: Path, kind: str, command: tuple[str, ...]) -> None:
    file = (str(tmp_path / "net.safetensors"),) if command[-1] == "-o" else ()
    text = f"{INPUTS[kind]}\nrelu\n"
    status, printed = run(tmp_path, text, *command, *file)
    assert status == 2
    suggested = options(printed)
    assert suggested, printed
    status, again = run(tmp_path, text, *command, *file, *suggested)
    assert "sizes of the input" not in again, again
    assert "symbolic" not in again, again


def _last(kind: str) -> str:
    letters = {"table": "c", "signal": "l", "sequence": "c", "features": "l", "ids": "t", "named": "t", "two": "c"}
    return letters.get(kind, "w")


def options(printed: str) -> list[str]:
    """The options in the first suggestion that sets sizes."""
    found = re.search(r"(--input [^`\n]+)", printed)
    return found[1].split() if found else []


def run(folder: Path, text: str, *command: str) -> tuple[int, str]:
    (folder / "net.arch").write_text(text, encoding="utf-8")
    done = CliRunner().invoke(main, [command[0], str(folder / "net.arch"), *command[1:]])
    return done.exit_code, done.output
