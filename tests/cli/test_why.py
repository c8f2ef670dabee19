from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archdsl.cli import main


def run(*args: object) -> Result:
    return CliRunner().invoke(main, ["why", *map(str, args)])


def test_a_layer_by_its_name() -> None:
    done = run("zoo:lenet5", "features.avgpool2")
    assert done.exit_code == 0
    assert done.output == (
        "`avgpool 2`, line 8: features.avgpool2 gives 16×5×5\n\n"
        "4  input 1x32x32       1×32×32\n"
        "   stage features\n"
        "7    conv 6 k5; tanh   6×28×28   6 filters; floor((32 − 5)/1) + 1 = 28\n"
        "7    avgpool 2         6×14×14   floor((28 − 2)/2) + 1 = 14\n"
        "8    conv 16 k5; tanh  16×10×10  16 filters; floor((14 − 5)/1) + 1 = 10\n"
        "8    avgpool 2         16×5×5    floor((10 − 2)/2) + 1 = 5\n"
    )


def test_sizes_and_values_as_in_check() -> None:
    assert "fc1 gives 7" in run("zoo:lenet5", "features", "--set", "classes=7").output + run(
        "zoo:resnet18", "fc1", "--set", "classes=7"
    ).output.replace("`fc classes`, line 38: ", "")
    assert "3×H×W" in run("zoo:resnet18", "stem", "--input", "3xHxW").output


@pytest.mark.parametrize(("name", "hint"), [("featurs", "did you mean `features`?"), ("3", "the nearest: line 4,")])
def test_nothing_there(name: str, hint: str) -> None:
    done = run("zoo:lenet5", name)
    assert done.exit_code == 2
    assert hint in done.output
    assert len(done.output.splitlines()) == 1


def test_a_network_with_a_mistake_is_derived_as_far_as_it_is_known(tmp_path: Path) -> None:
    (tmp_path / "net.arch").write_text("input 1x8x8\nconv 4 k3; relu\nconv 4 k9 as late\n")
    done = run(tmp_path / "net.arch", "late")
    assert done.exit_code == 1
    assert "3  conv 4 k9 as late  ?" in done.output
    assert "error[E0401]" in done.output
