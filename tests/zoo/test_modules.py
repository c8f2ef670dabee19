"""The networks of the zoo that torchvision lacks, compared to torch's count in their own modules; printed source."""

import json
from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

import archdsl
from archdsl import zoo

from .meta_results import MetaResults
from .references.reference import input_shapes, random_inputs

OTHERS = json.loads(Path(__file__).with_name("figures.json").read_text())["others"]
# The texts of preact_resnet164 and mamba_130m, which take much less time.
del OTHERS["preact_resnet1001"], OTHERS["mamba_370m"]
RECURRENT = ("char_lstm", "crnn", "show_and_tell")
"""Torch counts no MACs in a recurrent network."""
FIRST = {entry.path.stem: name for name, entry in reversed([*zoo.entries().items()])}
"""The first network of each text."""


@pytest.mark.parametrize("name", OTHERS)
def test_module_counts_match_torch(name: str) -> None:
    network = archdsl.load(f"zoo:{name}")
    with torch.device("meta"):
        module = network.to_torch()
        counter = FlopCounterMode(display=False)
        with counter, MetaResults(counter.get_total_flops) as results:
            y = module(*random_inputs(input_shapes(network), 2, "meta"))
    found = [y] if isinstance(y, torch.Tensor) else y
    targets = [network.graph.nodes[i].shape for _, i in network.graph.outputs]
    assert [tuple(each.shape) for each in found] == [(2, *target.dims) for target in targets]
    assert sum(p.numel() for p in module.parameters()) == network.parameters
    if name not in RECURRENT:
        assert counter.get_total_flops() + results.saved == 2 * 2 * network.macs


@pytest.mark.parametrize("name", FIRST.values())
def test_printed_source_has_the_same_weights(name: str) -> None:
    network = archdsl.load(f"zoo:{name}")
    names: dict[str, type[torch.nn.Module]] = {}
    exec(network.source(), names)
    with torch.device("meta"):
        printed, built = names[network.graph.name](), network.to_torch()
    expected = {name: tensor.shape for name, tensor in built.state_dict().items()}
    assert {name: tensor.shape for name, tensor in printed.state_dict().items()} == expected
