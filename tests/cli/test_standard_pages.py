"""`archdsl layers` on the blocks of `std`."""

import re

import pytest
from click.testing import CliRunner

import archdsl
from archdsl.cli.layers import command
from archdsl.cli.standard_pages import StandardBlock, standard_blocks
from archdsl.layers import merges, registry
from archdsl.text import library

SHOWN = [name for name in standard_blocks() if name not in {*registry(), "dense"}]  # `dense` is a synonym of `fc`


def shown(*words: str) -> str:
    done = CliRunner().invoke(command, words)
    assert done.exit_code == 0, done.output
    return done.output


def test_list_has_layers_then_blocks() -> None:
    layers, _, blocks = shown().partition("\nblocks of `std`, imported by `use std`:\n")
    assert [line.split()[0] for line in layers.splitlines()] == sorted({*registry(), *merges()})
    assert [line.split()[0] for line in blocks.splitlines()] == sorted(standard_blocks())


def test_standard_block_names_are_found_without_parsing() -> None:
    assert library.standard_blocks() == {*standard_blocks()}


@pytest.mark.parametrize("block", standard_blocks().values(), ids=standard_blocks())
def test_block_is_described_with_its_source(block: StandardBlock) -> None:
    assert block.headline.endswith(".")
    assert block.name == "unit" or re.search(r"\([A-Z].*, \d{4}\)", block.headline)


def test_texts_on_the_block_pages_match_std() -> None:
    """Printed together, the blocks of all pages are `std` again."""
    texts = {name: shown(name).partition("\n  block ")[2].join(("block ", "")) for name in SHOWN}
    assert {name for name, text in texts.items() if not re.match(rf"block {name}\b", text)} == set()
    pages = "\n".join(texts.values())
    with pytest.raises(archdsl.ArchError, match="there is no layer or block `wrong`"):
        archdsl.loads(f"{pages}\ninput 3x8x8\nwrong")


def test_misspelled_block_has_a_suggestion() -> None:
    done = CliRunner().invoke(command, ["mbconvv"])
    assert done.exit_code == 2
    assert "did you mean `mbconv`?" in done.output


def test_moe_page_lists_its_arguments() -> None:
    """The error about its missing argument refers to this."""
    assert "experts=: number of experts" in shown("moe")


def test_names_of_merges_in_other_frameworks_are_marked() -> None:
    assert shown("concat").startswith("concat  (in other frameworks: cat, concatenate)\n")
    assert shown("fc").startswith("fc  (also ")
