"""Windows that do not fit or round down: kernels, padding, strides, pooling, transposed convolutions, crops."""

from collections.abc import Iterator

from ...contract.layer import Op
from ...diagnostics import Edit
from ...diagnostics.catalog.shape_errors import KernelTooLarge, OperandsDiffer, PaddingTooLarge
from ...graph import DraftNode
from ...layers.conv import UpConv
from ...layers.cut import Crop
from ...layers.pool import Pooling
from ...shapes.symbolic import concrete
from ...syntax import ast
from ..candidate import Candidate
from ..suggestion_context import ErrorSite, SuggestionContext, away, changed, only, rewritten
from ..written_arguments import value_text
from .solving_fixes import is_huge


def fitting(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """Padding, kernels and strides of the layers before an error."""
    node = site.node
    if node is None:
        return
    own = isinstance(site.diagnostic, KernelTooLarge | PaddingTooLarge)
    if own and site.layer is not None:
        yield from _own_window(context, site.layer, node)
    yield from _sized_as_other(context, site)
    yield from _enlarged(context, site)
    for statement, maker, distance in context.layers_before(node):
        op = maker.op
        if op is None or not maker.inputs:
            continue
        rank = 1.2 + away(distance)
        if isinstance(site.diagnostic, KernelTooLarge) and is_huge(context, maker):
            # One digit too many: the kernel without it, then usual ones.
            for index, text in enumerate(dict.fromkeys((str(getattr(op, "kernel", ""))[:-1], "3", "5"))):
                yield from only(changed(context, statement, {"kernel": text}, 0.6 + 0.3 * index))
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
                yield from only(changed(context, statement, {"factor": factor}, rank + 0.5))


def _sized_as_other(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """For a `crop` in a branch that is larger than its input: the size of the other branches."""
    layer, node = site.layer, site.node
    if layer is None or node is None or node.op is None or not hasattr(node.op, "size"):
        return
    merge = next((s for s in context.statements.ancestors(layer) if isinstance(s, ast.Merge | ast.Residual)), None)
    for merge_node in context.nodes.get(id(merge), []):
        for i in merge_node.inputs:
            shape = context.shape(i)
            if i != node.id and shape is not None and shape.spatial:
                sizes = [str(concrete(side)) for side in shape.spatial_size]
                text = sizes[0] if len(set(sizes)) == 1 else "x".join(sizes)
                yield from only(changed(context, layer, {"size": text}, 0.6, "as in the other branch"))


def _enlarged(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """For a `crop` to a size that is larger than its input: `pad` to that size."""
    layer, node = site.layer, site.node
    if layer is None or node is None or not isinstance(node.op, Crop) or len(layer.args) != 1:
        return
    shape, size = context.shape(node.inputs[0]), node.op.size
    if shape is None or size is None or not shape.spatial:
        return
    wanted = size if isinstance(size, tuple) else (size,) * len(shape.spatial_size)
    added = {concrete(one) - concrete(other) for one, other in zip(wanted, shape.spatial_size, strict=False)}
    if len(added) == 1 and (amount := added.pop()) > 0 and amount % 2 == 0:
        edit = Edit(span=layer.keyword.span.to(layer.args[0].span), text=f"pad {amount // 2}")
        yield rewritten(layer, (edit,), 1.7, f"it gives {'×'.join(map(str, wanted))}")


def _swapped(context: SuggestionContext, statement: ast.LayerStatement, rank: float) -> Iterator[Candidate]:
    """The filters and the kernel of a convolution, swapped if the kernel size is the larger number: `conv 3 64`."""
    parameters = {p.name: p for p in context.parameters(statement)}
    given = context.given(statement)
    if "filters" in given and "kernel" in given:
        filters, kernel = (value_text(given[name], parameters[name]) for name in ("filters", "kernel"))
        if filters.isdigit() and kernel.isdigit() and int(kernel) >= 8 > int(filters):
            values: dict[str, str | None] = {"filters": kernel, "kernel": filters}
            yield from only(changed(context, statement, values, rank, "filters come first"))


def _stride_for_kernel(context: SuggestionContext, statement: ast.LayerStatement, rank: float) -> Iterator[Candidate]:
    """The kernel and the stride of a window, swapped; most likely if the stride is larger than the kernel."""
    parameters = {p.name: p for p in context.parameters(statement)}
    given = context.given(statement)
    if "stride" in given and "kernel" in given:
        kernel, stride = (value_text(given[name], parameters[name]) for name in ("kernel", "stride"))
        if kernel.isdigit() and stride.isdigit() and kernel != stride:
            values: dict[str, str | None] = {"kernel": stride, "stride": kernel}
            yield from only(
                # A stride larger than the window is unlikely in any layer.
                changed(context, statement, values, 0.7 if int(stride) > int(kernel) else rank + 1.2)
            )


def _own_window(context: SuggestionContext, layer: ast.LayerStatement, node: DraftNode) -> Iterator[Candidate]:
    """The window of the layer itself: a smaller kernel or padding; global pooling for one that is too large."""
    op, shape = node.op, context.shape(node.inputs[0]) if node.inputs else None
    if op is None or shape is None or not shape.spatial:
        return
    room = min(concrete(side) for side in shape.spatial_size)
    yield from _swapped(context, layer, 0.6)
    kernel = getattr(op, "kernel", None)
    least = kernel if isinstance(kernel, int) else min(kernel) if isinstance(kernel, tuple) else 0
    if isinstance(op, Pooling):
        word = "gmp" if op.keyword == "maxpool" else "gap"
        if op.keyword in ("maxpool", "avgpool") and concrete(least) > room:
            whole = layer.keyword.span.to(layer.args[-1].span) if layer.args else layer.keyword.span
            edit = Edit(span=whole, text=word)
            yield rewritten(layer, (edit,), 1.5, "it takes any spatial size")
    if isinstance(op, Pooling) and getattr(op, "padding", 0) != 0:
        yield from only(changed(context, layer, {"padding": str(concrete(least) // 2)}, 1.0))
    if room >= 1:
        last = isinstance(op, Pooling) and concrete(least) > room and _is_last_pooling(context, node)
        yield from only(changed(context, layer, {"kernel": str(room)}, 1.05 if last else 3.5))
    if "padding" in {p.name for p in context.parameters(layer)}:
        # A window that reads more padding than input is rarely intended.
        mostly_padding = concrete(least) > 2 * room
        yield from only(changed(context, layer, {"padding": "same"}, 1.6 + mostly_padding))
        yield from only(changed(context, layer, {"padding": str(concrete(least) // 2)}, 1.8 + mostly_padding))


def _is_last_pooling(context: SuggestionContext, node: DraftNode) -> bool:
    """Whether no other layer with a window follows a pooling layer: it most likely averages over the whole image."""
    after = [each.op for each in context.draft.nodes[node.id + 1 :] if each.op is not None]
    return not any(op.style in ("conv", "pool") for op in after)


def _padded(
    context: SuggestionContext, statement: ast.LayerStatement, node: DraftNode, op: Op, rank: float, in_branch: bool
) -> Iterator[Candidate]:
    """Other padding, rounding and strides of one layer before the error."""
    kernel, dilation = getattr(op, "kernel", 1), getattr(op, "dilation", 1)
    kernels = kernel if isinstance(kernel, tuple) else (kernel,)
    spread = dilation if isinstance(dilation, int) else dilation[0]
    reach = [concrete(spread) * (concrete(k) - 1) for k in kernels]
    half = "x".join(str(r // 2) for r in reach)
    given = context.given(statement)
    stride = getattr(op, "stride", None)
    strided = stride not in (1, None) or (isinstance(op, Pooling) and stride is None)
    if any(reach):
        if isinstance(op, Pooling):
            yield from only(changed(context, statement, {"padding": half}, rank))
            if "stride" not in given:
                yield from only(changed(context, statement, {"stride": "1"}, rank + 0.2))
                yield from only(changed(context, statement, {"stride": "1", "padding": half}, rank + 0.5))
            if "padding" not in given:
                yield from only(changed(context, statement, {"ceil": "ceil"}, rank + 0.6))
            else:
                yield from only(changed(context, statement, {"padding": None}, rank + 0.8))
        else:
            if not strided or "padding" not in given:
                yield from only(changed(context, statement, {"padding": "same"}, rank + (0.4 if strided else 0.1)))
            yield from only(changed(context, statement, {"padding": half}, rank + (0.1 if strided else 0.3)))
            if "padding" not in given and len(node.inputs) == 1 and in_branch:
                yield from only(changed(context, statement, {"kernel": "1"}, rank + 0.5))
    if "stride" in given and not isinstance(op, Pooling):
        yield from only(changed(context, statement, {"stride": None}, rank + (0.4 if in_branch else 0.9)))
    if isinstance(op, Pooling) and "stride" in given:
        yield from only(changed(context, statement, {"stride": None}, rank + 1.0))


def _spread(
    context: SuggestionContext, statement: ast.LayerStatement, node: DraftNode, rank: float
) -> Iterator[Candidate]:
    """Kernels, strides and paddings of a transposed convolution that make an exact multiple of its input."""
    op = node.op
    assert isinstance(op, UpConv)
    stride = op.stride if isinstance(op.stride, int) else op.stride[0]
    kernel = op.kernel if isinstance(op.kernel, int) else op.kernel[0]
    step = concrete(stride)
    if step > 1:
        bare = "padding" not in context.given(statement)
        yield from only(
            changed(
                context,
                statement,
                {"kernel": str(step), "padding": None, "output_padding": None},
                rank + (0.05 if bare else 0.9),
            )
        )
        half = (concrete(kernel) - 1) // 2
        padding = half if concrete(kernel) % 2 else (concrete(kernel) - step) // 2
        extra = step - concrete(kernel) + 2 * padding
        if padding >= 0 and 0 <= extra < step:
            values = {"padding": str(padding) if padding else None, "output_padding": str(extra) if extra else None}
            yield from only(changed(context, statement, values, rank + 0.1))
    for other in ("2", "4"):
        if other != str(step):
            yield from only(changed(context, statement, {"stride": other}, rank + 0.7))
            if concrete(kernel) == step or concrete(kernel) < int(other):
                yield from only(changed(context, statement, {"stride": other, "kernel": other}, rank + 0.6))
