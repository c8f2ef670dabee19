"""Windows that do not fit or round down: kernels, padding, strides, pooling, transposed convolutions, crops."""

from collections.abc import Iterator

from ...contract.layer import Op
from ...diagnostics import Edit
from ...diagnostics.catalogue.shape_errors import KernelTooLarge, OperandsDiffer, PaddingTooLarge
from ...graph import DraftNode
from ...layers.conv import UpConv
from ...layers.pool import Pooling
from ...shapes.shape import Shape
from ...shapes.symbolic import plain
from ...syntax import ast
from ...text.source import Span
from ..candidate import Candidate
from ..suggestion_context import (
    ErrorSite,
    SuggestionContext,
    away,
    changed,
    inserted_before,
    removed,
    rewritten,
    written,
)
from ..written_arguments import value_text, written_arguments

_SHRINKING = ("maxpool", "avgpool", "lppool", "flatten", "gap", "gmp")


def fitting(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """Padding, kernels and strides of the layers that lead to an error."""
    node = site.node
    if node is None:
        return
    own = isinstance(site.diagnostic, KernelTooLarge | PaddingTooLarge)
    if own and site.layer is not None:
        yield from _own_window(context, site.layer, node)
    yield from _sized_as_other(context, site)
    for statement, maker, distance in context.behind(node):
        op = maker.op
        if op is None or not maker.inputs:
            continue
        rank = 1.2 + away(distance)
        yield from _swapped(context, statement, rank - 0.5)
        if "kernel" in {p.name for p in context.parameters(statement)}:
            yield from _stride_for_kernel(context, statement, rank)
        if isinstance(op, UpConv):
            yield from _spread(context, statement, maker, rank)
        elif hasattr(op, "padding") and hasattr(op, "kernel") and not (own and distance == 0):
            in_branch = isinstance(site.diagnostic, OperandsDiffer)
            yield from _padded(context, statement, maker, op, rank, in_branch)
        elif hasattr(op, "factor"):
            for factor in ("2", "4"):
                yield from _only(changed(context, statement, {"factor": factor}, rank + 0.5))
    if isinstance(site.diagnostic, OperandsDiffer) and len(node.inputs) > 1:
        yield from _operands(context, site, node)


def _sized_as_other(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """For a `crop` in a branch that is larger than its input: the size of the other branches."""
    layer, node = site.layer, site.node
    if layer is None or node is None or node.op is None or not hasattr(node.op, "size"):
        return
    merge = next((s for s in context.statements.ancestors(layer) if isinstance(s, ast.Merge | ast.Residual)), None)
    for joint in context.nodes.get(id(merge), []):
        for i in joint.inputs:
            shape = context.shape(i)
            if i != node.id and shape is not None and shape.spatial:
                sizes = [str(plain(side)) for side in shape.spatial_size]
                text = sizes[0] if len(set(sizes)) == 1 else "x".join(sizes)
                yield from _only(changed(context, layer, {"size": text}, 0.6, "as in the other branch"))


def _swapped(context: SuggestionContext, statement: ast.LayerStatement, rank: float) -> Iterator[Candidate]:
    """The filters and the kernel of a convolution that has fewer filters than its kernel is long: `conv 3 64`."""
    parameters = {p.name: p for p in context.parameters(statement)}
    given = written_arguments(statement, context.parameters(statement))
    if "filters" in given and "kernel" in given:
        filters, kernel = (value_text(given[name], parameters[name]) for name in ("filters", "kernel"))
        if filters.isdigit() and kernel.isdigit() and int(kernel) >= 8 > int(filters):
            values: dict[str, str | None] = {"filters": kernel, "kernel": filters}
            yield from _only(changed(context, statement, values, rank, "filters come first"))


def _stride_for_kernel(context: SuggestionContext, statement: ast.LayerStatement, rank: float) -> Iterator[Candidate]:
    """The kernel and the stride of a window exchanged; most likely where it steps further than it reaches."""
    parameters = {p.name: p for p in context.parameters(statement)}
    given = written_arguments(statement, context.parameters(statement))
    if "stride" in given and "kernel" in given:
        kernel, stride = (value_text(given[name], parameters[name]) for name in ("kernel", "stride"))
        if kernel.isdigit() and stride.isdigit() and kernel != stride:
            values: dict[str, str | None] = {"kernel": stride, "stride": kernel}
            yield from _only(
                changed(context, statement, values, rank - 0.4 if int(stride) > int(kernel) else rank + 1.2)
            )


def _only(candidate: Candidate | None) -> Iterator[Candidate]:
    if candidate is not None:
        yield candidate


def _own_window(context: SuggestionContext, layer: ast.LayerStatement, node: DraftNode) -> Iterator[Candidate]:
    """The window of the layer itself: a smaller kernel or padding; a global pooling for one that is too large."""
    op, shape = node.op, context.shape(node.inputs[0]) if node.inputs else None
    if op is None or shape is None or not shape.spatial:
        return
    room = min(plain(side) for side in shape.spatial_size)
    yield from _swapped(context, layer, 0.6)
    kernel = getattr(op, "kernel", None)
    least = kernel if isinstance(kernel, int) else min(kernel) if isinstance(kernel, tuple) else 0
    if isinstance(op, Pooling):
        word = "gmp" if op.keyword == "maxpool" else "gap"
        if op.keyword in ("maxpool", "avgpool") and plain(least) > room:
            whole = layer.keyword.span.to(layer.args[-1].span) if layer.args else layer.keyword.span
            edit = Edit(span=whole, text=word)
            yield rewritten(layer, (edit,), 1.5, "it takes any spatial size")
    if isinstance(op, Pooling) and getattr(op, "padding", 0) != 0:
        yield from _only(changed(context, layer, {"padding": str(plain(least) // 2)}, 1.0))
    if room >= 1:
        yield from _only(changed(context, layer, {"kernel": str(room)}, 3.5))
    if "padding" in {p.name for p in context.parameters(layer)}:
        # A window that reads more padding than input is hardly meant.
        mostly_padding = plain(least) > 2 * room
        yield from _only(changed(context, layer, {"padding": "same"}, 1.6 + mostly_padding))
        yield from _only(changed(context, layer, {"padding": str(plain(least) // 2)}, 1.8 + mostly_padding))


def _padded(
    context: SuggestionContext, statement: ast.LayerStatement, node: DraftNode, op: Op, rank: float, in_branch: bool
) -> Iterator[Candidate]:
    """Other padding, rounding and strides of one layer on the way."""
    kernel, dilation = getattr(op, "kernel", 1), getattr(op, "dilation", 1)
    kernels = kernel if isinstance(kernel, tuple) else (kernel,)
    spread = dilation if isinstance(dilation, int) else dilation[0]
    reach = [plain(spread) * (plain(k) - 1) for k in kernels]
    half = "x".join(str(r // 2) for r in reach)
    given = written_arguments(statement, context.parameters(statement))
    stride = getattr(op, "stride", None)
    strided = stride not in (1, None) or (isinstance(op, Pooling) and stride is None)
    if any(reach):
        if isinstance(op, Pooling):
            yield from _only(changed(context, statement, {"padding": half}, rank))
            if "stride" not in given:
                yield from _only(changed(context, statement, {"stride": "1"}, rank + 0.2))
                yield from _only(changed(context, statement, {"stride": "1", "padding": half}, rank + 0.5))
            if "padding" not in given:
                yield from _only(changed(context, statement, {"ceil": "ceil"}, rank + 0.6))
            else:
                yield from _only(changed(context, statement, {"padding": None}, rank + 0.8))
        else:
            if not strided or "padding" not in given:
                yield from _only(changed(context, statement, {"padding": "same"}, rank + (0.4 if strided else 0.1)))
            yield from _only(changed(context, statement, {"padding": half}, rank + (0.1 if strided else 0.3)))
            if "padding" not in given and len(node.inputs) == 1 and in_branch:
                yield from _only(changed(context, statement, {"kernel": "1"}, rank + 0.5))
    if "stride" in given and not isinstance(op, Pooling):
        yield from _only(changed(context, statement, {"stride": None}, rank + (0.4 if in_branch else 0.9)))
    if isinstance(op, Pooling) and "stride" in given:
        yield from _only(changed(context, statement, {"stride": None}, rank + 1.0))


def _spread(
    context: SuggestionContext, statement: ast.LayerStatement, node: DraftNode, rank: float
) -> Iterator[Candidate]:
    """Kernels, strides and paddings of a transposed convolution that make an exact multiple of its input."""
    op = node.op
    assert isinstance(op, UpConv)
    stride = op.stride if isinstance(op.stride, int) else op.stride[0]
    kernel = op.kernel if isinstance(op.kernel, int) else op.kernel[0]
    step = plain(stride)
    if step > 1:
        bare = "padding" not in written_arguments(statement, context.parameters(statement))
        yield from _only(
            changed(
                context,
                statement,
                {"kernel": str(step), "padding": None, "output_padding": None},
                rank + (0.05 if bare else 0.9),
            )
        )
        half = (plain(kernel) - 1) // 2
        padding = half if plain(kernel) % 2 else (plain(kernel) - step) // 2
        extra = step - plain(kernel) + 2 * padding
        if padding >= 0 and 0 <= extra < step:
            values = {"padding": str(padding) if padding else None, "output_padding": str(extra) if extra else None}
            yield from _only(changed(context, statement, values, rank + 0.1))
    for other in ("2", "4"):
        if other != str(step):
            yield from _only(changed(context, statement, {"stride": other}, rank + 0.7))
            if plain(kernel) == step or plain(kernel) < int(other):
                yield from _only(changed(context, statement, {"stride": other, "kernel": other}, rank + 0.6))


def _operands(context: SuggestionContext, site: ErrorSite, node: DraftNode) -> Iterator[Candidate]:
    """For operands of different spatial size: strides that match, a pooling, an upsampling or a crop on one path."""
    pairs = [(index, context.draft.nodes[i], context.shape(i)) for index, i in enumerate(node.inputs)]
    sized = [(index, maker, shape) for index, maker, shape in pairs if shape is not None and shape.spatial]
    if len(sized) < 2 or len({shape.rank for _, _, shape in sized}) > 1:
        return
    sized.sort(key=lambda each: -plain(each[2].spatial_size[0]))
    (first, large, big), (last, small, little) = sized[0], sized[-1]
    for maker, shape in ((large, little), (small, big)):
        yield from _given_size(context, maker, shape)
    ratios = [plain(a) / max(plain(b), 1) for a, b in zip(big.spatial_size, little.spatial_size, strict=True)]
    nearest = round(max(ratios))
    if nearest > 1:
        yield from _strides(context, large, small, nearest)
        yield from at_end(context, site, last, f"upsample {nearest}", 2.5)
        yield from at_end(context, site, first, f"maxpool {nearest}", 2.7)
        yield from _after_named(context, f"maxpool {nearest}")
    sizes = [plain(side) for side in little.spatial_size]
    if any(plain(a) != plain(b) for a, b in zip(big.spatial_size, little.spatial_size, strict=True)) and all(
        r >= 1 for r in ratios
    ):
        text = f"crop {sizes[0] if len(set(sizes)) == 1 else 'x'.join(map(str, sizes))}"
        yield from at_end(context, site, first, text, 2.0 if nearest < 2 else 3.0)


def _after_named(context: SuggestionContext, text: str) -> Iterator[Candidate]:
    """A pooling after a tensor that has a name, where one follows others that have one."""
    named = [
        (each, after)
        for each in context.statements.all
        if getattr(each, "alias", None) is not None and not isinstance(each, ast.Reuse)
        for home in [context.statements.home(each)]
        for after in [home.siblings[home.position + 1] if home and home.position + 1 < len(home.siblings) else None]
    ]
    pools = [after for _, after in named if isinstance(after, ast.LayerStatement) and after.keyword.text in _POOLS]
    text = written(pools[0]) if pools else text
    for index, after in enumerate(reversed([after for _, after in named if after not in pools])):
        if isinstance(after, ast.LayerStatement):
            yield inserted_before(after, text, (1.3 if pools else 2.4) + 0.2 * index)


_POOLS = ("maxpool", "avgpool")


def _given_size(context: SuggestionContext, maker: DraftNode, shape: Shape) -> Iterator[Candidate]:
    """The size of another operand for a layer that is given one, such as `crop`."""
    statement, op = maker.statement, maker.op
    if isinstance(statement, ast.LayerStatement) and op is not None and hasattr(op, "size"):
        sizes = [str(plain(side)) for side in shape.spatial_size]
        text = sizes[0] if len(set(sizes)) == 1 else "x".join(sizes)
        yield from _only(changed(context, statement, {"size": text}, 0.6))


def _strides(context: SuggestionContext, large: DraftNode, small: DraftNode, ratio: int) -> Iterator[Candidate]:
    """A stride for the convolution of the path that stays large, as the other path writes it; none on the other."""
    on_large = list(context.behind(large, 6))
    on_small = list(context.behind(small, 6))
    shared = {id(s) for s, _, _ in on_large} & {id(s) for s, _, _ in on_small}
    texts = [str(ratio)]
    for statement, _, _ in on_small:
        argument = written_arguments(statement, context.parameters(statement)).get("stride")
        if argument is not None and id(statement) not in shared:
            p = next(p for p in context.parameters(statement) if p.name == "stride")
            texts.insert(0, value_text(argument, p))
    for statement, maker, distance in on_large:
        if id(statement) in shared or maker.op is None or not hasattr(maker.op, "stride"):
            continue
        for number, text in enumerate(dict.fromkeys(texts)):
            rank = 1.0 + away(distance) + 0.3 * number
            yield from _only(changed(context, statement, {"stride": text}, rank))
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
    """The statement where a tensor gets its name, which then is the name of its result."""
    for each in context.statements.all:
        alias = getattr(each, "alias", None)
        if isinstance(each, ast.LayerStatement) and alias is not None and alias.text == name:
            start = each.args[-1].span.end if each.args else each.keyword.span.end
            edit = Edit(span=Span(alias.span.source, start, alias.span.end), text=f"; {text} as {name}")
            yield Candidate(title=f"insert `{text}` before `as {name}`", edits=(edit,), rank=rank)


def fewer(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """Without a pooling or flattening on the way to an error; never without the statement that has it."""
    node = site.node
    if node is None:
        return
    yield from _doubled(context, site)
    mine = "" if site.layer is None else written(site.layer)
    for statement, maker, distance in context.behind(node):
        word = maker.op.keyword if maker.op is not None else ""
        if statement is not site.statement and distance == 1 and written(statement) == mine:
            yield removed(context, statement, 0.6, "it appears twice in a row")
        after_flat = distance == 1 and word == "flatten" and site.layer is not None
        if after_flat and site.layer is not None and site.layer.keyword.text in ("gap", "gmp", "adaptive_avgpool"):
            yield removed(context, statement, 0.5, "global pooling already returns a vector")
        if word in _SHRINKING and statement is not site.statement:
            before = context.shape(maker.inputs[0]) if maker.inputs else None
            flat = word in ("flatten", "gap", "gmp")
            yield removed(context, statement, (1.6 if flat else 2.2) + away(distance), _why(before, word))


def _doubled(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """A pooling that stands twice in a row, wherever it is."""
    for each in context.statements.all:
        if isinstance(each, ast.LayerStatement) and each.keyword.text in _SHRINKING and each is not site.statement:
            previous = next(context.statements.before(each), None)
            if previous is not None and written(previous) == written(each):
                yield removed(context, each, 0.9, "it appears twice in a row")


def _why(before: Shape | None, word: str) -> str:
    return "" if before is None or word not in ("flatten", "gap", "gmp") else f"its input is {before}"
