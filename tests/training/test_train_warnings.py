"""`archdsl train` prints what a check warns of before it starts, and tried suggestions where the data do not fit."""

from pathlib import Path

import pytest
from click.testing import CliRunner

import archdsl
from archdsl.cli import main
from archdsl.diagnostics import Sink
from archdsl.training.network_warnings import network_warnings
from archdsl.training.recipe.composition import compose

SOFTMAX = "flatten; fc 32; relu; fc 10; softmax"
SIGMOID = "flatten; fc 32; relu; fc 10; sigmoid"
LOSSES = [
    (SOFTMAX, (), "cross-entropy applies softmax itself"),
    (SIGMOID, (), "cross-entropy applies softmax itself"),
    (SIGMOID, ("--loss", "bce"), "binary cross-entropy applies sigmoid itself"),
    (SOFTMAX, ("--loss", "mse"), None),
    (f"{SOFTMAX}\ntrain {{ loss mse }}", ("--loss", "cross_entropy"), "cross-entropy applies softmax itself"),
    (f"{SOFTMAX}\ntrain {{ loss cross_entropy }}", ("--loss", "mse"), None),
    ("flatten; fc 32; relu; fc 10; softmax  # archdsl: ignore[W0906]", (), None),
    ("flatten; fc 32; relu; fc 10", (), None),
]


def train(folder: Path, body: str, *options: str, data: str = "digits") -> tuple[int, str]:
    file = folder / "net.arch"
    file.write_text(f"input 1x8x8\n{body}\n", encoding="utf-8")
    command = ["train", str(file), "--data", data, "--epochs", "1", "--out", str(folder / "run"), *options]
    done = CliRunner().invoke(main, command)
    return done.exit_code, done.stderr


@pytest.mark.parametrize(("body", "options", "wanted"), LOSSES)
def test_softmax_before_the_loss_is_warned_about(
    tmp_path: Path, body: str, options: tuple[str, ...], wanted: str | None
) -> None:
    status, printed = train(tmp_path, body, *options)
    assert status == 0
    assert ("W0906" in printed) == (wanted is not None)
    assert wanted is None or wanted in printed


def test_warnings_are_printed_before_training(tmp_path: Path) -> None:
    status, printed = train(tmp_path, "flatten; fc 32; fc 10")
    assert status == 0
    assert "W0921" in printed
    assert "1 warning" in printed


def test_network_incompatible_with_the_data_gets_a_suggestion(tmp_path: Path) -> None:
    status, printed = train(tmp_path, "flatten; fc 100")
    assert status == 1
    assert "= help: write `fc 10` instead of `fc 100`" in printed


@pytest.mark.parametrize(
    ("line", "warns"),
    [
        ("loss a=cross_entropy b=mse", False),
        ("loss a=mse b=cross_entropy", True),
        ("loss mse b=cross_entropy", True),
        ("loss cross_entropy b=0.5", True),
        ("loss cross_entropy b=free", False),
    ],
)
def test_each_output_is_checked_with_its_own_loss(line: str, warns: bool) -> None:
    text = f"input 1x8x8\nflatten; fc 16 as h\nfc 10 as a\nfrom h; fc 10; softmax as b\noutput a, b\ntrain {{ {line} }}"
    network = archdsl.loads(text)
    recipe = compose(network.settings, {}, Sink())
    assert recipe is not None
    found = [each.diagnostic.code for each in network_warnings(network, recipe)]
    assert (found.count("W0906") == 1) == warns
    assert ("W0906" in {each.diagnostic.code for each in network.diagnostics}) == warns
