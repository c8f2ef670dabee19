"""Outputs that must be feature maps for the task of a network: the layers that are missing at the end."""

from collections.abc import Iterator, Sequence

from ...contract.layer import InputOp
from ...diagnostics import Edit
from ...diagnostics.catalog.task_errors import WrongImageOutput
from ...graph import DraftNode
from ...shapes.shape import Layout, Shape
from ...syntax import ast
from ...text.source import Span
from ..candidate import Candidate
from ..statements import covers
from ..suggestion_context import ErrorSite, SuggestionContext, changed, only, written

_MAX_REMOVED = 8
"""How many statements at the end of a network are replaced at most."""


def feature_maps(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The channels and the spatial size that the task needs: set by the last layer, or by further layers after the last
    feature map.
    """
    diagnostic, statement = site.diagnostic, site.statement
    if not isinstance(diagnostic, WrongImageOutput) or not diagnostic.channels or not context.owns(statement):
        return
    nodes = [node for node in context.nodes.get(id(statement), []) if node.uses == diagnostic.uses]
    if not nodes or not isinstance(statement, ast.LayerStatement | ast.Merge | ast.Residual):
        return
    node = nodes[-1]
    if isinstance(statement, ast.LayerStatement):
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
    shape = context.shape(node.id)
    fits = not diagnostic.exact or (shape is not None and tuple(shape.dims[1:]) == diagnostic.size)
    for rank, values in enumerate((filters,) if fits else (filters, padding, {**filters, **padding})):
        yield from only(changed(context, statement, values, 0.5 + 0.1 * rank))


def _layers(shape: Shape, diagnostic: WrongImageOutput) -> str:
    """The layers after a feature map that give the output."""
    channels, *spatial = shape.dims
    layers = [f"conv {diagnostic.channels} k1"] if channels != diagnostic.channels else []
    if tuple(spatial) != diagnostic.size:
        fits = not diagnostic.exact and all(one <= most for one, most in zip(spatial, diagnostic.size, strict=True))
        layers += [] if fits else [f"resize {'x'.join(map(str, diagnostic.size))} bilinear"]
    return "; ".join(layers)


def _appended(statement: ast.LayerStatement | ast.Merge | ast.Residual, layers: str, why: str = "") -> Candidate:
    """The layers after a statement, whose name is then that of the last one."""
    end = statement.span.end
    if statement.alias is not None:
        before = statement.span.text[: statement.alias.span.start - statement.span.start]
        end = statement.span.start + len(before.rstrip().removesuffix("as").rstrip())
    edit = Edit(span=Span(statement.span.source, end, end), text=f"; {layers}")
    return Candidate(title=f"add `{layers}` at the end", edits=(edit,), rank=1.0, why=why)


def _replaced(context: SuggestionContext, node: DraftNode, diagnostic: WrongImageOutput) -> Iterator[Candidate]:
    """The layers in place of the statements after the last feature map."""
    place = _place(node)
    last = context.statements.at(place) if place.source is context.source else None
    while last is not None:
        home = context.statements.position_of(last)
        if home is None:
            return
        first = home.position
        while first > max(0, home.position - _MAX_REMOVED):
            first -= 1
            before = _result(context, home.siblings[first])
            shape = None if before is None else context.shape(before.id)
            if before is not None and shape is not None and shape.layout is Layout.IMAGE:
                layers = _layers(shape, diagnostic)
                removed = _innermost(home.siblings[first + 1 : home.position + 1])
                if not layers and (
                    _alias(removed[-1]) or removed[0] is not home.siblings[first + 1] or _is_input(before)
                ):
                    layers = f"conv {diagnostic.channels} k1"
                yield _instead(home.siblings[first].span, removed, layers)
                return
        if isinstance(home.owner, ast.If):
            yield from _instead_of_body(context, home.siblings[: home.position + 1], diagnostic)
        last = home.owner if isinstance(home.owner, ast.Stage) else None


def _instead_of_body(
    context: SuggestionContext, removed: Sequence[ast.Statement], diagnostic: WrongImageOutput
) -> Iterator[Candidate]:
    """The layers in place of the statements of a body, if the body reads a feature map."""
    first = next(iter(context.nodes.get(id(removed[0]), ())), None)
    shape = context.shape(first.inputs[0]) if first is not None and first.inputs else None
    if shape is not None and shape.layout is Layout.IMAGE:
        layers = _layers(shape, diagnostic) or f"conv {diagnostic.channels} k1"
        yield _instead(removed[0].span.head, removed, layers)


def _place(node: DraftNode) -> Span:
    """Where a node is made in the text: by a use of a block, or by its own statement."""
    return node.uses[0].span if node.uses else node.span


def _result(context: SuggestionContext, statement: ast.Statement) -> DraftNode | None:
    """The last node that a statement makes."""
    made = (node for node in context.draft.nodes if _place(node).source is statement.span.source)
    return max((node for node in made if covers(statement.span, _place(node))), key=lambda node: node.id, default=None)


def _is_input(node: DraftNode) -> bool:
    return isinstance(node.op, InputOp)


def _innermost(removed: Sequence[ast.Statement]) -> Sequence[ast.Statement]:
    """The statements to replace: those of a stage, if it is the only one, so that the stage stays."""
    while len(removed) == 1 and isinstance(removed[0], ast.Stage):
        removed = removed[0].body.statements
    return removed


def _alias(statement: ast.Statement) -> str:
    """The name that a statement gives to its tensor; empty without one."""
    alias = getattr(statement, "alias", None)
    return "" if alias is None else alias.text


def _instead(before: Span, removed: Sequence[ast.Statement], layers: str) -> Candidate:
    """The layers, if any, in place of consecutive statements after another one, with the name of the last of them."""
    name = _alias(removed[-1])
    new = f"{layers} as {name}" if name else layers
    old = "; ".join(written(each) for each in removed)
    title = f"write `{new}` instead of `{old}`" if new else f"remove `{old}`"
    return Candidate(title=title, edits=_replacing(before, removed, new), rank=1.0)


def _replacing(before: Span, removed: Sequence[ast.Statement], new: str) -> tuple[Edit, ...]:
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
