"""Lists in messages: an ellipsis stands for words that are left out, and only for them."""

import re
from pathlib import Path

import pytest

import archdsl
from archdsl.diagnostics import Sink
from archdsl.text.word_lists import first_of
from archdsl.training.network_check import check_names
from archdsl.training.recipe.recipe import Recipe

TRAINING = Path(archdsl.__file__).parent / "training"


@pytest.mark.parametrize("most", range(1, 5))
@pytest.mark.parametrize("count", range(6))
def test_ellipsis_marks_omitted_words(count: int, most: int) -> None:
    words = [f"w{number}" for number in range(count)]
    shown = first_of(words, most)
    assert shown.endswith("…") == (count > most)
    assert re.findall(r"w\d", shown) == words[:most]


@pytest.mark.parametrize(("layers", "cut"), [(1, False), (8, False), (9, True)])
def test_parts_of_a_network_are_listed(layers: int, cut: bool) -> None:
    network = archdsl.loads("input 8; " + "; ".join(f"fc 8 as part{number}" for number in range(layers)))
    recipe = Recipe.model_validate({"data": {"name": "digits"}, "freeze": {"name": "zzzzzzzz"}})
    why = check_names(network.graph, recipe, Sink())
    assert why is not None
    assert why.endswith("…") is cut


def test_truncated_lists_end_with_an_ellipsis() -> None:
    cut = re.compile(r"""join\((?:sorted\(|list\()?[\w.]+\)?\[:\d+\]\)(?!\}\{more)""")
    assert [path.name for path in sorted(TRAINING.rglob("*.py")) if cut.search(path.read_text(encoding="utf-8"))] == []
