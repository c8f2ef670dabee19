"""Channels that do not fit: filters, divisors of channels, shortcuts."""

from collections.abc import Iterator
from math import gcd, lcm

from ...diagnostics import Edit
from ...graph import DraftNode, Unresolved
from ...layers.norm import BatchNorm
from ...layers.resample import PixelShuffle, PixelUnshuffle
from ...shapes.shape import Layout, Shape
from ...shapes.symbolic import concrete
from ...syntax import ast
from ...text.word_lists import listed
from ..candidate import Candidate
from ..statements import covers
from ..suggestion_context import ErrorSite, SuggestionContext, changed
from ..written_arguments import value_text, written_arguments
from .sibling_fixes import setter

_SPLITTING = ("groups", "heads", "window", "factor", "kv_heads", "levels")
"""Arguments that must divide the channels; the square of `factor` must."""
_MOST_MERGES = 3
_MOST_STEPS = 10_000
"""The largest distance from a value at which divisors are searched for."""


def filters(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """For operands with different numbers of channels: as many filters on one path as the other has channels."""
    node = site.node
    if node is None or len(node.inputs) < 2:
        return
    operands = [(context.draft.nodes[i], context.shape(i)) for i in node.inputs]
    for index, (operand, shape) in enumerate(operands):
        found = setter(context, operand)
        if found is None or shape is None:
            continue
        statement, _, name = found
        for other, there in operands:
            if there is None or other is operand or _width(there, name) == _width(shape, name):
                continue
            for text, rank in _as_text(context, statement, other, _width(there, name)):
                rarer = 0.3 * (context.written[text] < context.written[_now(context, statement, name)] - 1)
                outside = 0.5 * (site.statement is not None and not covers(site.statement.span, statement.span))
                candidate = changed(context, statement, {name: text}, 1.0 + 0.1 * index + rank + rarer + outside)
                if candidate is not None:
                    yield candidate


def _width(shape: Shape, name: str) -> int:
    """The size of a shape that an argument sets: the channels, or the last axis."""
    return concrete(shape.dims[-1] if name in ("units", "features") and shape.dims else shape.channels)


def _now(context: SuggestionContext, statement: ast.LayerStatement, name: str) -> str:
    argument = context.given(statement).get(name)
    return "" if argument is None else argument.span.text


def _as_text(
    context: SuggestionContext, statement: ast.LayerStatement, other: DraftNode, number: int
) -> Iterator[tuple[str, float]]:
    """How to write the channels of another path in a statement: as the layer of that path does, else as a number."""
    found = setter(context, other)
    block = context.statements.block(statement)
    if found is not None and context.statements.block(found[0]) is block:
        parameters = context.parameters(found[0])
        argument = written_arguments(found[0], parameters).get(found[2])
        p = next(p for p in parameters if p.name == found[2])
        if argument is not None and "@" not in (text := value_text(argument, p)):
            yield text, 0.0
    if block is not None:
        # In a block that is also used for other channels, a number fits only one use.
        inside = context.statements.inside(block)
        lets = [word.text for s in inside if isinstance(s, ast.Let) for word in s.target.names]
        names = [*(p.name.text for p in block.parameters), *lets]
        yield from ((name, 0.5) for name in names[:5])
        yield str(number), 1.5
    else:
        yield str(number), 0.1


def divisors(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """For a number that must divide the channels: divisors near it, or channels that it divides."""
    layer, node = site.layer, site.node
    if layer is None or not isinstance(node, Unresolved) or node.op is None or not node.inputs:
        return
    shape = context.shape(node.inputs[0])
    name = next((n for n in _SPLITTING if hasattr(node.op, n)), None)
    value = getattr(node.op, name, None) if name else None
    if shape is None or not shape.dims or name is None or not isinstance(value, int) or concrete(value) < 1:
        return
    value = concrete(value)
    if shape.layout is Layout.OPEN and name in ("heads", "kv_heads"):
        shape = shape.read_as(Layout.SEQUENCE)  # as attention reads it
    if isinstance(node.op, PixelUnshuffle):
        yield from _splitting(context, layer, name, value, [concrete(length) for length in shape.spatial_size])
        return
    sizes = _to_divide(node, shape)
    if isinstance(node.op, PixelShuffle):
        yield from _splitting(context, layer, name, value, sizes, power=2)
        value **= 2
    else:
        yield from _splitting(context, layer, name, value, sizes)
    if any(size % value for size in sizes[1:]):
        yield from _rounded(context, layer, "filters", sizes[1], value)
    if sizes[0] % value and (found := setter(context, context.draft.nodes[node.inputs[0]])) is not None:
        yield from _rounded(context, found[0], found[2], sizes[0], value, of_heads=name == "heads")


def _to_divide(node: Unresolved, shape: Shape) -> list[int]:
    own = getattr(node.op, "filters", None)
    return [concrete(shape.channels), *([concrete(own)] if isinstance(own, int) else [])]


def _splitting(
    context: SuggestionContext, layer: ast.LayerStatement, name: str, value: int, sizes: list[int], power: int = 1
) -> Iterator[Candidate]:
    """The divisors next to a value: in the statement, or where the parameter that it names has its default.

    With a power of 2, the squares of the values must divide the sizes.
    """
    common = gcd(*sizes)
    start = min(value, common + 1)
    below = next((d for d in range(start - 1, max(0, start - _MOST_STEPS), -1) if common % d**power == 0), None)
    above = next((d for d in range(value + 1, min(common, value + _MOST_STEPS) + 1) if common % d**power == 0), None)
    near = sorted((d for d in (below, above) if d is not None), key=lambda d: (abs(d - value), d))
    parameters = context.parameters(layer)
    argument = written_arguments(layer, parameters).get(name)
    # A factor of 1 does nothing.
    for index, divisor in enumerate(d for d in near if not (d == 1 and name == "factor")):
        divides = f"{divisor}² = {divisor**2}" if power == 2 else f"{divisor}"
        why = f"{divides} divides {listed(map(str, dict.fromkeys(sizes)))}"
        default = default_of(context, argument)
        if default is not None:
            yield Candidate(
                title=f"set `{argument.value.span.text} = {divisor}`" if argument else "",
                edits=(Edit(span=default.span, text=str(divisor)),),
                rank=1.0 + 0.5 * index,
                why=why,
            )
        candidate = changed(context, layer, {name: str(divisor)}, 1.0 + 0.5 * index + (default is not None), why)
        if candidate is not None:
            yield candidate


def default_of(context: SuggestionContext, argument: ast.Argument | None) -> ast.Expr | None:
    """The default, in the `net` line, of the parameter that an argument names."""
    if argument is None or not isinstance(argument.value, ast.Variable):
        return None
    for each in context.program.statements:
        if isinstance(each, ast.Net):
            for p in each.parameters:
                if p.name.text == argument.value.name and isinstance(p.default, ast.Number):
                    return p.default
    return None


def _rounded(
    context: SuggestionContext,
    statement: ast.LayerStatement,
    name: str,
    size: int,
    value: int,
    of_heads: bool = False,
) -> Iterator[Candidate]:
    """The multiples of a value next to a size, as an argument."""
    uneven = size % 8 != 0  # widths are round numbers: this one is more likely to be wrong than its divisor
    # Multiples of 8 as well, as most widths are.
    step = lcm(value, 8) if size >= 16 else value
    multiples = {-(-size // step) * step, size // step * step}
    nearest = sorted(multiples, key=lambda each: (abs(each - size), -gcd(each, 64)))
    default = default_of(context, context.given(statement).get(name))
    for index, multiple in enumerate(nearest):
        if multiple > 0:
            rank = (0.9 if uneven and of_heads else 1.1 if uneven else 2.0) + 0.4 * index
            if default is not None and default.span.text == str(size):
                yield Candidate(
                    title=f"set `{_now(context, statement, name)} = {multiple}`",
                    edits=(Edit(span=default.span, text=str(multiple)),),
                    rank=rank,
                    why=f"{value} divides {multiple}",
                )
                continue
            candidate = changed(context, statement, {name: str(multiple)}, rank, f"{value} divides {multiple}")
            if candidate is not None:
                yield candidate


def shortcuts(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """A convolution on the shortcut of a residual whose body changes the shape."""
    residual, node = site.statement, site.node
    if not isinstance(residual, ast.Residual) or residual.shortcut is not None or node is None or len(node.inputs) < 2:
        return
    body, start = context.shape(node.inputs[0]), context.shape(node.inputs[1])
    found = _deciding(context, context.draft.nodes[node.inputs[0]])
    if body is None or start is None:
        return
    if not (body.spatial and start.spatial and body.rank == start.rank):
        if body.layout is start.layout:
            yield _with_shortcut(residual, f"fc {concrete(body.features)}", 1.6)
        return
    strides = [_stride(concrete(a), concrete(b)) for a, b in zip(start.spatial_size, body.spatial_size, strict=True)]
    if any(stride is None for stride in strides):
        return
    inner = [each for each in residual.body.statements if isinstance(each, ast.LayerStatement)]
    block = context.statements.block(residual)
    words = _stride_words(context, inner, tuple(s for s in strides if s is not None), block)
    names = {p.name.text for p in block.parameters} if block is not None else set()
    for index, tail in enumerate(_shortcut_suffixes(context, residual)):
        for channels, more in _as_text_of(context, found, concrete(body.channels)):
            conv = f"conv {channels} k1{words}{tail}"
            # If no use and no other residual changes the shape, a body that does is most likely wrong itself.
            changes = channels in names or words.partition("=")[2] in names or _other_shortcuts(context, residual)
            rank = 0.4 + more + 0.2 * index + 0.8 * (not changes)
            conditions = _conditions(words, channels) if block is not None else ""
            if conditions:
                yield _with_shortcut(residual, f"if {conditions} {{ {conv} }}", rank - 0.1)
            yield _with_shortcut(residual, conv, rank + 0.5 * (block is not None))


def _deciding(context: SuggestionContext, node: DraftNode) -> tuple[ast.LayerStatement, DraftNode, str] | None:
    """The layer that determines the channels of a path, even if a gate or a residual follows it."""
    for _ in range(_MOST_MERGES):
        found = setter(context, node)
        if found is not None:
            return found
        while len(node.inputs) == 1:
            node = context.draft.nodes[node.inputs[0]]
        if not node.inputs or node.op is None or node.op.keyword not in ("mul", "add"):
            return None
        node = context.draft.nodes[node.inputs[0]]
    return None


def _shortcut_suffixes(context: SuggestionContext, residual: ast.Residual) -> list[str]:
    """The layers after the convolution of a shortcut: as in the nearest other shortcut, or else at the body's end."""
    for text in _other_shortcuts(context, residual):
        before, _, after = text.partition(";")
        if before.startswith("conv "):
            nobias = " nobias" if "nobias" in before else ""
            return [nobias + (f";{after}" if after else "")]
    normed = [" nobias; bn", ""]
    last = residual.body.statements[-1] if residual.body.statements else None
    ends_normed = last is not None and any(isinstance(n.op, BatchNorm) for n in context.nodes.get(id(last), []))
    return normed if ends_normed else normed[::-1]


def _other_shortcuts(context: SuggestionContext, residual: ast.Residual) -> list[str]:
    """The layers in the shortcuts of the nearest other residuals."""
    found = []
    for each in context.statements.by_distance(residual):
        if isinstance(each, ast.Residual) and each.shortcut is not None and each.shortcut.statements:
            first, last = each.shortcut.statements[0].span, each.shortcut.statements[-1].span
            found.append(" ".join(first.to(last).text.split()) if "\n" not in first.to(last).text else "")
    return [text for text in dict.fromkeys(found) if text][:2]


def _as_text_of(
    context: SuggestionContext, found: tuple[ast.LayerStatement, DraftNode, str] | None, number: int
) -> Iterator[tuple[str, float]]:
    if found is not None:
        parameters = context.parameters(found[0])
        argument = written_arguments(found[0], parameters).get(found[2])
        p = next(p for p in parameters if p.name == found[2])
        if argument is not None and "@" not in (text := value_text(argument, p)):
            yield text, 0.0
            if text == str(number):
                return
    yield str(number), 0.4


def _stride_words(
    context: SuggestionContext, inner: list[ast.LayerStatement], strides: tuple[int, ...], block: ast.Block | None
) -> str:
    """The stride as the body writes it, if one of its layers has one; else the number that the shapes need."""
    texts = []
    for each in inner:
        parameters = context.parameters(each)
        argument = written_arguments(each, parameters).get("stride")
        if argument is not None:
            texts.append(argument.span.text)
    if block is not None and len(texts) == 1:
        return f" {texts[0]}"
    if set(strides) == {1}:
        return ""
    return f" s{strides[0]}" if len(set(strides)) == 1 else f" s{'x'.join(map(str, strides))}"


def _conditions(words: str, channels: str) -> str:
    """The condition under which a block's shortcut must change the shape."""
    stride = words.strip().removeprefix("stride=").removeprefix("s=")
    parts = []
    if stride and stride.isidentifier() and not stride[-1].isdigit():
        parts.append(f"{stride} != 1")
    elif words:
        return ""
    parts.append(f"@c != {channels}")
    return " or ".join(parts)


def _with_shortcut(residual: ast.Residual, text: str, rank: float) -> Candidate:
    written = f"shortcut {{ {text} }}"
    edit = Edit(span=residual.body.span.tail, text=f" {written}")
    return Candidate(title=f"add `{written}` after the body", edits=(edit,), rank=rank)


def _stride(a: int, b: int) -> int | None:
    """The stride of a 1×1 convolution that turns `a` positions into `b`."""
    if b < 1:
        return None
    return next((s for s in (a // b, a // b + 1) if s >= 1 and (a - 1) // s + 1 == b), None)
