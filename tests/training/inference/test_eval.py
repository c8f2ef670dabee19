"""`archdsl eval`: the test at the end of training repeated, and other images."""

import base64
import io
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from archdsl.cli import main
from archdsl.training import report
from archdsl.training.recipe.loss_sections import CrossEntropy
from archdsl.training.report import training_sections
from archdsl.training.report.run_report import ResultReport

NET = """net Small(classes = 3)
input 1x8x8
conv 4 k3 p1 nobias; bn; relu
flatten; fc classes
train {
  data "images"; precision bf16; layout channels_last; epochs 3; batch 8; ema 0.5; tta flip
  optimizer adam lr=0.02
}
"""


def run(*args: object) -> Result:
    result = CliRunner().invoke(main, [str(arg) for arg in args])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


def draw(folder: Path, names: dict[str, int], count: int) -> None:
    """Noisy images of these classes, each with its own shade."""
    rng = np.random.default_rng(1)
    for name, shade in names.items():
        for index in range(count):
            path = folder / name / f"{index}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray((rng.integers(0, 90, (8, 8)) + shade).astype(np.uint8)).save(path)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("eval")
    (folder / "net.arch").write_text(NET)
    draw(folder / "images", {"dark": 0, "gray": 60, "light": 120}, 30)
    draw(folder / "others", {"light": 120, "dark": 0}, 5)
    draw(folder / "strange", {"light": 120, "zebra": 0}, 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "draw_curves", lambda *_: None)
        patch.setattr(report, "draw_confusion", lambda *_: None)
        done = run("train", folder / "net.arch", "--out", folder / "run")
    assert done.exit_code == 0, done.output
    return folder


def result(*args: object) -> dict[str, object]:
    done = run("eval", *args, "--format", "json", "--device", "cpu")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def test_same_weights_and_averages_give_the_same_result(trained: Path) -> None:
    again = result(trained / "run")
    before = json.loads((trained / "run/report.json").read_text())["result"]
    assert before is not None
    assert again == before  # every number and every image
    assert result(trained / "run", "--tta", "none")["loss"] != before["loss"]


def test_eval_splits_match_the_training_splits(trained: Path) -> None:
    images = json.loads((trained / "run/settings.json").read_text())["data"]["images"]
    counts = {
        name: result(trained / "run", "--split", name)["count"] for name in ("train", "validation", "test", "all")
    }
    assert counts == {
        "train": images["training"],
        "validation": images["validation"],
        "test": images["test"],
        "all": 90,
    }
    last = json.loads((trained / "run/metrics.jsonl").read_text().splitlines()[-1])
    best = json.loads((trained / "run/result.json").read_text())["best"]
    assert result(trained / "run", "--split", "validation", "--tta", "none")["accuracy"] == best["accuracy"]
    assert last["epoch"] == 3


def test_other_images_are_matched_by_class_name(trained: Path) -> None:
    found = result(trained / "run", "--data", trained / "others")
    assert found["images"] == "all"
    assert found["count"] == 10
    classes = found["classes"]
    assert isinstance(classes, list)
    assert [(each["name"], each["images"]) for each in classes] == [("dark", 5), ("gray", 0), ("light", 5)]
    assert found["accuracy"] >= 0.9  # type: ignore[operator]  # JSON


def test_misclassified_image_shows_its_file_name(trained: Path) -> None:
    draw(trained / "swapped", {"light": 0, "dark": 120}, 5)
    found = ResultReport.model_validate(result(trained / "run", "--data", trained / "swapped"))
    assert {each.file for each in found.misclassified} == {
        f"{name}/{i}.png" for name in ("light", "dark") for i in range(5)
    }
    page = str(training_sections.misclassified(found, CrossEntropy()))
    for each in found.misclassified:
        assert each.file is not None
        shown = Image.open(io.BytesIO(base64.b64decode(each.image.partition(",")[2])))
        assert np.array_equal(np.asarray(shown), np.asarray(Image.open(trained / "swapped" / each.file)))
        assert f"<bdi>{each.file}</bdi>" in page


def test_eval_text_output(trained: Path) -> None:
    done = run("eval", trained / "run", "--device", "cpu")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "images, test: 9 images"
    assert lines[1].startswith("accuracy ")
    assert "top-5" not in lines[1]  # three classes
    assert lines[2].startswith("macro average: recall ")
    assert lines[4].split() == ["true", "\\", "predicted", "dark", "gray", "light", "accuracy"]
    assert [line.split()[0] for line in lines[5:8]] == ["dark", "gray", "light"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("RUN", "--data", "digits", "--data-dir", "x"), "--data-dir: `digits` does not read files from a folder"),
        (("RUN", "--data", "strange"), "the run has no class `zebra`"),
        (("RUN", "--data", "mnist"), "its images are 1x28x28, but the network takes 1x8x8"),
        (("RUN", "--data", "cifar10", "--fit", "pad"), "its images are 3x32x32, but the network takes 1x8x8"),
        (("RUN", "--data", "digits"), "the run has no class `0`, `1`, `2`, …"),
        (("RUN", "--data", "other"), "there is no data set, file or folder `other`"),
        (("nothing",), "cannot use nothing"),
    ],
)
def test_invalid_eval_arguments_are_refused(
    trained: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(trained)
    done = run("eval", *("run" if arg == "RUN" else arg for arg in args))
    assert done.exit_code == (2 if "other" in args or "nothing" in args or "--data-dir" in args else 1)
    assert message in done.output
