"""Reconstruction: losses and PSNR by hand, noise, runs, predictions, exports."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from click.testing import CliRunner
from PIL import Image

import archdsl
from archdsl.cli.predict import command as predict_command
from archdsl.training.data.registry import data_sets
from archdsl.training.inference.assess import assess
from archdsl.training.inference.export_source import of_run
from archdsl.training.loop.device_setup import choose_device
from archdsl.training.loop.evaluation import fixed_noise
from archdsl.training.loop.process_group import SINGLE_PROCESS
from archdsl.training.recipe.recipe import AnyLoss, Bce, Mse, Recipe
from archdsl.training.report.run_report import TrainingReport
from archdsl.training.runs.loaded_run import load_run
from archdsl.training.runs.run_folder import Run
from archdsl.training.tasks.choice import choose, resolved
from archdsl.training.tasks.pixel_scores import PixelMeter, make_pixel_loss
from tests.training.helpers import StopAfter
from tests.training.tasks.task_helpers import REPRODUCES, TinyShapes, errors, task_training
from tests.training.test_session import assert_same

NOISY: dict[str, Any] = {"augment": {"noise": 0.2}, "task": "reconstruction"}


@pytest.mark.parametrize("recipe", [Mse(), Bce()], ids=lambda recipe: recipe.name)
def test_loss_and_psnr_match_hand_computed_values(recipe: AnyLoss) -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (5, 3, 4, 4)).astype(np.uint8)
    output = rng.normal(0.5, 1, images.shape).astype(np.float32)
    meter = PixelMeter(make_pixel_loss(recipe), recipe)
    for part in (slice(0, 3), slice(3, 5), slice(5, 5)):
        meter.update(torch.from_numpy(output[part]), torch.from_numpy(images[part]))
    scores = meter.scores(SINGLE_PROCESS, 5).summary()
    made = 1 / (1 + np.exp(-output.astype(float))) if isinstance(recipe, Bce) else np.clip(output, 0, 1)
    psnrs = [10 * math.log10(1 / np.mean((m - i / 255) ** 2)) for m, i in zip(made, images, strict=True)]
    assert scores["psnr"] == pytest.approx(np.mean(psnrs), abs=1e-4)
    targets = torch.from_numpy(images) / 255
    loss = F.binary_cross_entropy_with_logits if isinstance(recipe, Bce) else F.mse_loss
    assert scores["loss"] == pytest.approx(loss(torch.from_numpy(output), targets).item(), abs=1e-6)


def test_exact_reconstruction_has_a_finite_psnr() -> None:
    images = torch.randint(0, 256, (2, 1, 3, 3), dtype=torch.uint8)
    meter = PixelMeter(make_pixel_loss(Mse()), Mse())
    meter.update(images.double() / 255, images)
    assert meter.scores(SINGLE_PROCESS, 2).psnr == pytest.approx(100)


def test_noise_of_an_image_does_not_depend_on_its_batch() -> None:
    inputs = torch.zeros(6, 3, 5, 5)
    whole = fixed_noise(0, inputs)
    assert torch.equal(torch.cat([fixed_noise(0, inputs[:2]), fixed_noise(2, inputs[2:])]), whole)
    assert whole.std().item() == pytest.approx(1, abs=0.1)
    assert not torch.equal(whole[0], whole[1])


@pytest.mark.parametrize(
    ("text", "recipe", "words"),
    [
        ("input 1x8x8\nconv 2 k1", {"task": "reconstruction"}, "reconstruction needs 1×8×8"),
        ("input 1x8x8\nconv 1 k1", {"task": "reconstruction", "loss": {"name": "cross_entropy"}}, "cannot minimize"),
        ("input 1x8x8\nconv 1 k1", {"augment": {"cutmix": 1.0}}, "`cutmix`"),
        ("input 1x8x8\nconv 1 k1", {"task": "segmentation"}, "`digits` has a class for each image"),
    ],
)
def test_incompatible_network_is_reported_before_data_are_read(text: str, recipe: dict[str, Any], words: str) -> None:
    found = errors(text, data_sets()["digits"], **recipe)
    assert len(found) == 1
    assert words in found[0][1]


def test_network_output_determines_task_and_loss() -> None:
    digits, graph = data_sets()["digits"], archdsl.loads("input 1x8x8\nconv 1 k1").graph
    assert resolved(Recipe(), digits, graph).loss.name == "mse"
    assert choose(digits, Recipe.model_validate({"loss": {"name": "bce"}}), graph).name == "reconstruction"
    assert choose(digits, Recipe.model_validate({"loss": {"name": "cross_entropy"}}), graph).name == "classification"
    assert choose(digits, Recipe(), archdsl.loads("input 1x8x8\nflatten; fc 10").graph).name == "classification"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reconstruction") / "run"
    task_training(REPRODUCES, folder, epochs=4, optimizer={"name": "adam", "lr": 0.02}, **NOISY).start()
    return folder


def test_reconstruction_run_learns_to_remove_noise(run: Path) -> None:
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert lines[-1]["validation"]["psnr"] > lines[0]["validation"]["psnr"] + 1
    report = TrainingReport.model_validate_json((run / "report.json").read_bytes())
    assert (report.task, report.recipe.loss.name) == ("reconstruction", "mse")
    assert report.scores is not None
    assert [panel.label for panel in report.scores.samples[0].panels] == ["image", "reconstruction"]
    assert "PSNR (dB)" in (run / "report.html").read_text(encoding="utf-8")


def test_evaluation_matches_the_training_scores(run: Path) -> None:
    loaded = load_run(Run.open(run), choose_device("cpu"))
    splits = TinyShapes().load(task_training(REPRODUCES, run, **NOISY).resources.request)
    assert splits.test is not None
    result = json.loads((run / "result.json").read_text())
    assert assess(loaded, splits.test).summary() == pytest.approx(result["test"])


def test_reconstruction_predictions_are_images(run: Path, tmp_path: Path) -> None:
    pixels = TinyShapes().load(task_training(REPRODUCES, run, **NOISY).resources.request).train.images[0]
    Image.fromarray(pixels.transpose(1, 2, 0)).save(tmp_path / "one.png")
    words = [str(run), str(tmp_path / "one.png"), "-o", str(tmp_path / "made"), "--format", "json"]
    done = CliRunner().invoke(predict_command, words)
    assert done.exit_code == 0, done.output
    (answer,) = json.loads(done.stdout)
    with Image.open(answer["file"]) as written:
        made = np.asarray(written).transpose(2, 0, 1)
    exact = -10 * math.log10(np.mean((made / 255 - pixels / 255) ** 2))
    assert answer["values"]["psnr"] == pytest.approx(exact, abs=0.05)
    (same,) = archdsl.load_run(run, device="cpu").predict(tmp_path / "one.png")
    assert np.array_equal(same, made)


def test_exported_network_has_the_same_outputs(run: Path) -> None:
    loaded = load_run(Run.open(run), choose_device("cpu"))
    exported = of_run(loaded, prepare=True)
    assert (exported.facts["task"], exported.facts["output"]) == ("reconstruction", "pixels in 0..1, not clamped")
    pixels = torch.randint(0, 256, (2, 3, 16, 16), dtype=torch.uint8)
    mean, deviation = (
        torch.tensor(of).view(1, 3, 1, 1) for of in (exported.facts["mean"], exported.facts["deviation"])
    )
    wanted = loaded.model((pixels / 255 - mean) / deviation)
    assert torch.allclose(exported.module(pixels), wanted, atol=1e-5)


def test_resumed_run_is_bit_for_bit_the_same(tmp_path: Path) -> None:
    recipe = {**NOISY, "augment": {"noise": 0.2, "crop": 1}, "loss": {"name": "bce"}}
    task_training(REPRODUCES, tmp_path / "whole", **recipe).start()
    task_training(REPRODUCES, tmp_path / "parts", StopAfter(6), **recipe).start()
    task_training(REPRODUCES, tmp_path / "parts", **recipe).resume()
    assert_same(tmp_path / "whole", tmp_path / "parts")
