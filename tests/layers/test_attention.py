"""Attention computes the same as the published implementations with the same weights."""

import importlib
from typing import Any

import pytest
import torch
from torch import nn

from archdsl.backends.modules import SelfAttention, WindowAttention
from scripts.conformance import Missing, torchvision_models

FEATURES, HEADS = 12, 3


def take_over(ours: nn.Module, theirs: nn.Module) -> None:
    """Give both the same random weights, in order."""
    torch.manual_seed(0)
    pairs = list(zip(ours.parameters(), theirs.parameters(), strict=True))
    with torch.no_grad():
        for own, other in pairs:
            assert own.shape == other.shape
            # Small values: Swin adds −100 to masked products, which large products would outweigh.
            own.copy_(torch.randn_like(own) * 0.3)
            other.copy_(own)


def torchvision(module: str) -> Any:
    """A module of torchvision's models, from any build: its compiled operators are not called."""
    try:
        torchvision_models()
    except Missing as missing:
        pytest.skip(str(missing))
    return importlib.import_module(f"torchvision.models.{module}")


def assert_equal(ours: torch.Tensor, theirs: torch.Tensor) -> None:
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("causal", [False, True])
def test_self_attention_is_torchs(causal):
    ours = SelfAttention(FEATURES, HEADS, causal=causal).eval()
    theirs = nn.MultiheadAttention(FEATURES, HEADS, batch_first=True).eval()
    take_over(ours, theirs)
    x = torch.randn(2, 7, FEATURES)
    mask = nn.Transformer.generate_square_subsequent_mask(7) if causal else None
    assert_equal(ours(x), theirs(x, x, x, need_weights=False, attn_mask=mask)[0])


@pytest.mark.parametrize("version", ["", "V2"])
@pytest.mark.parametrize("shift", [(0, 0), (2, 1)])
def test_window_attention_is_swins(version, shift):
    swin = torchvision("swin_transformer")
    theirs = getattr(swin, f"ShiftedWindowAttention{version}")(FEATURES, [4, 3], list(shift), HEADS).eval()
    relative = {"relative": "mlp", "cosine": True} if version else {"relative": "table"}
    ours = WindowAttention(FEATURES, HEADS, (4, 3), shift=shift, **relative).eval()
    take_over(ours, theirs)
    x = torch.randn(2, 8, 9, FEATURES)
    assert_equal(ours(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1), theirs(x))


@pytest.mark.parametrize("partition", ["window", "grid"])
def test_window_and_grid_attention_are_maxvits(partition):
    maxvit = torchvision("maxvit")
    theirs = maxvit.PartitionAttentionLayer(
        FEATURES, FEATURES // HEADS, 4, partition, (12, 12), 4, nn.GELU, nn.LayerNorm, 0.0, 0.0, 0.0
    ).eval()
    ours = WindowAttention(
        FEATURES, HEADS, (4, 4), grid=partition == "grid", relative="table", scale=FEATURES**-0.5
    ).eval()
    take_over(ours, theirs.attn_layer[1])
    theirs.attn_layer[0], theirs.mlp_layer = nn.Identity(), nn.Sequential(Zero())
    x = torch.randn(2, FEATURES, 12, 12)
    assert_equal(x + ours(x), theirs(x))


class Zero(nn.Module):
    def forward(self, x):
        return x * 0


def test_windows_of_a_sequence_do_not_see_each_other():
    ours = WindowAttention(FEATURES, HEADS, (3,), shift=(1,), relative="table").eval()
    x = torch.randn(1, FEATURES, 9)
    before = ours(x)
    x[..., 4] += 1
    changed = (ours(x) - before).abs().amax((0, 1)) > 1e-6
    # The windows are shifted by one: 1 to 3, 4 to 6, 7 and 8 with 0, which do not mix.
    assert changed.tolist() == [place in (4, 5, 6) for place in range(9)]
    x[..., 0] += 1
    assert torch.equal((ours(x) - before).abs().amax((0, 1))[7:] > 1e-6, torch.tensor([False, False]))
