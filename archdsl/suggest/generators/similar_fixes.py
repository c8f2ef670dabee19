"""Layers and merges that are easily confused: the intended one takes the same arguments."""

from collections.abc import Iterator

from ...contract.layer import LayerOp
from ...diagnostics import Edit
from ...diagnostics.catalog.shape_errors import WrongDimensions
from ...elaborate.dimensions import other_number
from ...layers import find, merges
from ...shapes.shape import Layout
from ...syntax import ast
from ..candidate import Candidate
from ..suggestion_context import ErrorSite, SuggestionContext, away, rewritten

_GROUPS: tuple[tuple[str, ...], ...] = (
    ("conv", "upconv", "dwconv"),
    ("upsample", "resize", "upconv", "pixelshuffle"),
    ("conv", "upsample", "upconv"),
    ("reshape", "resize", "flatten", "permute"),
    ("flatten", "tokens", "gap", "permute"),
    ("gap", "gmp", "mean", "avgpool", "adaptive_avgpool", "flatten"),
    ("maxpool", "avgpool", "lppool", "gmp", "gap"),
    ("take", "slice"),
    ("pos", "learned", "cls"),
    ("embedding", "fc"),
    ("pixelshuffle", "pixelunshuffle"),
    ("pixelshuffle", "upsample"),
    ("bn", "layernorm", "groupnorm", "instancenorm", "rmsnorm"),
    ("lstm", "gru", "rnn"),
    ("tokens", "to_image", "conv"),
    ("fc", "conv"),
    ("dropout", "drop_path", "dropout2d"),
)
_WIDTHS = ("filters", "units", "features")
_TO_SIZE = ("to_image", "resize", "upsample", "pixelshuffle", "pixelunshuffle")
"""Layers whose argument is the size of the output, or the factor between sizes."""
_MERGES = ("concat", "add", "mul", "matmul", "stack", "sub")


def layers(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """Another layer of the same kind for the one that has an error, or for one shortly before it."""
    # For another number of dimensions, the same layer has another name: `conv1d`, `conv2d`.
    renamed = isinstance(site.diagnostic, WrongDimensions) and other_number(site.span.text, site.diagnostic.count)
    places = [(site.layer, 0)] if site.layer is not None and not renamed else []
    if site.node is not None:
        places += [
            (each, distance) for each, _, distance in context.layers_before(site.node, 5) if each is not site.layer
        ]
    used = {each.keyword.text for each in context.statements.all if isinstance(each, ast.LayerStatement)}
    shapes = site.diagnostic.code.startswith("E04")
    for statement, distance in places:
        layer = find(statement.keyword.text)
        if statement.keyword.text in context.blocks or layer is None:
            continue
        own = layer.keyword
        found = dict.fromkeys(w for group in _GROUPS if own in group for w in group if w != own)
        for index, word in enumerate(found):
            other = find(word)
            if other is None or _does_nothing(context, statement, word):
                continue
            fits = _may_take(statement, layer, other)
            rank = 1.4 + 1.2 * away(distance) + 0.12 * index + 0.5 * (word not in used)
            edit = Edit(span=statement.keyword.span, text=word)
            if fits:
                yield rewritten(statement, (edit,), rank).replace(kind="another layer")
            elif shapes and _is_bare(layer, other) and distance < 2:
                whole = statement.keyword.span.to(statement.args[-1].span)
                bare = Edit(span=whole, text=word)
                yield rewritten(statement, (bare,), rank + 1.0).replace(kind="another layer")


def _does_nothing(context: SuggestionContext, statement: ast.LayerStatement, word: str) -> bool:
    """Whether another layer would return its input as it is: `tokens` of a sequence."""
    nodes = context.nodes.get(id(statement), [])
    shape = context.shape(nodes[0].inputs[0]) if nodes and nodes[0].inputs else None
    return word == "tokens" and shape is not None and shape.layout in (Layout.SEQUENCE, Layout.OPEN)


def _may_take(statement: ast.LayerStatement, own: type[LayerOp], other: type[LayerOp]) -> bool:
    """Whether another layer may have these arguments: it takes some, or there are none and it requires none.

    A number of filters is never a kernel or a factor of another layer.
    """
    if own.keyword == "flatten" and statement.args:
        return False  # an axis of torch.flatten
    if not statement.args:
        return not any(p.required for p in other.parameters)
    if not other.parameters:
        return False
    both = [next((p.name for p in each.parameters if p.positional), "") for each in (own, other)]
    return statement.args[0].name is not None or len({name in _WIDTHS for name in both}) == 1


def _is_bare(own: type[LayerOp], other: type[LayerOp]) -> bool:
    """Whether another layer may replace this one with its arguments: one that needs none, for a window or an order.

    A size that is written is never left out.
    """
    if own.keyword == "permute" and other.keyword != "tokens":
        return False  # only `tokens` reorders axes as well
    return own.keyword not in _TO_SIZE and not any(p.required for p in other.parameters)


def merge_points(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """Another merge for the one that has an error, or for one before it."""
    places: list[tuple[ast.Merge | ast.Residual, int]] = []
    if isinstance(site.statement, ast.Merge | ast.Residual):
        places.append((site.statement, 0))
    if site.node is not None:
        for node, distance in context.ancestors_of(site.node, 8):
            statement = node.statement
            if isinstance(statement, ast.Merge | ast.Residual) and all(statement is not each for each, _ in places):
                places.append((statement, distance))
    words = [each.keyword.text for each in context.statements.all if isinstance(each, ast.Merge | ast.Residual)]
    for statement, distance in places:
        if not context.owns(statement):
            continue
        own = statement.keyword.text
        if isinstance(statement, ast.Residual) and (statement.shortcut is not None or statement.when is not None):
            continue
        single = isinstance(statement, ast.Residual) or _has_one_body(statement)
        options = [word for word in (*_MERGES, *(("residual",) if single else ())) if word != own and word != "skip"]
        for index, word in enumerate(sorted(options, key=lambda w: -words.count(w))):
            if word != "residual" and word not in merges():
                continue
            rank = (
                1.3
                + away(distance)
                + 0.25 * index
                + 0.4 * (word not in words)
                - 0.2 * (words.count(word) > words.count(own))
            )
            edit = Edit(span=statement.keyword.span, text=word)
            title = f"write `{word}` instead of `{own}` on line {statement.span.line}"
            yield Candidate(title=title, edits=(edit,), rank=rank, kind="another merge")


def _has_one_body(statement: ast.Merge) -> bool:
    return len(statement.operands) == 1 and isinstance(statement.operands[0], ast.Body)
