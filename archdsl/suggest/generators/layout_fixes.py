"""Tensors whose layout does not fit the layer: a conversion, another order of statements, another tensor."""

from collections.abc import Iterator
from math import isqrt, prod

from ...diagnostics import Edit
from ...diagnostics.catalog.shape_errors import (
    ArgumentsConflict,
    GroupsDoNotDivide,
    OperandsDiffer,
    PaddingTooLarge,
    WrongDimensions,
)
from ...elaborate.dimensions import other_number
from ...graph import DraftNode
from ...layers.reshape import Flatten, Reshape
from ...shapes.shape import Layout, Shape
from ...shapes.symbolic import concrete
from ...syntax import ast
from ..candidate import Candidate
from ..statements import covers
from ..suggestion_context import ErrorSite, SuggestionContext, changed, inserted_before, removed, rewritten, written
from ..written_arguments import set_argument
from .operand_fixes import at_end
from .sibling_fixes import setter

_OF_VALUES = (GroupsDoNotDivide, PaddingTooLarge, ArgumentsConflict)
"""Errors of arguments whose layer can read the layout."""


def conversions(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """A statement before the error that converts its input to the layout that the layer takes."""
    node, statement = site.node, site.statement
    if node is None or statement is None or not node.inputs or isinstance(site.diagnostic, _OF_VALUES):
        return
    if len(node.inputs) > 1:
        yield from _between_operands(context, site, node)
        return
    shape = context.shape(node.inputs[0])
    if shape is None:
        return
    stepped = shape.layout is Layout.VECTOR  # a sequence of one step is rarely intended
    for index, text in enumerate(_reorderings(shape, node, _pools_globally(context, site))):
        yield inserted_before(statement, text, 1.0 + 0.4 * index + 1.5 * stepped, _output_text(shape, text))
    if shape.layout is Layout.VECTOR:
        yield from _unflattened(context, site, node, concrete(shape.dims[0]))
        yield from _global_pooling(context, site, node)
        spread = node.op is not None and node.op.keyword == "upconv"  # from noise, as generators do
        yield inserted_before(statement, f"reshape {concrete(shape.dims[0])}x1x1", 0.5 if spread else 3.5)
    if shape.layout in (Layout.VECTOR, Layout.SEQUENCE) and node.op is not None and node.op.keyword in _REDUCING:
        yield removed(context, statement, 1.6, f"{shape} has no spatial dimensions to reduce")
    if isinstance(site.diagnostic, WrongDimensions):
        word = site.span
        for index, text in enumerate(other_number(word.text, site.diagnostic.count)):
            yield rewritten(statement, (Edit(span=word, text=text),), 0.8 + 0.3 * index)


def gates(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """For `fc` in a gate C×1×1: a convolution of 1×1, and as many filters at the end as there are channels."""
    layer, node, merge = site.layer, site.node, None
    if layer is None or node is None or not node.inputs or layer.keyword.text not in ("fc", "linear", "dense"):
        return
    shape = context.shape(node.inputs[0])
    if shape is None or not shape.spatial or any(concrete(side) != 1 for side in shape.spatial_size) or not layer.args:
        return
    merge = next((each for each in context.statements.ancestors(layer) if isinstance(each, ast.Merge)), None)
    home = context.statements.position_of(layer)
    edits = []
    for each in home.siblings if home is not None and merge is not None else (layer,):
        if isinstance(each, ast.LayerStatement) and each.keyword.text == layer.keyword.text and each.args:
            whole = each.keyword.span.to(each.args[0].span)
            edits.append(Edit(span=whole, text=f"conv {each.args[0].span.text} k1"))
    yield rewritten(layer, tuple(e for e in edits if covers(layer.span, e.span)), 0.7, "a gate keeps C×1×1")
    if merge is None or home is None:
        return
    last = next((s for s in reversed(home.siblings) if isinstance(s, ast.LayerStatement) and s.args), None)
    start = context.nodes.get(id(merge), [])
    wanted = context.shape(start[0].inputs[0]) if start and start[0].inputs else None
    if last is None or wanted is None:
        return
    channels = str(concrete(wanted.channels))
    if last.keyword.text == layer.keyword.text:
        changes = [e for e in edits if not covers(last.span, e.span)]
        whole = last.keyword.span.to(last.args[0].span)
        new = [*changes, Edit(span=whole, text=f"conv {channels} k1")]
    else:
        edit = set_argument(last, context.parameters(last), "filters", channels)
        new = [*edits, *([edit] if edit is not None else [])]
    both = Candidate(
        title=f"write `{new[0].text}` and `conv {channels} k1`" if len(new) > 1 else f"write `{new[0].text}`",
        edits=tuple(new),
        rank=0.6,
        why=f"a gate is C×1×1, here {channels}×1×1",
    )
    yield both


def _unflattened(context: SuggestionContext, site: ErrorSite, node: DraftNode, count: int) -> Iterator[Candidate]:
    """A `reshape` to the factors of the units before it, `64*7*7`, or to the shape before an earlier `flatten`."""
    statement = site.statement
    if statement is None:
        return
    found = setter(context, context.draft.nodes[node.inputs[0]])
    if found is not None:
        argument = context.given(found[0]).get(found[2])
        factors = argument.value.span.text.split("*") if argument is not None else []
        spatial = [int(each) for each in factors[-2:] if each.strip().isdigit()]
        if len(factors) > 2 and len(spatial) == 2 and count % prod(spatial) == 0:
            channels = count // prod(spatial)
            text = f"reshape {channels}x{spatial[0]}x{spatial[1]}"
            edit = Edit(span=found[0].span.tail, text=f"; {text}")
            yield Candidate(title=f"insert `{text}` after `{written(found[0])}`", edits=(edit,), rank=0.5)
            yield inserted_before(statement, text, 0.6)
    if found is None:
        return
    # The shape before an earlier `flatten` with this number of elements, not before the one right here.
    for each in context.draft.nodes[: found[1].id]:
        shape = context.shape(each.inputs[0]) if isinstance(each.op, Flatten) and each.inputs else None
        if shape is not None and concrete(shape.numel) == count:
            yield inserted_before(statement, f"reshape {'x'.join(str(concrete(dim)) for dim in shape.dims)}", 0.6)


def _global_pooling(context: SuggestionContext, site: ErrorSite, node: DraftNode) -> Iterator[Candidate]:
    """A global pooling layer before the error that keeps its axes, C×1×1, as gates do."""
    if site.statement is None:
        return
    inside = any(isinstance(each, ast.Merge) for each in context.statements.ancestors(site.statement))
    for statement, maker, distance in context.layers_before(node, 5):
        if maker.op is not None and maker.op.keyword in ("gap", "gmp") and not statement.args:
            edit = Edit(span=statement.keyword.span.tail, text=" keep")
            rank = (0.5 if inside else 1.2) + 0.1 * distance
            yield rewritten(statement, (edit,), rank, "it keeps C×1×1, a gate")


_REDUCING = ("gap", "gmp", "flatten", "maxpool", "avgpool", "adaptive_avgpool", "adaptive_maxpool")


_LINEAR = ("fc", "linear", "dense")
_STEPPING = ("attention", "lstm", "gru", "rnn", "pos", "cls")


def _pools_globally(context: SuggestionContext, site: ErrorSite) -> bool:
    """Whether a classifier most likely averages over space: it normalizes or has shortcuts, and this layer is its last.

    Networks since ResNet (He et al., 2015) do so; earlier ones flatten, and have several linear layers.
    """
    statement = site.statement
    home = context.statements.position_of(statement) if statement is not None else None
    after = home.siblings[home.position + 1 :] if home is not None else ()
    words = {each.keyword.text for each in context.statements.all if isinstance(each, ast.LayerStatement)}
    modern = words & {"bn", "batchnorm", "batchnorm2d", "groupnorm", "layernorm", "dwconv"}
    return bool(modern or any(isinstance(each, ast.Residual) for each in context.statements.all)) and not any(
        isinstance(each, ast.LayerStatement) and each.keyword.text in ("fc", "linear", "dense") for each in after
    )


def _reorderings(shape: Shape, node: DraftNode, pooled: bool) -> tuple[str, ...]:
    """Statements that give the same elements another layout, the usual one first."""
    match shape.layout:
        case Layout.IMAGE | Layout.VOLUME:
            if node.op is not None and node.op.keyword in _STEPPING:
                return ("tokens", "flatten", "gap")
            return ("gap", "flatten") if pooled else ("flatten", "gap")
        case Layout.SIGNAL | Layout.OPEN:
            return ("gap", "flatten", "permute 1 0") if pooled else ("flatten", "gap", "permute 1 0")
        case Layout.SEQUENCE if node.op is not None and node.op.style in ("conv", "pool"):
            return ("permute 1 0", "to_image", "gap")
        case Layout.SEQUENCE:
            return ("take -1", "flatten", "gap", "permute 1 0", "to_image")
        case Layout.IDS:
            return ("embedding 64",)
        case Layout.VECTOR if node.op is not None and node.op.keyword in _STEPPING:
            return (f"reshape 1x{concrete(shape.dims[0])}",)
        case _:
            return ()


def _output_text(shape: Shape, text: str) -> str:
    match text:
        case "flatten":
            return f"it makes a vector of {concrete(shape.numel):,}"
        case "gap":
            return f"it makes a vector of {concrete(shape.channels):,}, the mean of each channel"
        case _:
            return ""


def _between_operands(context: SuggestionContext, site: ErrorSite, node: DraftNode) -> Iterator[Candidate]:
    """For a merge of different layouts: flatten or pool the image, or keep the axes of a gate."""
    if not isinstance(site.diagnostic, OperandsDiffer):
        return
    operands = [(context.draft.nodes[i], context.shape(i)) for i in node.inputs]
    shapes = [shape for _, shape in operands if shape is not None]
    if len({shape.rank for shape in shapes}) < 2 and len({shape.layout for shape in shapes}) < 2:
        return
    low = min(shapes, key=lambda shape: shape.rank)
    for number, (_, shape) in enumerate(operands):
        if shape is not None and shape.rank != low.rank:
            for index, text in enumerate(("flatten", "gap")):
                yield from at_end(context, site, number, text, 1.0 + 0.25 * index)
    for number, (maker, shape) in enumerate(operands):
        if shape is None or shape.rank != low.rank:
            continue
        yield from at_end(context, site, number, f"reshape {concrete(low.channels)}x1x1", 2.5)
        for statement, each, distance in context.layers_before(maker, 8):
            word = each.op.keyword if each.op is not None else ""
            if word in ("gap", "gmp") and not statement.args:
                edit = Edit(span=statement.keyword.span.tail, text=" keep")
                yield rewritten(statement, (edit,), 0.6 + 0.1 * distance, "it keeps C×1×1, a gate")
            if word == "fc" and statement.args:
                whole = statement.keyword.span.to(statement.args[0].span)
                edit = Edit(span=whole, text=f"conv {statement.args[0].span.text} k1")
                yield rewritten(statement, (edit,), 3.0 + 0.1 * distance)


def reordered(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """A `flatten` or `gap` that comes too early, moved after the last layer that needs spatial dimensions."""
    node, statement = site.node, site.statement
    if node is None or statement is None or not node.inputs:
        return
    for early, maker, distance in context.layers_before(node, 6):
        word = maker.op.keyword if maker.op is not None else ""
        home = context.statements.position_of(early)
        if word not in ("flatten", "gap", "gmp") or early is statement or home is None:
            continue
        out = removed(context, early, 0.0)
        text = " ".join(early.span.text.split())
        linear = next((each for each in _linear_after(context, node) if each.span.start > statement.span.start), None)
        if linear is not None:
            into = inserted_before(linear, text, 0.0)
            yield Candidate(
                title=f"move `{text}` before `{linear.span.text}`",
                edits=(*out.edits, *into.edits),
                rank=1.1 + 0.1 * distance,
            )
        # Or the layer itself comes too late: it goes before the flatten, unless a linear layer is between them.
        between = context.draft.nodes[maker.id + 1 : node.id]
        linear_between = any(each.op is not None and each.op.keyword == "fc" for each in between)
        if not linear_between and site.layer is not None and context.statements.position_of(site.layer) is not None:
            own = removed(context, site.layer, 0.0)
            moved = " ".join(site.layer.span.text.split())
            into = inserted_before(early, moved, 0.0)
            yield Candidate(
                title=f"move `{moved}` before `{text}`", edits=(*into.edits, *own.edits), rank=1.3 + 0.1 * distance
            )


def _linear_after(context: SuggestionContext, node: DraftNode) -> Iterator[ast.LayerStatement]:
    """The linear layers that come after a node, in the order of layers."""
    for other in context.draft.nodes[node.id + 1 :]:
        each = other.statement
        if (
            isinstance(each, ast.LayerStatement)
            and each.keyword.text in ("fc", "linear", "dense")
            and context.owns(each)
        ):
            yield each


def named_tensors(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """Another tensor: `from NAME` before the statement, or another name among the operands of a merge."""
    statement = site.statement
    if statement is None or not context.owns(statement):
        return
    names = context.tensors(statement)
    order = sorted(names, key=lambda name: name in context.used_names)
    if isinstance(statement, ast.Merge):
        for word in (o for o in statement.operands if isinstance(o, ast.Word)):
            for index, name in enumerate(n for n in order if n != word.text):
                unused = name not in context.used_names
                edit = Edit(span=word.span, text=name)
                alone = context.source.text.count(word.text) < 3 and not unused  # nothing would read it then
                rank = (1.4 if unused else 2.0) + 0.15 * index + 0.6 * alone
                yield Candidate(title=f"write `{name}` instead of `{word.text}`", edits=(edit,), rank=rank)
    if isinstance(statement, ast.LayerStatement | ast.Merge | ast.Residual | ast.Stage | ast.Reuse):
        for index, name in enumerate(order):
            unused = name not in context.used_names
            yield inserted_before(statement, f"from {name}", (0.7 if unused else 2.0) + 0.2 * index)


def elements(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """For a `reshape` to another number of elements: the remaining size, or that many units before it."""
    node, layer = site.node, site.layer
    if layer is None or node is None or not isinstance(node.op, Reshape) or not node.inputs:
        return
    shape = context.shape(node.inputs[0])
    size = next((a.value for a in layer.args if isinstance(a.value, ast.Size)), None)
    if shape is None or size is None:
        return
    dims, count = [concrete(dim) for dim in node.op.sizes], concrete(shape.numel)
    found = setter(context, context.draft.nodes[node.inputs[0]])
    if found is not None:
        text = "*".join(map(str, size.dims))
        candidate = changed(context, found[0], {found[2]: text}, 1.0)
        if candidate is not None:
            yield candidate
    for axis in reversed(range(len(dims))):
        rest = prod(dims[:axis] + dims[axis + 1 :])
        if count % rest == 0:
            new = [*size.dims[:axis], count // rest, *size.dims[axis + 1 :]]
            edit = Edit(span=size.span, text="x".join(map(str, new)))
            yield rewritten(layer, (edit,), 0.6 + 0.2 * (len(dims) - axis - 1))
    if len(dims) == 3 and (side := isqrt(count // dims[0])) ** 2 * dims[0] == count:
        edit = Edit(span=size.span, text=f"{size.dims[0]}x{side}x{side}")
        yield rewritten(layer, (edit,), 0.5)
