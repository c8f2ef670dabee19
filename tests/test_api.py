"""What `import archdsl` gives: names, networks as values, checks, training, errors; and it is typed."""

import inspect
import json
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner

import archdsl
from archdsl import Network
from archdsl.cli import main
from archdsl.training.errors.problem import Problem

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "examples" / "python" / "compare_widths.py"
TRAINING = EXAMPLE.with_name("train_arrays.py")
PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
TEXT = """\
net N(depths = [1, 1], width = 8)
input 3x32x32
repeat 2 as i { repeat depths[i] { conv width k3 same; relu } }
gap; fc 10
"""


def zoo(name: str) -> Network:
    return archdsl.load(f"zoo:{name}")


# --- names ---


def test_dir_has_the_public_names() -> None:
    assert dir(archdsl) == sorted(archdsl.__all__)
    assert {"check", "load", "loads", "fit", "from_torch", "load_run", "zoo", "Network", "ArchError"} <= set(
        dir(archdsl)
    )


@pytest.mark.parametrize("name", sorted(set(archdsl.__all__) - {"__version__", "zoo"}))
def test_every_public_name_has_a_docstring(name: str) -> None:
    value = getattr(archdsl, name)
    assert inspect.getdoc(value)
    if inspect.isfunction(value):
        assert "Raises" in (inspect.getdoc(value) or ""), "a docstring names its exceptions"


@pytest.mark.parametrize("name", sorted(set(archdsl.__all__) - {"__version__"}))
def test_api_page_lists_every_public_name(name: str) -> None:
    assert f".{name}" in PAGE


def test_importing_names_does_not_import_torch() -> None:
    """No name is imported before it is used, and none needs torch before it runs."""
    program = "import sys, archdsl; archdsl.fit, archdsl.load_run, archdsl.from_torch; print('torch' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "False\n"


# --- a network as values ---


@pytest.mark.parametrize("name", ["lenet5", "resnet18", "googlenet", "unet", "vit_b_16"])
def test_network_attributes_match_the_report(name: str) -> None:
    network = zoo(name)
    report = network.report()
    assert json.loads(json.dumps(report)) == report
    by_id = {each["id"]: each for each in report["layers"]}
    entries = set(report["inputs"].values())
    rows = [each for each in report["layers"] if each["id"] not in entries]
    assert len(network.layers) == len(rows)
    for layer, row in zip(network.layers, rows, strict=True):
        assert (layer.name, layer.keyword, layer.text, layer.line) == (
            row["name"], row["keyword"], row["text"], row["line"],
        )  # fmt: skip
        assert list(layer.shape) == row["shape"]
        assert (layer.parameters, layer.macs) == (row["parameters"], row["macs"])
        assert list(layer.inputs) == [by_id[i]["name"] for i in row["inputs"]]
    assert sum(layer.parameters for layer in network.layers) == network.parameters == report["totals"]["parameters"]
    assert {name: list(shape) for name, shape in network.inputs.items()} == {
        name: by_id[i]["shape"] for name, i in report["inputs"].items()
    }
    assert {name: list(shape) for name, shape in network.outputs.items()} == {
        name: by_id[i]["shape"] for name, i in report["outputs"].items()
    }


def test_layers_are_a_sequence() -> None:
    layers = archdsl.loads(TEXT).layers
    assert layers[0].text == "conv width k3 same"
    assert layers[-1] is layers["fc1"]
    assert [layer.name for layer in layers[:2]] == ["conv1", "relu1"]
    assert next(reversed(layers)) is layers[-1]
    with pytest.raises(KeyError, match="did you mean `fc1`"):
        layers["fc_1"]
    assert len(repr(layers).splitlines()) == len(layers)


def test_symbolic_sizes_are_closed_forms() -> None:
    network = archdsl.loads("input 3xHxW; conv 8 k3 s2; gap; fc 2")
    assert network.inputs == {"x": (3, "H", "W")}
    assert network.layers[0].shape[0] == 8
    assert "H" in str(network.layers[0].shape[1])
    assert pickle.loads(pickle.dumps(network.layers[0])) == network.layers[0]


@pytest.mark.parametrize("format", ["text", "markdown", "latex"])
def test_table_formats_and_columns(format: Any) -> None:
    table = archdsl.loads(TEXT).table(columns="params,rf", format=format)
    assert "conv width k3 same" in table
    assert "1,152" not in table


def test_explained_table_shows_arithmetic() -> None:
    table = archdsl.loads(TEXT).table(explain=True)
    assert table.count(") + 1 = 32") == 2
    assert "parameters 898" in table


@pytest.mark.parametrize(
    "options", [{"columns": "prams"}, {"format": "html"}], ids=str
)  # fmt: skip
def test_invalid_table_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="unknown"):
        archdsl.loads(TEXT).table(**options)


@pytest.mark.parametrize("name", ["net.svg", "net.png", "net.dot", "net.mmd", "net.tex"])
def test_diagram_files_match_the_command(name: str, tmp_path: Path) -> None:
    network = archdsl.loads(TEXT)
    drawn = network.diagram(tmp_path / name, theme="dark")
    assert (tmp_path / name).read_bytes() == drawn.data
    command = [
        sys.executable,
        "-m",
        "archdsl",
        "diagram",
        "-e",
        TEXT,
        "--theme",
        "dark",
        "-o",
        str(tmp_path / f"b{name}"),
    ]
    subprocess.run(command, check=True, capture_output=True)
    assert (tmp_path / f"b{name}").read_bytes() == drawn.data
    assert (drawn._repr_svg_() is None) == (drawn.format != "svg")


@pytest.mark.parametrize(
    "options",
    [{"view": "block"}, {"theme": "black"}, {"format": "jpg"}, {"path": "net.jpg"}, {"direction": "UP"}],
    ids=str,
)  # fmt: skip
def test_invalid_diagram_options_are_refused(
    options: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="unknown"):
        archdsl.loads(TEXT).diagram(**options)
    assert not list(tmp_path.iterdir())


def test_printed_source_builds_the_module() -> None:
    names: dict[str, Any] = {}
    network = archdsl.loads(TEXT)
    exec(network.source(), names)
    made = names["N"]()
    assert [name for name, _ in made.named_parameters()] == [name for name, _ in network.to_torch().named_parameters()]


# --- values from outside ---


@pytest.mark.parametrize(
    "depths", [[2, 1], (2, 1), np.array([2, 1]), torch.tensor([2, 1]), range(2, 0, -1), [np.int64(2), torch.tensor(1)]]
)
def test_any_sequence_type_is_accepted_as_a_list(depths: Any) -> None:
    assert len(archdsl.loads(TEXT, depths=depths).layers) == 2 * 3 + 2


@pytest.mark.parametrize("size", ["3x16x16", [3, 16, 16], np.array([3, 16, 16]), torch.Size([3, 16, 16])])
def test_any_size_type_is_accepted_as_input(size: Any) -> None:
    assert archdsl.loads(TEXT, input=size, width=np.int32(4)).layers[0].shape == (4, 16, 16)


# --- checks ---


def test_check_result_matches_the_command_output(tmp_path: Path) -> None:
    for text in (TEXT, "input 8; fcc 2", "input 8\nconv 3 k3", "input 8; fc 4; fc 2", ""):
        (tmp_path / "n.arch").write_text(text)
        analysis = archdsl.check(tmp_path / "n.arch")
        done = subprocess.run(
            [sys.executable, "-m", "archdsl", "check", str(tmp_path / "n.arch")], capture_output=True, text=True
        )
        assert analysis.ok == (done.returncode == 0)
        shown = [line for line in str(analysis).splitlines() if line and not line.startswith(("✓", "1 "))]
        assert [line for line in shown if line not in done.stdout + done.stderr] == []


@pytest.mark.parametrize("given", [{}, {"path": "a.arch", "text": "input 8"}])
def test_check_accepts_either_path_or_text(given: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="path or text"):
        archdsl.check(**given)


@pytest.mark.parametrize(
    ("block", "ok"),
    [("data digits", True), ("data digits; epochs x", False), ("data cifar10", False), ("freeze nothing", False)],
)
def test_check_of_a_train_block_matches_the_command(block: str, ok: bool, tmp_path: Path) -> None:
    """Also in the `train` block."""
    path = tmp_path / "net.arch"
    path.write_text(f"input 1x8x8\nflatten\nfc 10\ntrain {{ {block} }}\n")
    analysis = archdsl.check(path)
    done = CliRunner().invoke(main, ["check", str(path), "--format", "json"])
    network = json.loads(done.stdout)
    assert [each.diagnostic.code for each in analysis.diagnostics] == [each["code"] for each in network["diagnostics"]]
    assert (analysis.ok, done.exit_code == 0) == (ok, ok)


def test_missing_file_raises_file_not_found() -> None:
    for call in (archdsl.load, archdsl.check, archdsl.load_run):
        with pytest.raises(FileNotFoundError):
            call("missing.arch")


# --- training ---


def test_fit_and_load_run(tmp_path: Path) -> None:
    network = archdsl.loads("input 1x8x8; conv 8 k3; relu; flatten; fc 10")
    run = archdsl.fit(network, "digits", out=tmp_path / "run", epochs=2, optimizer="sgd", lr=0.05, device="cpu")
    assert run.recipe["epochs"] == 2
    assert run.recipe["optimizer"]["name"] == "sgd"
    assert len(run.metrics) == 2
    assert run.report.is_file()
    again = archdsl.load_run(tmp_path / "run", device="cpu")
    assert again.network.outputs == network.outputs
    for one, other in zip(run.model.state_dict().values(), again.model.state_dict().values(), strict=True):
        assert torch.equal(one, other)
    (best,) = again.predict("test:0", top=1)
    assert best[0][0] in again.classes
    assert [len(each) for each in again.predict("test:0", "train:1", top=3)] == [3, 3]
    with pytest.raises(FileExistsError):
        archdsl.fit(network, "digits", out=tmp_path / "run", epochs=1)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"epoch": 2}, TypeError, "did you mean `epochs`"),
        ({"lr": "fast"}, ValueError, "lr"),
        ({"data": None}, TypeError, "needs a data set"),
        ({"data": "digitz"}, Problem, "there is no data set, file or folder `digitz`"),
        ({"freeze": "head"}, ValueError, "freeze"),
    ],
)
def test_invalid_training_arguments_are_refused(
    options: dict[str, Any], error: type[Exception], message: str, tmp_path: Path
) -> None:
    network = archdsl.loads("input 1x8x8; flatten; fc 10")
    with pytest.raises(error, match=message):
        archdsl.fit(network, **{"data": "digits", "out": tmp_path / "run", **options})
    assert not (tmp_path / "run").exists()


def test_training_refuses_a_network_incompatible_with_the_data() -> None:
    with pytest.raises(archdsl.ArchError):
        archdsl.fit(archdsl.loads("input 1x8x8; flatten; fc 7"), "digits")


# --- a user's program ---


def test_api_example_runs(tmp_path: Path) -> None:
    printed = subprocess.check_output([sys.executable, str(EXAMPLE), str(tmp_path)], text=True, encoding="utf-8")
    assert "width 2.0: 20,234 parameters" in printed
    assert (tmp_path / "small.svg").is_file()


def test_training_example_runs(tmp_path: Path) -> None:
    printed = subprocess.check_output([sys.executable, str(TRAINING), str(tmp_path)], text=True, encoding="utf-8")
    assert "test accuracy 100.0%" in printed
    assert (tmp_path / "run" / "report.html").is_file()


def test_examples_are_typed_for_mypy() -> None:
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", "", str(EXAMPLE), str(TRAINING)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(shutil.which("pyright") is None, reason="pyright is not installed")
def test_examples_are_typed_for_pyright(tmp_path: Path) -> None:
    for example in (EXAMPLE, TRAINING):
        shutil.copy(example, tmp_path)
    settings = {"include": [EXAMPLE.name, TRAINING.name], "typeCheckingMode": "strict", "extraPaths": [str(ROOT)]}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    command = ["pyright", "--project", str(tmp_path), "--pythonpath", sys.executable]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
