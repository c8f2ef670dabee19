"""Segmentation: losses and metrics by hand, augmentation, folders of masks, runs, predictions."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from click.testing import CliRunner
from PIL import Image

import archdsl
from archdsl.cli.eval import command as eval_command
from archdsl.cli.predict import command as predict_command
from archdsl.training.data.dataset_spec import DataSpec, ImageShape
from archdsl.training.data.drawn_shapes import draw
from archdsl.training.data.images import Request
from archdsl.training.data.registry import data_sets, find_source
from archdsl.training.data.resize import fit_labels
from archdsl.training.errors.data_errors import BadImages
from archdsl.training.loop.augmentation import change_masked, change_pixels
from archdsl.training.loop.process_group import SINGLE_PROCESS
from archdsl.training.recipe.recipe import Augment, CrossEntropy, Dice, Recipe
from archdsl.training.report.run_report import TrainingReport
from archdsl.training.tasks.mask_losses import make_mask_loss
from archdsl.training.tasks.mask_scores import MaskMeter
from tests.training.helpers import StopAfter
from tests.training.tasks.task_helpers import SEGMENTS, KillAfter, Killed, errors, task_training
from tests.training.test_session import assert_same

SHAPES = data_sets()["shapes"]


def random_case(seed: int, classes: int = 4) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(seed)
    masks = rng.integers(0, classes - 1, (5, 6, 7)).astype(np.uint8)  # the last class is never there
    masks[rng.random(masks.shape) < 0.2] = 255
    return torch.from_numpy(rng.normal(size=(5, classes, 6, 7)).astype(np.float32)), torch.from_numpy(masks)


@pytest.mark.parametrize("seed", range(4))
def test_segmentation_metrics_match_pixel_set_definitions(seed: int) -> None:
    logits, masks = random_case(seed)
    meter = MaskMeter(make_mask_loss(CrossEntropy()))
    for part in (slice(0, 2), slice(2, 5), slice(5, 5)):
        meter.update(logits[part], masks[part])
    scores = meter.scores(SINGLE_PROCESS, 5)
    predicted, true = logits.argmax(1).numpy(), masks.numpy()
    places = [index for index in np.ndindex(true.shape) if true[index] != 255]
    ious, dices = [], []
    for number in range(4):
        is_there = {place for place in places if true[place] == number}
        is_seen = {place for place in places if predicted[place] == number}
        if is_there | is_seen:
            ious.append(len(is_there & is_seen) / len(is_there | is_seen))
            dices.append(2 * len(is_there & is_seen) / (len(is_there) + len(is_seen)))
    found = scores.summary()
    assert found["miou"] == pytest.approx(np.mean(ious))
    assert found["dice"] == pytest.approx(np.mean(dices))
    assert found["pixel_accuracy"] == pytest.approx(np.mean([true[p] == predicted[p] for p in places]))
    assert scores.finite
    assert np.array_equal(scores.shown.numpy(), predicted)


def test_absent_class_is_excluded_from_mean_iou() -> None:
    meter = MaskMeter(make_mask_loss(CrossEntropy()))
    logits = torch.full((1, 3, 2, 2), -1.0)
    logits[:, 0] = 1
    meter.update(logits, torch.zeros(1, 2, 2, dtype=torch.uint8))
    scores = meter.scores(SINGLE_PROCESS, 1)
    assert (scores.ious, scores.summary()["miou"]) == ([1.0, None, None], 1.0)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_mask_cross_entropy_matches_torch_on_labeled_pixels(smoothing: float) -> None:
    logits, masks = random_case(9)
    known = masks != 255
    wanted = F.cross_entropy(logits.movedim(1, -1)[known], masks[known].long(), label_smoothing=smoothing)
    assert torch.allclose(make_mask_loss(CrossEntropy(smoothing=smoothing))(logits, masks), wanted)
    nothing = torch.full_like(masks, 255)
    assert make_mask_loss(CrossEntropy())(logits, nothing).item() == 0


def test_dice_loss_matches_a_hand_computed_value() -> None:
    logits, masks = random_case(3)
    probabilities, true = logits.softmax(1).numpy().astype(float), masks.numpy()
    terms = []
    for number in range(4):
        p = probabilities[:, number][true != 255]
        t = (true == number)[true != 255].astype(float)
        terms.append((2 * (p * t).sum() + 1) / (p.sum() + t.sum() + 1))
    assert make_mask_loss(Dice())(logits, masks).item() == pytest.approx(1 - np.mean(terms), abs=1e-5)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize(
    "augment", [{}, {"flip": True}, {"crop": 3}, {"crop": 3, "border": "reflect"}, {"crop": 2, "flip": True}]
)
def test_masks_are_augmented_with_their_images(augment: dict[str, Any], layout: torch.memory_format) -> None:
    masks = torch.randint(0, 4, (6, 9, 8), dtype=torch.uint8)
    images = (masks[:, None] * 60 + 10).expand(6, 3, 9, 8).contiguous(memory_format=layout)
    recipe = Augment.model_validate(augment)
    made, numbers = change_masked(images, masks, recipe, torch.Generator().manual_seed(1), None)
    plain = change_pixels(images, recipe, torch.Generator().manual_seed(1), None)
    assert torch.equal(made, plain)  # as without masks
    assert made.is_contiguous(memory_format=layout)
    expected = torch.where(made[:, 0] == 0, 255, (made[:, 0].int() - 10) // 60).to(torch.uint8)
    assert torch.equal(numbers, expected)


def test_rotated_masks_contain_only_existing_classes() -> None:
    masks = torch.randint(1, 3, (4, 12, 12), dtype=torch.uint8)
    images = masks[:, None].contiguous()
    _, numbers = change_masked(images, masks, Augment(rotate=30), torch.Generator().manual_seed(0), None)
    assert set(numbers.flatten().tolist()) == {1, 2, 255}
    assert (numbers != masks).any()


def test_masks_are_resized_with_their_images() -> None:
    masks = np.arange(16, dtype=np.uint8).reshape(1, 4, 4)
    padded = fit_labels(masks, ImageShape(1, 6, 6), "pad")
    assert np.array_equal(padded[:, 1:5, 1:5], masks)
    assert set(padded[0, 0]) == {255}
    assert np.array_equal(fit_labels(masks, ImageShape(1, 8, 8), "resize"), masks.repeat(2, 1).repeat(2, 2))
    assert fit_labels(np.arange(3), ImageShape(1, 8, 8), "pad").tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("text", "recipe", "code", "words"),
    [
        ("input 3x64x64\nconv 5 k1", {}, "E0816", "needs 4×64×64"),
        ("input 3x64x64\nconv 4 k3", {}, "E0816", "outputs 4×62×62"),
        ("input 3x64x64\ngap; fc 4", {}, "E0816", "this network outputs 4"),
        ("input 3x64x64\nconv 4 k1", {"augment": {"mixup": 0.2}}, "E0817", "`mixup`"),
        ("input 3x64x64\nconv 4 k1", {"tta": "flip"}, "E0817", "`tta flip`"),
        ("input 3x64x64\nconv 4 k1", {"loss": {"name": "mse"}}, "E0817", "segmentation cannot minimize `mse`"),
        ("input 3x64x64\nconv 4 k1", {"task": "classification"}, "E0817", "`shapes` has a mask for each image"),
        ("input 3x64x64\nconv 4 k1", {"loss": {"output_losses": "output=bce", "name": "dice"}}, "E0817", "`bce`"),
    ],
)
def test_incompatible_network_is_reported_before_data_are_read(
    text: str, recipe: dict[str, Any], code: str, words: str
) -> None:
    found = errors(text, SHAPES, **recipe)
    assert [each for each, _ in found] == [code], found
    assert words in found[0][1]


def test_compatible_segmentation_networks_are_accepted() -> None:
    assert errors("input 3x64x64\nconv 4 k1", SHAPES, augment={"crop": 4, "rotate": 5, "cutout": 8}) == []
    assert errors("input 3x64x64\nconv 4 k1", SHAPES, loss={"name": "dice"}) == []


def test_shapes_data_set_is_deterministic() -> None:
    one, two = draw(3, 32), draw(5, 32)
    assert np.array_equal(one.images, two.images[:3])
    assert np.array_equal(one.labels, two.labels[:3])
    assert set(np.unique(draw(60, 32).labels)) == {0, 1, 2, 3}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("segmentation") / "run"
    task_training(SEGMENTS, folder, epochs=6, optimizer={"name": "adam", "lr": 0.02}).start()
    return folder


def test_segmentation_run_learns_and_reports(run: Path) -> None:
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert lines[-1]["train"]["loss"] < lines[0]["train"]["loss"]
    assert set(lines[0]["train"]) == {"loss"}
    assert set(lines[0]["validation"]) == {"loss", "miou", "dice", "pixel_accuracy"}
    result = json.loads((run / "result.json").read_text())
    assert set(result["best"]) == {"epoch", "miou", "loss"}
    assert result["best"]["miou"] == max(line["validation"]["miou"] for line in lines)
    report = TrainingReport.model_validate_json((run / "report.json").read_bytes())
    assert (report.task, report.result, report.recipe.task) == ("segmentation", None, "segmentation")
    assert report.scores is not None
    assert report.scores.metrics == result["test"]
    assert [row[0] for row in report.scores.tables[0].rows] == ["background", "circle", "rectangle", "triangle"]
    assert report.scores.tables[0].colors[1] == "#e69f00"
    assert [panel.label for panel in report.scores.samples[0].panels] == ["image", "true classes", "prediction"]
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "Mean IoU" in page
    assert 'id="predictions"' in page
    assert not (run / "confusion.png").exists()


def test_resumed_run_is_bit_for_bit_the_same(tmp_path: Path) -> None:
    recipe: dict[str, Any] = {"loss": {"name": "dice"}, "augment": {"flip": True, "crop": 2, "noise": 0.1}}
    task_training(SEGMENTS, tmp_path / "whole", **recipe).start()
    task_training(SEGMENTS, tmp_path / "parts", StopAfter(6), **recipe).start()
    task_training(SEGMENTS, tmp_path / "parts", **recipe).resume()
    assert_same(tmp_path / "whole", tmp_path / "parts")


def test_killed_run_resumes_from_its_checkpoint_bit_for_bit(tmp_path: Path) -> None:
    recipe: dict[str, Any] = {"augment": {"crop": 2, "rotate": 10, "noise": 0.1}}
    task_training(SEGMENTS, tmp_path / "whole", **recipe).start()
    with pytest.raises(Killed):
        task_training(SEGMENTS, tmp_path / "parts", KillAfter(7), **recipe).start()
    state = task_training(SEGMENTS, tmp_path / "parts", **recipe).resume().state
    assert state.step == 8
    assert_same(tmp_path / "whole", tmp_path / "parts")


def test_steps_match_a_handwritten_loop(tmp_path: Path) -> None:
    started = task_training("input 3x16x16\nconv 4 k3 p1\n", tmp_path / "run", StopAfter(3))
    state = started.start().state
    splits = started.source.load(started.resources.request)
    pixels = torch.from_numpy(splits.train.images) / 255
    inputs = (pixels - pixels.mean((0, 2, 3), keepdim=True)) / pixels.std((0, 2, 3), keepdim=True, correction=0)
    torch.manual_seed(0)
    from archdsl.training.loop.training_state import derive

    torch.manual_seed(derive(0, "weights"))
    model = started.model_spec.build()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    order = torch.randperm(32, generator=torch.Generator().manual_seed(derive(0, "order 0")))
    for indices in torch.split(order, 8)[: state.step]:
        optimizer.zero_grad()
        masks = torch.from_numpy(splits.train.labels)[indices].long()
        F.cross_entropy(model(inputs[indices]), masks).backward()  # type: ignore[no-untyped-call]  # torch has no types here
        optimizer.step()
    for ours, theirs in zip(state.model.parameters(), model.parameters(), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-6)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = draw(20, 24)
    root = tmp_path / "photos"
    for name in ("images", "masks"):
        (root / name).mkdir(parents=True)
    (root / "classes.txt").write_text("background\ncircle\nrectangle\ntriangle\n")
    for number, (image, mask) in enumerate(zip(made.images, made.labels, strict=True)):
        Image.fromarray(image.transpose(1, 2, 0)).save(root / "images" / f"{number}.png")
        Image.fromarray(mask).save(root / "masks" / f"{number}.png")
    return root


def test_folder_of_masks_is_read(folder: Path, tmp_path: Path) -> None:
    source = find_source(str(folder))
    assert source.spec == DataSpec("photos", ("background", "circle", "rectangle", "triangle"), None, targets="mask")
    splits = source.load(Request(ImageShape(3, 24, 24), tmp_path / "cache", split=0.8))
    assert splits.validation is not None
    assert splits.test is not None
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (14, 4, 2)
    made, files = draw(20, 24), splits.test.files
    assert files is not None
    for image, mask, file in zip(splits.test.images, splits.test.labels, files, strict=True):
        number = int(Path(file).stem)
        assert np.array_equal(image, made.images[number])
        assert np.array_equal(mask, made.labels[number])
    again = source.load(Request(ImageShape(3, 24, 24), tmp_path / "cache", split=0.8))
    assert np.array_equal(again.train.labels, splits.train.labels)
    half = source.load(Request(ImageShape(3, 12, 12), tmp_path / "cache"))
    assert set(np.unique(half.train.labels)) <= {0, 1, 2, 3}


def test_mask_folders_for_each_split(folder: Path, tmp_path: Path) -> None:
    for split, numbers in (("train", range(10)), ("val", range(10, 15)), ("test", range(15, 20))):
        for name in ("images", "masks"):
            (folder / split / name).mkdir(parents=True)
            for number in numbers:
                (folder / name / f"{number}.png").rename(folder / split / name / f"{number}.png")
    for name in ("images", "masks"):
        (folder / name).rmdir()
    splits = find_source(str(folder)).load(Request(ImageShape(3, 24, 24), tmp_path / "cache"))
    assert splits.validation is not None
    assert splits.test is not None
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (10, 5, 5)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("no classes", "classes.txt"),
        ("one class", "1 name, not 2"),
        ("twice", "`circle` twice"),
        ("no mask", "has no mask"),
        ("size", "its mask is 10×10, but the image is 24×24"),
        ("value", "its mask has the value 9, but there are only 4 classes"),
        ("color", "has the mode RGB"),
        ("broken", "cannot identify image file"),
    ],
)
def test_invalid_mask_folders_are_reported(folder: Path, tmp_path: Path, damage: str, words: str) -> None:
    mask, classes = folder / "masks" / "3.png", folder / "classes.txt"
    match damage:
        case "no classes":
            classes.unlink()
        case "one class":
            classes.write_text("background\n")
        case "twice":
            classes.write_text("circle\ncircle\n")
        case "no mask":
            mask.unlink()
        case "size":
            Image.new("L", (10, 10)).save(mask)
        case "value":
            Image.new("L", (24, 24), 9).save(mask)
        case "color":
            Image.new("RGB", (24, 24)).save(mask)
        case "broken":
            mask.write_bytes(b"not a PNG")
    source = find_source(str(folder))

    def read() -> None:
        assert source.spec.classes
        source.load(Request(ImageShape(3, 24, 24), tmp_path / "cache"))

    with pytest.raises(BadImages) as caught:
        read()
    assert words in caught.value.message()


def test_segmentation_end_to_end_by_commands(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    network = archdsl.loads("input 3x24x24\nconv 4 k3 p1\n")
    trained = archdsl.fit(network, folder, out=out, epochs=1, precision="fp32", layout="channels_first")
    assert trained.task == "segmentation"
    image = folder / "images" / "0.png"
    (mask,) = trained.predict(image)
    done = CliRunner().invoke(
        predict_command, [str(out), str(image), "-o", str(tmp_path / "made"), "--format", "json", "--top", "4"]
    )
    assert done.exit_code == 0, done.output
    (answer,) = json.loads(done.stdout)
    assert sum(answer["classes"].values()) == pytest.approx(1, abs=1e-6)
    with Image.open(answer["file"]) as written:
        assert np.array_equal(np.asarray(written), mask)
    result = json.loads((out / "result.json").read_text())
    done = CliRunner().invoke(eval_command, [str(out), "--format", "json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["metrics"] == pytest.approx(result["test"])
    done = CliRunner().invoke(eval_command, [str(out)])
    assert "mean IoU" in done.stdout
    assert "triangle" in done.stdout


def test_recipe_determines_the_task() -> None:
    from archdsl.training.tasks.choice import choose, resolved

    graph = archdsl.loads(SEGMENTS).graph
    assert choose(SHAPES, Recipe(), graph).name == "segmentation"
    assert choose(data_sets()["digits"], Recipe(), graph).name == "classification"
    assert resolved(Recipe(), SHAPES, graph).loss.name == "cross_entropy"
