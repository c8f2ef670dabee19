"""Kinds of errors in sizes of inputs, through a chain of layers and at assertions, and in the order of statements."""

import re
from random import Random

from archdsl.graph import Graph
from archdsl.syntax import ast
from archdsl.text.source import Span

from .cases import errors
from .known_arguments import same_but_order, same_weights
from .protocol import Valid, kind, same_layers

_DIMENSIONS = re.compile(r"\d+(?:x\d+)+")


def _inputs(valid: Valid) -> list[Span]:
    """The places where inputs have sizes of more than one dimension."""
    spans = [arg.span for each in valid.statements if isinstance(each, ast.Input) for arg in each.args]
    return [span for span in spans if _DIMENSIONS.fullmatch(span.text)]


def near_input(a: Graph, b: Graph) -> bool:
    """Whether the layers are the same, and no input's size differs by more than a fifth: the right one is unknown."""
    pairs = [(a.nodes[i].shape.dims, b.nodes[j].shape.dims) for i, j in zip(a.inputs, b.inputs, strict=False)]
    near = all(
        len(x) == len(y) and all(abs(int(m) - int(n)) <= max(int(m), int(n)) / 5 for m, n in zip(x, y, strict=True))
        for x, y in pairs
    )
    return near and same_layers(a, b)


def _join(dims: list[int]) -> str:
    return "x".join(map(str, dims))


@kind("input size that the levels do not divide", right=near_input)
def odd_input(random: Random, valid: Valid) -> str | None:
    spans = _inputs(valid)
    if not spans or not valid.layers("upsample", "upconv"):
        return None
    span = random.choice(spans)
    channels, *sizes = map(int, span.text.split("x"))
    change = random.choice([-3, -2, -1, 1, 2, 3, 4])
    return valid.replace(span, _join([channels, *(size + change for size in sizes)]))


@kind("input too small for the layers", right=same_layers)
def small_input(random: Random, valid: Valid) -> str | None:
    spans = _inputs(valid)
    if not spans:
        return None
    span = random.choice(spans)
    channels, *sizes = map(int, span.text.split("x"))
    size = random.choice([8, 16, 20, 24])
    return valid.replace(span, _join([channels, *(min(size, each) for each in sizes)]))


def _channels_last(random: Random, valid: Valid, dims: int) -> str | None:
    spans = [span for span in _inputs(valid) if span.text.count("x") == dims]
    spatial = {"conv", "maxpool", "bn", "avgpool", "upconv", "dwconv"}
    if not spans or not valid.layers(*spatial):
        return None
    span = random.choice(spans)
    channels, *sizes = span.text.split("x")
    return valid.replace(span, "x".join([*sizes, channels]))


@kind("channels last, image")
def channels_last_image(random: Random, valid: Valid) -> str | None:
    return _channels_last(random, valid, 2)


@kind("channels last, signal")
def channels_last_signal(random: Random, valid: Valid) -> str | None:
    return _channels_last(random, valid, 1)


@kind("channels last, volume")
def channels_last_volume(random: Random, valid: Valid) -> str | None:
    return _channels_last(random, valid, 3)


@kind("input without channels")
def without_channels(random: Random, valid: Valid) -> str | None:
    spans = [span for span in _inputs(valid) if span.text.startswith("1x")]
    if not spans:
        return None
    span = random.choice(spans)
    return valid.replace(span, span.text.removeprefix("1x"))


@kind("one pooling too many")
def pooling_too_many(random: Random, valid: Valid) -> str | None:
    layers = valid.layers("maxpool", "avgpool")
    if not layers:
        return None
    layer = random.choice(layers)
    return valid.replace(layer.span.tail, f"; {layer.span.text}")


@kind("one pooling too few")
def pooling_too_few(random: Random, valid: Valid) -> str | None:
    layers = valid.layers("maxpool", "avgpool")
    return valid.without(random.choice(layers)) if layers else None


def _swapped_back(random: Random, valid: Valid, keyword: str) -> str | None:
    """A layer that makes vectors, before the statement that should come before it."""
    pairs = []
    for first, second in zip(valid.statements, valid.statements[1:], strict=False):
        if isinstance(first, ast.LayerStatement) and second in valid.layers(keyword) and first not in valid.uses():
            between = valid.text[first.span.end : second.span.start]
            if not between.strip("; \n"):
                pairs.append((first, second))
    if not pairs:
        return None
    first, second = random.choice(pairs)
    between = valid.text[first.span.end : second.span.start]
    return valid.replace(first.span.to(second.span), f"{second.span.text}{between}{first.span.text}")


@kind("flatten too early", right=same_but_order)
def flatten_too_early(random: Random, valid: Valid) -> str | None:
    return _swapped_back(random, valid, "flatten")


@kind("global pooling too early", right=same_but_order)
def gap_too_early(random: Random, valid: Valid) -> str | None:
    return _swapped_back(random, valid, "gap")


@kind("flatten before the last convolution", right=same_but_order)
def flatten_before_convolution(random: Random, valid: Valid) -> str | None:
    flattens, convolutions = valid.layers("flatten"), valid.layers("conv")
    for flatten in flattens:
        before = [each for each in convolutions if each.span.end <= flatten.span.start]
        if before:
            text = valid.without(flatten)
            at = before[-1].span.start
            return text[:at] + "flatten; " + text[at:]
    return None


@kind("average pooling larger than its input", right=same_weights)
def large_average(random: Random, valid: Valid) -> str | None:
    layers = [layer for layer in valid.layers("gap") if "keep" not in layer.span.text]
    found = []
    for layer in layers:
        node = valid.nodes(layer)[0]
        (shape,) = valid.graph.shapes_in(node)
        if len(shape.dims) == 3 and layer.alias is None:
            found.append((layer, int(shape.dims[-1])))
    if not found:
        return None
    layer, size = random.choice(found)
    larger = [k for k in (7, 8, 10, 12, 14, 16) if k > size]
    return valid.replace(layer, f"avgpool {random.choice(larger[:2])}; flatten") if larger else None


@kind("global pooling of a vector")
def gap_of_vector(random: Random, valid: Valid) -> str | None:
    layers = [layer for layer in valid.layers("fc", "take") if len(valid.nodes(layer)[0].shape.dims) == 1]
    layers = [layer for layer in layers if layer.alias is None]
    return valid.replace(random.choice(layers).span.tail, "; gap") if layers else None


@kind("inputs of different sizes for the same layers")
def different_inputs(random: Random, valid: Valid) -> str | None:
    spans = _inputs(valid)
    if len(spans) != 2 or spans[0].text != spans[1].text:
        return None
    channels, *sizes = map(int, spans[1].text.split("x"))
    change = random.choice([-4, 4, 8, 16])
    return valid.replace(spans[1], _join([channels, *(size + change for size in sizes)]))


@kind("wrong reshape")
def wrong_reshape(random: Random, valid: Valid) -> str | None:
    spans = [span for layer in valid.layers("reshape") if (span := valid.argument(layer, "sizes")) is not None]
    spans = [span for span in spans if _DIMENSIONS.fullmatch(span.text)]
    if not spans:
        return None
    span = random.choice(spans)
    dims = [int(each) for each in span.text.split("x")]
    at = random.randrange(len(dims))
    dims[at] = random.choice([dims[at] + 1, dims[at] * 2, max(1, dims[at] // 2)])
    return valid.replace(span, _join(dims))


@kind("reshape that is not what was flattened")
def wrong_units(random: Random, valid: Valid) -> str | None:
    units = [span for layer in valid.layers("fc") if (span := valid.argument(layer, "units")) is not None]
    spans = [span for span in units if span.text.count("*") == 2 and span.text[-1].isdigit()]
    if not spans:
        return None
    span = random.choice(spans)
    head, _, last = span.text.rpartition("*")
    return valid.replace(span, f"{head}*{int(last) + random.choice([-1, 1])}")


@kind("wrong factor of an upsampling")
def wrong_factor(random: Random, valid: Valid) -> str | None:
    layers = [layer for layer in valid.layers("upsample") if layer.args and layer.args[0].span.text.isdigit()]
    if not layers:
        return None
    layer = random.choice(layers)
    return valid.replace(layer.args[0].span, random.choice(["3", "4"]))


@kind("wrong stride of a transposed convolution")
def wrong_upconv(random: Random, valid: Valid) -> str | None:
    spans = [span for layer in valid.layers("upconv") if (span := valid.argument(layer, "stride")) is not None]
    spans = [span for span in spans if span.text == "s2"]
    return valid.replace(random.choice(spans), random.choice(["s1", "s3", "s4"])) if spans else None


@kind("wrong kernel of a transposed convolution")
def wrong_upconv_kernel(random: Random, valid: Valid) -> str | None:
    spans = [span for layer in valid.layers("upconv") if (span := valid.argument(layer, "kernel")) is not None]
    spans = [span for span in spans if span.text in ("k2", "k4")]
    return valid.replace(random.choice(spans), "k3") if spans else None


def with_output_assertion(valid: Valid, wrong: str) -> str | None:
    """A text with an error, and what its author expects to come out; None where the network has several outputs."""
    shape = "x".join(str(dim) for dim in valid.graph.output.shape.dims)
    if len(valid.graph.outputs) > 1 or "train {" in wrong or not shape.replace("x", "").isdigit():
        return None
    return wrong if "assert out" in wrong else f"{wrong.rstrip()}\nassert out == {shape}\n"


@kind("assertion that one argument breaks")
def broken_assertion(random: Random, valid: Valid) -> str | None:
    """An argument changes so that nothing but the output's size is wrong."""
    layers = [layer for layer in valid.layers("conv", "upconv", "fc", "maxpool", "upsample") if layer.args]
    if not layers:
        return None
    argument = random.choice(random.choice(layers).args)
    changed = _changed(random, argument.span.text)
    wrong = None if changed is None else with_output_assertion(valid, valid.replace(argument.span, changed))
    return wrong if wrong and [each.diagnostic.code for each in errors(wrong)] == ["E0506"] else None


def _changed(random: Random, text: str) -> str | None:
    letter, number = (text[:1], text[1:]) if text[:1] in "ksp" else ("", text)
    if not number.isdigit():
        return None
    options = {"s": [1, 2], "p": [0, 1, 2], "k": [1, 2, 3, 4, 5]}.get(letter, [int(number) * 2, int(number) + 1])
    choices = [each for each in options if each != int(number)]
    return f"{letter}{random.choice(choices)}" if choices else None


@kind("variable used before its line")
def variable_too_early(random: Random, valid: Valid) -> str | None:
    pairs = []
    for first, second in zip(valid.statements, valid.statements[1:], strict=False):
        if isinstance(first, ast.Let) and re.search(rf"\b{first.target.names[0].text}\b", second.span.text):
            between = valid.text[first.span.end : second.span.start]
            if not between.strip("; \n"):
                pairs.append((first, second))
    if not pairs:
        return None
    first, second = random.choice(pairs)
    between = valid.text[first.span.end : second.span.start]
    return valid.replace(first.span.to(second.span), f"{second.span.text}{between}{first.span.text}")


@kind("input after its first layer")
def late_input(random: Random, valid: Valid) -> str | None:
    inputs = [each for each in valid.program.statements if isinstance(each, ast.Input)]
    layers = [each for each in valid.program.statements if isinstance(each, ast.LayerStatement)]
    if len(inputs) != 1 or not layers or layers[0].span.start < inputs[0].span.end:
        return None
    line_end = valid.text.find("\n", layers[0].span.end)
    if line_end < 0:
        return None
    start, end = inputs[0].span[1:]
    before, between = valid.text[:start], valid.text[end:line_end].removeprefix("\n")
    return f"{before}{between}\n{inputs[0].span.text}{valid.text[line_end:]}"
