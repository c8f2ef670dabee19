"""Each kind of the third set introduces an error into networks of several families, the same one every time."""

from random import Random

import pytest
from suggestions import parts
from suggestions_data import unseen_third
from suggestions_data.cases import errors
from suggestions_data.networks import networks
from suggestions_data.protocol import Kind, Valid, kinds_of
from suggestions_data.unseen_third_edits import slips

KINDS = kinds_of(unseen_third)
FAMILIES = 3


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_kind_makes_an_error_in_networks_of_several_families(kind: Kind) -> None:
    families: set[str] = set()
    for valid in sorted(networks(), key=lambda valid: valid.family in ("docs", "zoo", "example")):
        if valid.family in families:
            continue
        text = kind.make(Random(valid.name), valid)
        if text is None:
            continue
        assert text != valid.text
        assert errors(text)
        # once for a kind: this is most of the test's time
        assert families or text == kind.make(Random(valid.name), Valid(valid.name, valid.family, valid.text))
        families.add(valid.family)
        if len(families) == FAMILIES:
            return
    pytest.fail(f"only {sorted(families)} have a place for it")


def test_each_kind_documents_who_makes_the_error() -> None:
    assert all((kind.make.__doc__ or "").endswith((".", "`.")) for kind in KINDS)
    assert 45 <= len(KINDS) <= 55


def test_names_are_unique_among_all_parts() -> None:
    names = [kind.name for kinds in parts().values() for kind in kinds if kind not in KINDS]
    names += [kind.name for kind in KINDS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("word", ["relu", "conv", "maxpool", "classes", "skip1", "fc4"])
def test_typo_changes_a_word_and_keeps_its_first_letter(word: str) -> None:
    found = {slips(Random(seed), word) for seed in range(50)}
    assert word not in found
    assert len(found) > 3
    assert all(each[0] == word[0] and abs(len(each) - len(word)) <= 1 for each in found)
