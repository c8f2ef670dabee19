"""Kinds of errors where branches meet: `add`, `mul`, `concat`, `residual`, several inputs."""

import re
from random import Random

from archdsl.graph import Graph
from archdsl.syntax import ast
from archdsl.text.source import Span

from .known_arguments import same_but_order, same_weights
from .protocol import Valid, kind

_NUMBER = re.compile(r"\d+")


def _bodies(valid: Valid, *keywords: str) -> list[ast.Body]:
    """The bodies of merges by these keywords; for residuals, the body and the shortcut."""
    found: list[ast.Body] = []
    for each in valid.statements:
        if isinstance(each, ast.Merge) and each.keyword.text in keywords:
            found += [operand for operand in each.operands if isinstance(operand, ast.Body)]
        elif isinstance(each, ast.Residual) and "residual" in keywords:
            found += [body for body in (each.body, each.shortcut) if body is not None]
    return found


def _inside(valid: Valid, bodies: list[ast.Body], *keywords: str) -> list[ast.LayerStatement]:
    """The layers in these bodies."""
    return [
        layer
        for layer in valid.layers(*keywords)
        if any(body.span.start <= layer.span.start < body.span.end for body in bodies)
    ]


def _lasts(valid: Valid, bodies: list[ast.Body], *keywords: str) -> list[ast.LayerStatement]:
    """The last of these layers in each body."""
    found = [_inside(valid, [body], *keywords) for body in bodies]
    return [layers[-1] for layers in found if layers]


def _dropped(random: Random, valid: Valid, layers: list[ast.LayerStatement], *roles: str) -> str | None:
    """The text without one of these arguments of one of these layers."""
    spans = [span for layer in layers for role in roles if (span := valid.argument(layer, role)) is not None]
    return valid.without(random.choice(spans)) if spans else None


def _other_number(random: Random, valid: Valid, spans: list[Span], factors: tuple[float, ...]) -> str | None:
    """The text with one of these numbers multiplied."""
    places = [span for span in spans if _NUMBER.search(span.text) and "//" not in span.text]
    if not places:
        return None
    span = random.choice(places)
    factor = random.choice(factors)
    new = _NUMBER.sub(lambda number: str(max(1, int(int(number[0]) * factor))), span.text, count=1)
    return valid.replace(span, new)


def _written(valid: Valid, layers: list[ast.LayerStatement], role: str) -> list[Span]:
    return [span for layer in layers if (span := valid.argument(layer, role)) is not None]


@kind("pooling without padding in a branch")
def pooling_without_padding(random: Random, valid: Valid) -> str | None:
    layers = _inside(valid, _bodies(valid, "concat", "add", "residual"), "maxpool", "avgpool")
    return _dropped(random, valid, layers, "padding")


@kind("pooling without stride in a branch")
def pooling_without_stride(random: Random, valid: Valid) -> str | None:
    layers = _inside(valid, _bodies(valid, "concat", "add", "residual"), "maxpool", "avgpool")
    return _dropped(random, valid, layers, "stride")


@kind("convolution without padding in a branch")
def convolution_without_padding(random: Random, valid: Valid) -> str | None:
    layers = _inside(valid, _bodies(valid, "concat", "add", "residual"), "conv", "dwconv")
    return _dropped(random, valid, layers, "padding")


@kind("wrong channels in a gate")
def gate_channels(random: Random, valid: Valid) -> str | None:
    lasts = _lasts(valid, _bodies(valid, "mul"), "conv", "fc")
    for role in random.sample(["filters", "units"], 2):
        text = _other_number(random, valid, _written(valid, lasts, role), (0.5, 2, 0.25))
        if text is not None:
            return text
    return None


@kind("gate pooled to a vector")
def gate_keep(random: Random, valid: Valid) -> str | None:
    return _dropped(random, valid, _inside(valid, _bodies(valid, "mul"), "gap"), "keep")


@kind("forgotten stride in a shortcut")
def shortcut_stride(random: Random, valid: Valid) -> str | None:
    shortcuts = [each.shortcut for each in valid.statements if isinstance(each, ast.Residual) and each.shortcut]
    return _dropped(random, valid, _inside(valid, shortcuts, "conv"), "stride")


@kind("forgotten stride in a branch")
def branch_stride(random: Random, valid: Valid) -> str | None:
    bodies = [each.body for each in valid.statements if isinstance(each, ast.Residual)]
    return _dropped(random, valid, _inside(valid, bodies + _bodies(valid, "concat"), "conv", "dwconv"), "stride")


def same_but_shortcuts(a: Graph, b: Graph) -> bool:
    """Whether two graphs have the same layers outside of shortcuts: the original of a shortcut cannot be recovered."""
    return _main_path(a) == _main_path(b)


def _main_path(graph: Graph) -> list[object]:
    nodes = [node for node in graph.nodes if "shortcut" not in node.path]
    return [
        (type(node.op), () if node.is_input else node.op.steps(graph.shapes_in(node)), node.shape) for node in nodes
    ]


@kind("forgotten shortcut", right=same_but_shortcuts)
def forgotten_shortcut(random: Random, valid: Valid) -> str | None:
    residuals = [each for each in valid.statements if isinstance(each, ast.Residual) and each.shortcut is not None]
    if not residuals:
        return None
    residual = random.choice(residuals)
    assert residual.shortcut is not None
    return valid.text[: residual.body.span.end] + valid.text[residual.shortcut.span.end :]


@kind("wrong filters in one branch")
def branch_filters(random: Random, valid: Valid) -> str | None:
    lasts = _lasts(valid, _bodies(valid, "add", "residual"), "conv")
    return _other_number(random, valid, _written(valid, lasts, "filters"), (0.5, 2, 4))


@kind("wrong units in one branch")
def branch_units(random: Random, valid: Valid) -> str | None:
    lasts = _lasts(valid, _bodies(valid, "add", "residual"), "fc")
    return _other_number(random, valid, _written(valid, lasts, "units"), (0.5, 2))


@kind("wrong kernel in one branch")
def branch_kernel(random: Random, valid: Valid) -> str | None:
    layers = _inside(valid, _bodies(valid, "concat", "add", "residual"), "conv", "dwconv", "maxpool")
    layers = [layer for layer in layers if "same" not in layer.span.text]
    spans = [span for span in _written(valid, layers, "kernel") if span.text in ("k1", "k3", "k5", "k7", "3")]
    if not spans:
        return None
    span = random.choice(spans)
    letter, number = span.text[:-1], int(span.text[-1])
    return valid.replace(span, f"{letter}{random.choice([n for n in (1, 3, 5, 7) if n != number])}")


@kind("wrong padding in one branch")
def branch_padding(random: Random, valid: Valid) -> str | None:
    layers = _inside(valid, _bodies(valid, "concat", "add", "residual"), "conv", "dwconv", "maxpool")
    spans = [span for span in _written(valid, layers, "padding") if re.fullmatch(r"p\d", span.text)]
    if not spans:
        return None
    span = random.choice(spans)
    number = int(span.text[1:])
    return valid.replace(span, f"p{number + random.choice([1, -1] if number > 1 else [1])}")


@kind("wrong stride in one branch")
def branch_wrong_stride(random: Random, valid: Valid) -> str | None:
    layers = _inside(valid, _bodies(valid, "concat", "add", "residual"), "conv", "dwconv", "maxpool")
    chosen = [layer for layer in layers if valid.argument(layer, "stride") is None and layer.args]
    if not chosen:
        return None
    layer = random.choice(chosen)
    return valid.replace(layer.args[-1].span.tail, " s2")


@kind("missing flatten", right=same_weights)
def missing_flatten(random: Random, valid: Valid) -> str | None:
    layers = valid.layers("flatten")
    return valid.without(random.choice(layers)) if layers else None


@kind("missing global pooling", right=same_weights)
def missing_gap(random: Random, valid: Valid) -> str | None:
    layers = [layer for layer in valid.layers("gap") if "keep" not in layer.span.text]
    return valid.without(random.choice(layers)) if layers else None


@kind("image joined with a vector", right=same_but_order)
def image_with_vector(random: Random, valid: Valid) -> str | None:
    vectors = [i for i in valid.graph.inputs if len(valid.graph.nodes[i].shape.dims) == 1]
    layers = valid.layers("gap", "flatten")
    if len(valid.graph.inputs) < 2 or not vectors or not layers:
        return None
    layer = random.choice(layers)
    if layer.alias is None:
        return valid.without(layer)
    if not valid.text[layer.span.end :].startswith("\n"):
        return None
    before = valid.text[: layer.span.start].rstrip("; \n")
    return f"{before} as {layer.alias.text}{valid.text[layer.span.end :]}"


@kind("missing from")
def missing_from(random: Random, valid: Valid) -> str | None:
    statements = [each for each in valid.statements if isinstance(each, ast.From)]
    return valid.without(random.choice(statements)) if statements else None


@kind("wrong skip connection")
def wrong_skip(random: Random, valid: Valid) -> str | None:
    words = [
        (each.keyword.text, operand)
        for each in valid.statements
        if isinstance(each, ast.Merge)
        for operand in each.operands
        if isinstance(operand, ast.Word)
    ]
    names = sorted({word.text for _, word in words})
    if len(names) < 2:
        return None
    _, word = random.choice(words)
    return valid.replace(word.span, random.choice([name for name in names if name != word.text]))


@kind("forgotten upsampling")
def forgotten_upsampling(random: Random, valid: Valid) -> str | None:
    layers = valid.layers("upsample", "pixelshuffle")
    return valid.without(random.choice(layers)) if layers else None


@kind("wrong crop")
def wrong_crop(random: Random, valid: Valid) -> str | None:
    spans = [span for span in _written(valid, valid.layers("crop"), "size") if span.text.isdigit()]
    if not spans:
        return None
    span = random.choice(spans)
    return valid.replace(span, str(int(span.text) + random.choice([-8, -4, 4, 8])))


@kind("forgotten crop", right=same_weights)
def forgotten_crop(random: Random, valid: Valid) -> str | None:
    layers = valid.layers("crop")
    return valid.without(random.choice(layers)) if layers else None
