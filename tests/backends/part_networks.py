"""Small networks with each kind of part, for the tests of parts, and what those tests have in common."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

import archdsl
from tests.programs.parts_property import scopes

CHAIN = "input 3x8x8\nstage a { conv 8 k3 p1; bn; relu }\nstage b { conv 8 k3 p1; relu }\nconv 4 k1\n"
RESNET = """
input 3x8x8
block basic(c, s = 1) {
  residual { conv c k3 s=s p1 nobias; bn; relu; conv c k3 p1 nobias; bn }
  shortcut { if s != 1 or @c != c { conv c k1 s=s nobias; bn } }
  relu
}
stage stem { conv 4 k3 p1 nobias; bn; relu }
stage layer1 { basic 4 x3 }
stage layer2 { basic 8 s2; basic 8 }
gap; fc 5
"""
UNET = """
input 1x16x16
block double(c) { conv c k3 p1; relu; conv c k3 p1; relu }
stage down1 { double 4 }
maxpool 2
stage down2 { double 8 }
stage up { upconv 4 k2 s2; concat down1 { }; double 4 }
conv 2 k1
"""
HEADS = """
input 6 int(11)
embedding 8 as table
stage encoder { repeat 2 { residual { layernorm; attention h2 }; residual { layernorm; fc 16; gelu; fc 8 } } }
aux early { fc 3 }
stage decoder { fc 8 as mix; tanh }
reuse mix
reuse decoder
"""
TEXTS = {"chain": CHAIN, "resnet": RESNET, "unet": UNET, "heads": HEADS}
every_text = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)


def built(text: str) -> Any:
    torch.manual_seed(0)
    return archdsl.loads(text).to_torch()


def batch(text: str) -> Tensor:
    torch.manual_seed(1)
    shape = archdsl.loads(text).graph.nodes[0].shape
    return torch.randint(11, (2, 6)) if "int(" in text else torch.rand(2, *shape.dims)


def first(result: Any) -> Tensor:
    found: Tensor = result[0] if isinstance(result, tuple) else result
    return found


def gradients(module: nn.Module, x: Tensor) -> dict[str, Tensor]:
    """The gradient of each parameter that has one, of a module in training."""
    module.train().zero_grad()
    results = module(x)
    losses = [each.square().sum() for each in (results if isinstance(results, tuple) else (results,))]
    torch.autograd.backward(losses)
    return {name: p.grad.clone() for name, p in module.named_parameters() if p.grad is not None}


def paths(text: str) -> list[str]:
    """The parts with layers, by name."""
    return [".".join(path) for path in scopes(archdsl.loads(text).graph)]


def equal(a: Any, b: Any) -> None:
    torch.testing.assert_close(a, b, rtol=0, atol=0)
