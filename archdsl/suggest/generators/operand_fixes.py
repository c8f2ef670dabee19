"""Operands of different spatial size: matching strides, or pooling, upsampling or a crop on one of the paths."""

from collections.abc import Iterator

from ...contract.layer import Op
from ...diagnostics import Edit
from ...diagnostics.catalog.shape_errors import OperandsDiffer
from ...graph import DraftNode
from ...shapes.shape import Shape
from ...shapes.symbolic import concrete
from ...syntax import ast
from ...text.source import Span
from ..candidate import Candidate
from ..suggestion_context import ErrorSite, SuggestionContext, away, changed, inserted_before, only, removed, written
from ..written_arguments import value_text

_POOLS = ("maxpool", "avgpool")


def operands(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """Edits that give operands of different spatial size the same size."""
    node = site.node
    if node is None or not isinstance(site.diagnostic, OperandsDiffer) or len(node.inputs) < 2:
        return
    pairs = [(index, context.draft.nodes[i], context.shape(i)) for index, i in enumerate(node.inputs)]
    sized = [(index, maker, shape) for index, maker, shape in pairs if shape is not None and shape.spatial]
    if len(sized) < 2 or len({shape.rank for _, _, shape in sized}) > 1:
        return
    sized.sort(key=lambda each: -concrete(each[2].spatial_size[0]))
    (first, large, large_shape), (last, small, small_shape) = sized[0], sized[-1]
    for maker, shape in ((large, small_shape), (small, large_shape)):
        yield from _given_size(context, maker, shape)
    ratios = [
        concrete(a) / max(concrete(b), 1)
        for a, b in zip(large_shape.spatial_size, small_shape.spatial_size, strict=True)
    ]
    nearest = round(max(ratios))
    if nearest > 1:
        yield from _strides(context, large, small, nearest)
        yield from _enlarged(context, site, last, nearest, is_exact=all(ratio == nearest for ratio in ratios))
        yield from at_end(context, site, first, f"maxpool {nearest}", 2.7)
        yield from _after_named(context, f"maxpool {nearest}")
    sizes = [concrete(side) for side in small_shape.spatial_size]
    if any(
        concrete(a) != concrete(b) for a, b in zip(large_shape.spatial_size, small_shape.spatial_size, strict=True)
    ) and all(r >= 1 for r in ratios):
        text = f"crop {sizes[0] if len(set(sizes)) == 1 else 'x'.join(map(str, sizes))}"
        yield from at_end(context, site, first, text, 2.0 if nearest < 2 else 3.0)


def _enlarged(
    context: SuggestionContext, site: ErrorSite, index: int, ratio: int, is_exact: bool
) -> Iterator[Candidate]:
    """Upsampling for the small operand, written as elsewhere in the text; most likely if it fits exactly."""
    assert site.statement is not None
    texts = []
    for each in context.statements.by_distance(site.statement):
        ops = [node.op for node in context.nodes.get(id(each), ()) if node.op is not None]
        if isinstance(each, ast.LayerStatement) and any(_enlarges(op, ratio) for op in ops) and each.alias is None:
            texts.append(written(each))
    # The other operand is enlarged, not the skip connection.
    is_main_path = is_exact and isinstance(site.statement, ast.Merge) and site.operand(index) is None
    for number, text in enumerate(list(dict.fromkeys(texts))[:2] if is_exact else []):
        yield from at_end(context, site, index, text, (0.9 if is_main_path else 2.2) + 0.4 * number)
    yield from at_end(context, site, index, f"upsample {ratio}", 1.8 if is_main_path else 2.8)


def _enlarges(op: Op, ratio: int) -> bool:
    word = {"upsample": "factor", "pixelshuffle": "factor", "upconv": "stride"}.get(op.keyword)
    value = getattr(op, word, None) if word is not None else None
    return value == ratio or value == (ratio, ratio)


def _after_named(context: SuggestionContext, text: str) -> Iterator[Candidate]:
    """A pooling layer after a named tensor, if one follows other named tensors."""
    named = [
        (each, after)
        for each in context.statements.all
        if getattr(each, "alias", None) is not None and not isinstance(each, ast.Reuse)
        for home in [context.statements.position_of(each)]
        for after in [home.siblings[home.position + 1] if home and home.position + 1 < len(home.siblings) else None]
    ]
    pools = [after for _, after in named if isinstance(after, ast.LayerStatement) and after.keyword.text in _POOLS]
    text = written(pools[0]) if pools else text
    for index, after in enumerate(reversed([after for _, after in named if after not in pools])):
        if isinstance(after, ast.LayerStatement):
            yield inserted_before(after, text, (1.3 if pools else 2.4) + 0.2 * index)


def _given_size(context: SuggestionContext, maker: DraftNode, shape: Shape) -> Iterator[Candidate]:
    """The size of another operand for a layer that is given one, such as `crop`."""
    statement, op = maker.statement, maker.op
    if isinstance(statement, ast.LayerStatement) and op is not None and hasattr(op, "size"):
        sizes = [str(concrete(side)) for side in shape.spatial_size]
        text = sizes[0] if len(set(sizes)) == 1 else "x".join(sizes)
        yield from only(changed(context, statement, {"size": text}, 0.6))


def _strides(context: SuggestionContext, large: DraftNode, small: DraftNode, ratio: int) -> Iterator[Candidate]:
    """A stride for a convolution of the large path, as the small one writes it; or the small one without pooling."""
    on_large = list(context.layers_before(large, 6))
    on_small = list(context.layers_before(small, 6))
    shared = {id(s) for s, _, _ in on_large} & {id(s) for s, _, _ in on_small}
    texts = [str(ratio)]
    for statement, _, _ in on_small:
        argument = context.given(statement).get("stride")
        if argument is not None and id(statement) not in shared:
            p = next(p for p in context.parameters(statement) if p.name == "stride")
            texts.insert(0, value_text(argument, p))
    for statement, maker, distance in on_large:
        if id(statement) in shared or maker.op is None or not hasattr(maker.op, "stride"):
            continue
        for number, text in enumerate(dict.fromkeys(texts)):
            rank = 1.0 + away(distance) + 0.3 * number
            yield from only(changed(context, statement, {"stride": text}, rank))
    for statement, maker, distance in on_small:
        if id(statement) not in shared and maker.op is not None and maker.op.keyword in ("maxpool", "avgpool"):
            yield removed(context, statement, 2.6 + away(distance))


def at_end(context: SuggestionContext, site: ErrorSite, index: int, text: str, rank: float) -> Iterator[Candidate]:
    """A statement at the end of the path that makes an operand of a merge: in its body, or before the merge."""
    merge, operand = site.statement, site.operand(index)
    if merge is None:
        return
    if isinstance(operand, ast.Body):
        if operand.statements:
            last = operand.statements[-1]
            edit = Edit(span=last.span.tail, text=f"; {text}")
            yield Candidate(title=f"insert `{text}` after `{written(last)}`", edits=(edit,), rank=rank)
        else:
            edit = Edit(span=operand.span, text=f"{{ {text} }}")
            yield Candidate(title=f"write `{{ {text} }}` instead of `{{ }}`", edits=(edit,), rank=rank)
    elif isinstance(operand, ast.Word):
        new = f"{{ from {operand.text}; {text} }}"
        edit = Edit(span=operand.span, text=new)
        yield Candidate(title=f"write `{new}` instead of `{operand.text}`", edits=(edit,), rank=rank)
        yield from _where_named(context, operand.text, text, rank + 0.1)
    elif isinstance(merge, ast.Merge):
        yield inserted_before(merge, text, rank)


def _where_named(context: SuggestionContext, name: str, text: str, rank: float) -> Iterator[Candidate]:
    """The statement that names a tensor; the name moves to the inserted statement."""
    for each in context.statements.all:
        alias = getattr(each, "alias", None)
        if isinstance(each, ast.LayerStatement) and alias is not None and alias.text == name:
            start = each.args[-1].span.end if each.args else each.keyword.span.end
            edit = Edit(span=Span(alias.span.source, start, alias.span.end), text=f"; {text} as {name}")
            yield Candidate(title=f"insert `{text}` before `as {name}`", edits=(edit,), rank=rank)
