"""Notes on images that are unlike the training images: their range, and no note for the training images themselves."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from archdsl.cli import main
from archdsl.training.inference.brightness import MARGIN, Brightness, range_note
from archdsl.training.loop.standardization import brightness_range

NET = "input 3x8x8\nconv 4 k3; relu; flatten; fc 2\ntrain { data photos; epochs 1 }\n"


def run(*args: object) -> Result:
    done = CliRunner().invoke(main, [str(arg) for arg in args])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
    return done


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on images of medium brightness, of which none is dark or light."""
    folder = tmp_path_factory.mktemp("brightness")
    rng = np.random.default_rng(0)
    for name, shade in (("low", 90), ("high", 140)):
        for index in range(20):
            path = folder / "photos" / name / f"{index}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray((rng.integers(0, 40, (8, 8, 3)) + shade).astype(np.uint8)).save(path)
    (folder / "net.arch").write_text(NET)
    assert run("train", folder / "net.arch", "--out", folder / "run", "--device", "cpu").exit_code == 0
    return folder


def flat(folder: Path, shade: int) -> Path:
    path = folder / f"{shade}.png"
    Image.fromarray(np.full((8, 8, 3), shade, np.uint8)).save(path)
    return path


def test_brightness_range_matches_the_training_images(trained: Path) -> None:
    low, high = json.loads((trained / "run" / "settings.json").read_text())["data"]["brightness"]
    assert 90 / 255 <= low < 120 / 255
    assert 150 / 255 < high <= 180 / 255


@pytest.mark.parametrize(("shade", "words"), [(250, "lighter"), (5, "darker"), (100, None), (150, None)])
def test_image_outside_the_brightness_range_gets_a_note(
    trained: Path, tmp_path: Path, shade: int, words: str | None
) -> None:
    done = run("predict", trained / "run", flat(tmp_path, shade))
    assert done.exit_code == 0
    assert ("note:" in done.stderr) == (words is not None)
    assert words is None or f"this image is {words} than the training images (mean {shade / 255:.2f}" in done.stderr


def test_images_of_the_data_set_get_no_note(trained: Path) -> None:
    done = run("predict", trained / "run", trained / "photos", *(f"test:{number}" for number in range(4)))
    assert done.stderr == ""


def test_several_images_outside_the_range_get_one_note(trained: Path, tmp_path: Path) -> None:
    done = run("predict", trained / "run", flat(tmp_path, 250), flat(tmp_path, 251), flat(tmp_path, 120))
    assert done.stderr.count("note:") == 1
    assert "2 of 3 images, such as" in done.stderr


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_mean_within_the_range_is_not_outside(one: float, other: float, mean: float) -> None:
    low, high = sorted((one, other))
    outside = Brightness((low + high) / 2, 1.0, (low, high)).is_outside(mean)
    margin = max(MARGIN, (high - low) / 2)
    assert outside == (mean < low - margin or mean > high + margin)
    if outside:
        assert ("darker" if mean < low else "lighter") in range_note((low, high), [("x.png", mean)], 1)


def test_brightness_range_matches_numpy() -> None:
    images = np.random.default_rng(0).integers(0, 256, (300, 3, 5, 4), np.uint8)
    means = images.reshape(300, -1).mean(1) / 255
    assert brightness_range(images) == pytest.approx((means.min(), means.max()))
    assert brightness_range(images.astype(np.float32)) is None
