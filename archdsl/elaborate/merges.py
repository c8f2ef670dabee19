"""Merges: branches that start from one tensor and are combined."""

from contextlib import nullcontext

from ..contract.layer import Op, Reject
from ..diagnostics import Related
from ..diagnostics.catalog import shape_errors
from ..expressions.scope import UNKNOWN, Scope
from ..graph.node import NO_ARGUMENTS, Arguments
from ..layers import merges
from ..layers.joining import Concat
from ..layers.merge import Add, MergeOp
from ..record import Record
from ..shapes.shape import Shape
from ..shapes.symbolic import Undecided
from ..syntax import ast
from ..text.source import Span
from .bind import bind
from .evaluation_context import evaluator
from .layer_statements import check_text, example_of, is_too_large, pointed_at
from .named_tensors import find_tensor
from .readings import as_merge
from .shared_results import UNRESOLVED, Result
from .skipped_branches import check_skipped
from .state import State


def run_merge(state: State, statement: ast.Merge) -> None:
    """Run a merge: `add`, `concat`, `matmul` …."""
    if not state.need_input(statement.keyword.span):
        return
    if statement.unsure:
        statement = as_merge(state, statement)
    first, source = len(state.nodes), state.current
    times = state.times(statement)
    for iteration in range(times):
        start = state.current
        bodies = sum(isinstance(operand, ast.Body) for operand in statement.operands)
        ends: list[tuple[int, Span]] = []
        op, arguments, is_clean = _make_op(state, statement)
        given = len(statement.operands)
        if op is None or op.operands(given) > given:
            ends.append((start or 0, statement.keyword.span))
        for operand in statement.operands:
            state.current = start
            ends.append(_operand(state, operand, "branch" if bodies > 1 else None))
        merge_point = MergePoint(keyword=statement.keyword, start=start or 0, ends=tuple(ends), arguments=arguments)
        with nullcontext() if is_clean else state.guessing():
            _join(state, op, merge_point, statement.alias if iteration == times - 1 else None, _shown(statement))
    if statement.alias:
        state.name_result(statement.alias, first, source)


def run_residual(state: State, statement: ast.Residual) -> None:
    """`residual`: add the body's result and the shortcut's."""
    if not state.need_input(statement.keyword.span):
        return
    first, source = len(state.nodes), state.current
    times = state.times(statement)
    for iteration in range(times):
        start = state.current
        wanted = True if statement.when is None else evaluator(state).condition(statement.when)
        ends = [_branch(state, statement.body, None)]
        if not wanted or wanted is UNKNOWN:
            for body in [statement.shortcut] if statement.shortcut else []:
                check_skipped(state, body)
        if wanted is UNKNOWN:
            state.unresolved(None, (ends[0][0],), None, state.child("residual"), statement.keyword.span)
            continue
        if not wanted:
            continue
        state.current = start
        if statement.shortcut is not None:
            ends.append(_branch(state, statement.shortcut, "shortcut"))
        else:
            ends.append((start or 0, statement.keyword.span))
        merge_point = MergePoint(keyword=statement.keyword, start=start or 0, ends=tuple(ends), residual=statement)
        op = state.ops.get((Add,)) or state.ops.setdefault((Add,), Add())
        alias = statement.alias if iteration == times - 1 else None
        _join(state, op, merge_point, alias, statement.keyword.span)
    if statement.alias:
        state.name_result(statement.alias, first, source)


def _make_op(state: State, statement: ast.Merge) -> tuple[MergeOp | None, Arguments, bool]:
    """The op of a merge (None after an error), the spans of its arguments, and whether there were no errors."""
    kind, ev = merges()[statement.keyword.text], evaluator(state)
    bound = bind(statement.keyword, statement.args, kind.parameters, example_of(kind), ev)
    if not bound.ok or UNKNOWN in bound.values.values():
        return None, bound.spans, False
    key = (kind, *sorted(bound.values.items()))
    op = state.ops.get(key) or state.ops.setdefault(key, kind.of(bound.values))
    assert isinstance(op, MergeOp)
    return op, bound.spans, not ev.errors


def _shown(statement: ast.Merge) -> Span:
    """The keyword, with its arguments."""
    first = min((operand.span.start for operand in statement.operands), default=statement.span.end)
    before = [arg.span for arg in statement.args if arg.span.start < first]
    return statement.keyword.span.to(before[-1]) if before else statement.keyword.span


def _operand(state: State, operand: ast.Body | ast.Word, word: str | None) -> tuple[int, Span]:
    if isinstance(operand, ast.Body):
        return _branch(state, operand, word)
    tensor = find_tensor(state, operand)
    if tensor is None:
        return state.unresolved(None, (), None, state.child("unknown"), operand.span), operand.span
    return tensor.node, operand.span


def _branch(state: State, body: ast.Body, word: str | None) -> tuple[int, Span]:
    """Run a body on the current tensor; names defined in it are local."""
    path = None
    if word is not None and body.statements:
        path = state.named_child(word) if word == "shortcut" else state.child(word)
        state.scopes[path] = "branch"
    with state.inside(path=path, scope=Scope(state.scope), started=False):
        state.run(body.statements)
    last = body.statements[-1].span if body.statements else body.span
    return state.current or 0, last


class MergePoint(Record):
    """The point where paths merge: the keyword, the node where they split, and the last node and statement of each
    path.
    """

    keyword: ast.Word
    start: int
    ends: tuple[tuple[int, Span], ...]
    residual: ast.Residual | None = None
    arguments: Arguments = NO_ARGUMENTS

    @property
    def inputs(self) -> tuple[int, ...]:
        """The last node of each path."""
        return tuple(node for node, _ in self.ends)


def _join(state: State, op: Op | None, merge_point: MergePoint, word: ast.Word | None, span: Span) -> None:
    alias = word.text if word is not None else None
    path = state.named_child(alias) if alias else state.child(op.keyword if op else merge_point.keyword.text)
    if op is None:
        state.unresolved(None, merge_point.inputs, None, path, span, alias, merge_point.arguments)
        return
    result = _merged(state, op, merge_point)
    state.add(op, merge_point.inputs, result, path, span, alias=alias, arguments=merge_point.arguments)


def _merged(state: State, op: Op, merge_point: "MergePoint") -> Result:
    """The result of a merge."""
    known = state.shapes_of(merge_point.inputs)
    if known is None:
        check_text(state, op, merge_point.keyword, merge_point.arguments)
        likely = (state.shape_of(i) for i in merge_point.inputs)
        return UNRESOLVED if isinstance(op, Concat) else Result(None, next(filter(None, likely), None))
    result = state.inferred.get((id(op), known))
    if result is None:
        try:
            shape = op.infer(known)
        except Undecided as undecided:
            span = merge_point.keyword.span
            state.emit_undecided(span, str(undecided))
            return UNRESOLVED
        except Reject as reject:
            _refuse(state, reject, merge_point, known)
            return Result(None, reject.recovery_shape if merge_point.residual is None else known[0])
        if is_too_large(state, op, known, shape, merge_point.keyword.span):
            return UNRESOLVED
        result = state.inferred[id(op), known] = Result(shape)
    return result


def _refuse(state: State, reject: Reject, merge_point: MergePoint, xs: tuple[Shape, ...]) -> None:
    """Report operands that a merge cannot take: a single one, or all together."""
    word = merge_point.keyword
    if not issubclass(reject.kind, shape_errors.OperandsDiffer):
        state.emit(
            reject.kind(
                span=pointed_at(reject, merge_point.arguments, word.span),
                uses=state.uses,
                keyword=word.text,
                shape=str(xs[0]),
                why=reject.why,
                help_texts=reject.help,
                changes=reject.changes,
            )
        )
        return
    operands = tuple(
        Related(span=where, shape=str(state.shape_of(node))) for node, where in merge_point.ends if where != word.span
    )
    state.emit(
        reject.kind(
            span=word.span,
            uses=state.uses,
            keyword=word.text,
            why=reject.why,
            operands=operands,
            start=state.related(state.nodes[merge_point.start]),
            whole=len(operands) < len(merge_point.ends),
        )
    )
