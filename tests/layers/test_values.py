"""Values that layers compute, on examples; the layer property covers their shapes."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import archdsl
from archdsl.backends import modules


def run(text: str, x: Tensor, weights: dict[str, Tensor] | None = None) -> Tensor:
    """The network of a text, applied to one sample in eval mode."""
    sizes = "x".join(map(str, x.shape))
    module = archdsl.loads(f"input {sizes}; {text}").to_torch().eval()
    if weights:
        module.load_state_dict(weights)
    with torch.no_grad():
        result: Tensor = module(x[None])[0]
    return result


def count(*sizes: int) -> Tensor:
    """0, 1, 2, … in this shape."""
    return torch.arange(torch.Size(sizes).numel(), dtype=torch.float32).view(sizes)


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize("kernel", [2, 3, 4])
def test_same_padding_matches_torch(kernel):
    weight = torch.randn(1, 1, kernel, kernel)
    x = torch.randn(1, 9, 9)
    ours = run(f"conv 1 k{kernel} same nobias", x, {"conv1.weight": weight})
    torch.testing.assert_close(ours, F.conv2d(x[None], weight, padding="same")[0])


def test_same_upper_padding_is_minimal():
    # A length of 4 at stride 2 needs one more element for a kernel of 3, at the end: the mean of 3 and the zeros is
    # 3/3.
    torch.testing.assert_close(run("avgpool 3 s2 same_upper", count(1, 4)), torch.tensor([[1, 5 / 3]]))


def test_maxpool_is_not_padded_with_zeros():
    assert run("maxpool 2 s1 same", torch.tensor([[-1.0, -2, -3]])).tolist() == [[-1, -2, -3]]


def test_avgpool_can_exclude_padding():
    x = torch.ones(1, 3)
    assert run("avgpool 3 s1 p1", x)[0, 0] == pytest.approx(2 / 3)
    assert run("avgpool 3 s1 p1 exclude_pad", x).tolist() == [[1, 1, 1]]


@pytest.mark.parametrize("padding", ["same", "same_upper"])
@pytest.mark.parametrize(("kernel", "stride"), [(2, 1), (2, 2), (3, 2), (4, 2), (5, 3), (4, 1)])
@pytest.mark.parametrize("sizes", [(7,), (8, 5), (5, 6, 5)])
def test_avgpool_excludes_asymmetric_padding(sizes, kernel, stride, padding):
    x, ones = torch.randn(2, *sizes), torch.ones(1, *sizes)
    words = f"k{kernel} s{stride} {padding}"
    # The sum of a window divided by the number of its elements inside.
    wanted = run(f"avgpool {words}", x) / run(f"avgpool {words}", ones)
    torch.testing.assert_close(run(f"avgpool {words} exclude_pad", x), wanted)


@pytest.mark.parametrize("norm", [0.5, 1, 1.5, 2, 3, 4, 5])
def test_lppool_is_the_norm_of_absolute_values(norm):
    x = torch.randn(3, 6, 8)
    windows = x.unfold(1, 2, 2).unfold(2, 2, 2).flatten(3)
    wanted = torch.linalg.vector_norm(windows, ord=norm, dim=3)
    torch.testing.assert_close(run(f"lppool 2 norm={norm}", x), wanted)
    assert run("lppool 4 norm=1", torch.tensor([[-1.0, 1, 0, 0]])).tolist() == [[2]]


@pytest.mark.parametrize(("word", "expected"), [("gap", [2, 3]), ("gmp", [3, 4])])
def test_sequence_pooling_is_over_its_steps(word, expected):
    x = torch.tensor([[[1.0, 3]], [[4, 2]]])
    assert run(word, x).tolist() == expected
    assert run(f"tokens; {word}", x).tolist() == expected
    assert run(f"tokens; {word} keep", x).tolist() == [expected]


def test_norm_and_linear_layers_treat_image_channels_as_features():
    x = torch.randn(4, 3, 5)
    last = x.permute(1, 2, 0)
    torch.testing.assert_close(run("layernorm", x), F.layer_norm(last, (4,)).permute(2, 0, 1))
    torch.testing.assert_close(run("rmsnorm eps=1e-5", x), F.rms_norm(last, (4,), eps=1e-5).permute(2, 0, 1))


def test_prelu_and_linear_layers_use_the_feature_axis():
    x = torch.full((2, 3), -1.0)
    slopes = torch.tensor([1.0, 2, 3])
    assert run("layernorm noaffine; prelu channelwise", x, {"prelu1.weight": slopes}).shape == (2, 3)
    feature_map = torch.randn(4, 2, 2)
    weight, bias = torch.randn(5, 4), torch.randn(5)
    ours = run("fc 5 axis=0", feature_map, {"fc1.weight": weight, "fc1.bias": bias})
    torch.testing.assert_close(ours, F.conv2d(feature_map[None], weight[:, :, None, None], bias)[0])


def test_crop_and_take():
    x = count(1, 4, 4)
    assert run("crop 2", x).tolist() == [[[5, 6], [9, 10]]]
    assert run("crop 2x1 start=0x3", x).tolist() == [[[3], [7]]]
    assert run("slice 1 -1 axis=1; slice 0 step=2 axis=2", x).tolist() == [[[4, 6], [8, 10]]]
    assert run("pad before=1x0 after=0x1 value=9; crop 2 start=0x3", x).tolist() == [[[9, 9], [3, 9]]]
    assert run("take -1 axis=1; take 0 axis=0", x).tolist() == [12, 13, 14, 15]


def test_reshapes_round_trip():
    x = count(6, 2, 3)
    for there_and_back in (
        "tokens; untokens 2x3",
        "flatten; reshape 6x2x3",
        "permute 2 0 1; permute 1 2 0",
        "pixelunshuffle 1; pixelshuffle 1",
        "shuffle 2; shuffle 3",
        "reshape 6x6; permute 1 0; permute 1 0; reshape 6x2x3",
    ):
        assert torch.equal(run(there_and_back, x), x), there_and_back


def test_class_token_is_prepended_and_positions_are_added():
    x = count(3, 2)
    token, table = torch.full((1, 1, 2), 7.0), torch.ones(1, 4, 2)
    assert run("cls; pos", x, {"cls1.weight": token, "pos1.weight": table}).tolist() == [[8, 8], [1, 2], [3, 4], [5, 6]]


def test_sinusoidal_positions_match_the_paper():
    table = modules.SinePositions(50, 6)(torch.zeros(1, 50, 6))[0]
    angle = torch.tensor(7 / 10000 ** (4 / 6))
    torch.testing.assert_close(table[7, 4:6], torch.stack([angle.sin(), angle.cos()]))


def test_constant_and_learned_scale():
    x = torch.ones(2, 2, 2)
    assert torch.equal(run("scale 0.5", x), x / 2)
    learned = archdsl.loads("input 2x2x2; scale 1e-6 learned").to_torch()
    assert [tuple(p.shape) for p in learned.parameters()] == [(2, 1, 1)]
    assert torch.allclose(next(learned.parameters()), torch.tensor(1e-6))


@pytest.mark.parametrize(
    ("text", "function"),
    [
        ("abs", torch.abs),
        ("neg", torch.neg),
        ("exp", torch.exp),
        ("log", torch.log),
        ("sqrt", torch.sqrt),
        ("rsqrt", torch.rsqrt),
        ("square", torch.square),
        ("sin", torch.sin),
        ("cos", torch.cos),
        ("pow 1.5", lambda x: x * x.sqrt()),
        ("pow -1", torch.reciprocal),
        ("clamp 0.2 0.6", lambda x: torch.minimum(torch.maximum(x, torch.tensor(0.2)), torch.tensor(0.6))),
        ("clamp max=0.5", lambda x: torch.where(x > 0.5, 0.5, x)),
        ("shift -2", lambda x: x - 2),
        ("shift 0.5 learned", lambda x: x + 0.5),
    ],
)
def test_elementwise_functions_match_torch(text, function):
    x = torch.rand(3, 4, 5) + 0.01
    torch.testing.assert_close(run(text, x), function(x))


@pytest.mark.parametrize(
    ("text", "function"),
    [
        ("mean axis=hw", lambda x: x.mean((1, 2))),
        ("mean axis=0", lambda x: x.mean(0)),
        ("sum axis=-1 keep", lambda x: x.sum(2, keepdim=True)),
        ("amax axis=c", lambda x: x.max(0).values),
        ("amin axis=0x2", lambda x: x.flatten().view(3, 4, 5).amin((0, 2))),
        ("std axis=w", lambda x: ((x - x.mean(2, keepdim=True)).square().sum(2) / 4).sqrt()),
        ("std axis=w correction=0", lambda x: ((x - x.mean(2, keepdim=True)).square().sum(2) / 5).sqrt()),
        ("norm axis=c", lambda x: x.square().sum(0).sqrt()),
        ("norm 3 axis=ch keep", lambda x: x.abs().pow(3).sum((0, 1), keepdim=True) ** (1 / 3)),
        ("softmax axis=h", lambda x: x.exp() / x.exp().sum(1, keepdim=True)),
        ("softmax axis=hw", lambda x: x.exp() / x.exp().sum((1, 2), keepdim=True)),
        ("logsoftmax axis=chw", lambda x: x - x.exp().sum().log()),
        ("slice 1 3 axis=h", lambda x: x[:, 1:3]),
        ("take 1 axis=w", lambda x: x[:, :, 1]),
    ],
)
def test_axes_can_be_given_by_letter_or_number(text, function):
    x = torch.randn(3, 4, 5)
    torch.testing.assert_close(run(text, x), function(x))


@pytest.mark.parametrize(
    ("text", "layout"),
    [
        ("input 3x4; mean axis=t keep", "sequence"),
        ("input 3x4; mean axis=l keep", "signal"),
        ("input 3x4; mean axis=0 keep", "signal or sequence"),
        ("input 3x4x5; mean axis=h", "signal"),
        ("input 3x4x5; mean axis=c", "signal or sequence"),
        ("input 3x4x5x6; mean axis=d", "image"),
        ("input TxC; mean axis=t", "vector"),
    ],
)
def test_reduced_shape_keeps_the_layout_of_its_axes(text, layout):
    settings = {"input": "6x4"} if "TxC" in text else {}
    assert archdsl.loads(text, **settings).graph.output.shape.layout == layout


def test_variable_named_like_an_axis_needs_parentheses():
    text = "input 3x4x5; let c = 1; mean axis={}"
    shapes = [archdsl.loads(text.format(axis)).graph.output.shape.dims for axis in ("c", "(c)")]
    assert shapes == [(4, 5), (3, 5)]


def test_block_may_be_named_norm():
    network = archdsl.loads("block norm { bn }\ninput 3x4x5; norm")
    assert [node.op.keyword for node in network.graph.layers] == ["bn"]


@pytest.mark.parametrize(
    ("text", "function"),
    [
        ("sub { mean axis=hw keep }", lambda x: x - x.mean((1, 2), keepdim=True)),
        ("sub { neg } { abs }", lambda x: -x - x.abs()),
        ("div { norm axis=c keep }", lambda x: F.normalize(x, dim=0)),
        ("mul { amax axis=chw keep }", lambda x: x * x.max()),
        ("maximum { neg }", torch.abs),
        ("minimum { neg } { } { shift 1 }", lambda x: -x.abs()),
        ("concat { neg } axis=w", lambda x: torch.cat([x, -x], 2)),
        ("concat axis=-2 { } { neg }", lambda x: torch.cat([x, -x], 1)),
        ("stack { neg } axis=d", lambda x: torch.stack([x, -x], 1)),
        ("stack axis=-1 { } { neg }", lambda x: torch.stack([x, -x], 3)),
        ("matmul { permute 0 2 1 }", lambda x: x @ x.transpose(1, 2)),
    ],
)
def test_merge_values_match_torch(text, function):
    x = torch.randn(3, 4, 5)
    torch.testing.assert_close(run(text, x), function(x))


def test_stacked_axis_name_determines_the_layout():
    shapes = [
        archdsl.loads(f"input {text}").graph.output.shape
        for text in ("6; stack { } axis=t", "6; stack { } axis=l", "2x3x4; stack { } axis=d")
    ]
    assert [(str(shape), shape.layout) for shape in shapes] == [
        ("2×6", "sequence"),
        ("6×2", "signal"),
        ("2×2×3×4", "volume"),
    ]


def test_matmul_multiplies_each_matrix_of_a_batch():
    text = "input 6x8; fc 4 as q; from in; fc 4; permute 1 0 as k; from q; matmul k; softmax axis=1"
    network = archdsl.loads(text)
    assert network.graph.output.shape.dims == (6, 6)
    assert network.macs == 2 * 6 * 8 * 4 + 6 * 6 * 4


def test_learned_tensor_is_shared_by_all_samples():
    module = archdsl.loads("input 3x8x8; learned 5x4 as queries; fc 2").to_torch()
    assert next(tuple(p.shape) for p in module.parameters()) == (5, 4)
    y = module(torch.rand(3, 3, 8, 8))
    assert y.shape == (3, 5, 2)
    assert torch.equal(y[0], y[1])


@pytest.mark.parametrize("name", ["sobel_x", "sobel_y", "laplace", "sharpen", "gaussian", "box"])
def test_fixed_filters_have_the_documented_values(name):
    x = torch.rand(1, 6, 7)
    filters: dict[str, list[list[float]]] = {
        "sobel_x": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
        "sobel_y": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
        "laplace": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
        "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
        "gaussian": [[1 / 16, 2 / 16, 1 / 16], [2 / 16, 4 / 16, 2 / 16], [1 / 16, 2 / 16, 1 / 16]],
        "box": [[1 / 9] * 3] * 3,
    }
    rows = filters[name]
    kernel = torch.tensor(rows, dtype=torch.float32)
    torch.testing.assert_close(
        run(f"conv 1 k3 same fixed={name}", x), F.conv2d(x[None], kernel[None, None], padding=1)[0]
    )
    text = "; ".join(" ".join(map(str, row)) for row in rows)
    torch.testing.assert_close(run(f'conv 1 k3 fixed="{text}"', x), F.conv2d(x[None], kernel[None, None])[0])


def test_fixed_filter_sums_over_channels_or_is_depthwise():
    x = torch.rand(3, 6, 7)
    each = run("dwconv k3 s2 pad_mode=reflect p1 fixed=gaussian", x)
    summed = run("conv 1 k3 s2 pad_mode=reflect p1 fixed=gaussian", x)
    torch.testing.assert_close(each.sum(0, keepdim=True), summed)
    torch.testing.assert_close(
        run("dwconv k5 same fixed=gaussian", torch.eye(5)[2][None]), torch.tensor([[1, 4, 6, 4, 1]]) / 16
    )
    network = archdsl.loads("input 3x6x7; dwconv k3 fixed=box; conv 4 k1")
    assert (network.parameters, list(dict(network.to_torch().named_buffers()))) == (16, ["dwconv1.weight"])


@pytest.mark.parametrize(
    ("statement", "at", "why"),
    [
        ('conv 1 k3 fixed="1 2; 3 x"', "x", "`x` is not a number"),
        ('conv 1 k3 fixed="1 2; 3 4"', 'fixed="1 2; 3 4"', "the filter is 2×2, but the kernel is 3×3"),
        ("conv 4 k3 fixed=box", "4", "all 4 filters would be the same"),
        ("conv 1 k5 fixed=sobel_x", "k5", "`sobel_x` has a kernel of 3"),
        ("conv 1 k3 fixed=box frozen", "frozen", "a filter that is `fixed` is not learned"),
        ("conv 1 k3 fixed=sobel", "fixed=sobel", None),
    ],
)
def test_invalid_fixed_filter_is_refused(statement, at, why):
    with pytest.raises(archdsl.ArchError) as caught:
        archdsl.loads(f"input 3x8x8; {statement}")
    (found,) = caught.value.diagnostics
    assert found.diagnostic.span.text == at
    assert why is None or found.diagnostic.label() == why


@pytest.mark.parametrize("layer", ["conv 6 k3 g2", "upconv 6 k3 g2", "upconv 6 k3", "dwconv k3", "tokens; fc 6"])
def test_standardized_filters_have_mean_0_and_variance_1(layer):
    module = archdsl.loads(f"input 4x5x5; {layer} weight=standardized").to_torch()
    inner: Any = next(each for each in module.modules() if hasattr(each, "parametrizations"))
    weight, groups = inner.weight, getattr(inner, "groups", 1)
    if layer.startswith("upconv"):
        weight = weight.reshape(groups, 4 // groups, 6 // groups, 3, 3).transpose(1, 2).flatten(0, 1)
    flat = weight.flatten(1)
    torch.testing.assert_close(flat.mean(1), torch.zeros(len(flat)), atol=1e-6, rtol=0)
    torch.testing.assert_close(flat.var(1, correction=0), torch.ones(len(flat)), atol=0.01, rtol=0)


def test_weight_parametrizations_match_torch():
    x = torch.rand(2, 4, 5, 5)
    for form, function in (("norm", nn.utils.parametrizations.weight_norm), ("spectral", _spectral)):
        network = archdsl.loads(f"input 4x5x5; conv 6 k3 weight={form}")
        module, wanted = network.to_torch().eval(), function(nn.Conv2d(4, 6, 3)).eval()
        wanted.load_state_dict({name.removeprefix("conv1."): each for name, each in module.state_dict().items()})
        assert torch.equal(module(x), wanted(x))
        assert network.parameters == sum(p.numel() for p in wanted.parameters())


def _spectral(module: nn.Module) -> nn.Module:
    made: nn.Module = nn.utils.parametrizations.spectral_norm(module)
    return made


def test_init_cannot_set_a_computed_weight():
    with pytest.raises(archdsl.ArchError, match="so `init` cannot set it"):
        archdsl.loads("input 4x5x5; conv 6 k3 weight=norm init=kaiming")


def test_learned_shift_has_one_bias_per_channel():
    learned = archdsl.loads("input 2x2x2; shift 0.5 learned").to_torch()
    assert [(name, tuple(p.shape)) for name, p in learned.named_parameters()] == [("shift1.bias", (2, 1, 1))]


def test_drop_path_drops_whole_samples_and_keeps_the_mean():
    torch.manual_seed(0)
    layer = modules.DropPath(0.25)
    y = layer(torch.ones(20_000, 2, 2))
    kept = y[:, 0, 0] > 0
    assert torch.equal(y, torch.where(kept[:, None, None], torch.tensor(4 / 3), 0.0).expand_as(y))
    assert kept.float().mean() == pytest.approx(0.75, abs=0.02)
    assert torch.equal(layer.eval()(y), y)
    assert not modules.DropPath(1.0)(y).any()


def test_causal_attention_does_not_look_ahead():
    module = archdsl.loads("input 6x8; attention h2 causal").to_torch().eval()
    x = torch.randn(1, 6, 8)
    before = module(x)
    x[0, 3] += 1
    changed = (module(x) - before).abs().amax(2)[0] > 1e-6
    assert changed.tolist() == [False, False, False, True, True, True]


def test_modules_missing_in_torch_can_be_exported():
    text = "attention h2 window=4 shift=2 relative=mlp cosine; drop_path 0.1; tokens; cls; pos; attention h2 causal"
    module = archdsl.loads(f"input 8x8x8; {text}; pos sines; scale 0.1 learned").to_torch().eval()
    x = torch.randn(2, 8, 8, 8)
    torch.testing.assert_close(torch.export.export(module, (x,)).module()(x), module(x))
    module.train()(x).sum().backward()
    assert all(parameter.grad is not None for parameter in module.parameters())
