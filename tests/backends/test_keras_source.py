"""Keras source: equal outputs after the weights are copied, and what is refused."""

import os
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
import torch
from click.testing import CliRunner

import archdsl
from archdsl.backends.keras import Unsupported, to_keras
from archdsl.cli import main
from archdsl.graph import Graph
from archdsl.shapes.shape import Layout
from tests.programs import generate
from tests.programs.network_property import inputs

SPATIAL = (Layout.IMAGE, Layout.VOLUME, Layout.SIGNAL)

REQUIRED = ("lenet5", "vgg16", "resnet50", "unet", "mobilenet_v2", "char_lstm", "inception_v3", "shufflenet_v2_x0_5")

TEXTS = {
    "two inputs": (
        "net Two(c = 4)\ninput left 3x16x16\ninput right 3x16x16\nconcat left; conv 16 k3 s2 p1; bn; relu\n"
        "maxpool 3 s2 p1; aux side { gap; fc 3 }; conv 8 k3 same; flatten; fc 5\n"
    ),
    "the last step": "input 12x8\nlstm 6 last; fc 3\n",
    "recurrent layers": "input 12x8\nlstm 6 bidirectional; gru 5; rnn 4; gru 3 last\n",
    "several layers": "input 12 int(20)\nembedding 8; lstm 6 layers=2 bidirectional dropout=0.1; fc 3\n",
    "sizes": (
        "input 3x9x8\nconv 4 k3 s2 same; upsample 2; upsample 2 bilinear; dwconv k3 p1 multiplier=2\n"
        "maxpool 3 s2 ceil; mean axis=hw keep\n"
    ),
    "padding": "input 3x9x8\nconv 4 k3x5 s2x1 p1x2; conv 4 k3 s2 same_upper; conv 4 k2 same; avgpool 3 s2 p1\n",
    "transposed": "input 3x5x5\nupconv 4 k4 s2 p1; upconv 4 k3 s2 p1 output_padding=1; upconv 2 k2 s2 nobias\n",
    "reuse": "input a 1x12x12\ninput b 1x12x12\nconv 4 k5 as c; gap as g\nfrom a; reuse c; gap; concat g; fc 2\n",
    "a signal": "input CxL\nconv 8 k9 s2; bn; relu; maxpool 2; gap; fc 3\n".replace("CxL", "2x100"),
    "a volume": "input 1x8x12x12\nconv 4 k3 p1; bn; relu; maxpool 2; gap; fc 2\n",
    "a flattened image": "input 3x6x5\nconv 4 k3; flatten; fc 7; relu; fc 2\n",
    "tokens": "input 3x6x6\nconv 8 k3 s3; tokens; layernorm; fc 5; softmax; take 0\n",
    "norms and activations": (
        "input 8x5x5\nlayernorm; groupnorm 2; bn eps=1e-3 momentum=0.01; relu6; gelu; silu; leakyrelu 0.2; elu; selu\n"
        "tanh; sigmoid; hardswish; hardsigmoid; softplus; mish; softmax; drop_path 0.1; dropout 0.1\n"
    ),
    "merges": (
        "input 6x5x5\nadd { conv 6 k1 }; mul { gap keep; conv 6 k1; sigmoid }; sub { relu }; maximum { tanh }\n"
        "concat { conv 2 k1 } { slice 0 3 }; shuffle g=1; scale 0.5; shift 1\n"
    ),
    "frozen": "input 6x5x5\nconv 4 k3 nobias frozen; gap; fc 2\n",
}


@pytest.fixture
def keras() -> Iterator[Any]:
    """Keras on torch."""
    before = os.environ.get("KERAS_BACKEND")
    os.environ["KERAS_BACKEND"] = "torch"
    try:
        yield pytest.importorskip("keras")
    finally:
        os.environ.pop("KERAS_BACKEND")
        if before is not None:
            os.environ["KERAS_BACKEND"] = before


def randomized(module: torch.nn.Module) -> torch.nn.Module:
    """The module with values of its own for all statistics and scales."""
    for part in module.modules():
        if isinstance(part, torch.nn.modules.batchnorm._BatchNorm):
            torch.nn.init.uniform_(part.weight, 0.5, 1.5)
            torch.nn.init.normal_(part.bias)
            assert isinstance(part.running_mean, torch.Tensor)
            assert isinstance(part.running_var, torch.Tensor)
            part.running_mean.normal_(0, 0.1)
            part.running_var.uniform_(0.5, 1.5)
    return module.eval()


def moved(tensor: torch.Tensor, graph: Graph, node: int, to: int) -> torch.Tensor:
    """The tensor with the channels of an image elsewhere."""
    spatial = graph.nodes[node].shape.layout in SPATIAL
    return tensor.movedim(1, -1) if spatial and to == -1 else tensor.movedim(-1, 1) if spatial else tensor


def check(network: archdsl.Network) -> None:
    """Assert that the Keras model has the outputs of the torch module, with its weights."""
    from archdsl.backends.keras.keras_weights import copy_weights

    graph = network.graph
    space: dict[str, Any] = {}
    exec(network.keras_source(), space)
    (build,) = (made for made in space.values() if getattr(made, "__module__", "keras") is None or _is_ours(made))
    model, module = build(), randomized(network.to_torch())
    copy_weights(graph, module, model)
    given = inputs(graph, 2)
    with torch.no_grad():
        expected = module(*given)
        turned = [moved(x, graph, i, -1) for x, i in zip(given, graph.inputs, strict=True)]
        found = model(turned[0] if len(turned) == 1 else turned, training=False)
    expected = expected if isinstance(expected, tuple) else (expected,)
    found = found if isinstance(found, list | tuple) else (found,)
    for a, b, (_, i) in zip(expected, found, graph.outputs, strict=True):
        torch.testing.assert_close(moved(b, graph, i, 1), a, rtol=1e-4, atol=1e-4, check_dtype=False)


def _is_ours(made: Any) -> bool:
    return callable(made) and getattr(made, "__annotations__", {}).get("return") is not None


@pytest.mark.parametrize("name", REQUIRED)
def test_keras_outputs_of_zoo_networks_match_torch(keras: Any, name: str) -> None:
    check(archdsl.load(f"zoo:{name}"))


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_keras_outputs_of_layers_match_torch(keras: Any, text: str) -> None:
    check(archdsl.loads(text))


def test_keras_outputs_of_random_programs_match_or_are_refused(keras: Any) -> None:
    count = 0
    for seed in range(30):
        network = archdsl.loads(generate.program(Random(seed)))
        try:
            to_keras(network.graph)
        except Unsupported:
            continue
        check(network)
        count += 1
    assert count >= 5


def test_keras_source_of_a_small_network() -> None:
    text = archdsl.loads(
        "net Small(classes = 10)\ninput 3x8x8\nstage stem { conv 4 k3 p1; bn; relu }\ngap; fc classes\n"
    )
    assert text.keras_source() == (
        '"""Small: generated by archdsl from <text>."""\n'.replace(" from <text>", "")
        + '''
import keras
from keras import layers


def small() -> keras.Model:
    """The model, with channels last and weights as Keras initializes them."""
    inputs = layers.Input((8, 8, 3), name="inputs")
    x = layers.Conv2D(4, 3, padding="same", name="stem_conv1")(inputs)
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-05, name="stem_bn1")(x)
    x = layers.ReLU()(x)
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Flatten()(x)
    x = layers.Dense(10, name="fc1")(x)
    return keras.Model(inputs, x, name="Small")
'''
    )


REFUSED = {
    "input 12x8\nattention h2\n": ("no counterpart for this layer", "line 2"),
    "input 3x8x8\nconv 4 k3 p1 pad_mode=reflect\n": ("padding_mode=reflect", "line 2"),
    "input 3x8x8\nconv 4 k3 s2 d2\n": ("stride and dilation", "line 2"),
    "input 3x8x8\nconv 1 k3 fixed=sobel_x\n": ("Keras", "line 2"),
    "input 3x8x8\nconv 3 k3 as a\nfrom in; relu\n": ("no output depends on it", "line 2"),
    "input 3x8x8\nconv 4 k3 weight=norm\n": ("Keras", "line 2"),
    "input 9 int(9)\nembedding 8 as e; reuse e\n": ("weights of another", "line 2"),
    "input 3xHxW\nconv 4 k3\n": ("symbolic", ""),
}


@pytest.mark.parametrize(("text", "parts"), REFUSED.items())
def test_layers_without_keras_equivalent_are_refused(text: str, parts: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, ["compile", "--to", "keras", "-e", text])
    assert result.exit_code == 1
    assert all(part in result.stderr for part in parts)
    assert result.stderr.startswith("error: ")
    assert result.stdout == ""
