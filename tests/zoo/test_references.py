"""The networks beyond classification, compared with their references: parameters, multiply-accumulates, outputs."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

import archdsl
from archdsl import zoo

from .references import page
from .references.reference import (
    TOLERANCE,
    Counts,
    Recorded,
    count,
    input_shapes,
    ours_filled,
    outputs,
    random_inputs,
    reference_outputs,
    settings,
    small_network,
)
from .references.table import COUNTED_ONLY, REFERENCES

RECORDED = json.loads((Path(__file__).parent / "references" / "recorded.json").read_text())
BY_HAND = [name for name, reference in REFERENCES.items() if reference.library is None]


@pytest.mark.parametrize("name", BY_HAND)
def test_parameters_and_macs_match_the_reference(name: str) -> None:
    network = archdsl.load(f"zoo:{name}")
    with torch.device("meta"):
        module = REFERENCES[name].build(**settings(name)).eval()
    assert Counts(network.parameters, network.macs) == count(module, input_shapes(network))


@pytest.mark.parametrize("name", RECORDED)
def test_parameters_and_macs_match_the_recorded_library(name: str) -> None:
    network = archdsl.load(f"zoo:{name}")
    assert (network.parameters, network.macs) == (RECORDED[name]["parameters"], RECORDED[name]["macs"])


@pytest.mark.parametrize("name", BY_HAND)
def test_outputs_match_the_reference(name: str) -> None:
    network = small_network(name, REFERENCES[name])
    found = outputs(ours_filled(network), random_inputs(input_shapes(network), 2))
    expected = reference_outputs(name, REFERENCES[name])
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        assert theirs.isfinite().all()
        torch.testing.assert_close(ours, theirs, rtol=0, atol=TOLERANCE * float(theirs.abs().max()))


@pytest.mark.parametrize("name", RECORDED)
def test_outputs_match_the_recorded_library(name: str) -> None:
    network = small_network(name, REFERENCES[name])
    found = outputs(ours_filled(network), random_inputs(input_shapes(network), 2))
    assert len(found) == len(RECORDED[name]["outputs"])
    for ours, theirs in zip(found, RECORDED[name]["outputs"], strict=True):
        assert Recorded(**theirs).differs(Recorded.of(ours)) <= TOLERANCE


@pytest.mark.parametrize("name", RECORDED)
def test_records_are_up_to_date(name: str) -> None:
    reference = REFERENCES[name]
    if find_spec(str(reference.library)) is None:
        pytest.skip(f"{reference.library} is not installed")
    for theirs, recorded in zip(reference_outputs(name, reference), RECORDED[name]["outputs"], strict=True):
        assert Recorded(**recorded).differs(Recorded.of(theirs)) <= TOLERANCE


def test_every_network_beyond_classification_has_a_reference() -> None:
    others = [entry for entry in zoo.entries().values() if entry.task != zoo.CLASSIFICATION]
    assert {entry.name for entry in others if entry.path.stem not in COUNTED_ONLY} == {*REFERENCES}
    assert {*RECORDED} == {*REFERENCES} - {*BY_HAND}


@pytest.mark.parametrize("name", REFERENCES)
def test_text_names_its_reference(name: str) -> None:
    assert (REFERENCES[name].library or "written by hand") in page.reference(zoo.find(name))


def test_table_is_up_to_date() -> None:
    shown = page.PAGE.read_text(encoding="utf-8").partition(page.START)[2].partition(page.END)[0]
    assert shown == page.table()
