"""The ONNX file of a run of each task computes what its network computes, from raw pixels, numbers or IDs."""

import importlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from torch import Tensor

from archdsl.cli.export import command as export_command
from archdsl.training import session
from archdsl.training.data.sets import shape_boxes, shape_captions, shapes
from archdsl.training.runs.loaded_run import load_run
from archdsl.training.runs.run_folder import Run
from archdsl.training.tasks.choice import TASKS
from tests.training.helpers import StopAfter
from tests.training.tasks.task_helpers import sample_training

onnxruntime = pytest.importorskip("onnxruntime", reason="it runs the exported files")
pytestmark = pytest.mark.usefixtures("onnx_functions")


@dataclass(frozen=True)
class Case:
    """A network, its data set, and the input and output of the file for three samples."""

    network: str
    data: str
    inputs: tuple[str, ...]
    output: tuple[int, ...]


CASES = {
    "classification": Case("input 1x8x8\nflatten; fc 10", "digits", ("pixels",), (3, 10)),
    "multilabel": Case("input 3x64x64\nconv 2 k8 s8; gap; fc 3", "shape_sets", ("pixels",), (3, 3)),
    "regression": Case("input 10\nfc 4; relu; fc 1", "friedman", ("numbers",), (3, 1)),
    "segmentation": Case("input 3x64x64\nconv 4 k3 p1", "shapes", ("pixels",), (3, 4, 64, 64)),
    "reconstruction": Case("input 1x8x8\nconv 2 k3 p1; relu; conv 1 k3 p1", "digits", ("pixels",), (3, 1, 8, 8)),
    "detection": Case("input 3x64x64\nconv 8 k16 s16", "shape_boxes", ("pixels",), (3, 8, 4, 4)),
    "language": Case("input 6 int(256)\nembedding 4; fc 256", "alice", ("x",), (3, 6, 256)),
    "captioning": Case(
        'input image 3x32x32\ninput words 9 int(26)\nfrom image; gap; rearrange "c -> 1 c" as seen\n'
        "from words; concat axis=t seen { embedding 3 }; fc 26",
        "shape_captions", ("pixels", "words"), (3, 10, 26),
    ),
}  # fmt: skip


def test_each_task_has_a_case() -> None:
    assert set(TASKS) == set(CASES)


@pytest.mark.parametrize("task", CASES)
def test_onnx_file_matches_the_trained_network(task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = CASES[task]
    monkeypatch.setattr(session, "write_report", lambda *_, **__: None)
    draw_few(monkeypatch)
    sample_training(case.network, case.data, tmp_path / "run", StopAfter(1), seed=3).start()  # one step
    done = CliRunner().invoke(export_command, [str(tmp_path / "run"), "-o", str(tmp_path / "net.onnx")])
    assert done.exit_code == 0, done.output

    file = importlib.import_module("onnxruntime").InferenceSession(tmp_path / "net.onnx")
    assert tuple(each.name for each in file.get_inputs()) == case.inputs
    loaded = load_run(Run.open(tmp_path / "run", writes=False), torch.device("cpu"))
    assert (
        loaded.settings.recipe.task == json.loads(file.get_modelmeta().custom_metadata_map["archdsl"])["task"] == task
    )
    given = {each.name: made(each.name, each.type, [3, *each.shape[1:]]) for each in file.get_inputs()}
    (found,) = file.run(None, given)
    data = loaded.settings.data
    with torch.no_grad():
        wanted = loaded.model(*(standardized(name, value, data.mean, data.deviation) for name, value in given.items()))
    assert found.shape == case.output
    assert np.abs(found - wanted.numpy()).max() <= 1e-5 * max(1.0, np.abs(found).max())
    assert found.std() > 1e-4


def draw_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw 40 images of each data set that is drawn by code: they are enough for a step, and take less time."""
    for module in (shapes, shape_captions):
        monkeypatch.setattr(module, "_TRAIN", 32)
        monkeypatch.setattr(module, "_TEST", 8)
    monkeypatch.setattr(shape_boxes, "SPEC", replace(shape_boxes.SPEC, images=(32, 8)))


def made(name: str, kind: str, shape: list[int]) -> np.ndarray:
    """Random values of an input of the file."""
    rng = np.random.default_rng(0)
    if kind == "tensor(float)":
        return rng.normal(3, 2, shape).astype(np.float32)
    return rng.integers(0, 26 if name == "words" else 256, shape).astype(
        "uint8" if kind == "tensor(uint8)" else "int64"
    )


def standardized(name: str, values: np.ndarray, mean: list[float], deviation: list[float]) -> Tensor:
    """The network's input for an input of the file, by the definition in docs/runs.md."""
    if values.dtype == np.int64:
        return torch.from_numpy(values)
    shape = (1, -1, *(1,) * (values.ndim - 2))
    scaled = values / 255 if name == "pixels" else values
    return torch.from_numpy((scaled - np.reshape(mean, shape)) / np.reshape(deviation, shape)).float()
