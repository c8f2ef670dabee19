"""Failed assertions: the number of outputs that they require."""

from collections.abc import Iterator

from ...shapes.shape import Layout
from ...shapes.symbolic import concrete
from ...syntax import ast
from ..candidate import Candidate
from ..suggestion_context import ErrorSite, SuggestionContext, changed, inserted_before, removed, written
from .input_fixes import sizes_in
from .sibling_fixes import setter


def outputs(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """For `assert out == N`: N units or filters in the layer that determines the output's channels."""
    statement = site.statement
    if not isinstance(statement, ast.Assert) or not context.draft.outputs:
        return
    wanted = _wanted(statement.condition)
    found = setter(context, context.draft.nodes[context.draft.outputs[0][1]])
    if wanted is None or found is None:
        return
    candidate = changed(context, found[0], {found[2]: wanted}, 0.5)
    if candidate is not None:
        yield candidate


def resampled(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """For an output half or twice as large as asserted: one more upsampling or pooling layer, like the others."""
    statement, node = site.statement, site.node
    if not isinstance(statement, ast.Assert) or node is None:
        return
    size = next(iter(sizes_in(statement.condition)), None)
    shape = context.shape(node.id)
    if size is None or shape is None or not shape.spatial or len(size) != shape.rank:
        return
    ratio = size[1] / max(concrete(shape.spatial_size[0]), 1)
    words = ("upsample", "upconv", "pixelshuffle") if ratio > 1 else ("maxpool", "avgpool")
    if ratio == 1:
        return
    step = round(ratio)
    if ratio > 1 and concrete(shape.channels) == size[0] * step ** len(shape.spatial_size):
        yield inserted_before(statement, f"pixelshuffle {step}", 0.8)
    if ratio > 1:
        yield inserted_before(statement, f"upsample {step}", 2.2)
    path = [(each, maker) for each, maker, _ in context.layers_before(node, 80) if maker.op is not None]
    those = [each for each, maker in path if maker.op is not None and maker.op.keyword in words]
    others = ("maxpool", "avgpool") if ratio > 1 else ("upsample", "upconv", "pixelshuffle")
    for index, (each, maker) in enumerate(path):
        if maker.op is not None and maker.op.keyword in others and maker.op.keyword != "upconv":
            yield removed(context, each, 1.4 + 0.1 * index)
    text = written(those[0]) if those else f"upsample {round(ratio)}" if ratio > 1 else f"maxpool {round(1 / ratio)}"
    opposite = [maker.id for _, maker in path if maker.op is not None and maker.op.keyword in others]
    candidates = [
        each
        for each, maker in path
        if not opposite or (maker.id > max(opposite) if ratio > 1 else maker.id <= min(opposite))
    ]
    for index, (place, rank) in enumerate(_places(context, those, candidates)):
        yield inserted_before(place, text, rank + 0.12 * index)


def stepped(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """For an output with steps that should be a vector: the last step, after the layers for sequences."""
    statement, node = site.statement, site.node
    if not isinstance(statement, ast.Assert) or node is None:
        return
    shape = context.shape(node.id)
    if shape is None or shape.layout not in (Layout.SEQUENCE, Layout.SIGNAL, Layout.OPEN):
        return
    if _wanted(statement.condition) is None or sizes_in_any(statement.condition):
        return
    path = list(context.layers_before(node, 40))
    for index, (each, _, _) in enumerate(path):
        after = path[index - 1][0] if index else None
        if each.keyword.text in ("lstm", "gru", "rnn") and after is not None:
            yield inserted_before(after, "take -1", 0.7)
            yield inserted_before(after, "gap", 1.0)
    linear = next((each for each, maker, _ in path if maker.op is not None and maker.op.keyword == "fc"), None)
    if linear is not None:
        yield inserted_before(linear, "take -1", 1.1)
        yield inserted_before(linear, "gap", 1.2)


def sizes_in_any(condition: ast.Expr) -> bool:
    """Whether an assertion compares with a shape of several sizes."""
    return any(len(size) > 1 for size in sizes_in(condition))


def _places(
    context: SuggestionContext, those: list[ast.LayerStatement], path: list[ast.LayerStatement]
) -> Iterator[tuple[ast.Statement, float]]:
    """The statements before which another one may be missing, those with similar neighbors first."""
    around = [_neighbors(context, each) for each in those]
    found = []
    for each in path:
        before, home = next(context.statements.before(each), None), context.statements.position_of(each)
        if home is None or any(each is other for other in those) or any(before is other for other in those):
            continue
        pair = _word(before), _word(each)
        fit = max(((pair[0] == a) + (pair[1] == b) for a, b in around), default=0)
        if fit or not those:
            found.append((each, 1.3 + 0.5 * (2 - fit)))
    return iter(sorted(found, key=lambda item: item[1])[:8])


def _neighbors(context: SuggestionContext, statement: ast.Statement) -> tuple[str, str]:
    home = context.statements.position_of(statement)
    after = home.siblings[home.position + 1] if home and home.position + 1 < len(home.siblings) else None
    return _word(next(context.statements.before(statement), None)), _word(after)


def _word(statement: ast.Statement | None) -> str:
    return statement.keyword.text if isinstance(statement, ast.LayerStatement) else type(statement).__name__


def standard(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The usual kernels and strides of the layers before the asserted tensor."""
    if site.node is None:
        return
    for statement, maker, distance in context.layers_before(site.node, 30):
        names = {p.name for p in context.parameters(statement)}
        pools = maker.op is not None and maker.op.style == "pool"
        for name, texts in (("kernel", ("2", "3") if pools else ("3", "5")), ("stride", ("2", "1"))):
            for index, text in enumerate(texts):
                if name in names and (
                    candidate := changed(context, statement, {name: text}, 2.2 + 0.2 * index + 0.1 * distance)
                ):
                    yield candidate


def _wanted(condition: ast.Expr) -> str | None:
    """The number, or the first size, that the output must have."""
    match condition:
        case ast.Parenthesized():
            return _wanted(condition.inner)
        case ast.Binary(op="==", left=ast.Variable(name="out"), right=ast.Number() | ast.Variable() as right):
            return right.span.text
        case ast.Binary(op="==", left=ast.Variable(name="out"), right=ast.Size(dims=(int(first), *_))):
            return str(first)
        case ast.Binary(op="and"):
            return _wanted(condition.left) or _wanted(condition.right)
        case _:
            return None
