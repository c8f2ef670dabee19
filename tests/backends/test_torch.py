"""Graphs as torch modules."""

import copy
import io
from pathlib import Path

import pytest
import torch
from torch import nn

import archdsl

RESIDUAL = """
input 3x8x8
block basic(c, s = 1) {
  residual { conv c k3 s=s p1 nobias; bn; relu; conv c k3 p1 nobias; bn }
  shortcut { if s != 1 or @c != c { conv c k1 s=s nobias; bn } }
  relu
}
stage stem { conv 4 k3 p1 nobias; bn; relu }
stage layer1 { basic 4; basic 8 s2 x2 }
gap; fc 5
"""
SEVERAL = """
input left 3x8x8
input right 3x8x8
from left; conv 4 k3 p1; relu as l
aux extra { gap; fc 2 }
from right; conv 4 k3 p1
concat l; flatten; fc 3 as scores
output scores, l
"""
TOKENS = "input 6 int(11)\nembedding 8; pos; residual { layernorm; attention 2 }; layernorm; gelu; fc 11\n"


def clear(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.zeros_(module.weight)


def batch(text: str) -> tuple[torch.Tensor, ...]:
    if "int(" in text:
        return (torch.randint(11, (2, 6)),)
    return tuple(torch.rand(2, 3, 8, 8) for _ in archdsl.loads(text).graph.inputs)


def test_state_dict_names_follow_stages_and_layers() -> None:
    names = [name for name in archdsl.loads(RESIDUAL).to_torch().state_dict() if name.endswith("weight")]
    assert names == [
        "stem.conv1.weight", "stem.bn1.weight",
        "layer1.basic1.conv1.weight", "layer1.basic1.bn1.weight",
        "layer1.basic1.conv2.weight", "layer1.basic1.bn2.weight",
        "layer1.basic2.conv1.weight", "layer1.basic2.bn1.weight",
        "layer1.basic2.conv2.weight", "layer1.basic2.bn2.weight",
        "layer1.basic2.shortcut.conv1.weight", "layer1.basic2.shortcut.bn1.weight",
        "layer1.basic3.conv1.weight", "layer1.basic3.bn1.weight",
        "layer1.basic3.conv2.weight", "layer1.basic3.bn2.weight",
        "layer1.basic3.shortcut.conv1.weight", "layer1.basic3.shortcut.bn1.weight",
        "fc1.weight",
    ]  # fmt: skip


def test_outputs_are_ordered_named_then_auxiliary() -> None:
    scores, left, extra = archdsl.loads(SEVERAL).to_torch()(*batch(SEVERAL))
    assert (scores.shape, left.shape, extra.shape) == ((2, 3), (2, 4, 8, 8), (2, 2))


@pytest.mark.parametrize("name", ["self", "torch", "lambda", "nan", "x", "forward"])
def test_input_may_have_a_reserved_name(name: str) -> None:
    made = archdsl.loads(f"input {name} 3x4x4\ninput other 3x4x4\nconcat {{ pad 0 value=-1e9 }} {name}").to_torch()
    assert made(torch.rand(2, 3, 4, 4), torch.rand(2, 3, 4, 4)).shape == (2, 6, 4, 4)


def test_reused_layer_has_one_weight() -> None:
    network = archdsl.loads("input 3x8x8; conv 3 k1 as a; relu; reuse a; reuse a as b\n")
    made = network.to_torch()
    assert sum(p.numel() for p in made.parameters()) == network.parameters == 12
    assert [name for name, _ in made.named_parameters()] == ["a.weight", "a.bias"]


def test_frozen_weights_do_not_train() -> None:
    made = archdsl.loads("input 3x8x8; conv 4 k1 frozen").to_torch()
    assert {name: p.requires_grad for name, p in made.named_parameters()} == {
        "conv1.weight": False,
        "conv1.bias": True,
    }


@pytest.mark.parametrize(
    ("text", "trained"),
    [
        ("attention h2 frozen", ["attention1.in_proj_bias", "attention1.out_proj.bias"]),
        ("attention h2 nobias relative cosine frozen", []),
        (
            "attention h2 relative=mlp frozen",
            ["attention1.in_proj_bias", "attention1.out_proj.bias", "attention1.position_in.bias"],
        ),
        (
            "gru 3 bidirectional frozen",
            [f"gru1.bias_{of}_l0{suffix}" for suffix in ("", "_reverse") for of in ("ih", "hh")],
        ),
        ("lstm 3 layers=2 nobias frozen", []),
        ("prelu frozen", []),
        ("scale 0.5 learned frozen", []),
        ("cls frozen", []),
        ("pos frozen", []),
    ],
)
def test_biases_of_a_frozen_layer_train(text: str, trained: list[str]) -> None:
    network = archdsl.loads(f"input 6x4; {text}")
    made = network.to_torch()
    assert [name for name, p in made.named_parameters() if p.requires_grad] == trained
    assert network.costs.total.trainable == sum(p.numel() for p in made.parameters() if p.requires_grad)
    assert network.parameters == sum(p.numel() for p in made.parameters())


def test_identity_network_returns_its_input() -> None:
    x = torch.rand(2, 3, 4, 4)
    assert archdsl.loads("input 3x4x4").to_torch()(x) is x


@pytest.mark.parametrize("text", [RESIDUAL, SEVERAL, TOKENS], ids=["residual", "several", "tokens"])
class TestLikeAnyModule:
    """Common operations on torch modules work."""

    def test_deepcopy_computes_the_same(self, text: str) -> None:
        made, inputs = archdsl.loads(text).to_torch().eval(), batch(text)
        torch.testing.assert_close(copy.deepcopy(made)(*inputs), made(*inputs), rtol=0, atol=0)

    def test_state_dict_round_trip(self, text: str) -> None:
        first, second = (archdsl.loads(text).to_torch().eval() for _ in range(2))
        kept = io.BytesIO()
        torch.save(first.state_dict(), kept)
        kept.seek(0)
        second.load_state_dict(torch.load(kept, weights_only=True))
        inputs = batch(text)
        torch.testing.assert_close(second(*inputs), first(*inputs), rtol=0, atol=0)

    def test_exported_program_computes_the_same(self, text: str, tmp_path: Path) -> None:
        made, inputs = archdsl.loads(text).to_torch().eval(), batch(text)
        exported = torch.export.export(made, inputs)
        torch.testing.assert_close(exported.module()(*inputs), made(*inputs))

    def test_gradients_reach_every_weight(self, text: str) -> None:
        made = archdsl.loads(text).to_torch().train()
        outputs = made(*batch(text))
        sum(each.square().sum() for each in (outputs if isinstance(outputs, tuple) else (outputs,))).backward()
        assert all(p.grad is not None for p in made.parameters())

    def test_apply_visits_every_module(self, text: str) -> None:
        made = archdsl.loads(text).to_torch()
        made.apply(clear)
        assert all(not m.weight.any() for m in made.modules() if isinstance(m, nn.Conv2d))
