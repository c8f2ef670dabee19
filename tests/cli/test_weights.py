"""`archdsl weights`, and `archdsl train --from`."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result
from safetensors.torch import load_file, save_file

import archdsl
from archdsl.cli import main

NET = "net Small(classes = 10)\ninput 1x8x8\nstage stem { conv 4 k3 p1; relu }\nconv 4 k3; relu; gap; fc classes\n"
TRAIN = ("--data", "digits", "--batch", "1000", "--epochs", "1", "--precision", "fp32", "--layout", "channels_first")


def run(*args: str) -> Result:
    return CliRunner().invoke(main, args)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A network, and weights of one with other classes: half of the precision, and wrapped."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.arch").write_text(NET)
    state = archdsl.loads(NET, classes=7).to_torch().state_dict()
    save_file({f"module.{name}": tensor.half() for name, tensor in state.items()}, tmp_path / "w.safetensors")
    return tmp_path


def test_weights_report_lists_matches_and_mismatches(folder: Path) -> None:
    done = run("weights", "net.arch", "w.safetensors")
    assert done.exit_code == 0
    assert done.output.splitlines() == [
        "4 tensors fit, all by name, without `module.`",
        "converted from float16",
        "`fc1` keeps its initial weights: a different size in the file, or missing",
    ]
    done = run("weights", "net.arch", "w.safetensors", "--full", "--set", "classes=7")
    assert done.output.splitlines()[0].split() == ["stem.conv1.weight", "module.stem.conv1.weight"]
    assert "6 tensors fit, all by name" in done.output


def test_renamed_layers_are_listed(folder: Path) -> None:
    state = archdsl.loads(NET).to_torch().state_dict()
    save_file({name.replace("stem.conv1", "first"): tensor for name, tensor in state.items()}, "other.safetensors")
    done = run("weights", "net.arch", "other.safetensors")
    assert done.output.splitlines() == ["stem.conv1  first", "6 tensors fit, 1 layer by kind, size and order"]


def test_mismatched_weights_are_an_error(folder: Path) -> None:
    for command in (("weights", "net.arch", "w.safetensors"), ("train", "net.arch", *TRAIN, "--from", "w.safetensors")):
        (folder / "net.arch").write_text(NET.replace("conv 4 k3 p1", "conv 5 k3 p1"))
        done = run(*command)
        assert done.exit_code == 1
        assert "stem.conv1.weight: 4×1×3×3 in the file, 5×1×3×3 in the network" in done.stderr
        assert not (folder / "runs").exists()


@pytest.mark.parametrize("command", [["weights", "net.arch"], ["train", "net.arch", *TRAIN, "--from"]])
def test_missing_weights_file_is_refused(folder: Path, command: list[str]) -> None:
    done = run(*command, "gone.pth")
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)
    assert "gone.pth: no such file" in done.stderr


def test_training_starts_from_the_given_weights(folder: Path) -> None:
    done = run("train", "net.arch", *TRAIN, "--from", "w.safetensors", "--out", "r")
    assert done.exit_code == 0, done.output
    assert "w.safetensors: 4 tensors fit, all by name, without `module.`" in done.output
    first, given = load_file("r/initial.safetensors"), load_file("w.safetensors")
    for name in ("stem.conv1.weight", "stem.conv1.bias", "conv1.weight", "conv1.bias"):
        assert torch.equal(first[name], given[f"module.{name}"].float())
    assert first["fc1.weight"].shape == (10, 4)


def test_run_without_checkpoint_is_resumed_from_the_same_weights(folder: Path) -> None:
    """The file that it began with may be gone."""
    assert run("train", "net.arch", *TRAIN, "--from", "w.safetensors", "--out", "r").exit_code == 0
    before = load_file("r/last.safetensors")
    (folder / "w.safetensors").unlink()
    shutil.rmtree("r/checkpoints")
    for name in ("metrics.jsonl", "last.safetensors", "best.safetensors"):
        Path("r", name).unlink()
    done = run("train", "--resume", "r")
    assert done.exit_code == 0, done.output
    torch.testing.assert_close(load_file("r/last.safetensors"), before, rtol=0, atol=0)


def test_resume_refuses_other_weights(folder: Path) -> None:
    done = run("train", "--resume", "r", "--from", "w.safetensors")
    assert done.exit_code == 2
    assert "--from does not apply to a resumed run" in done.stderr


def test_shards_and_runs_are_accepted(folder: Path) -> None:
    state = archdsl.loads(NET).to_torch().state_dict()
    for number, name in enumerate(state):
        save_file({name: state[name]}, f"model-{number}.safetensors")
    places = {name: f"model-{number}.safetensors" for number, name in enumerate(state)}
    Path("model.safetensors.index.json").write_text(json.dumps({"weight_map": places}))
    assert "6 tensors fit, all by name" in run("weights", "net.arch", "model.safetensors.index.json").output
    assert "6 tensors fit, all by name" in run("weights", "net.arch", ".").output
