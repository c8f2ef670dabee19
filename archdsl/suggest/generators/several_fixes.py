"""One change in several layers: the padding of a body, the output padding of a decoder, names at pooling layers."""

from collections.abc import Iterable, Iterator, Sequence

from ...contract.layer import Op
from ...diagnostics import Edit
from ...diagnostics.catalog.shape_errors import KernelTooLarge, OperandsDiffer
from ...layers.conv import UpConv
from ...layers.pool import Pooling
from ...shapes.symbolic import concrete
from ...syntax import ast
from ...text.source import Span
from ..candidate import Candidate
from ..padding_words import writes_same
from ..suggestion_context import ErrorSite, SuggestionContext, changed, written

_MAX_STATEMENTS = 80
_POOLS = ("maxpool", "avgpool")


def kept(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The padding with which each window in the bodies of a merge or residual keeps its spatial size."""
    merge = site.statement
    if not isinstance(merge, ast.Merge | ast.Residual) or not isinstance(site.diagnostic, OperandsDiffer):
        return
    layers = [each for each in context.statements.inside(merge) if isinstance(each, ast.LayerStatement)]
    ops = [(each, op) for each in layers if context.owns(each) and (op := _window_of(context, each)) is not None]
    if any(_step(op) > 1 for _, op in ops if not (isinstance(op, Pooling) and getattr(op, "stride", None) is None)):
        return
    changes = [(each, found) for each, op in ops if (found := _keeping(context, each, op)) is not None]
    unpadded = all(getattr(op, "padding", 0) == 0 for each, op in ops if any(each is other for other, _ in changes))
    yield from _combined(changes, 0.9 if unpadded else 1.35)


def padded(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """`same` for every convolution of stride 1 without padding, if a kernel is too large."""
    if site.node is None or not isinstance(site.diagnostic, KernelTooLarge):
        return
    layers = [each for each, _, _ in context.layers_before(site.node, _MAX_STATEMENTS)]
    layers += [each for each in _after(context, site.node.id) if all(each is not other for other in layers)]
    changes = []
    for each in layers:
        op = _window_of(context, each)
        if op is not None and hasattr(op, "filters") and _step(op) == 1 and getattr(op, "padding", 0) == 0:
            found = _keeping(context, each, op)
            changes += [(each, found)] if found is not None else []
    if len(changes) > 1:
        edits = tuple(edit for _, each in changes for edit in each.edits)
        title = (
            f"write {'`same`' if writes_same(context.written) else 'padding'} in each of {len(changes)} convolutions"
        )
        yield Candidate(title=title, edits=edits, rank=1.5, kind="several layers")


def _after(context: SuggestionContext, node: int) -> Iterator[ast.LayerStatement]:
    """The layers of the text that come after a node."""
    statements = {id(each.statement): each.statement for each in context.draft.nodes[node + 1 :]}
    yield from (each for each in statements.values() if isinstance(each, ast.LayerStatement) and context.owns(each))


def _window_of(context: SuggestionContext, statement: ast.LayerStatement) -> Op | None:
    nodes = context.nodes.get(id(statement), [])
    op = nodes[0].op if nodes else None
    return op if op is not None and hasattr(op, "kernel") and hasattr(op, "padding") else None


def _step(op: Op) -> int:
    stride = getattr(op, "stride", 1)
    if stride is None:
        stride = getattr(op, "kernel", 1)
    return concrete(stride[0] if isinstance(stride, tuple) else stride)


def _keeping(context: SuggestionContext, statement: ast.LayerStatement, op: Op) -> Candidate | None:
    """The layer with the padding that keeps the spatial size; None if it has that already, or if there is none."""
    kernel, padding, dilation = getattr(op, "kernel", 1), getattr(op, "padding", 0), getattr(op, "dilation", 1)
    if not (isinstance(kernel, int) and isinstance(padding, int) and isinstance(dilation, int)):
        return None
    around = concrete(dilation) * (concrete(kernel) - 1)
    if around % 2 or isinstance(op, UpConv) or (2 * concrete(padding) == around and _step(op) == 1):
        return None
    if isinstance(op, Pooling):
        return changed(context, statement, {"stride": "1", "padding": str(around // 2)}, 0.0)
    return changed(context, statement, {"padding": "same"}, 0.0)


def doubled(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The padding and output padding with which each transposed convolution multiplies the size by its stride."""
    if site.node is None:
        return
    changes = []
    for statement, maker, _ in context.layers_before(site.node, _MAX_STATEMENTS):
        op = maker.op
        if isinstance(op, UpConv) and isinstance(op.stride, int) and isinstance(op.kernel, int):
            kernel, step = concrete(op.kernel), concrete(op.stride)
            padding = (kernel - 1) // 2 if kernel % 2 else (kernel - step) // 2
            extra = step - kernel + 2 * padding
            if step > 1 and padding >= 0 and 0 <= extra < step:
                values = {"padding": str(padding) if padding else None, "output_padding": str(extra) if extra else None}
                found = changed(context, statement, values, 0.0)
                if found is not None and (op.padding, op.output_padding) != (padding, extra):
                    changes.append((statement, found))
    if len(changes) > 1:
        yield from _combined(changes, 0.8)


def _combined(changes: Sequence[tuple[ast.LayerStatement, Candidate]], rank: float) -> Iterator[Candidate]:
    """The changes as one candidate, which names each new statement once."""
    if not changes:
        return
    edits = tuple(edit for _, each in changes for edit in each.edits)
    titles = list(dict.fromkeys(each.title for _, each in changes))
    if len(titles) == 1:
        times = f" ({len(changes)} times)" if len(changes) > 1 else ""
        yield Candidate(title=titles[0] + times, edits=edits, rank=rank, kind=changes[0][1].kind)
        return
    lines = ", ".join(str(line) for line in dict.fromkeys(each.span.line for each, _ in changes))
    news = list(dict.fromkeys(title.removeprefix("write ").partition(" instead of ")[0] for title in titles))
    title = f"write {_listed(news)}" if len(news) < 4 else f"write {news[0]} and similar statements on lines {lines}"
    yield Candidate(title=title, edits=edits, rank=rank, kind="several layers")


def _listed(words: Sequence[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def named_late(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The names of results of pooling layers, moved to their inputs, if skip connections need the larger tensors."""
    found = list(_named_poolings(context))
    for before, pool, edits in found:
        assert pool.alias is not None
        title = f"name the tensor before the pooling: `{written(before)} as {pool.alias.text}`"
        yield Candidate(title=title, edits=edits, rank=1.2)
    if len(found) > 1:
        names = _listed([f"`{pool.alias.text}`" for _, pool, _ in found if pool.alias is not None])
        every = tuple(edit for _, _, each in found for edit in each)
        yield Candidate(title=f"name the tensors before the pooling layers: {names}", edits=every, rank=1.0)


def _named_poolings(
    context: SuggestionContext,
) -> Iterable[tuple[ast.Statement, ast.LayerStatement, tuple[Edit, Edit]]]:
    for each in context.statements.all:
        if not isinstance(each, ast.LayerStatement) or each.keyword.text not in _POOLS or each.alias is None:
            continue
        before = next(context.statements.before(each), None)
        if isinstance(before, ast.LayerStatement) and before.alias is None:
            end = each.args[-1].span.end if each.args else each.keyword.span.end
            cut = Edit(span=Span(each.span.source, end, each.alias.span.end), text="")
            yield before, each, (Edit(span=before.span.tail, text=f" as {each.alias.text}"), cut)
