"""Unseen kinds of errors: what people write who come from PyTorch, Keras or a programming language."""

import re
from random import Random

from archdsl.syntax import ast

from .protocol import Valid, kind
from .unseen_edits import (
    after_keyword,
    appended,
    first_with_error,
    neighbors,
    places,
    same_shapes,
    text_of,
    written,
)

_TORCH_NAMES = {
    ("conv", "filters"): "out_channels",
    ("conv", "kernel"): "kernel_size",
    ("dwconv", "kernel"): "kernel_size",
    ("upconv", "filters"): "out_channels",
    ("upconv", "kernel"): "kernel_size",
    ("maxpool", "kernel"): "kernel_size",
    ("maxpool", "ceil"): "ceil_mode",
    ("avgpool", "kernel"): "kernel_size",
    ("fc", "units"): "out_features",
    ("dropout", "rate"): "p",
    ("leakyrelu", "slope"): "negative_slope",
    ("embedding", "features"): "embedding_dim",
    ("attention", "heads"): "num_heads",
    ("lstm", "units"): "hidden_size",
    ("lstm", "layers"): "num_layers",
    ("groupnorm", "groups"): "num_groups",
    ("upsample", "factor"): "scale_factor",
}
_KERAS_NAMES = {
    ("conv", "stride"): "strides",
    ("maxpool", "kernel"): "pool_size",
    ("conv", "dilation"): "dilation_rate",
}
_ACTIVATIONS = ("relu", "gelu", "tanh", "sigmoid", "silu", "relu6", "leakyrelu", "softmax", "hardswish")


@kind("argument by its name in PyTorch or Keras")
def foreign_argument_name(random: Random, valid: Valid) -> str | None:
    """`kernel_size=3`, `out_features=10`, `strides=2`."""
    texts = []
    for (keyword, argument), name in (*_TORCH_NAMES.items(), *_KERAS_NAMES.items()):
        for layer in valid.layers(keyword):
            span = valid.argument(layer, argument)
            if span is not None:
                value = re.sub(r"^(?:\w+=|[a-z](?=\d))", "", text_of(valid, span))
                texts.append(valid.replace(span, f"{name}={'1' if value == 'ceil' else value}"))
    return first_with_error(random, texts)


@kind("inputs and outputs, as PyTorch wants them")
def inputs_and_outputs(random: Random, valid: Valid) -> str | None:
    """`conv 64 128 k3`, `fc 512 10`: the first number is that of the input."""
    layers = valid.layers("conv", "fc", "upconv", "embedding")
    texts = []
    for layer in layers:
        node = valid.nodes(layer)[0]
        shape = valid.graph.shapes_in(node)[0]
        before = shape.dims[0] if "conv" in node.op.keyword else shape.dims[-1]
        texts.append(after_keyword(valid, layer, str(before)))
    return first_with_error(random, texts)


@kind("number of channels given to a normalization")
def normalization_with_channels(random: Random, valid: Valid) -> str | None:
    """`bn 64`, `layernorm 768`."""
    texts = []
    for layer in valid.layers("bn", "layernorm", "rmsnorm", "instancenorm"):
        shape = valid.graph.shapes_in(valid.nodes(layer)[0])[0]
        size = shape.dims[0] if len(shape.dims) != 2 else shape.dims[-1]
        texts.append(after_keyword(valid, layer, str(size)))
    return first_with_error(random, texts)


@kind("activation as an argument")
def activation_argument(random: Random, valid: Valid) -> str | None:
    """`conv 64 k3 activation=relu`, as in Keras."""
    layers = valid.layers("conv", "dwconv", "upconv", "fc")
    texts = []
    for a, b in neighbors(valid):
        if a in layers and isinstance(a, ast.LayerStatement) and text_of(valid, b) in _ACTIVATIONS and a.times == 1:
            end = max([a.keyword.span.end, *(argument.span.end for argument in a.args)])
            texts.append(written(valid, end, b.span.end, f" activation={text_of(valid, b)}"))
    return first_with_error(random, texts)


@kind("call with parentheses and commas")
def call_syntax(random: Random, valid: Valid) -> str | None:
    """`relu()`, `conv(64, k3, p1)`."""
    texts = []
    for layer in (each for each in valid.statements if isinstance(each, ast.LayerStatement)):
        arguments = ", ".join(text_of(valid, each) for each in layer.args)
        end = max([layer.keyword.span.end, *(each.span.end for each in layer.args)])
        texts.append(written(valid, layer.keyword.span.end, end, f"({arguments})"))
    return first_with_error(random, texts)


@kind("arguments separated by commas")
def commas(random: Random, valid: Valid) -> str | None:
    """`inception 64, 96, 128, 16, 32, 32`, as a table of a paper has them."""
    texts = []
    for layer in (each for each in valid.statements if isinstance(each, ast.LayerStatement) and len(each.args) > 1):
        arguments = ", ".join(text_of(valid, each) for each in layer.args)
        texts.append(written(valid, layer.args[0].span.start, layer.args[-1].span.end, arguments))
    return first_with_error(random, texts)


@kind("repetition by a variable")
def repeated_by_name(random: Random, valid: Valid) -> str | None:
    """`unit 64 xn` for `repeat n { unit 64 }`."""
    texts = []
    for each in valid.statements:
        if isinstance(each, ast.Repeat) and len(each.body.statements) == 1 and each.index is None:
            inner = each.body.statements[0]
            if isinstance(inner, ast.LayerStatement):
                count = text_of(valid, each.count).replace(" ", "")
                texts.append(valid.replace(each, f"{text_of(valid, inner)} x{count}"))
    return first_with_error(random, texts)


@kind("filters given to a depthwise convolution")
def depthwise_with_filters(random: Random, valid: Valid) -> str | None:
    """`dwconv 64 k3`: its filters are as many as the channels."""
    layers = valid.layers("dwconv")
    channels = [valid.graph.shapes_in(valid.nodes(each)[0])[0].dims[0] for each in layers]
    return first_with_error(random, (after_keyword(valid, a, str(c)) for a, c in zip(layers, channels, strict=True)))


@kind("layer for other dimensions")
def other_dimensions(random: Random, valid: Valid) -> str | None:
    """`batchnorm1d` on feature maps, `batchnorm2d` on a vector, `conv1d` on an image."""
    names = {"bn": "batchnorm", "maxpool": "maxpool", "conv": "conv", "avgpool": "avgpool"}
    texts = []
    for layer in valid.layers(*names):
        node = valid.nodes(layer)[0]
        spatial = len(valid.graph.shapes_in(node)[0].dims) - 1
        wrong = {0: 2, 1: 2, 2: 1, 3: 2}[spatial]
        texts.append(valid.replace(layer.keyword.span, f"{names[node.op.keyword]}{wrong}d"))
    return first_with_error(random, texts)


@kind("kernel left out", right=same_shapes)
def kernel_left_out(random: Random, valid: Valid) -> str | None:
    """`conv 64 p1`: to its author, a convolution is 3x3."""
    kernels = [span for each in valid.layers("conv", "dwconv", "upconv") if (span := valid.argument(each, "kernel"))]
    return first_with_error(random, map(valid.without, kernels))


@kind("condition as in C or Python")
def foreign_condition(random: Random, valid: Valid) -> str | None:
    """`&&`, `||`, `!`, `elif`."""
    texts = []
    for old, new in ((r"\bor\b", "||"), (r"\band\b", "&&"), (r"\bnot ", "!"), (r"\belse if\b", "elif")):
        texts += [written(valid, each.start(), each.end(), new) for each in places(valid, old)]
    return first_with_error(random, texts)


@kind("bias switched off as in PyTorch")
def bias_false(random: Random, valid: Valid) -> str | None:
    """`bias=False` or `use_bias=False` for `nobias`."""
    flags = places(valid, r"\bnobias\b")
    return first_with_error(
        random,
        (written(valid, each.start(), each.end(), new) for each in flags for new in ("bias=False", "use_bias=False")),
    )


@kind("padding as a string")
def padding_as_string(random: Random, valid: Valid) -> str | None:
    """`padding="same"`, as in PyTorch and Keras."""
    flags = places(valid, r"(?<= )same\b")
    texts = [written(valid, each.start(), each.end(), 'padding="same"') for each in flags]
    ones = [each for each in valid.layers("conv", "dwconv") if re.search(r"\bp1\b", text_of(valid, each))]
    spans = [span for each in ones if (span := valid.argument(each, "padding"))]
    texts += [valid.replace(span, "padding=(1, 1)") for span in spans]
    return first_with_error(random, texts)


@kind("inplace, as in PyTorch")
def inplace(random: Random, valid: Valid) -> str | None:
    """`relu inplace`."""
    layers = valid.layers("relu", "relu6", "leakyrelu", "dropout", "silu", "hardswish", "elu")
    return first_with_error(random, (appended(valid, each, "inplace") for each in layers))
