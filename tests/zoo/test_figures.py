"""Parameters and multiply-accumulates of every network in the zoo."""

import json
import os
from pathlib import Path

import pytest

import archdsl
from archdsl import zoo

ROOT = Path(__file__).parents[2]
FIGURES = json.loads(Path(__file__).with_name("figures.json").read_text())
"""By name: input sizes, parameters, multiply-accumulates. Those of torchvision's models are what torch's
FlopCounterMode counts there, halved."""
ALL = FIGURES["torchvision"] | FIGURES["others"]


@pytest.mark.parametrize("name", ALL)
def test_parameters_and_macs_match_the_published_numbers(name: str) -> None:
    sizes, parameters, macs = ALL[name]
    network = archdsl.load(f"zoo:{name}")
    entry = network.graph.nodes[network.graph.inputs[0]].shape
    assert entry is not None
    assert (list(entry.dims), network.parameters, network.macs) == (sizes, parameters, macs)


@pytest.mark.parametrize(("name", "parameters"), [("googlenet", 13_004_888), ("inception_v3", 27_161_264)])
def test_auxiliary_classifiers_have_the_published_parameters(name: str, parameters: int) -> None:
    network = archdsl.load(f"zoo:{name}", auxiliary=1)
    assert network.parameters == parameters
    assert len(network.graph.outputs) == {"googlenet": 3, "inception_v3": 2}[name]


def test_every_network_has_published_numbers() -> None:
    assert set(zoo.entries()) == set(ALL)


def test_published_numbers_match_the_torchvision_table() -> None:
    path = Path(os.environ.get("ARCHDSL_MODEL_TABLE", ROOT.parent / "shared" / "data" / "torchvision_models.json"))
    if not path.is_file():
        pytest.skip("no table of torchvision's models beside the checkout; ARCHDSL_MODEL_TABLE names it")
    table = {m["model"]: [m["input"], m["params"], m["macs"]] for m in json.loads(path.read_text())}
    assert {name: table[name] for name in FIGURES["torchvision"]} == FIGURES["torchvision"]
    assert len(table) == 80
