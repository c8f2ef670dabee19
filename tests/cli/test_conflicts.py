"""No option is silently ignored: options that another overrides, or that a choice does not use, are refused."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from archdsl.cli import main

REFUSED = {
    "check net.arch --batch 60000 --fits 1G": "--fits computes the largest batch: leave out --batch",
    "check net.arch --fix --diff": "leave out --fix",
    "check net.arch --diff --explain": "leave out --explain",
    "check net.arch --diff --batch 8 --columns rf": "leave out --columns and --batch",
    "check net.arch --diff --format json": "leave out --diff",
    "check net.arch --diff --format sarif": "leave out --diff",
    "check net.arch --sizes 8 --format json": "leave out --sizes",
    "check net.arch --sizes 8 --format github": "leave out --sizes",
    "check net.arch --sizes 8 --fix": "leave out --fix",
    "check net.arch --sizes 8 --diff": "leave out --diff",
    "check net.arch --sizes 8 --strict": "leave out --strict",
    "check net.arch --sizes 8 --pedantic": "leave out --pedantic",
    "check net.arch --sizes 8 --explain": "leave out --explain",
    "check net.arch --sizes 8 --fits 1G": "leave out --fits",
    "check net.arch --sizes 8 --input-coverage": "leave out --input-coverage",
    "check net.arch --format github --explain": "leave out --explain",
    "check net.arch --format sarif --explain": "leave out --explain",
    "check net.arch net.arch --explain": "give one file",
    "check -e input --fix": "not a file that fixes can be written to; --diff shows them",
    "check net.arch --unsafe": "--unsafe needs --fix or --diff",
    "check net.arch --set classes=3 --set classes=4": "`classes` is given twice",
    "check net.arch --input 3x8x8 --input 3x9x9": "the size is given twice",
    "check net.arch --input x=3x8x8 --input x=3x9x9": "the size of `x` is given twice",
    "diff net.arch net.arch --full --format json": "leave out --full",
    "diff net.arch net.arch --full --format markdown": "leave out --full",
    "diff net.arch net.arch --set classes=3 --set classes=4": "`classes` is given twice",
    "why net.arch conv1 --full --format json": "leave out --full",
    "diagram net.arch -o a.svg --dpi 300": "leave out --dpi",
    "diagram net.arch -o a.dot --columns 2": "leave out --columns",
    "diagram net.arch -o a.mmd --columns 2": "leave out --columns",
    "diagram net.arch -o a.dot --for column": "leave out --for",
    "diagram net.arch -o a.mmd --width 85mm --height 60mm": "leave out --width and --height",
    "diagram net.arch -o a.svg --font 7pt": "a font size needs the size of the figure",
    "diagram net.arch -o a.svg --width 85": "a number without a unit",
    "diagram zoo:resnet18 -o a.svg --view blocks --expand layer1": "already shows what is inside `layer1`",
    "diagram net.arch -o a.mmd --legend": "leave out --legend",
    "diagram net.arch -o a.mmd --no-legend": "leave out --no-legend",
    "diagram net.arch -o a.svg --direction LR --columns 3": "leave out --columns",
    "diagram net.arch -o a.svg --expand bottleneck": "leave out --expand",
    "diagram net.arch -o a.svg --view volumes --direction TB": "leave out --direction",
    "diagram net.arch -o a.svg --view volumes --columns 2": "leave out --columns",
    "diagram net.arch -o a.svg --view volumes --no-fold": "leave out --no-fold",
    "diagram net.arch -o a.svg --view volumes --macs": "leave out --macs",
    "diagram net.arch -o - --format svg --check": "name it with -o",
}
ACCEPTED = [
    "check net.arch --format text --explain",
    "check net.arch --diff --unsafe --pedantic --strict",
    "check net.arch --diff --format text",
    "check net.arch --sizes 8 --set classes=4",
    "check net.arch --format json --batch 8",
    "check net.arch --fits 1G --optimizer sgd --precision bf16",
    "check net.arch net.arch --format json --strict --pedantic",
    "diff net.arch net.arch --full --format text",
    "diagram net.arch -o a.png --dpi 30 --columns 2",
    "diagram zoo:resnet18 -o a.svg --view blocks --expand basic",
    "diagram net.arch -o a.dot --view volumes --no-caption --theme dark --no-legend",
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.arch").write_text("net N(classes = 10)\ninput 3x8x8\nconv 4 k3; relu\nflatten; fc classes\n")


@pytest.mark.parametrize("words", REFUSED)
def test_options_without_effect_are_refused(words: str) -> None:
    before = Path("net.arch").read_bytes()
    done = CliRunner().invoke(main, words.split())
    assert done.exit_code == 2
    assert REFUSED[words] in done.stderr
    assert done.stdout == ""
    assert Path("net.arch").read_bytes() == before
    assert [each.name for each in Path().iterdir()] == ["net.arch"]


@pytest.mark.parametrize("words", ACCEPTED)
def test_compatible_options_are_accepted(words: str) -> None:
    done = CliRunner().invoke(main, words.split())
    assert done.exit_code == 0, done.output


TWO = "input a 3x8x8\ninput b 3x8x8\nadd a b\nconv 4 k3\n"
NO_SUCH_INPUT = {
    "check net.arch --input b=3x8x8": "there is no input named `b`",
    "check net.arch --input x=3x8x8": "there is no input named `x`",
    "check net.arch net.arch --input b=3x8x8 --format json": "there is no input named `b`",
    "check two.arch --input c=3x8x8": "there is no input named `c`",
    "check two.arch --input a=3x9x9 --input b=3x9x9 --input 3x7x7": "no input is left for the size",
    "compile net.arch --input b=3x8x8": "there is no input named `b`",
    "diagram net.arch -o a.svg --input b=3x8x8": "there is no input named `b`",
    "diff net.arch net.arch --input b=3x8x8": "there is no input named `b`",
    "why net.arch conv1 --input b=3x8x8": "there is no input named `b`",
}


@pytest.mark.parametrize("words", NO_SUCH_INPUT)
def test_size_of_an_unknown_input_is_refused(words: str) -> None:
    Path("two.arch").write_text(TWO)
    done = CliRunner().invoke(main, words.split())
    assert done.exit_code == 2
    assert NO_SUCH_INPUT[words] in done.stderr
    assert not Path("a.svg").exists()


@pytest.mark.parametrize("inputs", ["a=3x9x9 b=3x9x9", "3x9x9", "a=3x9x9 3x9x9", "a=3xHxW b=3xHxW"])
def test_sizes_of_named_inputs_are_accepted(inputs: str) -> None:
    Path("two.arch").write_text(TWO)
    words = [word for each in inputs.split() for word in ("--input", each)]
    assert CliRunner().invoke(main, ["check", "two.arch", *words]).exit_code == 0
    assert CliRunner().invoke(main, ["check", "-e", "conv 4 k3", "--input", "3x9x9"]).exit_code == 0
