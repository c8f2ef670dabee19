"""The table of lengths in docs/zoo.md is up to date."""

from importlib.metadata import PackageNotFoundError, version

import pytest

from scripts.brevity import END, PAGE, SOURCES, START, Length, find_models, table, zoo_length


def shown() -> str:
    return PAGE.read_text(encoding="utf-8").partition(START)[2].partition(END)[0]


def test_lengths_of_the_texts() -> None:
    for row, stems in zip(shown().splitlines()[2:-1], SOURCES.values(), strict=True):
        length = Length(0, 0)
        for stem in stems:
            length += zoo_length(stem)
        cells = [cell.strip() for cell in row.split("|")]
        assert cells[5:7] == [f"{length.lines:,}", f"{length.characters:,}"], stems


def test_the_whole_table() -> None:
    models = find_models()
    try:
        found = version("torchvision")
    except PackageNotFoundError:
        found = "none"
    if models is None or not found.startswith("0.28."):
        pytest.skip(f"the table is about torchvision 0.28, and here is {found}; `make conformance` installs it")
    assert shown() == table(models)
