"""Later kinds by the author who has not seen the suggestions: a number, a size, an axis or a parameter that is off."""

import re
from itertools import pairwise
from random import Random

from archdsl.graph import Graph
from archdsl.syntax import ast
from archdsl.text.source import Span

from .protocol import Valid, kind
from .unseen_later_edits import (
    every,
    exchanged,
    inserted,
    lists,
    matches,
    records,
    same_types,
    same_types_and_shapes,
    substituted,
    wrong,
)


def widths(valid: Valid) -> list[Span]:
    """The filters and units that layers are given, in the order of the text."""
    spans = [valid.argument(layer, name) for layer in valid.layers() for name in ("filters", "units")]
    return sorted({span[1:]: span for span in spans if span is not None}.values(), key=lambda span: span.start)


@kind("widths of two layers exchanged")
def two_widths(random: Random, valid: Valid) -> str | None:
    """`fc width; gelu; fc 4*width`: the wide layer comes second."""
    texts = []
    for statements in lists(valid):
        spans = [span for span in widths(valid) if any(_is_own(each, span) for each in statements)]
        texts += [exchanged(valid, one, other) for one, other in pairwise(spans)]
    return wrong(random, valid, texts)


def _is_own(statement: ast.Statement, span: Span) -> bool:
    inside = isinstance(statement, ast.LayerStatement)
    return inside and statement.span.start <= span.start and span.end <= statement.span.end


@kind("new width in some of the lines only", right=same_types)
def some_widths(random: Random, valid: Valid) -> str | None:
    """From some line on, the width is that of an earlier version."""
    numbers: dict[str, list[Span]] = {}
    for span in widths(valid):
        if span.text.isdigit():
            numbers.setdefault(span.text, []).append(span)
    texts = []
    for number, spans in numbers.items():
        for first in range(1, len(spans) - 1):
            for old in (int(number) // 2, int(number) * 2):
                text = valid.text
                for span in reversed(spans[first:]):
                    text = text[: span.start] + str(old) + text[span.end :]
                texts.append(text)
    return wrong(random, valid, texts)


@kind("number where the parameter belongs")
def number(random: Random, valid: Valid) -> str | None:
    """A width was made a parameter of the network; one line still has the old number."""
    texts = []
    for net in every(valid, ast.Net):
        for parameter in net.parameters:
            if isinstance(parameter.default, ast.Number) and isinstance(value := parameter.default.value, int):
                rest = Span(valid.source, net.span.end, len(valid.text))
                found = matches(valid, rf"\b{parameter.name.text}\b(?! *=[^=])", rest)
                texts += [substituted(valid, each, str(n)) for each in found for n in (value // 2, 2 * value) if n]
    return wrong(random, valid, texts)


@kind("factor or divisor left out")
def factor(random: Random, valid: Valid) -> str | None:
    """`fc 64*8` for `fc 64*8*8`, `width` for `2*width`."""
    texts = []
    for each in every(valid, ast.Binary):
        if each.op in ("*", "//"):
            kept = (each.left, each.right) if each.op == "*" else (each.left,)
            texts += [valid.replace(each.span, part.span.text) for part in kept]
    return wrong(random, valid, texts)


@kind("index of a loop off by one")
def index(random: Random, valid: Valid) -> str | None:
    """`i` counted from 1, or 1 added where it is not."""
    texts = []
    for repeat in every(valid, ast.Repeat):
        if repeat.target is not None:
            name = repeat.target.names[0].text
            for match in matches(valid, rf"\b{name}\b( [+-] 1)?", repeat.body.span):
                others = (f"{name} - 1", name) if match[1] else (f"({name} - 1)", f"({name} + 1)")
                texts += [substituted(valid, match, new) for new in others]
    return wrong(random, valid, texts)


def same_but_index(a: Graph, b: Graph) -> bool:
    """Whether two graphs are the same; `take -1` may be written with the index of the last step."""
    indices = [[_taken(graph, each.id) for each in graph.nodes] for graph in (a, b)]
    return same_types_and_shapes(a, b) and indices[0] == indices[1]


def _taken(graph: Graph, id: int) -> int | None:
    node = graph.nodes[id]
    taken = getattr(node.op, "index", None)
    return None if taken is None else taken % graph.nodes[node.inputs[0]].shape.dims[0]


@kind("last step counted from one", right=same_but_index)
def last_step(random: Random, valid: Valid) -> str | None:
    """`take 50` of 50 steps."""
    texts = []
    for layer in valid.layers("take"):
        for node in valid.nodes(layer):
            steps = valid.graph.nodes[node.inputs[0]].shape.dims[0]
            texts += [valid.replace(each.span, str(steps)) for each in layer.args if each.span.text == "-1"]
    return wrong(random, valid, texts)


@kind("size for a factor")
def size_for_factor(random: Random, valid: Valid) -> str | None:
    """`upsample 32x32`, the size that it should have, for `upsample 2`; and the reverse for `resize`."""
    texts = []
    for layer in valid.layers("upsample", "resize"):
        for node in valid.nodes(layer):
            shape, before = node.shape, valid.graph.nodes[node.inputs[0]].shape
            size = "x".join(map(str, shape.spatial_size))
            new = size if node.op.keyword == "upsample" else str(max(2, shape.dims[-1] // before.dims[-1]))
            texts += [valid.replace(each.span, new) for each in layer.args[:1]]
    return wrong(random, valid, texts)


@kind("size given to a global pooling")
def pooled_size(random: Random, valid: Valid) -> str | None:
    """`gap 1`, as an adaptive pooling has it."""
    size = random.choice(("1", "1x1", "7", "2"))
    words = [each.keyword.span for each in valid.layers("gap", "gmp")]
    return wrong(random, valid, (inserted(valid, span.end, f" {size}") for span in words))


@kind("wrong axis")
def axis(random: Random, valid: Valid) -> str | None:
    """`axis=` with another axis, or left out of a layer that needs it."""
    texts = []
    for each in every(valid, ast.Argument):
        if each.name is not None and each.name.text == "axis":
            numbers = re.fullmatch(r"-?\d", each.value.span.text)
            others = ("0", "1", "2", "-1") if numbers else ("c", "t", "h", "w", "hw", "l")
            texts += [valid.replace(each.value.span, other) for other in others]
            texts.append(valid.without(each.span))
    return wrong(random, valid, texts)


@kind("another dimension of the current tensor")
def dimension(random: Random, valid: Valid) -> str | None:
    """`@h` for `@c`."""
    found = matches(valid, r"@[a-z]\b")
    return wrong(random, valid, (substituted(valid, each, f"@{letter}") for each in found for letter in "chwl"))


@kind("batch among the axes")
def batch(random: Random, valid: Valid) -> str | None:
    """`permute 0 2 1`, `reshape -1 64 8 8`, `"b c h w -> b (h w) c"`, as in PyTorch."""
    texts = []
    for layer in valid.layers("permute", "reshape"):
        if layer.args:
            span = layer.args[0].span.to(layer.args[-1].span)
            if layer.keyword.text == "permute":
                axes = re.sub(r"\d+", lambda match: str(int(match[0]) + 1), span.text)
                texts.append(valid.replace(span, f"0 {axes}"))
            else:
                texts.append(valid.replace(span, f"-1 {span.text.replace('x', ' ')}"))
                texts.append(valid.replace(span, f"1x{span.text}"))
    for each in every(valid, ast.Text):
        if "->" in each.value:
            texts.append(valid.replace(each.span, '"b ' + each.span.text[1:].replace("-> ", "-> b ")))
    return wrong(random, valid, texts)


@kind("features before a reshape for another size")
def before_reshape(random: Random, valid: Valid) -> str | None:
    """The layer or the input that a reshape reads has the number of features of an earlier version."""
    texts = []
    for layer in valid.layers("reshape"):
        for node in valid.nodes(layer):
            source = valid.graph.nodes[node.inputs[0]]
            while not source.is_input and source.op.keyword != "fc":
                source = valid.graph.nodes[source.inputs[0]]
            numbers = matches(valid, r"\b\d+\b", source.span)
            if source.shape.rank == 1:
                texts += [substituted(valid, each, str(new)) for each in numbers for new in _earlier(int(each[0]))]
    return wrong(random, valid, texts)


def _earlier(size: int) -> list[int]:
    return [size // 2, size * 2, size - 1] if size < 16 else [size // 2, size * 2, 100]


@kind("another parameter of the block")
def other_parameter(random: Random, valid: Valid) -> str | None:
    """`conv s k3 s=filters`: one of the parameters in the place of another."""
    texts = []
    for block in valid.program.blocks:
        names = [parameter.name.text for parameter in block.parameters]
        for each in records(block.body):
            if isinstance(each, ast.Variable) and each.name in names:
                texts += [valid.replace(each.span, other) for other in names if other != each.name]
    return wrong(random, valid, texts)


@kind("argument of a layer given to a block")
def extra_argument(random: Random, valid: Valid) -> str | None:
    """`basic 64 k3`, where the block has no parameter k."""
    names = {block.name.text: {each.name.text for each in block.parameters} for block in valid.program.blocks}
    texts = []
    for use in valid.uses():
        end = use.args[-1].span.end if use.args else use.keyword.span.end
        extra = [word for word in ("k3", "p1", "s2", "nobias", "same") if word[0] not in names[use.keyword.text]]
        texts += [inserted(valid, end, f" {word}") for word in extra]
    return wrong(random, valid, texts)


@kind("assertion of the output in another layout")
def asserted_layout(random: Random, valid: Valid) -> str | None:
    """`assert out == 32x32x3`, with the channels last, or `1x3x32x32`, with the batch."""
    texts = []
    for match in matches(valid, r"\bout == (\d+(?:x\d+)*)"):
        first, _, rest = match[1].partition("x")
        last = f"{rest}x{first}" if rest else f"{first}x1"
        texts += [substituted(valid, match, new, 1) for new in (last, f"1x{match[1]}")]
    return wrong(random, valid, texts)
