"""Inputs that were taken silently, or ended in an exception: frozen networks, odd tables, images and arguments."""

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import archdsl
from archdsl.cli import main
from archdsl.diagnostics import Sink
from archdsl.diagnostics.diagnostic import Finding
from archdsl.training.assemble import warn_of_idle_settings
from archdsl.training.data.dataset_spec import ImageShape
from archdsl.training.data.decoding import EXTENSIONS, decode
from archdsl.training.data.images import ImageSet, Request, Splits
from archdsl.training.data.labeled_images import LabeledImagesSource
from archdsl.training.data.memory_source import NetworkInput, memory_source
from archdsl.training.data.python_data import checked_names, raw_splits
from archdsl.training.data.table_file import read_table
from archdsl.training.data.table_source import TableName, TableSource, parse_table_name
from archdsl.training.errors.data_errors import BadTable, DataCorrupt
from archdsl.training.network_check import check_recipe
from archdsl.training.recipe.recipe import Recipe

NET = "input 1x8x8; conv 4 k3 as a; relu; flatten; fc 10 as b; "


@pytest.mark.parametrize(
    ("recipe", "nothing_left"),
    [
        ('freeze "a, b"', True),
        ('freeze "a, b" after=1; epochs 2', True),
        ('freeze "a, b" after=2; epochs 2', False),
        ('freeze "a, b" after=1; epochs 0.5', False),
        ("freeze a", False),
        ("freeze b after=1; epochs 2", False),
    ],
)
def test_recipe_that_freezes_all_weights_is_refused(recipe: str, nothing_left: bool) -> None:
    def checked(recipe: str) -> list[Finding]:
        sink = Sink()
        check_recipe(archdsl.loads(f"{NET}train {{ data digits; {recipe} }}").graph, sink)
        return list(sink)

    found = checked(recipe)
    assert bool(found) is nothing_left
    if nothing_left:
        assert "all trainable weights are frozen" in found[0].diagnostic.message()
        assert found[0].diagnostic.help() == ("leave out a part, such as `b`",)
        assert not checked(recipe.replace("a, b", "a"))


@pytest.mark.parametrize("network", ["input 2; fc 1", "input 2; fc 2", "input 2; fc 4; relu; fc 1"])
def test_data_with_a_single_class_is_refused(network: str, tmp_path: Path) -> None:
    with pytest.raises(archdsl.ArchError, match="has only one class, `0`"):
        archdsl.fit(network, (np.ones((9, 2)), np.zeros(9, int)), out=tmp_path / "run")
    with pytest.raises(archdsl.ArchError, match="has inputs without targets"):
        archdsl.fit(network, (np.ones((9, 2)),), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("1.5,2,3", "the first line has numbers"),
        ("5,5,0", "the first line has numbers"),
        ("-1,0,1", "the first line has numbers"),
        ("1e3,2,nan", "the first line has numbers"),
        ("x,x,y", "two columns are named `x`"),
        ("0,1,2", None),  # pandas numbers columns without names
        ("400.5,401.5,yield", None),
    ],
)
def test_header_row_of_numbers_or_duplicates_is_refused(header: str, why: str | None, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"{header}\n1,2,3\n4,5,6\n")
    if why is None:
        assert list(read_table(path).columns) == header.split(",")
        return
    with pytest.raises(BadTable, match=why):
        read_table(path)
    path.write_text(f"a,b,c\n{header}\n")  # the suggestion: a line of names
    assert len(read_table(path)) == 1


@pytest.mark.parametrize("header", ["5,3,1", "1,2,3", "0,1,2", "400,410,420"])
def test_header_of_integers_is_noted(header: str, tmp_path: Path) -> None:
    """It may be the first row of data, which would be lost, or the columns that pandas numbers."""
    rows = "".join(f"{row},{row % 7},{row * 0.25}\n" for row in range(40))
    assert f"the first line, `{header.replace(',', ', ')}`, names the columns" in _notes(tmp_path, f"{header}\n{rows}")
    assert "first line" not in _notes(tmp_path, f"x,1,2\n{header}\n{rows}")
    images = "".join(f"{row},{row * 0.25}\n" for row in range(40))
    for row in range(40):
        Image.new("L", (4, 4), row).save(tmp_path / str(row), "png")
    assert "the first line, `3, 1`, names the columns" in _notes(tmp_path, f"3,1\n{images}", images=True)


@pytest.mark.parametrize(
    ("header", "noted"),
    [("5.1,3.5,setosa", True), ("5,3,setosa", True), ("400.5,401.5,species", False), ("a,b,setosa", False)],
)
def test_header_of_numbers_and_a_class_is_noted(header: str, noted: bool, tmp_path: Path) -> None:
    rows = "".join(f"{row},{row * 0.25},{('setosa', 'virginica')[row % 2]}\n" for row in range(40))
    assert ("names the columns" in _notes(tmp_path, f"{header}\n{rows}")) is noted


def _notes(folder: Path, text: str, *, images: bool = False) -> str:
    """The notes of loading a table, or a folder of images with it."""
    path = folder / "labels.csv"
    path.write_text(text, encoding="utf-8")
    source = LabeledImagesSource(folder, path) if images else TableSource(TableName(path, ()))
    request = Request((1, 4, 4) if images else (2,), folder / "cache")
    return "\n".join(source.load(request).notes)


INTEGERS = [row % 3 for row in range(40)]
WHOLE_NUMBERS: dict[str, tuple[Sequence[Any], bool]] = {
    "few integers": (INTEGERS, True),
    "integers written as floats": ([f"{value}.0" for value in INTEGERS], True),
    "many integers": (range(40), False),
    "fractions": ([value + 0.5 for value in INTEGERS], False),
    "one value": ([1.0] * 40, False),
    "text": ([f"c{value}" for value in INTEGERS], False),
}


@pytest.mark.parametrize("kind", WHOLE_NUMBERS)
def test_integer_targets_predicted_as_numbers_are_noted(kind: str, tmp_path: Path) -> None:
    values, noted = WHOLE_NUMBERS[kind]
    note = "3 different integers, predicted as numbers (regression)"
    rows = "".join(f"{row},{row % 7},{value}\n" for row, value in enumerate(values))
    assert (note in _notes(tmp_path, f"a,b,y\n{rows}")) is noted
    for row in range(40):
        Image.new("L", (4, 4), row).save(tmp_path / str(row), "png")
    rows = "".join(f"{row},{value}\n" for row, value in enumerate(values))
    assert (note in _notes(tmp_path, f"file,y\n{rows}", images=True)) is noted
    if kind != "text":
        data, takes = (np.ones((40, 2)), np.array(values, np.float64)), NetworkInput("numbers", (2,))
        for task in ("auto", "regression"):
            notes = memory_source(data, takes, task, "arrays").load(Request((2,), tmp_path)).notes
            assert (note in "\n".join(notes)) is (noted and task == "auto")


@pytest.mark.parametrize("word", ["0,5", "-1,25", "3,0e2", ",5"])
def test_decimal_commas_are_not_treated_as_classes(word: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"x;y\n1;{word}\n2;0,25\n")
    name = parse_table_name(str(path))
    assert name is not None
    with pytest.raises(BadTable, match="a number with a decimal comma"):
        _ = TableSource(name).spec


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "I", "F"])
@pytest.mark.parametrize("channels", [1, 3])
def test_pillow_images_match_their_files(mode: str, channels: int, tmp_path: Path) -> None:
    """An image given in Python has the pixels that its file would have."""
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 4), dtype=np.uint8)
    if mode in ("I;16", "I", "F"):
        image = Image.fromarray(pixels[..., 0].astype({"I;16": np.uint16, "I": np.int32, "F": np.float32}[mode]) * 200)
    else:
        image = (
            Image.fromarray(pixels, "RGBA").convert(mode)
            if mode in ("LA", "RGBA")
            else (Image.fromarray(pixels[..., :3]).convert(mode))
        )
    path = tmp_path / "image.tiff"
    assert path.suffix in EXTENSIONS
    image.save(path)
    of_file = decode(path, ImageShape(channels, 8, 8))
    data: tuple[Any, ...]
    for data in (([image], [0]), ([image],)):
        assert np.array_equal(raw_splits(data, channels)["train"].inputs[0], of_file)
    assert np.array_equal(raw_splits([(image, 0)], channels)["train"].inputs[0], of_file)


def test_samples_of_different_sizes_are_reported_by_index() -> None:
    with pytest.raises(ValueError, match="sample 0 is 8×8, but sample 2 is 4×8"):
        raw_splits(([np.zeros((8, 8)), np.zeros((8, 8)), np.zeros((4, 8))], [0, 1, 2]), 1)
    with pytest.raises(ValueError, match="sample 0 is 8×8, but sample 1 is a single value"):
        raw_splits(([np.zeros((8, 8)), 3.0], [0, 1]), 1)


def test_classes_may_be_a_generator() -> None:
    assert checked_names(name for name in "abc") == ("a", "b", "c")  # type: ignore[arg-type]  # as programs do
    with pytest.raises(ValueError, match="a name is empty"):
        checked_names(["a", " "])


@pytest.mark.parametrize(
    ("recipe", "warned"),
    [
        ({"epochs": 1, "freeze": {"name": "a", "after": 1}}, "`freeze after=1` has no effect in 1 epoch"),
        ({"epochs": 1, "freeze": {"name": "a", "after": 1, "anneal": True}}, None),
        ({"epochs": 2, "schedule": {"name": "step", "at": "5"}}, "drops it after the epochs 5"),
        ({"augment": {"crop": 7}}, None),
        ({"augment": {"crop": 8}}, "`crop=8` shifts some images of 8×10 completely out of view"),
        ({"augment": {"cutout": 19}}, None),
        ({"augment": {"cutout": 20}}, "`cutout=20` erases images of 8×10 completely"),
    ],
)
def test_settings_without_effect_are_warned_about(recipe: dict[str, Any], warned: str | None) -> None:
    found: list[str] = []
    callback = SimpleNamespace(warn=found.append)
    images = ImageSet(np.zeros((40, 1, 8, 10), np.uint8), np.zeros(40, np.int64))
    warn_of_idle_settings(Recipe.model_validate(recipe), Splits(images, images, None), callback)  # type: ignore[arg-type]
    assert len(found) == (warned is not None)
    assert warned is None or warned in found[0]


@pytest.mark.parametrize(("schedule", "name"), [("triangular", "start"), ("cosine", "end"), ("onecycle", "end")])
def test_schedule_factor_above_1_is_refused(schedule: str, name: str) -> None:
    with pytest.raises(ValueError, match="less than or equal to 1"):
        Recipe.model_validate({"schedule": {"name": schedule, name: 1.5}})


def test_only_downloaded_files_are_downloaded_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHDSL_CACHE", str(tmp_path / "cache"))
    assert "the next run downloads it again" in DataCorrupt(tmp_path / "cache" / "a.gz", "").help()[0]
    assert "did not download it" in DataCorrupt(tmp_path / "a.tar", "").help()[0]


def test_single_class_table_is_evaluated_completely(tmp_path: Path) -> None:
    """Also if it has only one of the run's classes."""
    rows = [f"{number},{-number},{'ab'[number % 2]}" for number in range(20)]
    (tmp_path / "t.csv").write_text("\n".join(["x,y,k", *rows]))
    run = archdsl.fit("input 2; fc 2", str(tmp_path / "t.csv"), epochs=1, precision="fp32", out=tmp_path / "run")
    (tmp_path / "one.csv").write_text("y,x,k\n1,2,b\n3,4,b\n5,6,b\n")
    done = CliRunner().invoke(main, ["eval", str(run.folder), "--data", str(tmp_path / "one.csv"), "--format", "json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["count"] == 3
