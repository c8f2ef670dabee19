"""Kinds of errors made by people who are used to another notation or forget a statement."""

import re
from random import Random

from archdsl.syntax import ast
from archdsl.text.source import Span

from .known_arguments import same_weights
from .known_sizes import with_output_assertion
from .protocol import Valid, kind

_ELSEWHERE = {
    "silu": ["swish"],
    "leakyrelu": ["lrelu", "leaky_relu"],
    "upconv": ["deconvolution", "transposed_conv", "conv_transpose2d"],
    "dwconv": ["depthwise_conv", "depthwise", "DepthwiseConv2D"],
    "bn": ["batch_norm", "batchnormalization"],
    "gap": ["global_avgpool", "globalpool", "global_average_pooling"],
    "fc": ["fully_connected_layer", "Linear", "affine"],
    "attention": ["self_attn", "multi_head_attention", "MultiheadAttention"],
    "layernorm": ["layer_normalization", "LayerNorm"],
    "groupnorm": ["group_normalization"],
    "pixelshuffle": ["pixel_shuffle"],
    "take": ["select"],
    "flatten": ["flat"],
    "dropout": ["drop"],
}
_MERGES = {
    "concat": ["concatenate", "cat", "merge"],
    "add": ["sum", "plus"],
    "mul": ["multiply", "times"],
    "residual": ["skip", "res"],
}


@kind("name of a layer elsewhere")
def layer_elsewhere(random: Random, valid: Valid) -> str | None:
    layers = valid.layers(*_ELSEWHERE)
    if not layers:
        return None
    layer = random.choice(layers)
    return valid.replace(layer.keyword.span, random.choice(_ELSEWHERE[valid.nodes(layer)[0].op.keyword]))


@kind("name of a merge elsewhere")
def merge_elsewhere(random: Random, valid: Valid) -> str | None:
    found = [each.keyword for each in valid.statements if isinstance(each, ast.Merge | ast.Residual)]
    if not found:
        return None
    word = random.choice(found)
    return valid.replace(word.span, random.choice(_MERGES[word.text])) if word.text in _MERGES else None


@kind("kernel before the filters")
def kernel_first(random: Random, valid: Valid) -> str | None:
    """`conv 3 64`: three filters of 64×64."""
    pairs = []
    for layer in valid.layers("conv", "upconv"):
        filters, kernel = valid.argument(layer, "filters"), valid.argument(layer, "kernel")
        if filters is None or kernel is None or not filters.text.isdigit():
            continue
        if re.fullmatch(r"k\d", kernel.text) and filters.end + 1 == kernel.start:
            pairs.append((filters, kernel))
    if not pairs:
        return None
    filters, kernel = random.choice(pairs)
    return valid.replace(filters.to(kernel), f"{kernel.text[1:]} {filters.text}")


@kind("stride and padding without letters")
def without_letters(random: Random, valid: Valid) -> str | None:
    """`conv 64 3 2 1`."""
    spans = []
    for layer in valid.layers("conv", "upconv", "maxpool", "avgpool"):
        start = valid.text.find(" ", layer.span.start, layer.span.end)
        words = valid.text[start : layer.span.end].strip() if start > 0 else ""
        if re.fullmatch(r"\d+ k\d+ s\d+ p\d+.*|\d+ s\d+ p\d+.*|\d+ k\d+ s\d+", words):
            spans.append(Span(layer.span.source, start + 1, layer.span.end))
    if not spans:
        return None
    span = random.choice(spans)
    return valid.replace(span, re.sub(r"\b[ksp](\d+)", r"\1", span.text))


@kind("input sizes in another notation")
def input_notation(random: Random, valid: Valid) -> str | None:
    spans = [arg.span for each in valid.statements if isinstance(each, ast.Input) for arg in each.args]
    spans = [span for span in spans if re.fullmatch(r"\d+(x\d+)+", span.text)]
    if not spans:
        return None
    span = random.choice(spans)
    dims = span.text.split("x")
    comma = ", ".join(dims)
    return valid.replace(span, random.choice([f"({comma})", comma, " ".join(dims), "*".join(dims), f"[{comma}]"]))


@kind("percentage for a probability")
def percentage(random: Random, valid: Valid) -> str | None:
    spans = [span for layer in valid.layers("dropout", "dropout2d") if (span := valid.argument(layer, "p")) is not None]
    spans = [span for span in spans if re.fullmatch(r"0\.\d", span.text)]
    if not spans:
        return None
    span = random.choice(spans)
    return valid.replace(span, f"{span.text[2:]}0")


@kind("missing step from an image to a sequence, or back")
def missing_reordering(random: Random, valid: Valid) -> str | None:
    layers = valid.layers("tokens", "permute", "to_image")
    return valid.without(random.choice(layers)) if layers else None


@kind("missing reshape", right=same_weights)
def missing_reshape(random: Random, valid: Valid) -> str | None:
    layers = valid.layers("reshape")
    return valid.without(random.choice(layers)) if layers else None


@kind("missing step of a sequence", right=same_weights)
def missing_take(random: Random, valid: Valid) -> str | None:
    layers = valid.layers("take")
    return with_output_assertion(valid, valid.without(random.choice(layers))) if layers else None


@kind("forgotten output padding")
def output_padding(random: Random, valid: Valid) -> str | None:
    layers = valid.layers("upconv")
    spans = [span for layer in layers if (span := valid.argument(layer, "output_padding")) is not None]
    return with_output_assertion(valid, valid.without(random.choice(spans))) if spans else None


@kind("linear layer in a gate of an image")
def linear_gate(random: Random, valid: Valid) -> str | None:
    """`mul { gap keep; fc 4; relu; conv 64 k1; sigmoid }`."""
    spans = []
    for each in valid.statements:
        if isinstance(each, ast.Merge) and each.keyword.text == "mul":
            inside = [layer for layer in valid.layers("conv") if _is_in(layer, each)]
            spans += [layer.span for layer in inside if re.fullmatch(r"conv \S+ k1", layer.span.text)]
    if not spans:
        return None
    span = random.choice(spans)
    return valid.replace(span, "fc " + span.text.split()[1])


def _is_in(layer: ast.Statement, merge: ast.Merge) -> bool:
    return any(
        operand.span.start <= layer.span.start < operand.span.end
        for operand in merge.operands
        if isinstance(operand, ast.Body)
    )
