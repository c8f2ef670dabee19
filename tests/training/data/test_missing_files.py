"""Data that does not exist: whatever its name looks like, the command exits with 2 and names it."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from archdsl.cli.train import command
from archdsl.training.data.registry import find_source
from archdsl.training.errors.data_errors import UnknownKind

_ANY = "data sets: alice, cifar10, cifar100, digits, fashion_mnist"
_TABLE = "give the path of a CSV or Parquet file"
MISSING = {
    **{
        name: (f"there is no data set, file or folder `{name}`", _ANY)
        for name in ("nothing", "nothing/", "no/thing", "thing.txt", "thing.tar", "thing.jpg", "thing:boxes",
                     "thing:masks", "hff:owner/name")
    },
    "thing.csv": ("thing.csv: there is no such file", _TABLE),
    "thing.csv:target": ("thing.csv: there is no such file", _TABLE),
    "thing.parquet:target": ("thing.parquet: there is no such file", _TABLE),
    "thing.txt:tokenizer.json": ("thing.txt: there is no such file", "give a text file and its tokenizer"),
    "thing-{0..1}.tar": ("thing-0.tar: there is no such shard", "the pattern `thing-{0..1}.tar` names it"),
    "thing-*.tar": ("thing-*.tar: no file matches this pattern", "check the folder and the pattern"),
    "digit": ("there is no data set, file or folder `digit`", "did you mean `digits`?"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISSING)
def test_missing_data_file_is_a_usage_error(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(command, ["-e", "input 1x8x8; flatten; fc 10", "--data", name])
    assert done.exit_code == 2, done.stderr
    message, suggestion = MISSING[name]
    error, help_text, *_ = done.stderr.splitlines()
    assert error == f"error: {message}"
    assert help_text.startswith(f"  = help: {suggestion}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["boxes", "masks", "captions", "breed", "x"])
def test_folder_of_classes_accepts_no_annotation_kind(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        Image.new("L", (8, 8)).save(tmp_path / "pets" / name / "1.png")
    with pytest.raises(UnknownKind) as error:
        find_source(f"pets:{kind}")
    assert error.value.message() == f"`pets` has no `{kind}`"
    assert error.value.help() == (f"leave out `:{kind}`",)
    assert find_source("pets").spec.classes == ("cat", "dog")  # the suggestion
