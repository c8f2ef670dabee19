"""Networks with symbolic dimensions: one module serves every valid size, as a hand-written one does."""

from collections.abc import Callable, Mapping

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

import archdsl
from archdsl.backends.python_source import to_source
from archdsl.shapes.symbolic import evaluated
from tests.programs.network_property import from_source

Weights = Mapping[str, Tensor]
SIZES = [(h, w) for h in (1, 7, 16, 33, 50) for w in (1, 9, 24, 45)]

FCN = """
input 3xHxW
conv 8 k3 s2 p1; relu as half
conv 8 k3 s2 p1; relu; conv 5 k1
upsample like=half bilinear; add { from half; conv 5 k1 }
upsample like=in bilinear align_corners
"""
UNET = """
input 3xHxW
conv 4 k3 p1; relu as e1
maxpool 2 s2 p1; conv 8 k3 p1; relu as e2
maxpool 2 s2 p1; conv 8 k3 p1; relu
upsample like=e2; concat e2; conv 8 k3 p1; relu
upsample like=e1; concat e1; conv 4 k3 p1; relu
conv 2 k1
"""
FPN = """
input 3xHxW
conv 8 k3 s2 p1; relu as c1
conv 8 k3 s2 p1; relu as c2
conv 8 k3 s2 p1; relu
conv 4 k1 as p3
upsample like=c2; add { from c2; conv 4 k1 } as p2
upsample like=c1; add { from c1; conv 4 k1 } as p1
output p1, p2, p3
"""


def conv(weights: Weights, number: int | str, x: Tensor, **options: int) -> Tensor:
    name = f"conv{number}" if isinstance(number, int) else number
    return F.conv2d(x, weights[f"{name}.weight"], weights[f"{name}.bias"], **options)


def fcn(weights: Weights, x: Tensor) -> tuple[Tensor, ...]:
    half = conv(weights, 1, x, stride=2, padding=1).relu()
    coarse = conv(weights, 3, conv(weights, 2, half, stride=2, padding=1).relu())
    fine = F.interpolate(coarse, half.shape[2:], mode="bilinear") + conv(weights, 4, half)
    return (F.interpolate(fine, x.shape[2:], mode="bilinear", align_corners=True),)


def unet(weights: Weights, x: Tensor) -> tuple[Tensor, ...]:
    e1 = conv(weights, 1, x, padding=1).relu()
    e2 = conv(weights, 2, F.max_pool2d(e1, 2, 2, 1), padding=1).relu()
    bottom = conv(weights, 3, F.max_pool2d(e2, 2, 2, 1), padding=1).relu()
    d2 = conv(weights, 4, torch.cat([F.interpolate(bottom, e2.shape[2:]), e2], 1), padding=1).relu()
    d1 = conv(weights, 5, torch.cat([F.interpolate(d2, e1.shape[2:]), e1], 1), padding=1).relu()
    return (conv(weights, 6, d1),)


def fpn(weights: Weights, x: Tensor) -> tuple[Tensor, ...]:
    c1 = conv(weights, 1, x, stride=2, padding=1).relu()
    c2 = conv(weights, 2, c1, stride=2, padding=1).relu()
    p3 = conv(weights, "p3", conv(weights, 3, c2, stride=2, padding=1).relu())
    p2 = F.interpolate(p3, c2.shape[2:]) + conv(weights, 4, c2)
    return F.interpolate(p2, c1.shape[2:]) + conv(weights, 5, c1), p2, p3


@pytest.mark.parametrize(("text", "written"), [(FCN, fcn), (UNET, unet), (FPN, fpn)], ids=["fcn", "unet", "fpn"])
@torch.no_grad()
def test_one_module_serves_every_size(text: str, written: Callable[[Weights, Tensor], tuple[Tensor, ...]]) -> None:
    network = archdsl.loads(text)
    module = network.to_torch().eval()
    printed = from_source(to_source(network.graph), network.graph).eval()
    weights = module.state_dict()
    printed.load_state_dict(weights)
    for height, width in SIZES:
        x = torch.rand(2, 3, height, width)
        wanted = written(weights, x)
        for made in (module(x), printed(x)):
            outputs = made if isinstance(made, tuple) else (made,)
            assert len(outputs) == len(wanted)
            for one, other in zip(outputs, wanted, strict=True):
                torch.testing.assert_close(one, other)
        declared = [network.graph.nodes[i].shape.dims for _, i in network.graph.outputs]
        sizes = {"H": height, "W": width}
        assert [evaluated(dims, sizes) for dims in declared] == [tuple(each.shape[1:]) for each in wanted]


@pytest.mark.parametrize(
    ("statement", "at", "why"),
    [
        ("gap as v; from in; upsample like=v", "like=v", "3×8×8 has 2 spatial dimensions, but `v`, 3, has 0"),
        ("relu as v; upsample 2 like=v", "like=v", "a factor and `like=` are mutually exclusive"),
        ("upsample like=v", "v", None),
        ("let v = 2; upsample like=v", "v", None),
    ],
)
def test_what_a_size_cannot_be_taken_of(statement: str, at: str, why: str | None) -> None:
    with pytest.raises(archdsl.ArchError) as caught:
        archdsl.loads(f"input 3x8x8; {statement}")
    (found,) = caught.value.diagnostics
    assert at in found.diagnostic.span.text
    assert why is None or found.diagnostic.label() == why
