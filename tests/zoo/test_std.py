"""Each block of `std` compared to a module written by hand: parameters, multiply-accumulates, outputs."""

from collections.abc import Callable
from typing import NamedTuple

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

import archdsl
from archdsl.diagnostics import Sink
from archdsl.syntax import parse
from archdsl.text.library import StandardLibrary
from scripts.conformance import copy_weights, run_in_order, scatter

from . import std_references as ref
from .references.reference import copy_to


class Case(NamedTuple):
    """A use of a block, the sizes of its input, and its reference."""

    text: str
    sizes: tuple[int, ...]
    reference: Callable[[], nn.Module]

    @property
    def program(self) -> str:
        if len(self.sizes) == 3:
            return f"use std\ninput {'x'.join(map(str, self.sizes))}\n{self.text}\n"
        steps, features = self.sizes
        return f"use std\nnet Sequence(T = {steps}, C = {features})\ninput TxC\n{self.text}\n"


CASES = [
    Case("unit 12", (8, 9, 7), lambda: ref.Chain(8, 12, 3, nn.ReLU())),
    Case("unit 12 k5 s2 groups=4", (8, 9, 7), lambda: ref.Chain(8, 12, 5, nn.ReLU(), s=2, g=4)),
    Case("unit 12 k1 act=silu", (8, 9, 7), lambda: ref.Chain(8, 12, 1, nn.SiLU())),
    Case("se 4", (16, 9, 7), lambda: ref.SqueezeExcitation(16, 4, nn.ReLU())),
    Case("eca", (16, 9, 7), lambda: ref.EfficientChannelAttention(3)),
    Case("eca k5", (16, 9, 7), lambda: ref.EfficientChannelAttention(5)),
    Case("cbam 4", (16, 9, 7), lambda: ref.BlockAttention(16, 4, 7)),
    Case("cbam 8 k3", (16, 9, 7), lambda: ref.BlockAttention(16, 8, 3)),
    Case("grn", (16, 9, 7), lambda: ref.ResponseNorm(16)),
    Case("basic 16", (16, 9, 7), lambda: ref.basic(16, 16, 1)),
    Case("basic 24 s2", (16, 9, 7), lambda: ref.basic(16, 24, 2)),
    Case("bottleneck 8", (32, 9, 7), lambda: ref.bottleneck(32, 8, 1, 1)),
    Case("bottleneck 8 d2", (16, 9, 7), lambda: ref.bottleneck(16, 8, 1, 2)),
    Case("bottleneck 64 s2 groups=8 base=4", (16, 9, 7), lambda: ref.bottleneck(16, 64, 2, 1, 8, 4)),
    Case("inverted_residual 16", (16, 9, 7), lambda: ref.inverted(16, 16, 6, 3, 1, nn.ReLU6, False)),
    Case("inverted_residual 24 1 s2", (16, 9, 7), lambda: ref.inverted(16, 24, 1, 3, 2, nn.ReLU6, False)),
    Case("mbconv 16 k5", (16, 9, 7), lambda: ref.inverted(16, 16, 6, 5, 1, nn.SiLU, True)),
    Case("mbconv 24 1 s2", (16, 9, 7), lambda: ref.inverted(16, 24, 1, 3, 2, nn.SiLU, True)),
    Case("cbs 24 k3 s2", (16, 9, 7), lambda: ref.cbs(16, 24, 3, 2)),
    Case("cbs_pair 16 4", (16, 9, 7), lambda: ref.cbs_pair(16, 4)),
    Case("c2f 24 2", (16, 9, 7), lambda: ref.SplitStage(16, 24, 12, [ref.cbs_pair(12, 12), ref.cbs_pair(12, 12)])),
    Case("c2f 24 skip=0", (16, 9, 7), lambda: ref.SplitStage(16, 24, 12, [ref.cbs_pair(12, 12, False)])),
    Case("c3 24 2", (16, 9, 7), lambda: ref.CrossStage(16, 24, 2)),
    Case("c3k2 24", (16, 9, 7), lambda: ref.SplitStage(16, 24, 12, [ref.cbs_pair(12, 6)])),
    Case(
        "c3k2 32 2 deep=1 expand=0.25",
        (16, 9, 7),
        lambda: ref.SplitStage(16, 32, 8, [ref.CrossStage(8, 8, 2), ref.CrossStage(8, 8, 2)]),
    ),
    Case("sppf 24", (16, 19, 17), lambda: ref.FastPyramidPooling(16, 24)),
    Case("aspp 8", (16, 41, 37), lambda: ref.AtrousPyramid(16, 8, 12)),
    Case("aspp 8 rate=2", (16, 9, 7), lambda: ref.AtrousPyramid(16, 8, 2)),
    Case("patch_embedding 24 4", (3, 12, 8), lambda: ref.PatchEmbedding(24, 4)),
    Case("swiglu 20", (5, 12), lambda: ref.GatedFeedForward(12, 20, functional.silu)),
    Case("geglu 20", (5, 12), lambda: ref.GatedFeedForward(12, 20, functional.gelu)),
    Case("transformer_encoder 3 20", (5, 12), lambda: nn.TransformerEncoderLayer(12, 3, 20, batch_first=True)),
    Case(
        "transformer_encoder 3 20 dropout=0 pre=1 act=gelu",
        (5, 12),
        lambda: nn.TransformerEncoderLayer(12, 3, 20, 0.0, "gelu", batch_first=True, norm_first=True),
    ),
    Case("dense 4", (8, 9, 7), lambda: ref.DenseLayer(8, 4)),
    Case(
        "double 8",
        (4, 9, 7),
        lambda: nn.Sequential(nn.Conv2d(4, 8, 3, 1, 1), nn.ReLU(), nn.Conv2d(8, 8, 3, 1, 1), nn.ReLU()),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.text)
def test_standard_block_matches_its_reference(case: Case) -> None:
    torch.manual_seed(0)
    network = archdsl.loads(case.program)
    reference = case.reference().eval()
    scatter(reference)
    x = torch.randn(2, *case.sizes)
    with torch.no_grad():
        expected, weights = run_in_order(reference, x)
    ours = network.to_torch().eval()
    copy_weights(weights, ours)
    torch.testing.assert_close(ours(x), expected, rtol=1e-4, atol=1e-4 * float(expected.abs().max()))
    assert network.parameters == sum(p.numel() for p in reference.parameters())
    # In training mode, because torch counts nothing in its fused encoder layer.
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        reference.to("meta").train()(torch.empty(2, *case.sizes, device="meta"))
    assert network.macs == counter.get_total_flops() // 2 // 2


@pytest.mark.parametrize(("pre", "causal"), [(0, 1), (1, 1), (0, 0)])
def test_transformer_decoder_matches_torch(pre: int, causal: int) -> None:
    header = "net Two(T = 5, S = 7, C = 12)\nuse std\ninput memory SxC\ninput x TxC\n"
    network = archdsl.loads(f"{header}transformer_decoder memory 3 20 pre={pre} causal={causal}\n")
    reference = nn.TransformerDecoderLayer(12, 3, 20, batch_first=True, norm_first=bool(pre)).eval()
    scatter(reference)
    ours = network.to_torch().eval()
    # Both name their weights after nn.MultiheadAttention, in the order of their use.
    theirs = dict(reference.named_parameters())
    parts = ("self_attn", "multihead_attn", "linear1", "linear2", "norm1", "norm2", "norm3")
    names = [name for part in parts for name in theirs if name.startswith(part)]
    for kind in ("attention", "fc", "layernorm"):
        mine = [name for name, _ in ours.named_parameters() if kind in name]
        match = {"attention": "attn", "fc": "linear", "layernorm": "norm"}[kind]
        chosen = [name for name in names if match in name]
        ours.load_state_dict({a: theirs[b] for a, b in zip(mine, chosen, strict=True)}, strict=False)
    memory, x = torch.randn(2, 7, 12), torch.randn(2, 5, 12)
    mask = nn.Transformer.generate_square_subsequent_mask(5) if causal else None
    torch.testing.assert_close(ours(memory, x), reference(x, memory, mask, tgt_is_causal=bool(causal)))
    assert network.parameters == sum(p.numel() for p in theirs.values())


@pytest.mark.parametrize("name", ["fpn", "pan"])
def test_feature_pyramid_matches_its_reference(name: str) -> None:
    """Odd sizes: the maps above are enlarged to any size."""
    channels = (4, 6, 8) if name == "fpn" else (8, 8, 8)
    sizes = [(channels[0], 13, 10), (channels[1], 7, 5), (channels[2], 4, 3)]
    inputs = "\n".join(f"input {map_} {'x'.join(map(str, dims))}" for map_, dims in zip("abc", sizes, strict=True))
    network = archdsl.loads(f"use std\n{inputs}\n{name} a b c 8 as x, y, z\noutput x, y, z\n")
    reference = (ref.FeaturePyramid(channels, 8) if name == "fpn" else ref.PathAggregation(8)).eval()
    maps = [torch.randn(2, *dims) for dims in sizes]
    ours = network.to_torch().eval()
    copy_to(reference, ours, maps)
    for found, expected in zip(ours(*maps), reference(*maps), strict=True):
        torch.testing.assert_close(found, expected)
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        reference(*maps)
    assert network.macs == counter.get_total_flops() // 2 // 2


def test_every_block_is_compared() -> None:
    program = parse(StandardLibrary().read("std"), Sink())
    compared = {case.text.split()[0] for case in CASES} | {"transformer_decoder", "fpn", "pan"}
    assert {block.name.text for block in program.blocks} == compared
