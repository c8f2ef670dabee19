"""`archdsl data`: the list of data sets, and images of them as files."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from archdsl.cli import main
from archdsl.text import paths
from archdsl.training.data.images import Request, Splits
from archdsl.training.data.registry import data_sets, find_source, license_of


def run(*words: object) -> Result:
    done = CliRunner().invoke(main, ["data", *map(str, words)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
    return done


def loaded(name: str) -> Splits:
    spec = data_sets()[name]
    assert spec.shape is not None
    return find_source(name).load(Request(spec.shape, paths.user_cache()))


def test_list_has_every_data_set_with_its_files() -> None:
    report = json.loads(run("--format", "json").stdout)
    assert [each["name"] for each in report["data"]] == list(data_sets())
    for each in report["data"]:
        spec = data_sets()[each["name"]]
        assert bool(each["files"]) != spec.shipped
        assert all(len(file["sha256"]) == 64 and file["urls"] for file in each["files"])
        assert each["license"] == license_of(spec.name) != ""
    assert [line.split()[0] for line in run().stdout.splitlines()[1:]] == list(data_sets())


@pytest.mark.parametrize(
    ("name", "size"), [("alice", " 14,848 bytes, next IDs"), ("digits", " 360 of 1×8×8, 10 classes")]
)
def test_data_set_size_is_listed(name: str, size: str) -> None:
    assert run(name).stdout.splitlines()[0].endswith(size)


@pytest.mark.parametrize("name", ["test:225", "train:7", "validation:3"])
def test_written_image_matches_the_split(tmp_path: Path, name: str) -> None:
    done = run("digits", name, "-o", tmp_path / "x.png")
    assert done.exit_code == 0
    split, _, number = name.partition(":")
    part = getattr(loaded("digits"), split)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "x.png")), part.images[int(number)][0])
    assert done.stdout.strip().endswith(f"digits {name}, {part.labels[int(number)]}")


def test_masks_are_written_next_to_their_images(tmp_path: Path) -> None:
    assert run("shapes", "test:1", "test:2", "-o", tmp_path / "made").exit_code == 0
    test = loaded("shapes").test
    assert test is not None
    for number in (1, 2):
        image, mask = (tmp_path / "made" / f"test-{number}{end}.png" for end in ("", "-mask"))
        assert np.array_equal(np.asarray(Image.open(image)).transpose(2, 0, 1), test.images[number])
        assert np.array_equal(np.asarray(Image.open(mask)), test.labels[number])


def test_prediction_of_a_written_image_matches_the_data_set(tmp_path: Path) -> None:
    """An image is written out of the data set and read back in."""
    runner = CliRunner()
    (tmp_path / "net.arch").write_text("input 1x8x8; conv 8 k3; relu; flatten; fc 10")
    command = ["train", str(tmp_path / "net.arch"), "--data", "digits", "--epochs", "1", "--out", str(tmp_path / "run")]
    assert runner.invoke(main, command).exit_code == 0
    assert run("digits", "test:225", "-o", tmp_path / "x.png").exit_code == 0
    command = ["predict", str(tmp_path / "run"), "test:225", str(tmp_path / "x.png"), "--format", "json"]
    one, other = json.loads(runner.invoke(main, command).stdout)
    assert one["classes"] == other["classes"]
