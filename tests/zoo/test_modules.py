"""The networks of the zoo that torchvision lacks, compared to torch's count in their own modules; printed source."""

import json
from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

import archdsl
from archdsl import zoo
from archdsl.shapes.shape import Layout

OTHERS = json.loads(Path(__file__).with_name("figures.json").read_text())["others"]
del OTHERS["preact_resnet1001"]  # the text of preact_resnet164, which takes eight times as long to build
FIRST = {entry.path.stem: name for name, entry in reversed([*zoo.entries().items()])}
"""The first network of each text."""


@pytest.mark.parametrize("name", OTHERS)
def test_module(name: str) -> None:
    network = archdsl.load(f"zoo:{name}")
    source = network.graph.nodes[network.graph.inputs[0]].shape
    target = network.graph.output.shape
    assert source is not None
    assert target is not None
    with torch.device("meta"):
        module = network.to_torch()
        x = torch.empty(2, *source.dims, dtype=torch.long if source.layout is Layout.IDS else torch.float32)
        counter = FlopCounterMode(display=False)
        with counter:
            y = module(x)
    assert tuple(y.shape) == (2, *target.dims)
    assert sum(p.numel() for p in module.parameters()) == network.parameters
    if name != "char_lstm":  # torch counts no MACs in a recurrent network
        assert counter.get_total_flops() == 2 * 2 * network.macs


@pytest.mark.parametrize("name", FIRST.values())
def test_printed_source_has_the_same_weights(name: str) -> None:
    network = archdsl.load(f"zoo:{name}")
    names: dict[str, type[torch.nn.Module]] = {}
    exec(network.to_source(), names)
    with torch.device("meta"):
        printed, built = names[network.graph.name](), network.to_torch()
    expected = {name: tensor.shape for name, tensor in built.state_dict().items()}
    assert {name: tensor.shape for name, tensor in printed.state_dict().items()} == expected
