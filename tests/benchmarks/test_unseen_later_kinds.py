"""Each later kind by the author who has not seen the suggestions introduces an error, the same one every time."""

from random import Random

import pytest
from suggestions import parts
from suggestions_data import unseen_later
from suggestions_data.cases import errors
from suggestions_data.networks import networks
from suggestions_data.protocol import Kind, Valid, kinds_of

KINDS = kinds_of(unseen_later)
NETWORKS = 3


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_kind_makes_one_error_of_valid_networks(kind: Kind) -> None:
    found = 0
    for valid in networks():
        text = kind.make(Random(valid.name), valid)
        if text is None:
            continue
        assert text != valid.text
        assert errors(text)
        # once for a kind: this is most of the test's time
        assert found or text == kind.make(Random(valid.name), Valid(valid.name, valid.family, valid.text))
        assert kind.right(valid.graph, valid.graph)
        found += 1
        if found == NETWORKS:
            return
    pytest.fail(f"only {found} networks have a place for it")


def test_wrong_graph_is_not_restored_by_another_network() -> None:
    one, other = (
        Valid("some", "some", f"input 3x32x32\n{text}\n") for text in ("conv 8 k3; gap", "conv 8 k3; flatten")
    )
    assert not any(kind.right(one.graph, other.graph) for kind in KINDS)


@pytest.mark.parametrize(("step", "same"), [("19", True), ("-1", True), ("0", False), ("18", False)])
def test_last_step_matches_its_explicit_index(step: str, same: bool) -> None:
    one, other = (Valid("some", "some", f"input 20x8\ngru 16\ntake {index}\nfc 5\n") for index in ("-1", step))
    assert unseen_later.same_but_index(one.graph, other.graph) is same


def test_names_are_unique_among_all_parts() -> None:
    names = [kind.name for kinds in parts().values() for kind in kinds]
    assert len(set(names)) == len(names)
    assert {kind.name for kind in parts()["formerly unseen, second set"]} == {kind.name for kind in KINDS}
    assert len(KINDS) >= 18
