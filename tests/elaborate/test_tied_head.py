"""`reuse` of an embedding on features: logits with the same table."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

import archdsl

TEXT = "input 16 int(100); embedding 8 as table; fc 8; reuse table as logits"


def test_tied_embedding_is_counted_once_and_used_twice() -> None:
    network = archdsl.loads(TEXT)
    module = network.to_torch().eval()
    assert network.parameters == sum(p.numel() for p in module.parameters()) == 100 * 8 + 8 * 8 + 8
    ids = torch.randint(0, 100, (2, 16))
    table = module.get_parameter("table.weight")
    expected = module.get_submodule("fc1")(table[ids]) @ table.T
    assert torch.allclose(module(ids), expected, atol=1e-6)


def test_tied_head_macs_match_torch() -> None:
    network = archdsl.loads(TEXT)
    with torch.device("meta"):
        module = network.to_torch()
        counter = FlopCounterMode(display=False)
        with counter:
            module(torch.empty(1, 16, dtype=torch.long))
    assert counter.get_total_flops() == 2 * network.macs == 2 * (16 * 8 * 8 + 16 * 8 * 100)


def test_printed_source_shares_the_table() -> None:
    network = archdsl.loads(f"net Tied; {TEXT}")
    module = network.to_torch().eval()
    names: dict[str, type[torch.nn.Module]] = {}
    exec(network.source(), names)
    printed = names["Tied"]().eval()
    printed.load_state_dict(module.state_dict())
    ids = torch.randint(0, 100, (2, 16))
    assert torch.equal(printed(ids), module(ids))


def test_tied_head_requires_matching_features() -> None:
    with pytest.raises(archdsl.ArchError, match="rows of 8, but 16×9 has 9 features"):
        archdsl.loads("input 16 int(100); embedding 8 as table; fc 9; reuse table")


def test_reused_embedding_on_ids_is_an_embedding() -> None:
    network = archdsl.loads("input a 4 int(10); input b 4 int(10); from a; embedding 8 as e; from b; reuse e; add e")
    assert network.parameters == 80
    assert str(network.graph.output.shape) == "4×8"
