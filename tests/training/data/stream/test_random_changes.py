"""Random resized crops, RandAugment and random erasing, against Pillow and the formulas of the papers."""

import io
import math
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from archdsl.training.data.decoding import decoded_image
from archdsl.training.data.stream.crops import random_crop, random_erasing
from archdsl.training.data.stream.randaugment import OPERATIONS, randaugment
from archdsl.training.data.stream.transform import RandomChanges, Transform, transformed
from tests.training.data.stream.stream_helpers import random_image

GRAY = (128, 128, 128)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def affine(image: Image.Image, *matrix: float) -> Image.Image:
    return image.transform(image.size, Image.Transform.AFFINE, matrix, fillcolor=GRAY)


# At magnitude 9 of 30, as in torchvision's tables for 31 magnitudes; by name and direction.
EXPECTED: dict[tuple[str, int], Callable[[Image.Image], Image.Image]] = {
    ("identity", 1): lambda image: image,
    ("autocontrast", 1): ImageOps.autocontrast,
    ("equalize", 1): ImageOps.equalize,
    ("rotate", 1): lambda image: image.rotate(9, fillcolor=GRAY),
    ("rotate", -1): lambda image: image.rotate(-9, fillcolor=GRAY),
    ("solarize", 1): lambda image: ImageOps.solarize(image, 178),
    ("posterize", 1): lambda image: ImageOps.posterize(image, 7),
    **{
        (name, sign): lambda image, kind=kind, sign=sign: kind(image).enhance(1 + sign * 0.27)  # type: ignore[misc]
        for name, kind in (
            ("color", ImageEnhance.Color), ("contrast", ImageEnhance.Contrast),
            ("brightness", ImageEnhance.Brightness), ("sharpness", ImageEnhance.Sharpness),
        )
        for sign in (1, -1)
    },
    **{
        (f"{kind}_{axis}", sign): lambda image, kind=kind, axis=axis, sign=sign: affine(  # type: ignore[misc]
            image, *moved(kind, axis, sign, image.size)
        )
        for kind in ("shear", "translate") for axis in "xy" for sign in (1, -1)
    },
}  # fmt: skip


def moved(kind: str, axis: str, sign: int, size: tuple[int, int]) -> tuple[float, ...]:
    if kind == "shear":
        return (1, sign * 0.09, 0, 0, 1, 0) if axis == "x" else (1, 0, 0, sign * 0.09, 1, 0)
    pixels = sign * int(150 / 331 * size[axis == "y"] * 0.3)
    return (1, 0, pixels, 0, 1, 0) if axis == "x" else (1, 0, 0, 0, 1, pixels)


def test_randaugment_has_every_operation_of_the_paper() -> None:
    assert {name for name, _ in EXPECTED} == set(OPERATIONS)
    assert len(OPERATIONS) == 14
    assert {name for name, sign in EXPECTED if sign < 0} == {name for name, (_, two) in OPERATIONS.items() if two}


@pytest.mark.parametrize(("name", "sign"), EXPECTED)
def test_randaugment_operations_match_pillow(name: str, sign: int) -> None:
    image = random_image(5, (50, 40))
    operation, _ = OPERATIONS[name]
    made, expected = operation(image, sign * 9 / 30), EXPECTED[name, sign](image)
    assert np.array_equal(np.asarray(made), np.asarray(expected))
    gray = operation(image.convert("L"), sign * 9 / 30)
    assert (gray.mode, gray.size) == ("L", image.size)
    if name != "identity":
        assert not np.array_equal(np.asarray(operation(image, sign)), np.asarray(image))


def test_operations_and_directions_are_uniformly_chosen() -> None:
    image, rng = random_image(6, (30, 20)), np.random.default_rng(0)
    results = {}
    for name, (operation, two) in OPERATIONS.items():
        for sign in (1, -1) if two else (1,):
            results[operation(image, sign * 0.3).tobytes()] = 1 / (28 if two else 14), f"{name} {sign}"
    count = 4000
    seen = [results[randaugment(image, 9, 1, rng).tobytes()] for _ in range(count)]
    for part, name in results.values():
        observed = sum(each[1] == name for each in seen)
        assert abs(observed - count * part) < 4 * math.sqrt(count * part), name
    assert randaugment(image, 9, 0, rng) is image


def test_all_operations_on_an_image_have_the_same_magnitude() -> None:
    image, rng = random_image(7, (30, 20)), np.random.default_rng(1)
    once = [operation(image) for operation in EXPECTED.values()]
    twice = {operation(changed).tobytes() for changed in once for operation in EXPECTED.values()}
    for _ in range(200):
        assert randaugment(image, 9, 2, rng).tobytes() in twice


def uniform_distance(values: list[float]) -> float:
    """Kolmogorov and Smirnov's distance from the uniform distribution on 0..1, times the root of the count."""
    steps = np.arange(1, len(values) + 1) / len(values)
    return float(np.abs(np.sort(values) - steps).max() * math.sqrt(len(values)))


def test_random_resized_crop_distribution_matches_the_formula() -> None:
    rng, size = np.random.default_rng(3), 2000
    boxes = [random_crop(size, size, 0.08, 4 / 3, rng) for _ in range(3000)]
    for box in boxes:
        assert 0 <= box.left < box.right <= size
        assert 0 <= box.top < box.bottom <= size
    # up to this area every ratio fits, so nothing is rejected: area and log ratio are then uniform
    fits = [box for box in boxes if (box.right - box.left) * (box.bottom - box.top) < 0.74 * size**2]
    areas = [((b.right - b.left) * (b.bottom - b.top) / size**2 - 0.08) / (0.74 - 0.08) for b in fits]
    ratios = [(math.log((b.right - b.left) / (b.bottom - b.top)) / math.log(4 / 3) + 1) / 2 for b in fits]
    assert uniform_distance(areas) < 1.7  # 1.63 at 1 %
    assert uniform_distance(ratios) < 1.7
    places = [b.left / (size - (b.right - b.left)) for b in fits]
    assert uniform_distance(places) < 1.7


@pytest.mark.parametrize(("width", "height"), [(1000, 10), (10, 1000), (1, 1), (3, 2)])
def test_random_crop_of_extreme_aspect_ratios(width: int, height: int) -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        left, top, right, bottom = random_crop(width, height, 0.9, 4 / 3, rng)
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
        if max(width, height) == 1000:  # the largest one at the center, as in torchvision
            assert sorted((right - left, bottom - top)) == [10, 13]
            assert (left, top) == ((493, 0) if width == 1000 else (0, 493))


def test_random_crop_distribution_matches_torchvision() -> None:
    transforms = pytest.importorskip("torchvision.transforms")
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    image, rng = Image.new("RGB", (500, 375)), np.random.default_rng(0)
    crop = transforms.RandomResizedCrop(224)
    theirs = [crop.get_params(image, crop.scale, crop.ratio) for _ in range(4000)]
    ours = [random_crop(500, 375, 0.08, 4 / 3, rng) for _ in range(4000)]
    for mine, other in (
        ([b.right - b.left for b in ours], [w for _, _, _, w in theirs]),
        ([b.bottom - b.top for b in ours], [h for _, _, h, _ in theirs]),
        ([b.left for b in ours], [left for _, left, _, _ in theirs]),
        ([b.top for b in ours], [top for top, _, _, _ in theirs]),
    ):
        assert (
            np.abs(np.quantile(mine, [0.1, 0.3, 0.5, 0.7, 0.9]) - np.quantile(other, [0.1, 0.3, 0.5, 0.7, 0.9])).max()
            < 20
        )


def test_random_crop_is_the_resized_box() -> None:
    image = random_image(9, (90, 70))
    changes, seeds = RandomChanges(crop=0.3), (1, 2, 3)
    box = random_crop(90, 70, 0.3, 4 / 3, np.random.default_rng(seeds))
    expected = image.crop(box).resize((20, 16), Image.Resampling.BILINEAR)
    made = transformed(encoded(image), Transform(3, 16, 20, changes=changes), seeds)
    difference = np.abs(made.astype(int) - np.asarray(expected).astype(int))
    assert difference[1:-1, 1:-1].max() <= 2  # at the edges, `box` also reads pixels outside of the crop


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_random_crop_respects_exif_orientation(orientation: int) -> None:
    image = random_image(10, (320, 240))
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(image, "JPEG", quality=95, exif=exif)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    transform = Transform(3, 20, 25, changes=RandomChanges(crop=0.5))
    for seed in range(2):
        made = transformed(content, transform, (seed,))  # the JPEG is decoded at a reduced size
        exact = transformed(encoded(upright), transform, (seed,))
        assert np.abs(made.astype(int) - exact.astype(int)).mean() < 2


def test_random_erasing_fills_a_box() -> None:
    rng, areas = np.random.default_rng(4), []
    for _ in range(300):
        pixels = np.full((60, 80, 3), 7, np.uint8)
        random_erasing(pixels, rng)
        changed = (pixels != 7).any(2)
        rows, columns = changed.any(1).nonzero()[0], changed.any(0).nonzero()[0]
        height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
        assert changed[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].mean() > 0.99
        areas.append(height * width / (60 * 80))
        assert 1 / 3.7 < width / height < 3.7  # rounded to pixels
    assert 0.015 < min(areas) < 0.05
    assert 0.3 < max(areas) < 0.35


@pytest.mark.parametrize("flip", [False, True])
def test_flip_and_erasing_have_their_probabilities(flip: bool) -> None:
    image = random_image(11, (20, 20))
    content, plain = encoded(image), np.asarray(image)
    changes = RandomChanges(flip=True) if flip else RandomChanges(erasing=0.5)
    made = [transformed(content, Transform(3, 20, 20, changes=changes), (seed,)) for seed in range(300)]
    same = sum(np.array_equal(pixels, plain) for pixels in made)
    assert 110 < same < 190
    if flip:
        assert all(np.array_equal(p, plain) or np.array_equal(p, plain[:, ::-1]) for p in made)


@pytest.mark.parametrize("size", [(320, 240), (240, 320), (256, 256), (500, 375)])
def test_evaluation_resize_matches_the_reference_recipes(size: tuple[int, int]) -> None:
    image = random_image(12, size)
    made = np.asarray(decoded_image(io.BytesIO(encoded(image)), "RGB", (56, 56), 64)).astype(int)
    scale = 64 / min(size)
    resized = image.resize((int(size[0] * scale), int(size[1] * scale)), Image.Resampling.BILINEAR)
    left, top = (round((edge - 56) / 2) for edge in resized.size)
    expected = np.asarray(resized.crop((left, top, left + 56, top + 56))).astype(int)
    assert np.abs(made - expected).mean() < 2.5  # positions differ by less than a pixel
