"""Networks with symbolic dimensions: one module serves every valid size, as a hand-written one does."""

from collections.abc import Callable, Mapping
from typing import Any

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
def test_one_module_runs_at_every_valid_size(
    text: str, written: Callable[[Weights, Tensor], tuple[Tensor, ...]]
) -> None:
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


# As published: without padding (Ronneberger et al., 2015), and halved five times (Long et al., 2015).
UNPADDED = """
input 3xHxW
conv 4 k3; relu; conv 4 k3; relu as e1
maxpool 2; conv 8 k3; relu as e2
maxpool 2; conv 8 k3; relu
upsample like=e2; concat e2; conv 8 k3; relu
upsample like=e1; concat e1; conv 4 k3; relu
conv 2 k1
upsample like=in bilinear
"""
HALVED = """
input 3xHxW
conv 4 k3 p1; relu; maxpool 2
conv 4 k3 p1; relu; maxpool 2
conv 4 k3 p1; relu; maxpool 2 as pool3
conv 4 k3 p1; relu; maxpool 2 as pool4
conv 4 k3 p1; relu; maxpool 2; conv 2 k1
upsample like=pool4 bilinear; add { from pool4; conv 2 k1 }
upsample like=pool3 bilinear; add { from pool3; conv 2 k1 }
upsample like=in bilinear
"""
CROPPED = """
input 3xHxW
conv 4 k3; relu; conv 4 k3; relu as e1
maxpool 2; conv 8 k3; relu as e2
maxpool 2; conv 8 k3; relu
upconv 8 k2 s2 as d2
concat { from e2; crop like=d2 } d2; conv 8 k3; relu
upconv 4 k2 s2 as d1
concat { from e1; crop like=d1 } d1; conv 2 k3
pad 1; concat { from in; crop like=d1 start=3 }
"""
DOUBLED = """
input 3xHxW
conv 4 k3 p1; relu as e1
maxpool 2; conv 8 k3 p1; relu as e2
maxpool 2; conv 8 k3 p1; relu
upsample 2; concat e2; conv 8 k3 p1; relu
upsample 2; concat e1; conv 2 k3 p1
"""
PYRAMID = """
input 3xHxW
conv 8 k7 s2; relu; maxpool k3 s2 as c1
conv 8 k3 s2; relu as c2
conv 8 k3 s2 d2; relu
conv 4 k1 as p3
upsample like=c2; add { from c2; conv 4 k1 } as p2
upsample like=c1; add { from c1; conv 4 k1 } as p1
output p1, p2, p3
"""


def unpadded(weights: Weights, x: Tensor) -> tuple[Tensor, ...]:
    e1 = conv(weights, 2, conv(weights, 1, x).relu()).relu()
    e2 = conv(weights, 3, F.max_pool2d(e1, 2)).relu()
    bottom = conv(weights, 4, F.max_pool2d(e2, 2)).relu()
    d2 = conv(weights, 5, torch.cat([F.interpolate(bottom, e2.shape[2:]), e2], 1)).relu()
    d1 = conv(weights, 6, torch.cat([F.interpolate(d2, e1.shape[2:]), e1], 1)).relu()
    return (F.interpolate(conv(weights, 7, d1), x.shape[2:], mode="bilinear"),)


def halved(weights: Weights, x: Tensor) -> tuple[Tensor, ...]:
    pools = [x]
    for number in range(1, 6):
        pools.append(F.max_pool2d(conv(weights, number, pools[-1], padding=1).relu(), 2))
    y = conv(weights, 6, pools[5])
    for number, pool in ((7, pools[4]), (8, pools[3])):
        y = F.interpolate(y, pool.shape[2:], mode="bilinear") + conv(weights, number, pool)
    return (F.interpolate(y, x.shape[2:], mode="bilinear"),)


def cropped(weights: Weights, x: Tensor) -> tuple[Tensor, ...]:
    def up(number: int, skip: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        y = F.conv_transpose2d(x, weights[f"d{number}.weight"], weights[f"d{number}.bias"], stride=2)
        top, left = ((skip.shape[axis] - y.shape[axis]) // 2 for axis in (2, 3))
        return y, torch.cat([skip[:, :, top : top + y.shape[2], left : left + y.shape[3]], y], 1)

    e1 = conv(weights, 2, conv(weights, 1, x).relu()).relu()
    e2 = conv(weights, 3, F.max_pool2d(e1, 2)).relu()
    _, d2 = up(2, e2, conv(weights, 4, F.max_pool2d(e2, 2)).relu())
    d1, both = up(1, e1, conv(weights, 5, d2).relu())
    y = F.pad(conv(weights, 6, both), (1, 1, 1, 1))
    return (torch.cat([y, x[:, :, 3 : 3 + d1.shape[2], 3 : 3 + d1.shape[3]]], 1),)


def doubled(weights: Weights, x: Tensor) -> tuple[Tensor, ...]:
    e1 = conv(weights, 1, x, padding=1).relu()
    e2 = conv(weights, 2, F.max_pool2d(e1, 2), padding=1).relu()
    bottom = conv(weights, 3, F.max_pool2d(e2, 2), padding=1).relu()
    d2 = conv(weights, 4, torch.cat([F.interpolate(bottom, scale_factor=2.0), e2], 1), padding=1).relu()
    return (conv(weights, 5, torch.cat([F.interpolate(d2, scale_factor=2.0), e1], 1), padding=1),)


def pyramid(weights: Weights, x: Tensor) -> tuple[Tensor, ...]:
    c1 = F.max_pool2d(conv(weights, 1, x, stride=2).relu(), 3, 2)
    c2 = conv(weights, 2, c1, stride=2).relu()
    p3 = conv(weights, "p3", conv(weights, 3, c2, stride=2, dilation=2).relu())
    p2 = F.interpolate(p3, c2.shape[2:]) + conv(weights, 4, c2)
    return F.interpolate(p2, c1.shape[2:]) + conv(weights, 5, c1), p2, p3


def attempted(function: Callable[..., Any], *inputs: Any) -> tuple[Tensor, ...] | None:
    """The outputs; None where torch refuses the size."""
    try:
        made = function(*inputs)
    except RuntimeError:
        return None
    return made if isinstance(made, tuple) else (made,)


@pytest.mark.parametrize(
    ("text", "written"),
    [(UNPADDED, unpadded), (HALVED, halved), (CROPPED, cropped), (DOUBLED, doubled), (PYRAMID, pyramid)],
    ids=["unpadded", "halved", "cropped", "doubled", "pyramid"],
)
@torch.no_grad()
def test_valid_sizes_are_those_that_torch_accepts(
    text: str, written: Callable[[Weights, Tensor], tuple[Tensor, ...]]
) -> None:
    """Around the least valid sizes, and at larger ones."""
    network = archdsl.loads(text)
    module = network.to_torch().eval()
    weights = module.state_dict()
    least = network.sizes.sets["H"].least
    assert least is not None
    around = [*range(1, 8), *range(max(8, least - 4), least + 9)]
    pairs = [(n, n) for n in around] + [(n, least + 1) for n in around[::2]] + [(least, n) for n in around[1::2]]
    pairs += [(h, w) for h in (33, 36, 44, 64, 68) for w in (40, 63, 84, 92, 96)]
    verdicts = []
    for height, width in pairs:
        x = torch.rand(2, 3, height, width)
        wanted, made = attempted(written, weights, x), attempted(module.forward, x)
        verdict = network.sizes.verdict((height, width))
        assert (verdict.failed is None) == (wanted is not None) == (made is not None), (height, width)
        verdicts.append(wanted is not None)
        if wanted is not None and made is not None:
            assert verdict.outputs == tuple(tuple(each.shape[1:]) for each in wanted)
            for one, other in zip(made, wanted, strict=True):
                torch.testing.assert_close(one, other)
    assert verdicts.count(True) >= 20
    assert False in verdicts


SLICES = ("slice 0 8 axis=1", "slice -8 axis=1", "slice 1 -2 axis=1", "slice 2 8 axis=2 step=3", "slice -7 -1 axis=2")


@pytest.mark.parametrize("statement", SLICES)
def test_slice_keeps_its_ends_at_every_size(statement: str) -> None:
    """Also where the size in the text is one of the ends, so that the slice reaches the end of the axis there."""
    network = archdsl.loads(f"input 3x8x8; {statement}", input="3xHxW")
    module, printed = network.to_torch(), from_source(to_source(network.graph), network.graph)
    for height, width in ((8, 8), (9, 13), (20, 10)):
        x = torch.rand(2, 3, height, width)
        wanted = archdsl.loads(f"input 3x{height}x{width}; {statement}").to_torch()(x)
        torch.testing.assert_close(module(x), wanted)
        torch.testing.assert_close(printed(x), wanted)


@pytest.mark.parametrize("statement", ["maxpool 2 same_upper", "avgpool 2 same_upper", "conv 4 k2 s2 same_upper"])
@pytest.mark.parametrize("head", ["input 8xL", "input 8x6"])
def test_padding_that_some_sizes_need_is_an_error(head: str, statement: str) -> None:
    """With even sizes, these layers need no padding, so the call for the example size would fit no odd one."""
    with pytest.raises(archdsl.ArchError) as caught:
        archdsl.loads(f"{head}; {statement}", input="8xL")
    assert [found.diagnostic.code for found in caught.value.diagnostics] == ["E0512"]
    assert archdsl.loads(f"input 8x7; {statement}").source()


@pytest.mark.parametrize(
    ("statement", "at", "why"),
    [
        ("gap as v; from in; upsample like=v", "like=v", "3×8×8 has 2 spatial dimensions, but `v`, 3, has 0"),
        ("relu as v; upsample 2 like=v", "like=v", "a factor and `like=` are mutually exclusive"),
        ("upsample like=v", "v", None),
        ("let v = 2; upsample like=v", "v", None),
    ],
)
def test_invalid_size_reference_is_an_error(statement: str, at: str, why: str | None) -> None:
    with pytest.raises(archdsl.ArchError) as caught:
        archdsl.loads(f"input 3x8x8; {statement}")
    (found,) = caught.value.diagnostics
    assert at in found.diagnostic.span.text
    assert why is None or found.diagnostic.label() == why
