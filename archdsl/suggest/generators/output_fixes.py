"""Outputs that must be feature maps for the task of a network: the layers that are missing at the end."""

from collections.abc import Iterator

from ...contract.layer import InputOp
from ...diagnostics import Edit
from ...diagnostics.catalogue.task_errors import WrongImageOutput
from ...graph import DraftNode
from ...shapes.shape import Layout, Shape
from ...syntax import ast
from ...text.source import Span
from ..candidate import Candidate
from ..suggestion_context import ErrorSite, SuggestionContext, changed, only, written

_MAX_REMOVED = 8
"""How many statements at the end of a network are replaced at most."""


def feature_maps(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The channels and the spatial size that the task needs: set by the last layer, or by further layers after the last
    feature map.
    """
    diagnostic, statement = site.diagnostic, site.layer
    if not isinstance(diagnostic, WrongImageOutput) or not diagnostic.channels or statement is None:
        return
    nodes = [node for node in context.nodes.get(id(statement), []) if node.uses == diagnostic.uses]
    if not nodes or not context.owns(statement):
        return
    node = nodes[-1]
    yield from _last_layer(context, node, statement, diagnostic)
    shape = context.shape(node.id)
    if diagnostic.has_other_stride:
        yield _appended(statement, f"conv {diagnostic.channels} k3 s2 p1", "it doubles the stride")
    elif shape is not None and shape.layout is Layout.IMAGE:
        if layers := _layers(shape, diagnostic):
            yield _appended(statement, layers)
    else:
        yield from _replaced(context, node, diagnostic)


def _last_layer(
    context: SuggestionContext, node: DraftNode, statement: ast.LayerStatement, diagnostic: WrongImageOutput
) -> Iterator[Candidate]:
    """A last convolution with the number of filters, padding that keeps the size, or both."""
    if node.op is None or node.op.keyword != "conv":
        return
    filters: dict[str, str | None] = {"filters": str(diagnostic.channels)}
    padding: dict[str, str | None] = {"padding": "same"}
    for rank, values in enumerate((filters, padding, {**filters, **padding}) if diagnostic.exact else (filters,)):
        yield from only(changed(context, statement, values, 0.5 + 0.1 * rank))


def _layers(shape: Shape, diagnostic: WrongImageOutput) -> str:
    """The layers after a feature map that give the output."""
    channels, *spatial = shape.dims
    layers = [f"conv {diagnostic.channels} k1"] if channels != diagnostic.channels else []
    if tuple(spatial) != diagnostic.size:
        fits = not diagnostic.exact and all(one <= most for one, most in zip(spatial, diagnostic.size, strict=True))
        layers += [] if fits else [f"resize {'x'.join(map(str, diagnostic.size))} bilinear"]
    return "; ".join(layers)


def _appended(statement: ast.LayerStatement, layers: str, why: str = "") -> Candidate:
    """The layers after a statement, whose name is then that of the last one."""
    end = statement.span.end
    if statement.alias is not None:
        before = statement.span.text[: statement.alias.span.start - statement.span.start]
        end = statement.span.start + len(before.rstrip().removesuffix("as").rstrip())
    edit = Edit(span=Span(statement.span.source, end, end), text=f"; {layers}")
    return Candidate(title=f"add `{layers}` at the end", edits=(edit,), rank=1.0, why=why)


def _replaced(context: SuggestionContext, node: DraftNode, diagnostic: WrongImageOutput) -> Iterator[Candidate]:
    """The layers in place of the statements after the last feature map."""
    removed: list[ast.Statement] = []
    while len(removed) < _MAX_REMOVED and len(node.inputs) == 1 and node.statement is not None:
        removed.insert(0, node.statement)
        node = context.draft.nodes[node.inputs[0]]
        shape = context.shape(node.id)
        if shape is None:
            return
        if shape.layout is Layout.IMAGE:
            last = removed[-1]
            alias = last.alias if isinstance(last, ast.LayerStatement) else None
            layers = _layers(shape, diagnostic)
            if not layers and (alias is not None or isinstance(node.op, InputOp)):
                layers = f"conv {diagnostic.channels} k1"
            yield from _instead(context, removed, layers if alias is None else f"{layers} as {alias.text}")
            return


def _instead(context: SuggestionContext, removed: list[ast.Statement], layers: str) -> Iterator[Candidate]:
    """The layers, if any, in place of consecutive statements of the network."""
    positions = [found for each in removed if (found := context.statements.position_of(each)) is not None]
    first = positions[0].position if positions else 0
    consecutive = [(first + i, None) for i in range(len(removed))]
    if first == 0 or [(each.position, each.owner) for each in positions] != consecutive:
        return
    old = "; ".join(written(each) for each in removed)
    title = f"write `{layers}` instead of `{old}`" if layers else f"remove `{old}`"
    edits = _replacing(positions[0].siblings[first - 1].span, removed, layers)
    yield Candidate(title=title, edits=edits, rank=1.0)


def _replacing(before: Span, removed: list[ast.Statement], new: str) -> tuple[Edit, ...]:
    """The edits that write a text instead of consecutive statements after another one; comments between them stay."""
    edits: list[Edit] = []
    end = before.end
    for each in removed:
        start = each.span.start
        keeps = (new and not edits) or "#" in each.span.source.text[end:start]
        span = Span(before.source, start if keeps else end, each.span.end)
        edits.append(Edit(span=span, text="" if edits else new))
        end = each.span.end
    return tuple(edits)
