"""Unseen kinds of errors: layers whose shapes do not fit, after a change in one place that needed another."""

import re
from collections.abc import Iterator
from itertools import pairwise
from random import Random

from archdsl.syntax import ast
from archdsl.text.source import Span

from .protocol import Valid, kind
from .unseen_edits import (
    appended,
    first_with_error,
    neighbors,
    operand_names,
    places,
    same_kinds,
    same_shapes,
    tensor_names,
    text_of,
    uses_of,
    within,
    written,
)


@kind("shortcut without the stride of its block")
def shortcut_without_stride(random: Random, valid: Valid) -> str | None:
    """Somebody writes `s=s` in the branch and forgets it in the shortcut."""
    shortcuts = [each.shortcut for each in valid.statements if isinstance(each, ast.Residual) and each.shortcut]
    adds = [each for each in valid.statements if isinstance(each, ast.Merge) and each.keyword.text == "add"]
    first_operands = [each.operands[0] for each in adds if len(each.operands) > 1]
    layers = [
        layer
        for body in (*shortcuts, *first_operands)
        for layer in within(valid, body.span)
        if isinstance(layer, ast.LayerStatement)
    ]
    strides = [each.span for layer in layers for each in layer.args if re.match(r"s(=|\d)", text_of(valid, each))]
    return first_with_error(random, map(valid.without, strides))


@kind("half of the condition of a shortcut")
def half_condition(random: Random, valid: Valid) -> str | None:
    """A block that worked for one stage: `if s != 1 or @c != c` as `if s != 1`."""
    conditions = [each.condition for each in valid.statements if isinstance(each, ast.If)]
    conditions += [each.when for each in valid.statements if isinstance(each, ast.Residual) and each.when]
    halves = [
        valid.replace(each.span, text_of(valid, half))
        for each in conditions
        if isinstance(each, ast.Binary) and each.op in ("and", "or")
        for half in (each.left, each.right)
    ]
    return first_with_error(random, halves)


@kind("expansion forgotten in one place")
def expansion_forgotten(random: Random, valid: Valid) -> str | None:
    """A line of a basic block in a bottleneck: `conv c k1` where `4*c` belongs."""
    products = places(valid, r"\b(?:\d+|\w+)\s*\*\s*(@?[a-z]\w*)\b(?![*/+-])")
    return first_with_error(random, (written(valid, each.start(), each.end(), each[1]) for each in products))


@kind("width copied from the layer above")
def width_from_above(random: Random, valid: Valid) -> str | None:
    """The last layer of a branch as wide as the hidden one, after copying the line."""
    texts = []
    for body in _branches(valid):
        layers = [each for each in within(valid, body) if each in valid.layers("conv", "fc")]
        for above, layer in pairwise(layers):
            old, new = valid.argument(layer, _width(layer)), valid.argument(above, _width(above))
            if old and new and text_of(valid, old) != text_of(valid, new):
                texts.append(valid.replace(old, text_of(valid, new)))
    return first_with_error(random, texts)


@kind("dilation without its padding", right=same_shapes)
def dilation_without_padding(random: Random, valid: Valid) -> str | None:
    """A convolution made atrous, as in DeepLab, with the padding that it had."""
    layers = [each for each in valid.layers("conv", "dwconv") if re.search(r"\bp\d", text_of(valid, each))]
    return first_with_error(random, (appended(valid, each, f"d{random.choice((2, 2, 4))}") for each in layers))


@kind("larger kernel with the old padding", right=same_shapes)
def larger_kernel(random: Random, valid: Valid) -> str | None:
    """A kernel tuned without the padding that belongs to it."""
    kernels = [span for each in valid.layers("conv", "dwconv") if (span := valid.argument(each, "kernel"))]
    odd = [each for each in kernels if re.fullmatch(r"k?[357]", text_of(valid, each))]
    grown = [(each, int(text_of(valid, each)[-1]) + random.choice((2, 2, 4))) for each in odd]
    return first_with_error(random, (valid.replace(each, f"k{size}") for each, size in grown))


@kind("pooling without its stride", right=same_shapes)
def pooling_stride_left_out(random: Random, valid: Valid) -> str | None:
    """The stride of a pooling is its kernel unless given: `maxpool 3 p1` shrinks its branch."""
    strides = [span for each in valid.layers("maxpool", "avgpool") if (span := valid.argument(each, "stride"))]
    return first_with_error(random, map(valid.without, strides))


@kind("stride of the first block of a stage left out")
def stage_without_stride(random: Random, valid: Valid) -> str | None:
    """The first block of a stage copied from the ones that follow it."""
    strides = [each.span for use in valid.uses() for each in use.args if re.fullmatch(r"s\d", text_of(valid, each))]
    return first_with_error(random, map(valid.without, strides))


@kind("pooling pasted twice")
def pooling_twice(random: Random, valid: Valid) -> str | None:
    """One halving more than the image has room for."""
    pools = [(each, text_of(valid, each)) for each in valid.layers("maxpool", "avgpool")]
    return first_with_error(random, (valid.replace(each, f"{text}; {text}") for each, text in pools))


@kind("skip taken after the pooling")
def skip_after_pooling(random: Random, valid: Valid) -> str | None:
    """The pooling of an encoder moved into the stage whose output the decoder reads, or named in its place."""
    texts = []
    for a, b in neighbors(valid):
        if isinstance(a, ast.Stage) and b in valid.layers("maxpool", "avgpool", "conv"):
            end = a.body.statements[-1].span.end
            texts.append(written(valid, end, b.span.end, f"; {text_of(valid, b)} }}"))
        elif (
            isinstance(a, ast.LayerStatement)
            and a.alias is not None
            and isinstance(b, ast.LayerStatement)
            and b.alias is None
        ):
            name = f" as {a.alias.text}"
            texts.append(written(valid, a.span.end - len(name), b.span.end, f"; {text_of(valid, b)}{name}"))
    return first_with_error(random, texts)


@kind("kernel and stride exchanged")
def kernel_for_stride(random: Random, valid: Valid) -> str | None:
    """`maxpool 2 s3` for `maxpool 3 s2`, `k2 s4` for `k4 s2`."""
    texts = []
    for layer in valid.layers():
        kernel, stride = valid.argument(layer, "kernel"), valid.argument(layer, "stride")
        if kernel and stride and kernel.end < stride.start:
            sizes = [re.fullmatch(r"[ks]?(\d+)", text_of(valid, each)) for each in (kernel, stride)]
            if sizes[0] and sizes[1]:
                between = valid.text[kernel.end : stride.start]
                texts.append(written(valid, kernel.start, stride.end, f"k{sizes[1][1]}{between}s{sizes[0][1]}"))
    return first_with_error(random, texts)


@kind("sizes transposed")
def sizes_transposed(random: Random, valid: Valid) -> str | None:
    """Width before height: `p=3x0` for a kernel of 1x7."""
    sizes = places(valid, r"(?<=[ =kspd])(\d+)x(\d+)(?![x\w])")
    return first_with_error(
        random, (written(valid, each.start(), each.end(), f"{each[2]}x{each[1]}") for each in sizes)
    )


@kind("channels read too late")
def channels_too_late(random: Random, valid: Valid) -> str | None:
    """`@c` in a branch where `c`, the channels before it, is meant."""
    texts = []
    for each in valid.statements:
        if isinstance(each, ast.Let) and isinstance(each.value, ast.At):
            owners = [block.span.end for block in valid.program.blocks if each in within(valid, block.span)]
            rest = Span(valid.source, each.span.end, min(owners, default=len(valid.text)))
            for use in uses_of(valid, each.name.text, rest):
                texts.append(written(valid, use.start(), use.end(), text_of(valid, each.value)))
    return first_with_error(random, texts)


@kind("number of heads from another model", right=same_shapes)
def heads_of_another_model(random: Random, valid: Valid) -> str | None:
    """Heads that do not divide the width."""
    digits = places(valid, r"(?<=\battention )\d+|(?<=\battention h)\d+|(?<=\bheads = )\d+|(?<=\bheads=)\d+")
    digits += places(valid, r"(?<=//)\d+(?= (?:window|grid)=)")
    heads = (3, 5, 6, 7, 9, 10, 11, 12, 14, 15, 16, 20, 24, 25)
    return first_with_error(
        random,
        (written(valid, each.start(), each.end(), str(n)) for each in digits for n in heads if str(n) != each[0]),
    )


@kind("round number as a width", right=same_kinds)
def round_width(random: Random, valid: Valid) -> str | None:
    """A width of the header changed to a round number that heads or groups do not divide."""
    widths = [each for each in places(valid, r"(?<= = )\d+(?=[,)\n ])") if int(each[0]) >= 8]
    rounds = (10, 30, 50, 75, 90, 100, 150, 225, 250, 350, 500, 750, 1000)
    near = ((each, n) for each in widths for n in rounds if int(each[0]) / 2 <= n <= 2 * int(each[0]))
    return first_with_error(random, (written(valid, each.start(), each.end(), str(n)) for each, n in near))


@kind("channels last")
def channels_last(random: Random, valid: Valid) -> str | None:
    """The input as Keras, NumPy and PIL write it."""
    sizes = places(valid, r"^input (?:[a-z]\w* )?([1-4])x(\w+?)x(\w+)$")
    return first_with_error(
        random,
        (written(valid, each.start(1), each.end(3), f"{each[2]}x{each[3]}x{each[1]}") for each in sizes),
    )


@kind("batch in the input size")
def batch_in_input(random: Random, valid: Valid) -> str | None:
    """The size of a batch, as `summary(model, (64, 3, 224, 224))` and ONNX want it."""
    sizes = places(valid, r"^input (?:[a-z]\w* )?(?=\d+x\w+x|\d+ int|\d+$|[A-Z]x)")
    return first_with_error(
        random, (written(valid, each.end(), each.end(), f"{batch}x") for each in sizes for batch in (1, 16, 32, 64))
    )


@kind("sum for concatenation, or concatenation for sum")
def other_merge(random: Random, valid: Valid) -> str | None:
    """`add` where the branches have other numbers of channels; `concat` where a sum was meant."""
    merges = [each for each in valid.statements if isinstance(each, ast.Merge) and each.keyword.text != "mul"]
    merges_text = (valid.replace(m.keyword.span, "add" if m.keyword.text == "concat" else "concat") for m in merges)
    residuals = [each for each in valid.statements if isinstance(each, ast.Residual)]
    plain = [each for each in residuals if each.shortcut is None and each.when is None]
    return first_with_error(random, (*merges_text, *(valid.replace(each.keyword.span, "concat") for each in plain)))


@kind("transposed convolution that does not double", right=same_shapes)
def upconv_off_by_one(random: Random, valid: Valid) -> str | None:
    """Kernel, stride and padding of a layer that gives 2W − 1 or 2W + 2."""
    texts = []
    for layer in valid.layers("upconv"):
        kernel, padding = valid.argument(layer, "kernel"), valid.argument(layer, "padding")
        texts += [valid.replace(kernel, f"k{size}") for size in (2, 3, 4, 5)] if kernel else []
        texts += [valid.without(padding)] if padding else []
    return first_with_error(random, texts)


@kind("reshape for another image size")
def reshape_of_other_size(random: Random, valid: Valid) -> str | None:
    """`reshape 64x8x8` where the flattened features are 64x7x7."""
    sizes = places(valid, r"(?<=\breshape )(\w+)x(\d+)x(\d+)\b")
    return first_with_error(
        random,
        (
            written(valid, each.start(), each.end(), f"{each[1]}x{int(each[2]) + step}x{int(each[3]) + step}")
            for each in sizes
            for step in (-1, 1, int(each[2]))
            if int(each[2]) + step > 0
        ),
    )


@kind("skip from another level")
def skip_from_other_level(random: Random, valid: Valid) -> str | None:
    """A decoder that takes the features of the wrong stage of the encoder."""
    names = tensor_names(valid)
    operands = [word.span for each in valid.statements if isinstance(each, ast.Merge) for word in operand_names(each)]
    operands += [each.span for use in valid.uses() for each in use.args if text_of(valid, each) in names]
    return first_with_error(
        random,
        (valid.replace(each, name) for each in operands for name in sorted(names) if text_of(valid, each) != name),
    )


@kind("tensor of ids not declared as integers")
def ids_not_declared(random: Random, valid: Valid) -> str | None:
    """`input 128` before an embedding, whose vocabulary nobody knows then."""
    return first_with_error(
        random, (written(valid, each.start(), each.end(), "") for each in places(valid, r" int\([^)]*\)"))
    )


def _branches(valid: Valid) -> Iterator[Span]:
    """The bodies of residuals and merges."""
    for each in valid.statements:
        if isinstance(each, ast.Residual):
            yield each.body.span
        elif isinstance(each, ast.Merge):
            yield from (operand.span for operand in each.operands if isinstance(operand, ast.Body))


def _width(layer: ast.Statement) -> str:
    conv = isinstance(layer, ast.LayerStatement) and "conv" in layer.keyword.text
    return "filters" if conv else "units"
