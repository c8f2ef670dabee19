"""The tables of lengths in docs/zoo.md are up to date."""

from importlib.metadata import PackageNotFoundError, version

import pytest

from scripts.brevity import (
    END,
    PAGE,
    PRINTED_END,
    PRINTED_START,
    SOURCES,
    START,
    Length,
    find_models,
    printed_lengths,
    table,
    zoo_length,
)


def shown(start: str = START, end: str = END) -> str:
    return PAGE.read_text(encoding="utf-8").partition(start)[2].partition(end)[0]


def test_table_lengths_of_texts_are_up_to_date() -> None:
    for row, stems in zip(shown().splitlines()[2:-1], SOURCES.values(), strict=True):
        length = Length(0, 0)
        for stem in stems:
            length += zoo_length(stem)
        cells = [cell.strip() for cell in row.split("|")]
        assert cells[5:7] == [f"{length.lines:,}", f"{length.characters:,}"], stems


def test_length_table_is_up_to_date() -> None:
    models = find_models()
    try:
        found = version("torchvision")
    except PackageNotFoundError:
        found = "none"
    if models is None or not found.startswith("0.28."):
        pytest.skip(f"the table is about torchvision 0.28, and here is {found}; `make conformance` installs it")
    assert shown() == table(models)


@pytest.mark.parametrize("index", range(len(SOURCES)), ids=SOURCES)
def test_table_lengths_of_printed_source_are_up_to_date(index: int) -> None:
    stems = list(SOURCES.values())[index]
    cells = [cell.strip() for cell in shown(PRINTED_START, PRINTED_END).splitlines()[2 + index].split("|")]
    theirs, count, printed = int(cells[2]), int(cells[3]), cells[4].split(" to ")
    found = printed_lengths(stems)
    assert (count, int(printed[0]), int(printed[-1])) == (len(found), min(found), max(found))
    assert max(found) <= 1.3 * theirs
