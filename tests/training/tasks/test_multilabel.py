"""Multilabel classification: average precision and F1 against scikit-learn, labels.csv, runs, predictions."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from click.testing import CliRunner
from PIL import Image

from archdsl.cli.eval import command as eval_command
from archdsl.cli.predict import command as predict_command
from archdsl.training.data.dataset_spec import ImageShape
from archdsl.training.data.images import Request
from archdsl.training.data.registry import data_sets, find_source
from archdsl.training.errors.data_errors import BadTable
from archdsl.training.inference.export_source import of_run
from archdsl.training.loop.device_setup import choose_device
from archdsl.training.loop.process_group import SINGLE_PROCESS
from archdsl.training.recipe.recipe import Bce
from archdsl.training.report.run_report import TrainingReport
from archdsl.training.runs.loaded_run import load_run
from archdsl.training.runs.run_folder import Run
from archdsl.training.tasks.set_scores import SetMeter, SetScores, average_precision, make_set_loss
from tests.training.helpers import StopAfter
from tests.training.tasks.task_helpers import KillAfter, Killed, errors, sample_training
from tests.training.test_session import assert_same

NETWORK = "input 3x12x12\nconv 8 k3 p1; relu; dropout 0.1; gap; fc 3\n"
WANTED = np.array([[1, 0, 1], [0, 0, 1], [1, 0, 0], [1, 0, 1], [0, 0, 0]])
LOGITS = np.array([[2.0, 1, -1], [1.5, -3, 0.5], [1.5, -1, 0.5], [-2, -2, 3], [-1, -1, -1]])
# scikit-learn 1.9.1: average_precision_score of columns 0 and 2, f1_score(WANTED, LOGITS > 0, average=None)
PRECISIONS, F1S = [0.7555555555555555, None, 0.7555555555555555], [2 / 3, 0.0, 2 / 3]


def scores(wanted: np.ndarray[Any, Any], logits: np.ndarray[Any, Any]) -> SetScores:
    """The scores of logits, in several batches, one of them empty."""
    meter = SetMeter(make_set_loss(Bce()))
    for part in (slice(0, 2), slice(2, len(wanted)), slice(0, 0)):
        meter.update(torch.from_numpy(logits[part]).float(), torch.from_numpy(wanted[part]).to(torch.uint8))
    return meter.scores(SINGLE_PROCESS, len(wanted))


def test_multilabel_scores_match_scikit_learn() -> None:
    found = scores(WANTED, LOGITS)
    assert found.average_precisions == pytest.approx(PRECISIONS)
    assert found.f1s == pytest.approx(F1S)
    loss = F.binary_cross_entropy_with_logits(torch.from_numpy(LOGITS), torch.from_numpy(WANTED).double())
    known = [value for value in PRECISIONS if value is not None]
    assert found.summary() == pytest.approx({"loss": loss.item(), "mean_ap": np.mean(known), "mean_f1": np.mean(F1S)})
    assert found.counts == [3, 0, 3]


def test_average_precision_with_ties_matches_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    for _ in range(20):
        wanted, logits = rng.integers(0, 2, 40), rng.integers(-3, 4, 40).astype(float)
        ours = average_precision(torch.from_numpy(logits), torch.from_numpy(wanted))
        assert ours == pytest.approx(metrics.average_precision_score(wanted, logits))


def test_label_smoothing_moves_both_targets() -> None:
    logits, sets = torch.randn(4, 3), torch.tensor([[1, 0, 1]] * 4, dtype=torch.uint8)
    wanted = F.binary_cross_entropy_with_logits(logits, torch.tensor([[0.95, 0.05, 0.95]] * 4))
    assert make_set_loss(Bce(smoothing=0.1))(logits, sets).item() == pytest.approx(wanted.item())


@pytest.mark.parametrize(
    ("text", "recipe", "code", "words"),
    [
        ("input 3x64x64\ngap; fc 4", {}, "E0812", "`shape_sets` has 3 classes, but this network outputs 4"),
        ("input 3x32x32\ngap; fc 3", {}, "E0811", "`shape_sets` has images of 3×64×64"),
        ("input 3x64x64\ngap; fc 3", {"loss": {"name": "cross_entropy"}}, "E0817", "cannot minimize `cross_entropy`"),
        ("input 3x64x64\ngap; fc 3", {"augment": {"mixup": 0.2}}, "E0817", "`mixup`"),
        ("input 3x64x64\ngap; fc 3", {"task": "classification"}, "E0817", "a set of classes for each image"),
    ],
)
def test_incompatible_network_is_reported_before_data_are_read(
    text: str, recipe: dict[str, Any], code: str, words: str
) -> None:
    found = errors(text, data_sets()["shape_sets"], **recipe)
    assert [each for each, _ in found] == [code], found
    assert words in found[0][1]


def test_class_sets_of_shapes_match_their_masks() -> None:
    request = Request(ImageShape(3, 64, 64), Path("unused"))
    sets, masks = (find_source(name).load(request).test for name in ("shape_sets", "shapes"))
    assert sets is not None
    assert masks is not None
    assert np.array_equal(sets.images, masks.images)
    for members, mask in zip(sets.labels, masks.labels, strict=True):
        assert [number + 1 for number, member in enumerate(members) if member] == sorted(set(np.unique(mask)) - {0})


@pytest.fixture(scope="module")
def colors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images with bright channels, whose names are the classes."""
    root = tmp_path_factory.mktemp("multilabel") / "colors"
    root.mkdir()
    rng = np.random.default_rng(0)
    lines = ["file;colors"]
    for number in range(60):
        members = rng.integers(0, 2, 3)
        pixels = (rng.integers(0, 100, (12, 12, 3)) + 150 * members).astype(np.uint8)
        Image.fromarray(pixels).save(root / f"{number}.png")
        lines.append(f"{number}.png;{' '.join(np.array(['red', 'green', 'blue'])[members == 1])}")
    (root / "labels.csv").write_text("\n".join(lines))
    return root


def test_class_sets_in_one_column_or_several(colors: Path, tmp_path: Path) -> None:
    source = find_source(str(colors))
    assert (source.spec.targets, source.spec.classes) == ("classes", ("blue", "green", "red"))
    request = Request(ImageShape(3, 12, 12), tmp_path / "cache")
    train = source.load(request).train
    bright = train.images.mean((2, 3)) > 120
    assert np.array_equal(train.labels, bright[:, ::-1])
    text = (colors / "labels.csv").read_text()
    rows = [line.split(";") for line in text.splitlines()[1:]]
    names = ("blue", "green", "red")
    table = ["file,blue,green,red", *(f"{f},{','.join(str(int(n in c.split())) for n in names)}" for f, c in rows)]
    (colors / "labels.csv").write_text("\n".join(table))
    again = find_source(str(colors))
    assert again.spec == source.spec
    assert np.array_equal(again.load(request).train.labels, train.labels)
    (colors / "labels.csv").write_text(text)


def test_labels_without_any_class_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("file,tags\na.png, \n")
    with pytest.raises(BadTable, match="names no class"):
        find_source(str(tmp_path)).spec  # noqa: B018  # reads the file


@pytest.fixture(scope="module")
def run(colors: Path) -> Path:
    folder = colors.parent / "run"
    sample_training(NETWORK, str(colors), folder, epochs=8, optimizer={"name": "adam", "lr": 0.03}).start()
    return folder


def test_multilabel_run_learns_and_reports(run: Path) -> None:
    result = json.loads((run / "result.json").read_text())
    assert set(result["test"]) == {"loss", "mean_ap", "mean_f1"}
    assert result["test"]["mean_ap"] > 0.9
    report = TrainingReport.model_validate_json((run / "report.json").read_bytes())
    assert (report.task, report.recipe.loss.name) == ("multilabel", "bce")
    assert report.scores is not None
    assert [row[0] for row in report.scores.tables[0].rows] == ["blue", "green", "red"]
    assert len(report.scores.samples) == 6


def test_multilabel_predictions_evaluation_and_export(run: Path, colors: Path) -> None:
    done = CliRunner().invoke(predict_command, [str(run), str(colors / "0.png"), "test:0", "--format", "json"])
    assert done.exit_code == 0, done.output
    first, second = json.loads(done.stdout)
    assert set(first["classes"]) == {"blue", "green", "red"}
    assert sorted(first["classes"].values(), reverse=True) == list(first["classes"].values())
    assert second["true"] == "none" or set(second["true"].split(", ")) <= {"blue", "green", "red"}
    result = json.loads((run / "result.json").read_text())
    done = CliRunner().invoke(eval_command, [str(run), "--format", "json"])
    assert json.loads(done.stdout)["metrics"] == pytest.approx(result["test"])
    loaded = load_run(Run.open(run, writes=False), choose_device("cpu"))
    exported = of_run(loaded, prepare=True)
    assert "sigmoid" in exported.facts["output"]
    with Image.open(colors / "0.png") as image:
        pixels = torch.from_numpy(np.array(image).transpose(2, 0, 1)[None])
    with torch.inference_mode():
        made = exported.module(pixels)[0].sigmoid().tolist()
    assert dict(zip(exported.facts["classes"], made, strict=True)) == pytest.approx(first["classes"], abs=1e-5)


def test_resumed_and_killed_runs_are_bit_for_bit_the_same(colors: Path, tmp_path: Path) -> None:
    recipe: dict[str, Any] = {"augment": {"flip": True, "crop": 1, "noise": 0.1}}
    sample_training(NETWORK, str(colors), tmp_path / "whole", **recipe).start()
    sample_training(NETWORK, str(colors), tmp_path / "parts", StopAfter(9), **recipe).start()
    sample_training(NETWORK, str(colors), tmp_path / "parts", **recipe).resume()
    assert_same(tmp_path / "whole", tmp_path / "parts")
    with pytest.raises(Killed):
        sample_training(NETWORK, str(colors), tmp_path / "killed", KillAfter(9), **recipe).start()
    sample_training(NETWORK, str(colors), tmp_path / "killed", **recipe).resume()
    assert_same(tmp_path / "whole", tmp_path / "killed")
