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
    exchanged,
    first_with_error,
    neighbors,
    places,
    same_kinds,
    same_shapes,
    text_of,
    uses_of,
    within,
    written,
)


@kind("half of the condition of a shortcut")
def half_condition(random: Random, valid: Valid) -> str | None:
    """A block that worked for one stage: `if s != 1 or @c != c` written as `if s != 1`."""
    conditions = [each.condition for each in valid.statements if isinstance(each, ast.If)]
    conditions += [each.when for each in valid.statements if isinstance(each, ast.Residual) and each.when]
    halves = [
        valid.replace(each.span, text_of(valid, half))
        for each in conditions
        if isinstance(each, ast.Binary) and each.op in ("and", "or")
        for half in (each.left, each.right)
    ]
    return first_with_error(random, halves)


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
    """A convolution made atrous, as in DeepLab, with its old padding."""
    layers = [each for each in valid.layers("conv", "dwconv") if re.search(r"\bp\d", text_of(valid, each))]
    return first_with_error(random, (appended(valid, each, f"d{random.choice((2, 2, 4))}") for each in layers))


@kind("stride of the first block of a stage left out")
def stage_without_stride(random: Random, valid: Valid) -> str | None:
    """The first block of a stage copied from the ones that follow it."""
    strides = [each.span for use in valid.uses() for each in use.args if re.fullmatch(r"s\d", text_of(valid, each))]
    return first_with_error(random, map(valid.without, strides))


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


@kind("layer of a branch outside its braces")
def outside_its_branch(random: Random, valid: Valid) -> str | None:
    """The brace of a residual one statement too early or too late, so that its first or last layer is outside."""
    texts = []
    for each in (each for each in valid.statements if isinstance(each, ast.Residual) and each.times == 1):
        inner = each.body.statements
        if len(inner) > 1 and each.alias is None:
            first, last = text_of(valid, inner[0]), text_of(valid, inner[-1])
            start, end = each.span.start, each.span.end
            without_first = written(valid, inner[0].span.start, inner[1].span.start, "")
            texts.append(f"{without_first[:start]}{first}; {without_first[start:]}")
            rest = valid.text[inner[-1].span.end : end]
            texts.append(written(valid, inner[-2].span.end, end, f"{rest}; {last}"))
    return first_with_error(random, texts)


@kind("two lines exchanged")
def lines_exchanged(random: Random, valid: Valid) -> str | None:
    """A line pasted one line too early; not one that makes a vector, which is a separate kind."""
    heads = valid.layers("gap", "flatten", "tokens", "take", "gmp")
    definitions = (ast.Net, ast.Input, ast.UseFile, ast.Block, ast.Let)
    pairs = [(a, b) for a, b in neighbors(valid) if a not in heads and b not in heads and type(a) not in definitions]
    apart = [(a, b) for a, b in pairs if "\n" in valid.text[a.span.end : b.span.start]]
    return first_with_error(random, (exchanged(valid, a, b) for a, b in apart))


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


@kind("channels read inside the branch")
def channels_too_late(random: Random, valid: Valid) -> str | None:
    """`@c` in a branch where `c`, the channels before it, is meant."""
    texts = []
    for each in valid.statements:
        if isinstance(each, ast.Let) and isinstance(each.value, ast.At):
            owners = [block.span.end for block in valid.program.blocks if each in within(valid, block.span)]
            rest = Span(valid.source, each.span.end, min(owners, default=len(valid.text)))
            for use in uses_of(valid, each.target.names[0].text, rest):
                texts.append(written(valid, use.start(), use.end(), text_of(valid, each.value)))
    return first_with_error(random, texts)


@kind("round number as a width", right=same_kinds)
def round_width(random: Random, valid: Valid) -> str | None:
    """A width of the header changed to a round number that heads or groups do not divide."""
    widths = [each for each in places(valid, r"(?<= = )\d+(?=[,)\n ])") if int(each[0]) >= 8]
    rounds = (10, 30, 50, 75, 90, 100, 150, 225, 250, 350, 500, 750, 1000)
    near = ((each, n) for each in widths for n in rounds if int(each[0]) / 2 <= n <= 2 * int(each[0]))
    return first_with_error(random, (written(valid, each.start(), each.end(), str(n)) for each, n in near))


@kind("batch in the input size")
def batch_in_input(random: Random, valid: Valid) -> str | None:
    """The size of a batch, as `summary(model, (64, 3, 224, 224))` and ONNX want it."""
    sizes = places(valid, r"^input (?:[a-z]\w* )?(?=\d+x\w+x|\d+ int|\d+$|[A-Z]x)")
    return first_with_error(
        random, (written(valid, each.end(), each.end(), f"{batch}x") for each in sizes for batch in (1, 16, 32, 64))
    )


@kind("sum for concatenation, or concatenation for sum")
def other_merge(random: Random, valid: Valid) -> str | None:
    """`add` where the branches have different numbers of channels; `concat` where a sum was meant."""
    merges = [each for each in valid.statements if isinstance(each, ast.Merge) and each.keyword.text != "mul"]
    merges_text = (valid.replace(m.keyword.span, "add" if m.keyword.text == "concat" else "concat") for m in merges)
    residuals = [each for each in valid.statements if isinstance(each, ast.Residual)]
    plain = [each for each in residuals if each.shortcut is None and each.when is None]
    return first_with_error(random, (*merges_text, *(valid.replace(each.keyword.span, "concat") for each in plain)))


@kind("tensor of ids not declared as integers")
def ids_not_declared(random: Random, valid: Valid) -> str | None:
    """`input 128` before an embedding, whose vocabulary is then unknown."""
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
