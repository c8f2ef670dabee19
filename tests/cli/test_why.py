import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import archdsl
from archdsl.analysis.derivation_report import WhyReport
from archdsl.cli import main


def run(*args: object) -> Result:
    return CliRunner().invoke(main, ["why", *map(str, args)])


def test_derivation_of_a_layer_by_name() -> None:
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


def test_sizes_and_settings_are_applied_as_in_check() -> None:
    assert "fc1 gives 7" in run("zoo:lenet5", "features", "--set", "classes=7").output + run(
        "zoo:resnet18", "fc1", "--set", "classes=7"
    ).output.replace("`fc classes`, line 38: ", "")
    assert "3×H×W" in run("zoo:resnet18", "stem", "--input", "3xHxW").output


@pytest.mark.parametrize(("name", "hint"), [("featurs", "did you mean `features`?"), ("3", "nearest: line 4,")])
def test_unknown_layer_is_refused_with_a_suggestion(name: str, hint: str) -> None:
    done = run("zoo:lenet5", name)
    assert done.exit_code == 2
    assert hint in done.output
    assert len(done.output.splitlines()) == 1


def test_network_with_an_error_is_derived_up_to_the_error(tmp_path: Path) -> None:
    (tmp_path / "net.arch").write_text("input 1x8x8\nconv 4 k3; relu\nconv 4 k9 as late\n")
    done = run(tmp_path / "net.arch", "late")
    assert done.exit_code == 1
    assert "2  conv 4 k3" in done.output
    assert "late gives an unknown shape" in done.output
    assert "error[E0401]" in done.output


def test_json_derivation() -> None:
    done = run("zoo:lenet5", "features.avgpool2", "--format", "json")
    assert done.exit_code == 0
    found = json.loads(done.output)
    assert WhyReport.model_validate(found).model_dump() == found
    assert (found["name"], found["line"], found["shape"], found["also"]) == ("features.avgpool2", 8, "16×5×5", [])
    first, *_, last = found["steps"]
    assert (first["name"], first["shape"], first["reasons"], first["scopes"]) == ("x", "1×32×32", [], [])
    assert last == {
        "name": "features.avgpool2",
        "text": "avgpool 2",
        "line": "8",
        "scopes": ["stage features"],
        "shape": "16×5×5",
        "source": "",
        "reasons": ["floor((10 − 2)/2) + 1 = 5"],
        "requirements": [],
    }


def test_json_derivation_has_every_layer() -> None:
    network = archdsl.load("zoo:resnet50")
    found = json.loads(run("zoo:resnet50", "fc1", "--format", "json").output)
    assert [step["name"] for step in found["steps"]] == [node.name for node in network.graph.nodes]
    assert {step["shape"] for step in found["steps"]} == {str(node.shape) for node in network.graph.nodes}


def test_json_of_size_requirements(tmp_path: Path) -> None:
    (tmp_path / "net.arch").write_text("input 3x32x32\nif @h > 7 { conv 8 k7 } else { conv 8 k3 }\nmaxpool 2\n")
    done = run(tmp_path / "net.arch", "maxpool1", "--input", "3xHxW", "--format", "json")
    found = json.loads(done.output)
    assert [step["requirements"] for step in found["steps"]] == [[], ["H and W ≥ 7"], ["H and W ≥ 8"]]
    text = "if @h > 7 { conv 8 k7 } else { conv 8 k3 }"
    assert found["decisions"] == [{"text": text, "line": 2, "holds_for": "H ≥ 8"}]
