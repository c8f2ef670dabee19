"""`archdsl cache`: what is kept, and its deletion, in a cache folder of the test."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archdsl.cli import main
from archdsl.cli.cache import size_text


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("ARCHDSL_CACHE", str(folder))
    sizes = {
        "data/mnist/images.gz": 3_000_000, "data/cifar10/archive": 1_000, "folders/a-b.npy": 20_000,
        "hub/list.json": 10, "grammar-1.json": 5, "other.txt": 7, "weights/torchvision/a.pth": 2_000,
    }  # fmt: skip
    for name, size in sizes.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x" * size)
    return folder


def run(*words: str) -> Result:
    done = CliRunner().invoke(main, ["cache", *words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
    return done


def left(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_cache_list_reports_parts_and_sizes(cache: Path) -> None:
    report = json.loads(run("--format", "json").stdout)
    assert report["folder"] == str(cache)
    assert {part["name"]: part["bytes"] for part in report["parts"]} == {
        "data": 3_001_000, "folders": 20_000, "weights": 2_000, "shards": 0, "hub": 10, "grammar": 5,
    }  # fmt: skip
    lines = run().stdout.splitlines()
    assert lines[0] == str(cache)
    assert any("3.0 MB" in line and "mnist" in line for line in lines)


@pytest.mark.parametrize(
    ("names", "gone"),
    [
        (["mnist"], {"data/mnist/images.gz"}),
        (["folders", "hub"], {"folders/a-b.npy", "hub/list.json"}),
        (["data", "mnist"], {"data/mnist/images.gz", "data/cifar10/archive"}),
        (["grammar"], {"grammar-1.json"}),
        (["weights"], {"weights/torchvision/a.pth"}),
        (
            ["all"],
            {
                "data/mnist/images.gz",
                "data/cifar10/archive",
                "folders/a-b.npy",
                "hub/list.json",
                "grammar-1.json",
                "weights/torchvision/a.pth",
            },
        ),
    ],
)
def test_clear_deletes_the_named_parts(cache: Path, names: list[str], gone: set[str]) -> None:
    before = left(cache)
    done = run("clear", *names)
    assert done.exit_code == 0
    assert before - left(cache) == gone


@pytest.mark.parametrize("name", ["other.txt", "../cache", "data/mnist", "mnst", ""])
def test_clear_with_an_invalid_name_deletes_nothing(cache: Path, name: str) -> None:
    before = left(cache)
    done = run("clear", "mnist", name)
    assert done.exit_code == 2
    assert left(cache) == before


def test_clear_does_not_follow_links(cache: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept.txt").write_text("kept")
    (cache / "data" / "linked").symlink_to(outside)
    assert run("clear", "data").exit_code == 0
    assert (outside / "kept.txt").is_file()
    assert not (cache / "data" / "linked").is_symlink()


def test_empty_cache_is_not_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHDSL_CACHE", str(tmp_path / "none"))
    assert run().exit_code == 0
    assert run("clear", "all").stdout.startswith("deleted 0 B")


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (170_498_071, "170 MB"), (2_500_000_000, "2.5 GB")],
)
def test_sizes_are_formatted_with_units(size: int, text: str) -> None:
    assert size_text(size) == text
