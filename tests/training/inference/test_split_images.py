"""`archdsl predict` and `archdsl inspect` of images of the run's own data set, named by split and number."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from archdsl.cli import main
from archdsl.training import report
from archdsl.training.data.dataset_spec import ImageShape
from archdsl.training.data.images import Request, Splits, hold_out
from archdsl.training.data.sets import digits
from archdsl.training.errors.data_errors import BadImages
from archdsl.training.inference.brightness import Brightness, inversion_note
from archdsl.training.inference.split_images import SplitImage, parse_split_image

NET = """net Small(classes = 10)
input 1x8x8
conv 8 k3 p1; bn; relu
flatten; fc classes
train { precision fp32; layout channels_first; epochs 2; data "digits" }
"""
PADDED = NET.replace("1x8x8", "1x32x32").replace("k3 p1", "k3 s4").replace('"digits"', '"digits" fit=pad')


def run(*args: object) -> Result:
    result = CliRunner().invoke(main, [str(arg) for arg in args])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with runs on digits of 8×8 (`run`), also padded to 32×32 (`padded`), and on images in folders."""
    folder = tmp_path_factory.mktemp("split")
    rng = np.random.default_rng(0)
    for name, shade in (("dark", 20), ("light", 200)):
        for index in range(15):
            path = folder / "images" / name / f"{index}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray((rng.integers(0, 50, (8, 8)) + shade).astype(np.uint8)).save(path)
    of_folder = NET.replace('"digits"', '"images"').replace("= 10", "= 2")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "draw_curves", lambda *_: None)
        patch.setattr(report, "draw_confusion", lambda *_: None)
        for name, text, image in (
            ("run", NET, "test:0"), ("padded", PADDED, "test:0"), ("photos", of_folder, "IMAGE"),
        ):  # fmt: skip
            (folder / f"{name}.arch").write_text(text)
            done = run("train", folder / f"{name}.arch", "--out", folder / name, "--device", "cpu")
            assert done.exit_code == 0, done.output
            assert done.output.rstrip().endswith(f"/{name} {image}`")
    return folder


@pytest.fixture(scope="module")
def splits(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The images and labels of each split of digits, as they are in training by default."""
    loaded: Splits = digits.load(Request(ImageShape(1, 8, 8), tmp_path_factory.mktemp("cache")))
    assert loaded.test is not None
    if loaded.validation is None:
        train, validation = hold_out(loaded.train, 0.9)
    else:
        train, validation = loaded.train, loaded.validation
    assert validation is not None
    return {
        name: (part.images, part.labels)
        for name, part in (("train", train), ("validation", validation), ("test", loaded.test))
    }


def save(pixels: np.ndarray, path: Path) -> Path:
    Image.fromarray(pixels[0]).save(path)
    return path


def answers(*args: object) -> list[dict[str, object]]:
    done = run("predict", *args, "--format", "json", "--device", "cpu", "--top", 10)
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("net", ["run", "padded"])
def test_prediction_of_a_split_image_matches_its_file(
    trained: Path, splits: dict[str, tuple[np.ndarray, np.ndarray]], tmp_path: Path, net: str
) -> None:
    names, files, labels = [], [], []
    for split, (images, classes) in splits.items():
        for number in (0, 7, len(images) - 1):
            names.append(f"{split}:{number}")
            files.append(save(images[number], tmp_path / f"{split}{number}.png"))
            labels.append(str(classes[number]))
    for invert in ([], ["--invert"]):
        named = answers(trained / net, *names, *invert)
        assert [each["image"] for each in named] == names
        assert [each["true"] for each in named] == labels
        by_file = answers(trained / net, *files, *invert)
        assert [each["classes"] for each in named] == [pytest.approx(each["classes"], abs=1e-6) for each in by_file]
        assert not any("true" in each for each in by_file)


@pytest.mark.parametrize("net", ["run", "padded"])
def test_inverting_happens_before_padding(
    trained: Path, splits: dict[str, tuple[np.ndarray, np.ndarray]], tmp_path: Path, net: str
) -> None:
    images, _ = splits["test"]
    inverse = save(255 - images[3], tmp_path / "inverse.png")
    (own,) = answers(trained / net, "test:3")
    (inverted,) = answers(trained / net, inverse, "--invert")
    (as_it_is,) = answers(trained / net, inverse)
    assert inverted["classes"] == pytest.approx(own["classes"], abs=1e-6)
    assert as_it_is["classes"] != pytest.approx(own["classes"], abs=1e-3)


@pytest.mark.parametrize("net", ["run", "padded"])
def test_inversion_note_shows_both_means_only_for_inverted_images(
    trained: Path, splits: dict[str, tuple[np.ndarray, np.ndarray]], tmp_path: Path, net: str
) -> None:
    images, _ = splits["test"]
    mean = splits["train"][0].mean() / 255
    own = save(images[3], tmp_path / "own.png")
    inverse = save(255 - images[3], tmp_path / "inverse.png")
    light = 1 - images[3].mean() / 255
    wanted = (
        f"note: {inverse}: this image is light (mean {light:.2f}), but the training images are dark on average "
        f"(mean {mean:.2f}); `--invert` inverts it\n"
    )
    assert run("predict", trained / net, inverse).stderr == wanted
    assert run("predict", trained / net, inverse, "--format", "json").stderr == wanted
    assert run("inspect", trained / net, "--image", inverse, "-o", tmp_path / "o").stderr == wanted
    for quiet in ([own], ["test:3"], [inverse, "--invert"]):
        assert run("predict", trained / net, *quiet).stderr == ""
    assert "light with `--invert`" in run("predict", trained / net, own, "--invert").stderr
    assert "leave out `--invert`" in run("predict", trained / net, own, "--invert").stderr
    several = run("predict", trained / net, own, inverse, own).stderr
    assert several.startswith(f"note: 1 of 3 images is light (mean {light:.2f})")


def test_data_set_images_are_not_detected_as_inverted(
    splits: dict[str, tuple[np.ndarray, np.ndarray]],
) -> None:
    pixels = splits["train"][0] / 255
    training = Brightness(pixels.mean())
    assert not any(training.is_inverse(image.mean()) for image in pixels)
    assert all(training.is_inverse(1 - image.mean()) for image in pixels if image.mean() < 0.35)


def test_inverting_a_detected_image_moves_its_mean_closer() -> None:
    grid = np.linspace(0, 1, 101)
    for mean in grid:
        for image in grid:
            if Brightness(mean).is_inverse(image):
                assert abs(1 - image - mean) < abs(image - mean) - 0.19
    assert not any(Brightness(mean).is_inverse(image) for mean in (0.41, 0.5, 0.59) for image in grid)
    assert not Brightness(0.4).is_inverse(0.65)
    assert Brightness(0.31).is_inverse(0.92)
    assert Brightness(0.9).is_inverse(0.1)
    assert "is dark (mean 0.10)" in inversion_note(0.9, [("a", 0.1)], 1, inverted=False)


def test_text_and_page_have_the_true_class(trained: Path, splits: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    label = splits["test"][1][225]
    done = run("predict", trained / "run", "test:225", "--top", 1)
    assert done.stdout.startswith("test:225: ")
    assert done.stdout.endswith(f"%; true class: {label}\n")
    assert run("inspect", trained / "run", "--image", "test:225").exit_code == 0
    page = (trained / "run/inspect-test-225/index.html").read_text()
    assert f"feature maps of test:225 (true class: {label})" in page


def test_folder_images_are_named_by_split_and_number(trained: Path) -> None:
    counts = json.loads((trained / "photos/settings.json").read_text())["data"]["images"]
    names = [f"test:{number}" for number in range(counts["test"])]
    assert {each["true"] for each in answers(trained / "photos", *names)} <= {"dark", "light"}
    assert run("predict", trained / "photos", f"test:{counts['test']}").exit_code == 1


@pytest.mark.parametrize(
    ("name", "message", "suggestion"),
    [
        ("test:360", "there are 360 test images, numbered from 0", "the last one is `test:359`"),
        ("test:", "the number of an image is an integer from 0", "for example `test:0`"),
        ("test:-1", "the number of an image is an integer from 0", "for example `test:0`"),
        ("test:x.png", "the number of an image is an integer from 0", "for example `test:0`"),
        ("train:" + "9" * 5000, "the number of an image is an integer from 0", "for example `train:0`"),
        ("tset:3", "there is no split `tset`", "did you mean `test:3`?"),
        ("C:3", "there is no split `C`", "splits: train, validation, test"),
        ("C:x.png", "No such file or directory", "give images"),
    ],
)
def test_unknown_split_image_is_refused(trained: Path, name: str, message: str, suggestion: str) -> None:
    done = run("predict", trained / "run", name, "test:0")
    assert done.exit_code == 1
    assert done.stderr.startswith(f"error: {name}: ")
    assert message in done.stderr
    assert f"  = help: {suggestion}" in done.stderr
    assert done.stdout.startswith("test:0: ")  # the rest is classified
    shown = run("inspect", trained / "run", "--image", name)
    assert shown.exit_code == 1
    assert message in shown.stderr


def test_validation_image_of_a_run_without_validation_set_is_refused(trained: Path, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "draw_curves", lambda *_: None)
        patch.setattr(report, "draw_confusion", lambda *_: None)
        assert run("train", trained / "run.arch", "--split", 1, "--epochs", 1, "--out", tmp_path / "r").exit_code == 0
    done = run("predict", tmp_path / "r", "validation:0")
    assert done.exit_code == 1
    assert "the data set has no validation images" in done.stderr
    assert "it has train and test images" in done.stderr


def test_path_is_not_parsed_as_a_split_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert parse_split_image("test:3") == SplitImage("test", 3)
    for name in ("./test:3", "a/test:3", "test", "test.png", "photo:a.png"):
        assert parse_split_image(name) is None
    with pytest.raises(BadImages):
        parse_split_image("scan:3")
    Path("scan:3").touch()
    assert parse_split_image("scan:3") is None


def test_invert_option_without_an_image_is_refused(trained: Path) -> None:
    done = run("inspect", trained / "run", "--invert")
    assert done.exit_code == 2
    assert "--invert inverts an image: give one" in done.output


def test_missing_data_set_of_a_run_is_reported(trained: Path, tmp_path: Path) -> None:
    (trained / "images").rename(tmp_path / "moved")
    try:
        done = run("predict", trained / "photos", "test:0")
    finally:
        (tmp_path / "moved").rename(trained / "images")
    assert done.exit_code == 2
    assert "there is no data set, file or folder" in done.stderr
