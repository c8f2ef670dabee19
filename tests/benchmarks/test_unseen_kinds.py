"""Each kind of error written without knowledge of the suggestions introduces an error, always the same one."""

from random import Random

import pytest
from suggestions_data import unseen_kinds
from suggestions_data.cases import errors
from suggestions_data.networks import networks
from suggestions_data.protocol import Kind, Valid, kinds_of

KINDS = kinds_of(unseen_kinds)


def texts(kind: Kind, valid: Valid) -> str | None:
    return kind.make(Random(valid.name), valid)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_kind_makes_one_error_of_valid_networks(kind: Kind) -> None:
    found: list[Valid] = []
    for valid in networks():
        text = texts(kind, valid)
        if text is not None:
            assert errors(text)
            # once for a kind: this is most of the test's time
            assert found or text == texts(kind, Valid(valid.name, valid.family, valid.text))
            assert kind.right(valid.graph, valid.graph)
            found.append(valid)
        if len(found) == 3:
            return
    pytest.fail(f"only {len(found)} networks have a place for it")


def test_names_are_unique() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS) >= 15
