"""Every synonym, against what PyTorch, or another framework that has the name, computes for it by default."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import archdsl
from archdsl.layers import synonyms

Oracle = nn.Module | Callable[[Tensor], Tensor]
SIGNAL, IMAGE, VOLUME, SEQUENCE, VECTOR = "8x6", "8x6x4", "8x4x6x4", "6x8", "8"
_RANKS = {"1d": SIGNAL, "2d": IMAGE, "3d": VOLUME}


class _Attention(nn.MultiheadAttention):
    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        return super().forward(x, x, x, need_weights=False)[0]


class _Recurrent(nn.RNN):
    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        return super().forward(x)[0]


class _ClassToken(nn.Module):
    """https://docs.pytorch.org/vision/stable/models/vision_transformer.html prepends one token."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1, 1, 8))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.weight.expand(len(x), -1, -1), x], 1)


class _Positions(nn.Module):
    """The learned vectors of https://keras.io/keras_hub/api/modeling_layers/position_embedding/ for all steps."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1, 6, 8))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.weight


def _per_rank(names: str, arguments: str, module: str, *values: object) -> list[tuple[str, str, str, Oracle]]:
    """Names with and without a number of dimensions; those without are tried on an image."""
    found = []
    for name in names.split():
        rank = name[-2:] if name[-2:] in _RANKS else "2d"
        oracle = getattr(nn, f"{module}{rank}")(*values)
        found.append((name, _RANKS[rank], arguments, oracle))
    return found


def _equal(names: str, sizes: str, arguments: str, oracle: Oracle) -> list[tuple[str, str, str, Oracle]]:
    return [(name, sizes, arguments, oracle) for name in names.split()]


def _pooled(names: str, reduce: Callable[[Tensor, int], Tensor]) -> list[tuple[str, str, str, Oracle]]:
    """Global pooling by its short name, `avg`, and the one in Keras's layers, `average`."""
    short, long = names.split()
    words = [f"global_{short}_pool", f"global{short}pool", *(f"global{long}pooling{rank}" for rank in ("", *_RANKS))]
    return [(word, _RANKS.get(word[-2:], IMAGE), "", lambda x: reduce(x.flatten(2), 2)) for word in words]


CASES = [
    *_equal("leaky_relu lrelu", IMAGE, "", nn.LeakyReLU()),
    *_equal("swish", IMAGE, "", nn.SiLU()),
    *_equal("hswish hard_swish", IMAGE, "", nn.Hardswish()),
    *_equal("hsigmoid hard_sigmoid", IMAGE, "", nn.Hardsigmoid()),
    *_equal("log_softmax", VECTOR, "", nn.LogSoftmax(1)),
    *_equal("noop nothing", IMAGE, "", nn.Identity()),
    *_equal("class_token classtoken", SEQUENCE, "", _ClassToken()),
    *_equal("position_embedding positionembedding", SEQUENCE, "", _Positions()),
    *_per_rank("conv1d conv2d conv3d convolution", "5 k3", "Conv", 8, 5, 3),
    *_per_rank(
        "depthwise depthwise_conv depthwiseconv depthwiseconv1d depthwiseconv2d", "k3", "Conv", 8, 8, 3, 1, 0, 1, 8
    ),
    *_per_rank(
        "deconv convtranspose conv_transpose convtranspose1d convtranspose2d convtranspose3d",
        "5 k3", "ConvTranspose", 8, 5, 3,
    ),
    *(
        (f"conv{rank}transpose", sizes, "5 k3", getattr(nn, f"ConvTranspose{rank}")(8, 5, 3))
        for rank, sizes in _RANKS.items()
    ),
    *_per_rank(
        "zeropad zero_pad zeropad1d zeropad2d zeropad3d zeropadding zeropadding1d zeropadding2d zeropadding3d",
        "1", "ZeroPad", 1,
    ),
    *_equal("center_crop centercrop", IMAGE, "2", lambda x: x[:, :, 2:4, 1:3]),
    *_equal("select", IMAGE, "2 axis=h", lambda x: x.select(2, 2)),
    *_equal("absolute", IMAGE, "", torch.absolute),
    *_equal("negative negate", IMAGE, "", torch.negative),
    *_equal("power", IMAGE, "2", lambda x: torch.pow(x, 2)),
    *_equal("clip", IMAGE, "min=-0.5 max=0.5", lambda x: torch.clip(x, -0.5, 0.5)),
    *_equal("linear dense fully_connected fullyconnected", VECTOR, "5", nn.Linear(8, 5)),
    *_equal("embed", "6", "5", nn.Embedding(9, 5)),
    *_per_rank("batchnorm batch_norm batchnorm1d batchnorm2d batchnorm3d batchnormalization", "", "BatchNorm", 8),
    *_equal("gn group_norm groupnormalization", IMAGE, "4", nn.GroupNorm(4, 8)),
    *_per_rank("instance_norm instancenorm1d instancenorm2d instancenorm3d", "", "InstanceNorm", 8),
    *_equal("ln layer_norm layernormalization", SEQUENCE, "", nn.LayerNorm(8)),
    *_equal("rms_norm", SEQUENCE, "", nn.RMSNorm(8)),
    *_equal("localresponsenorm local_response_norm", IMAGE, "5", nn.LocalResponseNorm(5)),
    *_per_rank(
        "max_pool maxpool1d maxpool2d maxpool3d maxpooling maxpooling1d maxpooling2d maxpooling3d", "2", "MaxPool", 2
    ),
    *_per_rank(
        "avg_pool avgpool1d avgpool2d avgpool3d averagepooling averagepooling1d averagepooling2d averagepooling3d",
        "2", "AvgPool", 2,
    ),
    *_per_rank("lp_pool lppool1d lppool2d lppool3d", "2", "LPPool", 2, 2),
    *_pooled("avg average", Tensor.mean),
    *_pooled("max max", Tensor.amax),
    *_per_rank(
        "adaptiveavgpool adaptive_avg_pool adaptiveavgpool1d adaptiveavgpool2d adaptiveavgpool3d",
        "3", "AdaptiveAvgPool", 3,
    ),
    *_per_rank(
        "adaptivemaxpool adaptive_max_pool adaptivemaxpool1d adaptivemaxpool2d adaptivemaxpool3d",
        "3", "AdaptiveMaxPool", 3,
    ),
    *_equal("simplernn simple_rnn", SEQUENCE, "5", _Recurrent(8, 5, batch_first=True)),
    *_equal("reduce_max", IMAGE, "axis=h", lambda x: x.amax(2)),
    *_equal("reduce_min", IMAGE, "axis=h", lambda x: x.amin(2)),
    *_equal("vector_norm", IMAGE, "axis=h", lambda x: torch.linalg.vector_norm(x, dim=2)),
    *_per_rank("dropout1d dropout3d spatialdropout1d spatialdropout2d spatialdropout3d", "0.5", "Dropout", 0.5),
    *_equal("spatial_dropout", IMAGE, "0.5", nn.Dropout2d(0.5)),
    *_equal("upsampling", IMAGE, "2", nn.Upsample(scale_factor=2)),
    *((f"upsampling{rank}", sizes, "2", nn.Upsample(scale_factor=2)) for rank, sizes in _RANKS.items()),
    *_equal("interpolate", IMAGE, "9x9", lambda x: F.interpolate(x, (9, 9))),
    *_equal("pixel_shuffle", IMAGE, "2", nn.PixelShuffle(2)),
    *_equal("pixel_unshuffle", IMAGE, "2", nn.PixelUnshuffle(2)),
    *_equal("channel_shuffle channelshuffle", IMAGE, "2", nn.ChannelShuffle(2)),
    *_equal("view", VECTOR, "2x2x2", lambda x: x.view(-1, 2, 2, 2)),
    *_equal("unflatten", VECTOR, "2x2x2", nn.Unflatten(1, (2, 2, 2))),
    *_equal("to_tokens", IMAGE, "", lambda x: x.flatten(2).transpose(1, 2)),
    *_equal("untokens from_tokens", SEQUENCE, "3x2", lambda x: x.transpose(1, 2).reshape(-1, 8, 3, 2)),
    *_equal(
        "selfattention self_attention mha multiheadattention multihead_attention", SEQUENCE, "2",
        _Attention(8, 2, batch_first=True),
    ),
]  # fmt: skip
APART = {"droppath", "stochastic_depth", "stochasticdepth", "position_bias", "relative_position_bias"}
"""No framework that is installed here has them: tested with their layers."""


def test_every_synonym_is_compared() -> None:
    assert sorted([*(name for name, *_ in CASES), *APART]) == sorted(synonyms())


@pytest.mark.parametrize(("name", "sizes", "arguments", "oracle"), CASES, ids=[name for name, *_ in CASES])
def test_synonym_computes_what_its_name_says(name: str, sizes: str, arguments: str, oracle: Oracle) -> None:
    ids = name == "embed"
    text = f"input {sizes} int(9)" if ids else f"input {sizes}"
    model = archdsl.loads(f"{text}; {name} {arguments}").to_torch()
    shape = [3, *map(int, sizes.split("x"))]
    x = torch.randint(9, shape) if ids else torch.randn(shape)
    if isinstance(oracle, nn.Module):
        weights = [*model.state_dict().values()]
        assert [each.shape for each in oracle.state_dict().values()] == [each.shape for each in weights]
        oracle.load_state_dict(dict(zip(oracle.state_dict(), weights, strict=True)))
        oracle.train()
    torch.manual_seed(0)
    actual = model(x)
    torch.manual_seed(0)
    torch.testing.assert_close(actual, oracle(x))
