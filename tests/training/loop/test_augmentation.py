"""Augmentation of batches: its effect on an image, its frequency, and that only its generator affects it."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Generator, Tensor

from archdsl.training.loop import augmentation
from archdsl.training.recipe.recipe import Augment


def images(count: int = 400, channels: int = 3, height: int = 8, width: int = 10) -> Tensor:
    """Every pixel of an image different from the others, none zero, all images equal."""
    one = torch.arange(1, channels * height * width + 1).remainder(255).add(1).to(torch.uint8)
    return one.view(1, channels, height, width).expand(count, -1, -1, -1).contiguous()


def generator(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def padded(image: Tensor, pixels: int, border: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    sides = ((0, 0), (pixels, pixels), (pixels, pixels))
    array: np.ndarray[tuple[int, ...], np.dtype[np.uint8]] = image.numpy()
    return np.pad(array, sides) if border == "zero" else np.pad(array, sides, mode="reflect")


@pytest.mark.parametrize("border", ["zero", "reflect"])
def test_shift_is_a_crop_of_the_padded_image(border: str) -> None:
    source = images()
    shifted = augmentation.shift(source, 2, border, generator())
    large = padded(source[0], 2, border)
    crops = {(y, x): large[:, y : y + 8, x : x + 10] for y in range(5) for x in range(5)}
    seen = [next(at for at, crop in crops.items() if np.array_equal(crop, image.numpy())) for image in shifted]
    counts = [seen.count(at) for at in crops]
    assert min(counts) >= 4  # each of the 25 positions 16 times on average
    assert max(counts) <= 40


def test_flip_mirrors_half_of_the_images() -> None:
    source = images()
    flipped = augmentation.change_pixels(source, Augment(flip=True), generator(), None)
    mirrored = (flipped == source.flip(3)).flatten(1).all(1)
    kept = (flipped == source).flatten(1).all(1)
    assert bool((mirrored ^ kept).all())
    assert 150 < int(mirrored.sum()) < 250


def test_given_flips_are_applied() -> None:
    source, message = images(3), torch.tensor([True, False, True])
    flipped = augmentation.change_pixels(source, Augment(alternate=True), generator(), message)
    assert torch.equal(flipped[message], source[message].flip(3))
    assert torch.equal(flipped[~message], source[~message])


@pytest.mark.parametrize(
    "change",
    [
        lambda x: augmentation.select(x, torch.tensor([3, 1, 1, 7])),
        lambda x: augmentation.mirror(x, torch.arange(len(x)) % 3 == 0),
        lambda x: augmentation.shift(x, 3, "zero", generator()),
        lambda x: augmentation.shift(x, 3, "reflect", generator()),
        lambda x: augmentation.change_pixels(x, Augment(crop=2, flip=True), generator(), None),
        lambda x: augmentation.cutout(x, 3, generator()),
    ],
    ids=["select", "mirror", "shift zero", "shift reflect", "both", "cutout"],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_augmentation_is_independent_of_the_memory_layout(change: Callable[[Tensor], Tensor], channels: int) -> None:
    first = torch.randint(0, 256, (12, channels, 6, 9), dtype=torch.uint8, generator=generator(5))
    last = first.contiguous(memory_format=torch.channels_last)
    plain, other = change(first), change(last)
    assert torch.equal(plain, other)
    assert plain.is_contiguous()
    assert other.is_contiguous(memory_format=torch.channels_last)


def test_noncontiguous_view_is_shifted_like_a_copy() -> None:
    """Rows are read in memory order: images that are not contiguous must be copied first."""
    whole = torch.randint(0, 256, (12, 3, 8, 20), dtype=torch.uint8, generator=generator(5))
    part = whole[::2, :, :, 4:14]
    assert torch.equal(
        augmentation.shift(part, 2, "zero", generator()), augmentation.shift(part.clone(), 2, "zero", generator())
    )
    assert torch.equal(augmentation.select(part, torch.tensor([1, 0])), part[[1, 0]])


def test_cutout_fills_one_square() -> None:
    inputs = torch.ones(400, 3, 9, 9)
    cut = augmentation.cutout(inputs, 4, generator())
    blank = (cut == 0).all(1)
    assert torch.equal((cut == 0).any(1), blank)
    rows, columns = blank.any(2).sum(1), blank.any(1).sum(1)
    assert torch.equal(blank.sum((1, 2)), rows * columns)
    assert int(rows.max()) == int(columns.max()) == 4
    assert int(rows.min()) == 2  # the center is in the image, so at least half of the square
    assert 0.9 < cut.mean() + (rows * columns).float().mean() / 81 < 1.1


def test_rotation_is_within_the_given_angle() -> None:
    source = torch.zeros(50, 1, 33, 33, dtype=torch.uint8)
    source[:, :, 15:18, 25:28] = 255  # a patch to the right of the center
    turned = augmentation.rotate(source, 30, generator()).float()
    places = torch.arange(33.0) - 16
    mass = turned.sum((1, 2, 3))
    x = (turned.sum((1, 2)) * places).sum(1) / mass
    y = (turned.sum((1, 3)) * places).sum(1) / mass
    angles = torch.rad2deg(torch.atan2(y, x))
    assert float(angles.abs().max()) <= 31
    assert float(angles.max()) > 20
    assert float(angles.min()) < -20
    assert bool(((x**2 + y**2).sqrt() - 10).abs().max() < 0.3)


def test_rotation_keeps_circles_round_in_rectangular_images() -> None:
    source = torch.zeros(1, 1, 21, 61, dtype=torch.uint8)
    source[:, :, 10, 38:41] = 255
    turned = augmentation.rotate(source, 90, generator(3)).float()[0, 0]
    y, x = (turned.nonzero(as_tuple=True)[i].float().mean() for i in range(2))
    assert abs(float(((y - 10) ** 2 + (x - 30) ** 2) ** 0.5) - 9) < 0.7


def test_jitter_changes_colors_within_bounds() -> None:
    gray = torch.full((200, 3, 4, 4), 100, dtype=torch.uint8)
    changed = augmentation.jitter(gray, 0.2, generator())
    assert 80 <= int(changed.min()) < 85
    assert 115 < int(changed.max()) <= 120
    assert torch.equal(changed.amin((1, 2, 3)), changed.amax((1, 2, 3)))  # plain gray remains plain gray


@pytest.mark.parametrize("name", ["mixup", "cutmix"])
def test_mixed_labels_match_the_image_fractions(name: str) -> None:
    inputs = torch.arange(6.0).view(6, 1, 1, 1).expand(6, 2, 16, 16).contiguous()
    labels = torch.arange(6)
    seen = set()
    for seed in range(30):
        mixed, probabilities = augmentation.mix(inputs, labels, 6, Augment.model_validate({name: 1.0}), generator(seed))
        assert torch.allclose(probabilities.sum(1), torch.ones(6))
        assert torch.allclose((probabilities * torch.arange(6.0)).sum(1), mixed.mean((1, 2, 3)), atol=1e-5)
        assert torch.equal(mixed[:, 0], mixed[:, 1])
        assert name == "mixup" or set(mixed.flatten().tolist()) <= set(range(6))
        seen.add(round(float(probabilities.amax(1).min()), 3))
    assert len(seen) > 15


def test_mixup_and_cutmix_alternate() -> None:
    inputs, labels = torch.randn(8, 1, 8, 8, generator=generator()), torch.arange(8)
    recipe = Augment(mixup=1.0, cutmix=1.0)
    pasted = []
    for seed in range(40):
        mixed, _ = augmentation.mix(inputs, labels, 8, recipe, generator(seed))
        pasted.append(bool(torch.isin(mixed, inputs).all()))
    assert 8 < sum(pasted) < 32


def test_no_settings_change_nothing() -> None:
    source = images(5)
    assert torch.equal(augmentation.change_pixels(source, Augment(), generator(), None), source)
    inputs, labels = torch.randn(5, 1, 2, 2), torch.arange(5)
    mixed, same = augmentation.mix(inputs, labels, 5, Augment(), generator())
    assert mixed is inputs
    assert same is labels


@pytest.mark.parametrize(
    "change",
    [
        lambda g: augmentation.change_pixels(images(20), Augment(flip=True, crop=2, rotate=10, jitter=0.1), g, None),
        lambda g: augmentation.cutout(torch.ones(20, 1, 8, 8), 3, g),
        lambda g: augmentation.mix(torch.arange(20.0).view(20, 1, 1, 1), torch.arange(20), 20, Augment(mixup=1.0), g)[
            0
        ],
    ],
    ids=["pixels", "cutout", "mix"],
)
def test_random_numbers_come_only_from_the_generator(change: Callable[[Generator], Tensor]) -> None:
    before = torch.get_rng_state()
    one, same, other = change(generator(1)), change(generator(1)), change(generator(2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert torch.equal(torch.get_rng_state(), before)
