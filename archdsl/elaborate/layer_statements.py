"""Layer statements: from arguments to an op, its shape, and a node."""

from contextlib import nullcontext
from math import prod

from ..contract.layer import Op, Reject
from ..contract.styles import SHAPE_KEEPING
from ..diagnostics.catalog import file_errors, limit_errors, name_errors, shape_errors, structure_errors
from ..expressions.scope import UNKNOWN
from ..graph import DraftNode
from ..graph.axis_order import channels_last
from ..graph.node import NO_ARGUMENTS, Arguments
from ..layers import registry, synonyms
from ..limits import MAX_COUNT
from ..packages.failures import PackageFailed
from ..shapes.shape import Shape
from ..shapes.symbolic import Sym, Undecided, concrete
from ..syntax import ast
from ..text.docstrings import docstring
from ..text.source import Span
from .bind import bind
from .dimensions import fits_dimensions
from .evaluation_context import evaluator
from .named_tensors import find_tensor
from .shared_results import UNRESOLVED, Result
from .state import State


def run_layer(state: State, statement: ast.LayerStatement, layer: type[Op]) -> None:
    """Run a layer, repeated as given in the statement."""
    if not state.need_input(statement.keyword.span):
        return
    first, source = len(state.nodes), state.current
    if statement.others:
        several_names(state, statement, 1)
    times = state.times(statement)
    for iteration in range(times):
        last = iteration == times - 1
        alias = statement.alias.text if statement.alias and last else None
        apply_once(state, statement, layer, alias)
    if statement.alias and not statement.others:
        state.name_result(statement.alias, first, source)


def several_names(state: State, statement: ast.LayerStatement, results: int) -> None:
    """Report a statement that does not name each of its results; which of them a name is for is unknown."""
    names = tuple(word for word in (statement.alias, *statement.others) if word is not None)
    span = names[0].span.to(names[-1].span) if names else statement.keyword.span
    keyword = statement.keyword.text
    state.emit(
        structure_errors.ResultsDiffer(span=span, uses=state.uses, keyword=keyword, results=results, names=len(names))
    )
    for word in names:
        state.define(word, UNKNOWN)


def apply_once(state: State, statement: ast.LayerStatement, layer: type[Op], alias: str | None) -> None:
    """Apply a layer to the current tensor once."""
    if state.current is None:
        return
    memo = state.memo(statement, layer, lambda: layer.parameters)
    key = state.memo_key(memo)
    made: tuple[Op, Arguments] | None = None if key is None else memo.found.get(key)
    op, arguments = made if made is not None else (None, NO_ARGUMENTS)
    is_clean = True
    if op is None:
        op, arguments, is_clean = make_op(state, statement, layer)
        if is_clean and key is not None:
            memo.found[key] = op, arguments
    inputs: tuple[int, ...] = (_samples_of(state, state.current) if layer.starts else state.current,)
    alone = alias is not None and statement.times == 1
    if op is not None and (others := _named_inputs(state, op, arguments)) is not None:
        inputs += others
        result = infer(state, op, inputs, statement, arguments)
        path = state.named_child(alias) if alone and alias else state.child(layer.keyword)
        with nullcontext() if is_clean else state.guessing():
            state.add(op, inputs, result, path, statement.span, alias=alias, arguments=arguments)
        return
    # An error in the argument of a layer that keeps the shape does not hide later errors.
    recovery = state.shape if layer.style in SHAPE_KEEPING else None
    path = state.named_child(alias) if alone and alias else state.child(layer.keyword)
    state.unresolved(None, inputs, recovery, path, statement.span, alias, arguments)


def _samples_of(state: State, current: int) -> int:
    """The node whose number of samples a learned tensor has."""
    if state.step is not None:
        return state.step
    return state.inputs[0][1].id if state.inputs else current


def _named_inputs(state: State, op: Op, arguments: Arguments) -> tuple[int, ...] | None:
    """The nodes of the tensors that arguments name; None after an error was reported."""
    words = [ast.Word(text=name, span=_value(arguments[argument])) for argument, name in op.named_inputs().items()]
    found = [find_tensor(state, word) for word in words]
    nodes = tuple(tensor.node for tensor in found if tensor is not None)
    return nodes if len(nodes) == len(found) else None


def _value(argument: Span) -> Span:
    """The span of a named argument's value."""
    _, sign, value = argument.text.partition("=")
    return Span(argument.source, argument.end - len(value.lstrip()), argument.end) if sign else argument


def make_op(state: State, statement: ast.LayerStatement, layer: type[Op]) -> tuple[Op | None, Arguments, bool]:
    """The op of a statement (None after an error), the spans of its arguments, and whether there were no errors."""
    ev = evaluator(state)
    bound = bind(statement.keyword, statement.args, layer.parameters, example_of(layer), ev)
    if not bound.ok or UNKNOWN in bound.values.values():
        return None, bound.spans, False
    key = (layer, *sorted(bound.values.items()))
    op = state.ops.get(key)
    if op is None:
        op = state.ops[key] = layer.of(bound.values)
    return op, bound.spans, not ev.errors


def infer(
    state: State, op: Op, inputs: tuple[int, ...], statement: ast.LayerStatement | ast.Scan | ast.Moe, spans: Arguments
) -> Result:
    """The shape of an op's result here, or the likely shape after its error was reported."""
    known = state.shapes_of(inputs)
    if known is None:
        check_text(state, op, statement.keyword, spans)
        return UNRESOLVED
    maker = state.nodes[inputs[0]]
    if not fits_dimensions(state, statement.keyword, known[0], maker, vector_too=op.style in SHAPE_KEEPING):
        return UNRESOLVED
    key = (id(op), known)
    if key in state.inferred:
        return state.inferred[key]
    try:
        shape = op.infer(known)
    except Reject as reject:
        names = ["", *op.named_inputs()]
        refused = names.index(reject.argument) if reject.argument in names else 0
        report(state, reject, op, statement, spans, state.nodes[inputs[refused]])
        return Result(None, reject.recovery_shape)
    except Undecided as undecided:
        state.emit_undecided(statement.keyword.span, str(undecided))
        return UNRESOLVED
    except PackageFailed as failure:
        span, name, why = statement.keyword.span, failure.package, failure.why
        state.emit(file_errors.PackageFault(span=span, uses=state.uses, name=name, why=why))
        return UNRESOLVED
    if is_too_large(state, op, known, shape, statement.span):
        return UNRESOLVED
    if state.symbols and not _check_weights(state, statement, op, known):
        return Result(None, shape)  # Not cached: an error in another use of the layer is reported too.
    result = state.inferred[key] = Result(shape)
    return result


def check_text(state: State, op: Op, keyword: ast.Word, spans: Arguments) -> None:
    """Report an argument that no input would make right, where the shape of the input is unknown."""
    try:
        op.check_text()
    except Reject as reject:
        span, why = pointed_at(reject, spans, keyword.span), reject.why
        state.emit(
            shape_errors.UnsuitableInput(
                span=span, uses=state.uses, keyword=op.keyword, shape=None, why=why, help_texts=reject.help
            )
        )


def is_too_large(state: State, op: Op, xs: tuple[Shape, ...], y: Shape, span: Span) -> bool:
    """Whether a tensor, a weight or the MACs of an op exceed the limit; that is reported."""
    weights = op.weights_of(xs).values()
    what, unit, count = "a tensor or weight", "elements", max(prod(map(concrete, dims)) for dims in (y.dims, *weights))
    if count <= MAX_COUNT:
        what, unit, count = "the layer", "multiply-accumulates", concrete(op.macs_of(xs, y))
    if count <= MAX_COUNT:
        return False
    state.emit(limit_errors.TooLarge(span=span, uses=state.uses, what=what, count=count, unit=unit))
    return True


def _check_weights(
    state: State, statement: ast.LayerStatement | ast.Scan | ast.Moe, op: Op, xs: tuple[Shape, ...]
) -> bool:
    """Whether the number of weights is independent of symbolic dimensions; if not, that is reported."""
    if state.fixed:
        # The weights have the shapes for the text's own sizes.
        op.require_weights(xs)
        return True
    for dim in (dim for dims in op.weights_of(xs).values() for dim in dims if isinstance(dim, Sym)):
        symbols = tuple(sorted(dim.form.symbols()))
        word = statement.keyword
        state.emit(
            structure_errors.SymbolicSize(
                span=word.span,
                uses=state.uses,
                keyword=word.text,
                symbols=symbols,
                sized_inputs=state.sized_inputs(),
            )
        )
        return False
    return True


def report(
    state: State,
    reject: Reject,
    op: Op,
    statement: ast.LayerStatement | ast.Scan | ast.Moe,
    spans: Arguments,
    maker: DraftNode,
) -> None:
    """A layer's rejection as a diagnostic: at the argument, with the statement that created the input."""
    if reject.argument and not spans and isinstance(statement, ast.LayerStatement):
        ev = evaluator(state)
        with state.sink.suppressed():
            spans = bind(statement.keyword, statement.args, op.parameters, "", ev).spans
    span = pointed_at(reject, spans, statement.keyword.span)
    if reject.kind is shape_errors.KernelTooLarge and _is_channels_last(state, reject, op, span):
        return
    related = state.related(maker)
    kind = shape_errors.UnsuitableInput if issubclass(reject.kind, shape_errors.OperandsDiffer) else reject.kind
    state.emit(
        kind(
            span=span,
            uses=state.uses,
            keyword=op.keyword,
            shape=related.shape,
            why=reject.why,
            help_texts=reject.help,
            changes=reject.changes,
            maker=related if _is_elsewhere(span, related.span) else None,
        )
    )


def pointed_at(reject: Reject, spans: Arguments, keyword: Span) -> Span:
    """The span of a rejection: an argument or a part of its quoted text, otherwise the keyword."""
    span = spans.get(reject.argument or "", keyword)
    quote = span.text.find('"')
    if reject.at is None or quote < 0:
        return span
    start = span.start + quote + 1
    return Span(span.source, start + reject.at[0], start + reject.at[1])


def _is_channels_last(state: State, reject: Reject, op: Op, span: Span) -> bool:
    """Whether a kernel does not fit because the input has its channels last; that is reported once."""
    for _, node in state.inputs:
        if (found := channels_last(node)) is None:
            continue
        if node.id not in state.channels_last:
            state.channels_last.add(node.id)
            state.emit(
                shape_errors.ChannelsComeFirst(
                    span=found.span,
                    sizes=found.sizes,
                    reordered=found.reordered,
                    keyword=op.keyword,
                    why=reject.why,
                    at=span,
                )
            )
        return True
    return False


def _is_elsewhere(span: Span, other: Span) -> bool:
    return (span.source, span.start) != (other.source, other.start)


def example_of(layer: type[Op]) -> str:
    """The statement shown in the layer's documentation: the last one of its example."""
    _, _, example = docstring(layer).partition("Example:\n")
    lines = [part.strip() for line in example.splitlines() for part in line.split(";") if part.strip()]
    words = (layer.keyword, *layer.synonyms)
    return next((line for line in reversed(lines) if line.split()[0] in words), "")


def may_be_elsewhere(state: State, word: str) -> bool:
    """Whether an unknown name is most likely a block of a file that could not be read, which was reported."""
    return state.incomplete and not _likely_name(state, word)[1]


def _likely_name(state: State, word: str) -> tuple[str | None, bool]:
    from .known_operations import likely_name

    return likely_name(word, [*registry(), *state.blocks, *state.layers, *synonyms()])


def unknown_layer(state: State, statement: ast.LayerStatement) -> None:
    """Report an unknown name, and continue as if the nearest one had been written."""
    word = statement.keyword
    near = report_unknown_layer(state, word)
    if not state.need_input(word.span):
        return
    layer = state.find_layer(near) if near else None
    if near and layer is not None:
        with state.sink.suppressed(), state.guessing():
            # Once: what follows from a guess need not be repeated.
            run_layer(state, statement.replace(times=1), layer)
        return
    if state.current is None:
        return
    first, source = len(state.nodes), state.current
    for arg in statement.args:
        if isinstance(arg.value, ast.Binary | ast.Call):
            evaluator(state).value(arg.value)
    state.unresolved(None, (source,), None, state.child("unknown"), statement.span)
    if statement.alias:
        state.name_result(statement.alias, first, source)
    for other in statement.others:
        state.name_result(other, first, source)


def report_unknown_layer(state: State, word: ast.Word) -> str | None:
    """Report an unknown name of a layer, and return the nearest one."""
    from ..text.library import standard_blocks
    from .known_operations import is_operation

    near, is_certain = _likely_name(state, word.text)
    state.emit(
        name_errors.UnknownLayer(
            span=word.span,
            uses=state.uses,
            name=word.text,
            nearest=near,
            is_certain=is_certain,
            is_operation=is_operation(word.text),
            in_std=word.text in standard_blocks(),
        )
    )
    return near
