"""Detection from start to end: runs, reports, predictions, evaluation, export, `fit`, resuming."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from numpy.typing import NDArray
from PIL import Image

import archdsl
from archdsl.cli.data import command as data_command
from archdsl.cli.eval import command as eval_command
from archdsl.cli.predict import command as predict_command
from archdsl.training.data.box_arrays import packed
from archdsl.training.data.drawn_shapes import draw_boxes
from archdsl.training.inference.export_source import of_run
from archdsl.training.loop.device_setup import choose_device
from archdsl.training.report.run_report import TrainingReport
from archdsl.training.runs.loaded_run import load_run
from archdsl.training.runs.run_folder import Run
from archdsl.training.tasks.presentation import FoundBox
from tests.training.helpers import StopAfter
from tests.training.tasks.task_helpers import KillAfter, Killed, sample_training
from tests.training.test_session import assert_same

SQUARES = """
input 3x16x16
conv 16 k5 s2 p2 nobias; bn; relu; conv 24 k5 p2 nobias; bn; relu as features
conv 7 k1 as fine
from features
conv 24 k5 s2 p2 nobias; bn; relu; conv 7 k1 as coarse
output fine, coarse
"""
RECIPE: dict[str, Any] = {
    "batch": 8, "precision": "fp32", "layout": "channels_first", "optimizer": {"name": "adam", "lr": 0.02},
    "loss": {"name": "fcos", "range": 2},
}  # fmt: skip
Row = tuple[float, ...]


def squares(count: int, seed: int, width: int = 16, height: int = 16) -> tuple[NDArray[np.uint8], list[list[Row]]]:
    """Images of one or no bright or dark square on gray, uint8 of N×3×H×W, and their boxes: 0 is bright, 1 dark."""
    rng = np.random.default_rng(seed)
    images, rows = np.full((count, 3, height, width), 128, np.uint8), list[list[Row]]()
    for image in images:
        side, number = int(rng.integers(4, 9)), int(rng.integers(0, 2))
        left, top = int(rng.integers(0, width - side + 1)), int(rng.integers(0, height - side + 1))
        rows.append([(number, left, top, left + side, top + side)] if rng.random() < 0.9 else [])
        for _ in rows[-1]:
            image[:, top : top + side, left : left + side] = 250 if number == 0 else 5
    return images, rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images of 32×16 pixels in the format of YOLO: half as large, and with bars, for the network."""
    root = tmp_path_factory.mktemp("detection") / "squares"
    (root / "images").mkdir(parents=True)
    (root / "labels").mkdir()
    (root / "classes.txt").write_text("bright\ndark\n")
    images, rows = squares(90, 0, width=32)
    for number, (image, boxes) in enumerate(zip(images, rows, strict=True)):
        Image.fromarray(image.transpose(1, 2, 0)).save(root / "images" / f"{number}.png")
        lines = [f"{n} {(x + r) / 64} {(y + b) / 32} {(r - x) / 32} {(b - y) / 16}\n" for n, x, y, r, b in boxes]
        (root / "labels" / f"{number}.txt").write_text("".join(lines))
    return root


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> archdsl.TrainedRun:
    """A run on arrays."""
    folder = tmp_path_factory.mktemp("detection") / "run"
    images, rows = squares(160, 0)
    data = {"train": (images, packed(rows)), "test": (squares(40, 1)[0], packed(squares(40, 1)[1]))}
    recipe = {
        **RECIPE,
        "batch": 16,
        "optimizer": "adam",
        "lr": 0.03,
        "schedule": "onecycle",
        "loss": "fcos",
        "range": 2,
    }
    return archdsl.fit(archdsl.loads(SQUARES), data, out=folder, epochs=20, classes=["bright", "dark"], **recipe)


def test_detection_run_learns_and_reports(trained: archdsl.TrainedRun) -> None:
    run = trained.folder
    assert trained.task == "detection"
    assert set(trained.metrics[-1]["validation"]) == {"loss", "ap", "ap50", "ap75"}
    assert set(trained.metrics[-1]["train"]) == {"loss"}
    assert trained.result["ap50"] > 0.9
    result = json.loads((run / "result.json").read_text())
    assert set(result["best"]) == {"epoch", "ap", "loss"}
    report = TrainingReport.model_validate_json((run / "report.json").read_bytes())
    assert (report.task, report.result, report.recipe.task) == ("detection", None, "detection")
    assert report.scores is not None
    (table,) = report.scores.tables
    assert [row[0] for row in table.rows] == ["bright", "dark"]
    assert table.heads == ["class", "AP", "AP50", "AP75", "objects"]
    assert [panel.label for panel in report.scores.samples[0].panels] == ["true boxes", "prediction"]
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "AP50" in page
    assert 'id="predictions"' in page


def test_detection_predictions_are_boxes(trained: archdsl.TrainedRun) -> None:
    images, rows = squares(30, 7)
    found: list[Sequence[FoundBox]] = trained.predict(images)
    right = 0
    for boxes, wanted in zip(found, rows, strict=True):
        if [box.name for box in boxes] == [("bright", "dark")[int(row[0])] for row in wanted]:
            right += all(
                np.abs(np.subtract(box.box, row[1:])).max() < 2 for box, row in zip(boxes, wanted, strict=True)
            )
    assert right >= 24


def test_predicted_boxes_are_in_pixels_of_the_file(trained: archdsl.TrainedRun, tmp_path: Path) -> None:
    image = np.full((64, 64, 3), 128, np.uint8)
    image[10:34, 30:54] = 250
    path = tmp_path / "large.png"
    Image.fromarray(image).save(path)
    found = trained.predict(path)[0]
    assert found
    assert found[0].name == "bright"
    assert found[0].box == pytest.approx((30, 10, 54, 34), abs=6)
    command = [str(trained.folder), str(path), "--format", "json", "-o", str(tmp_path / "made")]
    done = CliRunner().invoke(predict_command, command)
    assert done.exit_code == 0, done.output
    (answer,) = json.loads(done.stdout)
    first = answer["boxes"][0]
    assert first["name"] == "bright"
    assert [first[side] for side in ("left", "top", "right", "bottom")] == pytest.approx(found[0].box, abs=0.01)
    with Image.open(answer["file"]) as written:
        assert (written.size, written.mode) == ((16, 16), "RGB")
        assert (230, 159, 0) in {color for _, color in written.getcolors(256) or []}
    done = CliRunner().invoke(predict_command, [str(trained.folder), str(path)])
    assert done.stdout.startswith(f"{path}: bright ")
    done = CliRunner().invoke(predict_command, [str(trained.folder), str(path), "--top", "2"])
    assert done.exit_code == 2
    assert "--top is for classes" in done.stderr


def test_exported_outputs_match_the_network(trained: archdsl.TrainedRun) -> None:
    loaded = load_run(Run.open(trained.folder, writes=False), choose_device("cpu"))
    exported = of_run(loaded, prepare=True)
    assert exported.outputs == ("fine", "coarse")
    assert exported.facts["classes"] == ["bright", "dark"]
    assert "center-ness" in exported.facts["output"]
    images, rows = squares(8, 7)
    with torch.no_grad():
        fine, coarse = exported.module(torch.from_numpy(images))
    assert (fine.shape, coarse.shape) == ((8, 7, 8, 8), (8, 7, 4, 4))
    for image, wanted in enumerate(rows):
        score = torch.cat([each[image, :2].flatten(1) for each in (fine, coarse)], 1).sigmoid().amax(1)
        assert (score > 0.5).tolist() == [any(row[0] == number for row in wanted) for number in (0, 1)]


def test_detection_from_a_folder_by_commands(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    recipe = {**RECIPE, "optimizer": "adam", "lr": 0.02, "loss": "fcos", "range": 2}
    made = archdsl.fit(archdsl.loads(SQUARES), folder, out=out, epochs=2, **recipe)
    assert made.classes == ("bright", "dark")
    done = CliRunner().invoke(eval_command, [str(out), "--format", "json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["metrics"] == pytest.approx(made.result)
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    done = CliRunner().invoke(eval_command, [str(out), "--data", str(other)])  # all images of a folder without splits
    assert "90 images" in done.stdout
    done = CliRunner().invoke(eval_command, [str(out), "--data", str(folder), "--split", "all"])
    assert done.exit_code == 0, done.output
    assert "AP50" in done.stdout
    (folder / "classes.txt").write_text("dark\nbright\n")  # the same names in another order: other numbers
    done = CliRunner().invoke(eval_command, [str(out), "--format", "json"])
    assert json.loads(done.stdout)["metrics"] != pytest.approx(made.result)
    (folder / "classes.txt").write_text("bright\ndark\n")


def test_resumed_and_killed_runs_are_bit_for_bit_the_same(folder: Path, tmp_path: Path) -> None:
    recipe = {**RECIPE, "augment": {"flip": True, "crop": 2, "noise": 0.1}}
    sample_training(SQUARES, str(folder), tmp_path / "whole", **recipe).start()
    sample_training(SQUARES, str(folder), tmp_path / "parts", StopAfter(9), **recipe).start()
    sample_training(SQUARES, str(folder), tmp_path / "parts", **recipe).resume()
    assert_same(tmp_path / "whole", tmp_path / "parts")
    with pytest.raises(Killed):
        sample_training(SQUARES, str(folder), tmp_path / "killed", KillAfter(11), **recipe).start()
    sample_training(SQUARES, str(folder), tmp_path / "killed", **recipe).resume()
    assert_same(tmp_path / "whole", tmp_path / "killed")


def test_single_data_set_images_are_written_and_predicted(tmp_path: Path) -> None:
    done = CliRunner().invoke(data_command, ["shape_boxes", "train:0", "-o", str(tmp_path / "x.png")])
    assert done.exit_code == 0, done.output
    number, *sides = draw_boxes(1, 64).labels[0, 0].astype(int).tolist()
    assert f"{('circle', 'rectangle', 'triangle')[number]} ({', '.join(map(str, sides))})" in done.stdout


class Ragged:
    """A data set with as many boxes per sample as there are, in torchvision's form or as rows."""

    def __init__(self, form: str, count: int = 24) -> None:
        self._images, self._rows = squares(count, 3)
        self._form = form

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        rows = np.array(self._rows[index], np.float32).reshape(-1, 5)
        if self._form == "rows":
            return self._images[index], rows
        return self._images[index], {
            "boxes": torch.from_numpy(rows[:, 1:]),
            "labels": torch.from_numpy(rows[:, 0]).long(),
        }


def test_boxes_given_in_python_in_every_form(tmp_path: Path) -> None:
    """The same boxes in every form, so the same losses."""
    images, rows = squares(24, 3)
    forms: dict[str, Any] = {
        "rows": Ragged("rows"),
        "dictionaries": Ragged("dictionaries"),
        "lists": (images, [np.array(each).reshape(-1, 5) for each in rows]),
        "array": (images, packed(rows)),
    }
    network, losses = archdsl.loads("input 3x16x16\nconv 7 k4 s4"), {}
    for form, data in forms.items():
        recipe: dict[str, Any] = {"epochs": 1, "precision": "fp32", "layout": "channels_first"}
        made = archdsl.fit(network, data, out=tmp_path / form, **recipe)
        assert (made.task, made.classes) == ("detection", ("0", "1"))
        losses[form] = made.metrics["train.loss"]
    assert all(each == losses["array"] for each in losses.values()), losses


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ((0, 4, 4, 4, 8), "sample 1, box 0 has a box without area"),
        ((0, 4, 4, 20, 8), "outside of the image"),
        ((0.5, 4, 4, 8, 8), "a class that is neither a nonnegative integer"),
        ((0, np.nan, 4, 8, 8), "not finite"),
        ((2, 4, 4, 8, 8), "a box has the class 2, but classes are numbered from 0 to 1"),
    ],
)
def test_invalid_boxes_are_refused(row: Row, words: str) -> None:
    images, _ = squares(3, 0)
    rows = packed([[(0, 1, 1, 5, 5)], [row], []])
    with pytest.raises(ValueError, match=words):
        archdsl.fit(archdsl.loads("input 3x16x16\nconv 7 k4 s4"), (images, rows), classes=["a", "b"])


def test_loss_function_receives_all_outputs(tmp_path: Path) -> None:
    seen: list[tuple[tuple[int, ...], ...]] = []

    def loss(output: torch.Tensor, boxes: torch.Tensor) -> torch.Tensor:
        seen.append((tuple(output.shape), tuple(boxes.shape)))
        return output.square().mean()

    images, rows = squares(16, 0)
    network = archdsl.loads(SQUARES)
    archdsl.fit(network, (images, packed(rows)), loss=loss, out=tmp_path / "run", epochs=1, batch=8, precision="fp32")
    assert seen[0] == ((8, 7, 80), (8, 1, 5))
