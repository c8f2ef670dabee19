"""Detection: losses, locations, suppression and average precision against references, augmentation, checks."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import archdsl
from archdsl.diagnostics import Sink
from archdsl.training.data.box_arrays import ignored_classes, ignored_code, packed
from archdsl.training.data.dataset_spec import DataSpec, ImageShape, TaskFacts
from archdsl.training.data.drawn_shapes import draw, draw_boxes
from archdsl.training.data.registry import data_sets
from archdsl.training.inference.assess import _relabeled
from archdsl.training.loop.augmentation import change_pixels
from archdsl.training.loop.box_augmentation import change_boxed
from archdsl.training.loop.process_group import SINGLE_PROCESS
from archdsl.training.network_check import check
from archdsl.training.recipe.recipe import Augment, Fcos, Recipe
from archdsl.training.tasks.average_precision import average_precision
from archdsl.training.tasks.box_images import drawn_boxes
from archdsl.training.tasks.box_levels import Levels, assigned, boxes_of
from archdsl.training.tasks.box_losses import centerness, focal_loss, giou, iou, make_box_loss
from archdsl.training.tasks.box_scores import BoxMeter
from archdsl.training.tasks.box_search import FOUND, detect, non_maximum_suppression
from archdsl.training.tasks.presentation import FoundBox
from tests.training.tasks.task_helpers import errors

SHAPES = data_sets()["shape_boxes"]
FACTS = TaskFacts(("a", "b", "c"), (3, 32, 48), ((8, 8, 12), (8, 4, 6)))
"""Strides 4 and 8."""
HEAD = "input 3x64x64\nconv 16 k3 s2 p1; relu\nconv 8 k3 s2 p1 as fine\nfrom fine\n"


def random_boxes(rng: np.random.Generator, *shape: int, size: float = 40) -> NDArray[np.float64]:
    corners = rng.uniform(0, size, (*shape, 2, 2))
    return np.concatenate([corners.min(-2), corners.max(-2) + 0.5], -1)


def area_of(box: NDArray[np.float64]) -> float:
    return float(max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1]))


def overlap_of(a: NDArray[np.float64], b: NDArray[np.float64]) -> tuple[float, float]:
    """The IoU and the GIoU of two boxes, from their definitions."""
    both = area_of(np.array([max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])]))
    union = area_of(a) + area_of(b) - both
    hull = area_of(np.array([min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])]))
    return both / union, both / union - (hull - union) / hull


def test_iou_and_giou_match_their_definitions() -> None:
    rng = np.random.default_rng(0)
    one, other = random_boxes(rng, 60), random_boxes(rng, 60)
    wanted = np.array([overlap_of(a, b) for a, b in zip(one, other, strict=True)])
    both = torch.from_numpy(one), torch.from_numpy(other)
    assert np.allclose(iou(*both).numpy(), wanted[:, 0])
    assert np.allclose(giou(*both).numpy(), wanted[:, 1])
    assert (wanted[:, 0] > 0).any()
    assert (wanted[:, 1] < 0).any()


@pytest.mark.parametrize(("alpha", "gamma"), [(0.25, 2.0), (0.6, 0.0), (0.5, 0.5)])
def test_focal_loss_matches_its_formula(alpha: float, gamma: float) -> None:
    rng = np.random.default_rng(1)
    logits, wanted = rng.normal(0, 3, (7, 5)), rng.integers(0, 2, (7, 5))
    expected = [
        -(alpha if w else 1 - alpha) * (1 - p) ** gamma * math.log(p)
        for x, w in zip(logits.ravel(), wanted.ravel(), strict=True)
        for p in [1 / (1 + math.exp(-x if w else x))]
    ]
    given = torch.from_numpy(logits).requires_grad_()
    found = focal_loss(given, torch.from_numpy(wanted).double(), alpha, gamma)
    assert np.allclose(found.detach().numpy().ravel(), expected)
    extreme = torch.tensor([-500.0, 500.0, 0.0], requires_grad=True)
    focal_loss(extreme, torch.tensor([0.0, 1.0, 1.0]), alpha, gamma).sum().backward()  # type: ignore[no-untyped-call]  # torch has no types here
    assert extreme.grad is not None
    assert bool(extreme.grad.isfinite().all())


def test_detection_losses_match_torchvision() -> None:
    ops = pytest.importorskip("torchvision.ops")
    rng = np.random.default_rng(2)
    boxes = torch.from_numpy(random_boxes(rng, 2, 30)).float()
    assert torch.allclose(1 - giou(*boxes), ops.generalized_box_iou_loss(*boxes), atol=1e-5)
    logits, wanted = torch.randn(6, 4), torch.randint(0, 2, (6, 4)).float()
    theirs = ops.sigmoid_focal_loss(logits, wanted, 0.25, 2.0)
    assert torch.allclose(focal_loss(logits, wanted, 0.25, 2.0), theirs, atol=1e-6)


def test_locations_are_the_centers_of_cells() -> None:
    locations = Levels(FACTS).on(torch.device("cpu"))
    assert locations.centers.shape == (8 * 12 + 4 * 6, 2)
    assert locations.centers[0].tolist() == [2, 2]
    assert locations.centers[13].tolist() == [6, 6]  # the second row begins at 12
    assert locations.centers[96 + 5].tolist() == [44, 4]
    assert locations.strides[[0, -1]].tolist() == [[4, 4], [8, 8]]
    assert locations.finer[[0, -1]].tolist() == [[0, 0], [4, 4]]
    assert locations.coarsest.tolist() == [False] * 96 + [True] * 24
    numbers = torch.log(torch.tensor([1.0, 2.0, 0.5, 4.0]))[None, :, None].expand(1, 4, 120)
    assert boxes_of(numbers, locations)[0, 13].tolist() == pytest.approx([2, -2, 8, 22])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("radius", "range"), [(1.5, 8.0), (2.5, 3.0), (0.7, 1.5)])
def test_locations_are_assigned_objects_of_their_size(seed: int, radius: float, range: float) -> None:
    rng = np.random.default_rng(seed)
    objects = random_boxes(rng, 2, 4, size=30)
    rows = np.concatenate([rng.integers(0, 3, (2, 4, 1)), objects], -1).astype(np.float32)
    rows[1, 2] = -1
    locations = Levels(FACTS).on(torch.device("cpu"))
    numbers, boxes = assigned(torch.from_numpy(rows), locations, radius, range)
    seen = 0
    for image in (0, 1):
        for place, (x, y) in enumerate(locations.centers.tolist()):
            stride, coarse = (4, False) if place < 96 else (8, True)
            fits = []
            for number, left, top, right, bottom in rows[image].tolist():
                sides = (x - left, y - top, right - x, bottom - y)
                near = abs(x - (left + right) / 2), abs(y - (top + bottom) / 2)
                low, high = (range * 4, math.inf) if coarse else (0, range * 4)
                inside = number >= 0 and min(sides) > 0 and low < max(sides) <= high
                if inside and max(near) <= radius * stride:
                    fits.append(((right - left) * (bottom - top), number, (left, top, right, bottom)))
            wanted = min(fits, default=(0, -1, None))
            assert numbers[image, place] == wanted[1]
            if wanted[2] is not None:
                assert tuple(boxes[image, place].tolist()) == wanted[2]
                seen += 1
    assert seen > 5


def perfect_output(boxes: torch.Tensor, facts: TaskFacts = FACTS) -> torch.Tensor:
    """The output of a network that knows the boxes."""
    locations = Levels(facts).on(torch.device("cpu"))
    numbers, wanted = assigned(boxes, locations, 1.5, 8.0)
    classes = len(facts.classes)
    output = torch.full((len(boxes), classes + 5, len(locations.centers)), -12.0)
    for image, place in (numbers >= 0).nonzero().tolist():
        output[image, numbers[image, place], place] = 12
    there = numbers >= 0
    sides = torch.cat([locations.centers - wanted[..., :2], wanted[..., 2:] - locations.centers], -1)
    logs = (sides / locations.strides.repeat(1, 2)).clamp(min=1e-3).log()
    output[:, classes:-1] = torch.where(there[..., None], logs, 0.0).mT
    center = centerness(wanted, locations).clamp(1e-4, 1 - 1e-4)
    output[:, -1] = torch.where(there, center.logit(), -12.0)
    return output


def scene_boxes() -> torch.Tensor:
    return torch.from_numpy(packed([[(0, 3, 4, 20, 17), (2, 22, 2, 45, 30)], [], [(1, 10, 10, 29.5, 26)]]))


def test_loss_is_minimal_for_true_boxes_and_finite_without_boxes() -> None:
    boxes, loss = scene_boxes(), make_box_loss(Fcos(), FACTS)
    best = perfect_output(boxes)
    entropy = loss(best, boxes).item()  # the cross entropy of center-ness is not 0 between 0 and 1
    for channel in range(8):
        worse = best.clone()
        worse[:, channel] = worse[:, channel] + 0.5 if channel >= 3 else 0.1 * worse[:, channel]
        assert loss(worse, boxes).item() > entropy + 1e-4, channel
    output = torch.zeros(3, 8, 120, requires_grad=True)
    value = loss(output, torch.full_like(boxes, -1))
    value.backward()  # type: ignore[no-untyped-call]  # torch has no types here
    assert value.isfinite()
    assert output.grad is not None
    assert bool(output.grad.isfinite().all())
    assert not output.grad[:, 3:].any()  # nothing to learn for boxes
    assert (output.grad[:, :3] > 0).all()


def test_detection_settings_change_the_loss() -> None:
    boxes = scene_boxes()
    output = torch.randn(3, 8, 120, generator=torch.Generator().manual_seed(4))
    settings: list[dict[str, float]] = [{}, {"radius": 0.6}, {"range": 1.0}, {"alpha": 0.5}, {"gamma": 1.0}]
    losses = [make_box_loss(Fcos(**each), FACTS)(output, boxes).item() for each in settings]  # type: ignore[arg-type]  # of names
    assert len(set(losses)) == len(losses)


def test_detection_loss_matches_a_hand_computed_value() -> None:
    boxes = scene_boxes()
    output = torch.randn(3, 8, 120, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    locations = Levels(FACTS).on(torch.device("cpu"))
    numbers, wanted = assigned(boxes, locations, 1.5, 8.0)
    focal, box, weight, center, count = 0.0, 0.0, 0.0, 0.0, 0
    for image, place in np.ndindex(3, 120):
        for number in range(3):
            is_class = int(numbers[image, place] == number)
            p = torch.sigmoid(output[image, number, place]).item()
            p = p if is_class else 1 - p
            focal -= (0.25 if is_class else 0.75) * (1 - p) ** 2 * math.log(p)
        if numbers[image, place] < 0:
            continue
        (x, y), true = locations.centers[place].tolist(), wanted[image, place].tolist()
        left, top, right, bottom = x - true[0], y - true[1], true[2] - x, true[3] - y
        true_centerness = math.sqrt(min(left, right) / max(left, right) * min(top, bottom) / max(top, bottom))
        made = output[image, 3:7, place].exp().numpy() * locations.strides[place, 0].item()
        found = np.array([x - made[0], y - made[1], x + made[2], y + made[3]])
        box += true_centerness * (1 - overlap_of(found, np.array(true))[1])
        p = torch.sigmoid(output[image, 7, place]).item()
        center -= true_centerness * math.log(p) + (1 - true_centerness) * math.log(1 - p)
        weight, count = weight + true_centerness, count + 1
    assert count > 20
    expected = focal / count + box / weight + center / count
    assert make_box_loss(Fcos(), FACTS)(output, boxes.double()).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_non_maximum_suppression_matches_the_greedy_rule(seed: int) -> None:
    rng = np.random.default_rng(seed)
    boxes, classes = random_boxes(rng, 3, 50, size=20), rng.integers(0, 2, (3, 50))
    there = rng.random((3, 50)) < 0.9
    stays = non_maximum_suppression(torch.from_numpy(boxes), torch.from_numpy(classes), torch.from_numpy(there), 0.4)
    for image in range(3):
        kept: list[int] = []
        for index in range(50):
            same_class = (other for other in kept if classes[image, other] == classes[image, index])
            if there[image, index] and all(overlap_of(*boxes[image, [o, index]])[0] <= 0.4 for o in same_class):
                kept.append(index)
        assert stays[image].nonzero()[:, 0].tolist() == kept
        assert 3 < len(kept) < there[image].sum()


def test_objects_of_a_perfect_output_are_detected() -> None:
    boxes = scene_boxes()
    found = detect(perfect_output(boxes), Levels(FACTS))
    assert found.shape == (3, FOUND, 6)
    for image, wanted in enumerate(boxes):
        there = found[image][found[image, :, 0] >= 0]
        true = sorted(row for row in wanted.tolist() if row[0] >= 0)
        assert len(there) == len(true)
        for row, expected in zip(sorted(there.tolist()), true, strict=True):
            assert [row[0], *row[2:]] == pytest.approx(expected, abs=1e-3)
            assert 0.3 < row[1] <= 1
    assert found[1, :, 1].max() == 0
    assert detect(torch.zeros(0, 8, 120), Levels(FACTS)).shape == (0, FOUND, 6)


def test_detection_scores_of_batches_and_without_objects() -> None:
    boxes = scene_boxes()
    output, meter = perfect_output(boxes), BoxMeter(make_box_loss(Fcos(), FACTS), FACTS)
    for part in (slice(0, 2), slice(2, 3), slice(3, 3)):
        meter.update(output[part], boxes[part])
    scores = meter.scores(SINGLE_PROCESS, 3)
    assert scores.finite
    assert scores.summary()["ap"] == pytest.approx(1)
    assert [row[3] for row in scores.by_class()] == [1, 1, 1]
    empty = BoxMeter(make_box_loss(Fcos(), FACTS), FACTS)
    empty.update(torch.full_like(output, -9), boxes)
    assert empty.scores(SINGLE_PROCESS, 3).summary() | {"loss": 0} == {"loss": 0, "ap": 0, "ap50": 0, "ap75": 0}
    broken = BoxMeter(make_box_loss(Fcos(), FACTS), FACTS)
    broken.update(torch.full_like(output, torch.nan), boxes)
    assert not broken.scores(SINGLE_PROCESS, 3).finite


def found_rows(*rows: tuple[float, ...]) -> NDArray[np.float32]:
    made = np.zeros((1, 5, 6), np.float32)
    made[:, :, 0] = -1
    made[0, : len(rows)] = rows
    return made


def test_average_precision_matches_hand_computed_values() -> None:
    true = packed([[(0, 0, 0, 10, 10), (0, 20, 20, 30, 30), (1, 0, 0, 4, 4)]])
    found = found_rows(
        (0, 0.9, 0, 0, 10, 10),  # exact
        (0, 0.8, 0, 0, 10, 9),  # the same object again: wrong
        (0, 0.7, 20, 20, 30, 26),  # IoU 0.6: right at 0.5, 0.55 and 0.6
        (1, 0.6, 20, 20, 30, 30),  # of the other class
    )
    table = average_precision(found, true, 3)
    # recalls 0 to 0.5 at precision 1, those above at 2/3, of 101: 51 and 50
    assert table.values[0, :3] == pytest.approx([(51 + 50 * 2 / 3) / 101] * 3)
    assert table.values[0, 3:] == pytest.approx([51 / 101] * 7)
    assert table.values[1].tolist() == [0.0] * 10
    assert np.isnan(table.values[2]).all()
    assert table.counts == (2, 1, 0)
    assert table.mean(0) == pytest.approx((51 + 50 * 2 / 3) / 101 / 2)
    assert average_precision(found, packed([[]]), 3).mean() == 0


@pytest.mark.parametrize(
    ("crowd", "region", "counted"),
    [
        (False, (0, 0, 10, 10), False),  # the region itself
        (False, (0, 0, 10, 19), False),  # IoU 0.53
        (False, (0, 0, 40, 40), True),  # IoU 0.06
        (True, (0, 0, 40, 40), False),  # all of it is in the crowd
        (True, (6, 0, 40, 40), True),  # 40% of it is
    ],
)
def test_detections_in_ignored_regions_are_not_false_positives(
    crowd: bool, region: tuple[int, ...], counted: bool
) -> None:
    true = packed([[(0, 50, 50, 60, 60), (ignored_code(0, crowd=crowd), *region)]])
    found = np.array([[(0, 0.9, 0, 0, 10, 10), (0, 0.8, 50, 50, 60, 60)]], np.float32)
    table = average_precision(found, true, 2)
    assert table.counts == (1, 0)
    assert table.values[0, 0] == pytest.approx(0.5 if counted else 1)
    other = packed([[(0, 50, 50, 60, 60), (ignored_code(1, crowd=crowd), *region)]])
    assert average_precision(found, other, 2).values[0, 0] == pytest.approx(0.5)  # of another class


def test_classes_in_another_order_are_renumbered() -> None:
    """Those of ignored regions, too; padding rows stay as they are."""
    rows = [0, 1, *(ignored_code(number, crowd=crowd) for number in (0, 1) for crowd in (False, True))]
    expected = [1, 0, *(ignored_code(number, crowd=crowd) for number in (1, 0) for crowd in (False, True))]
    boxes = packed([[(row, 0, 0, 4, 4) for row in rows], [(0, 0, 0, 4, 4)]])
    made = _relabeled(boxes, np.array([1, 0]), 2)
    assert made[0, :, 0].tolist() == expected
    assert made[1, :, 0].tolist() == [1, *[-1] * (len(rows) - 1)]
    assert np.array_equal(made[:, :, 1:], boxes[:, :, 1:])


@pytest.mark.parametrize("seed", range(3))
def test_average_precision_matches_pycocotools(seed: int) -> None:
    coco = pytest.importorskip("pycocotools.coco")
    evaluation = pytest.importorskip("pycocotools.cocoeval")
    rng = np.random.default_rng(seed)
    images, classes = 300, 4
    true, found = [], []
    for _ in range(images):
        rows = [(int(rng.integers(0, classes - 1)), *box) for box in random_boxes(rng, int(rng.integers(0, 7)))]
        true.append([(number, *np.round(box)) for number, *box in rows if area_of(np.round(box)) > 0])
        crowds = random_boxes(rng, int(rng.integers(0, 2)))
        true[-1] += [(ignored_code(int(rng.integers(0, classes)), crowd=True), *box) for box in crowds]
        moved = [(n, *(np.array(b) + rng.normal(0, 2, 4))) for n, *b in rows for _ in range(int(rng.integers(0, 3)))]
        moved += [(int(rng.integers(0, classes)), *box) for box in random_boxes(rng, 2)]
        scored = [(n, round(float(rng.random()), 2), *np.sort(np.round(b).reshape(2, 2), 0).ravel()) for n, *b in moved]
        found.append(sorted(scored, key=lambda row: -row[1]))
    made = np.zeros((images, max(map(len, found)), 6), np.float32)
    made[:, :, 0] = -1
    for image, of in enumerate(found):
        made[image, : len(of)] = of
    table = average_precision(made, packed(true), classes)
    theirs = evaluated(coco, evaluation, true, found, classes)
    for number in range(classes):
        assert np.allclose(table.values[number], theirs[number], equal_nan=True), number
    assert 0.05 < table.mean() < 0.6


def evaluated(coco: Any, evaluation: Any, true: list[Any], found: list[Any], classes: int) -> NDArray[np.float64]:
    """The average precision of each class at each threshold by pycocotools, K×10, NaN without objects."""

    def sized(box: Any) -> list[float]:
        return [float(box[0]), float(box[1]), float(box[2] - box[0]), float(box[3] - box[1])]

    known = coco.COCO()
    known.dataset = {
        "images": [{"id": number} for number in range(len(true))],
        "categories": [{"id": number, "name": str(number)} for number in range(classes)],
        "annotations": [
            {
                "image_id": image,
                "category_id": number if number >= 0 else int(ignored_classes(np.array(number))[0]),
                "bbox": sized(box),
                "area": area_of(np.array(box)),
                "iscrowd": int(number < 0),
            }
            for image, rows in enumerate(true)
            for number, *box in rows
        ],
    }
    for number, row in enumerate(known.dataset["annotations"], 1):
        row["id"] = number
    known.createIndex()
    made = known.loadRes(
        [
            {"image_id": image, "category_id": number, "bbox": sized(box), "score": score}
            for image, rows in enumerate(found)
            for number, score, *box in rows
        ]
    )
    run = evaluation.COCOeval(known, made, "bbox")
    run.evaluate()
    run.accumulate()
    precision = run.eval["precision"][:, :, :, 0, 2]  # 10 thresholds × 101 recalls × classes
    return np.where(precision[:, 0] < 0, np.nan, precision.mean(1)).T


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("augment", [{}, {"flip": True}, {"crop": 5}, {"crop": 3, "flip": True, "jitter": 0.2}])
def test_boxes_are_augmented_with_their_images(augment: dict[str, Any], layout: torch.memory_format) -> None:
    images = torch.zeros(40, 3, 16, 20, dtype=torch.uint8)
    rng = np.random.default_rng(5)
    rows = []
    for image in images:
        left, top = int(rng.integers(0, 15)), int(rng.integers(0, 11))
        right, bottom = left + int(rng.integers(2, 6)), top + int(rng.integers(2, 6))
        image[:, top:bottom, left:right] = 200
        rows.append([(1.0, left, top, min(right, 20), min(bottom, 16))])
    recipe, before = Augment.model_validate(augment), torch.from_numpy(packed(rows))
    images = images.contiguous(memory_format=layout)
    made, boxes = change_boxed(images, before, recipe, torch.Generator().manual_seed(2), None)
    assert torch.equal(made, change_pixels(images, recipe, torch.Generator().manual_seed(2), None))
    changed = 0
    for image, old, (label, *sides) in zip(made, before, boxes[:, 0].tolist(), strict=True):
        visible = (image[0] > 100).nonzero()  # contrast changes the background
        if label < 0:
            assert len(visible) <= 0.1 * area_of(old[0, 1:].double().numpy())
            continue
        (top, left), (bottom, right) = visible.amin(0).tolist(), (visible.amax(0) + 1).tolist()
        assert sides == [left, top, right, bottom]
        changed += sides != old[0, 1:].tolist()
    assert changed > 20 or not augment


def test_boxes_are_flipped_with_their_images() -> None:
    boxes = torch.from_numpy(packed([[(0, 1, 2, 4, 6)], [(0, 1, 2, 4, 6)]]))
    flipped = torch.tensor([True, False])
    images = torch.zeros(2, 3, 8, 10, dtype=torch.uint8)
    _, made = change_boxed(images, boxes, Augment(alternate=True), torch.Generator(), flipped)
    assert made[:, 0].tolist() == [[0, 6, 2, 9, 6], [0, 1, 2, 4, 6]]


@pytest.mark.parametrize(
    ("text", "recipe", "code", "words"),
    [
        ("input 3x64x64\nconv 7 k3 s4", {}, "E0816", "needs 8×h×w: 3 class logits, 4 distances"),
        ("input 3x64x64\ngap; fc 8", {}, "E0816", "this network outputs 8"),
        ("input 3x64x64\nupsample 2; conv 8 k1", {}, "E0816", "this network outputs 8×128×128"),
        (HEAD + "conv 8 k1 as other\noutput fine, other", {}, "E0816", "needs a different stride"),
        (HEAD + "conv 4 k3 s2 p1 as other\noutput fine, other", {}, "E0816", "this network outputs 4×8×8"),
        (HEAD, {"augment": {"rotate": 5}}, "E0817", "`rotate`"),
        (HEAD, {"augment": {"crop": 4, "border": "reflect"}}, "E0817", "`border`"),
        (HEAD, {"augment": {"mixup": 0.2}}, "E0817", "`mixup`"),
        (HEAD, {"tta": "flip"}, "E0817", "`tta flip`"),
        (HEAD, {"loss": {"name": "mse"}}, "E0817", "detection cannot minimize `mse`"),
        (HEAD, {"task": "segmentation"}, "E0817", "`shape_boxes` has boxes of objects for each image"),
        (
            HEAD + "conv 8 k3 s2 p1 as other\noutput fine, other",
            {"loss": {"name": "fcos", "output_losses": "other=0.3"}},
            "E0817",
            "all outputs of detection share one loss",
        ),
    ],
)
def test_incompatible_network_is_reported_before_data_are_read(
    text: str, recipe: dict[str, Any], code: str, words: str
) -> None:
    found = errors(text, SHAPES, **recipe)
    assert [each for each, _ in found] == [code], found
    assert words in found[0][1]


def test_parameter_that_sets_the_classes_is_suggested() -> None:
    sink = Sink()
    text = "net N(classes = {})\ninput 3x64x64\nconv classes + 5 k4 s4"
    check(archdsl.loads(text.format(20)).graph, SHAPES, Recipe(), sink)
    (found,) = sink
    assert found.diagnostic.help() == ("use `--set classes=3`",)
    assert errors(text.format(3), SHAPES) == []


def test_compatible_detection_networks_are_accepted() -> None:
    augment = {"flip": True, "crop": 4, "jitter": 0.2, "cutout": 8, "noise": 0.1}
    assert errors(HEAD, SHAPES, augment=augment, loss={"name": "fcos", "range": 4}) == []
    assert errors(HEAD + "conv 8 k3 s2 p1 as other\noutput fine, other", SHAPES) == []


def test_weights_without_a_loss_are_reported() -> None:
    text = HEAD + "conv 8 k3 s2 p1 as other\nfrom fine\nconv 3 k1\noutput fine, other"
    assert [code for code, _ in errors(text, SHAPES)] == ["E0815"]


def test_boxes_of_shapes_match_their_masks() -> None:
    boxes, masks = draw_boxes(40, 32), draw(40, 32)
    assert np.array_equal(boxes.images, masks.images)
    for rows, mask in zip(boxes.labels, masks.labels, strict=True):
        covered = np.zeros_like(mask, np.bool_)
        for number, left, top, right, bottom in rows[rows[:, 0] >= 0].astype(int):
            inside = mask[top:bottom, left:right] == number + 1
            for edge in (inside[0], inside[-1], inside[:, 0], inside[:, -1]):
                assert edge.any()
            covered[top:bottom, left:right] = True
        assert (mask[~covered] > 0).mean() < 0.05
    assert (
        DataSpec("shape_boxes", ("circle", "rectangle", "triangle"), ImageShape(3, 64, 64), (2000, 400), True, "boxes")
        == SHAPES
    )


def test_box_outlines_have_class_colors() -> None:
    image = np.zeros((1, 20, 30), np.uint8)
    made = drawn_boxes(image, [FoundBox("b", 0.5, (4.2, 3, 12, 9.6)), FoundBox("a", 0.4, (-3, -3, 99, 99))], ["a", "b"])
    assert made.shape == (3, 20, 30)
    assert tuple(made[:, 3, 4]) == tuple(made[:, 9, 11]) == (86, 180, 233)
    assert tuple(made[:, 0, 0]) == tuple(made[:, 19, 29]) == (230, 159, 0)
    assert not made[:, 5, 6].any()
    assert not image.any()
