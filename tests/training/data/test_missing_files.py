"""Data that does not exist: whatever its name looks like, the command exits with 2 and names it."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from archdsl.cli.train import command
from archdsl.training.data.registry import find_source
from archdsl.training.errors.data_errors import UnknownKind

NAMES = (
    "nothing",
    "nothing/",
    "no/thing",
    "thing.csv",
    "thing.csv:target",
    "thing.parquet:target",
    "thing.txt",
    "thing.txt:tokenizer.json",
    "thing.tar",
    "thing-{0..1}.tar",
    "thing-*.tar",
    "thing.jpg",
    "thing:boxes",
    "thing:masks",
    "hff:owner/name",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_an_error_in_the_command(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(command, ["-e", "input 1x8x8; flatten; fc 10", "--data", name])
    assert done.exit_code == 2, done.stderr
    assert "thing" in done.stderr or name in done.stderr
    assert " = help: " in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["boxes", "masks", "captions", "breed", "x"])
def test_a_folder_of_classes_has_no_kinds(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        Image.new("L", (8, 8)).save(tmp_path / "pets" / name / "1.png")
    with pytest.raises(UnknownKind) as error:
        find_source(f"pets:{kind}")
    assert error.value.message() == f"`pets` has no `{kind}`"
    assert error.value.help() == (f"leave out `:{kind}`",)
    assert find_source("pets").spec.classes == ("cat", "dog")  # the suggestion
