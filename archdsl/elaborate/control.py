"""Statements that group, select and name: stages, blocks, `if`, `let`, `from`, `aux`, `reuse`."""

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

from ..contract.arguments import ParameterSpec
from ..contract.layer import Op, Reject
from ..diagnostics import BlockUse
from ..diagnostics.catalog import file_errors, name_errors, shape_errors
from ..expressions.scope import UNKNOWN, NamedTensor, Scope
from ..expressions.unevaluated import check_names
from ..graph import BlockCall, DraftNode, Node, Unresolved
from ..graph.assertion import MEASURES
from ..graph.block_call import block_parameters
from ..layers.linear import Embedding
from ..packages.failures import PackageFailed
from ..shapes.shape import Layout
from ..shapes.symbolic import Undecided
from ..syntax import ast
from ..syntax.bodies import bodies
from ..text.source import Span
from .assignment import assign
from .bind import bind
from .budget import affordable, uncounted
from .evaluation_context import evaluator
from .layer_statements import several_names
from .named_tensors import find_tensor
from .replay import Start, record, replay
from .shared_results import UNRESOLVED, BlockDef, Result
from .skipped_branches import check_branch
from .state import State


def run_stage(state: State, statement: ast.Stage) -> None:
    """Run a group of statements under a name, which is also the name of its last tensor."""
    first, source = len(state.nodes), state.current
    path = state.named_child(statement.name.text)
    state.scopes[path] = "stage"
    with state.inside(path=path):
        state.run(statement.body.statements)
    if state.current is not None:
        state.name_result(statement.name, first, source)


def run_block(state: State, statement: ast.LayerStatement, definition: BlockDef) -> None:
    """Run the use of a block, repeated as given in the statement."""
    if not state.need_input(statement.keyword.span) or not affordable(state, statement):
        return
    first, source = len(state.nodes), state.current
    results: list[NamedTensor | None] | None = None
    if state.is_static:
        _check_use(state, statement, definition)
        return
    for iteration in range(statement.times):
        state.count_iterations(statement.keyword.span)
        alone = statement.alias if statement.times == 1 and not statement.others else None
        results = _use_block(state, statement, definition, alone, iteration)
    if results is not None or statement.others:
        _name_results(state, statement, results or [None], first, source)
    elif statement.alias:
        state.name_result(statement.alias, first, source)


def _check_use(state: State, statement: ast.LayerStatement, definition: BlockDef) -> None:
    """Check the arguments of a block and the names of its results; its body is checked apart from its uses."""
    first, source = len(state.nodes), state.current
    _bind_block(state, statement, definition)
    state.unresolved(None, (source or 0,), None, state.child(definition.block.name.text), statement.span)
    body = definition.block.body.statements
    results = len(body[-1].names) if body and isinstance(body[-1], ast.Output) else 1
    _name_results(state, statement, [None] * results, first, source)


def _name_results(
    state: State, statement: ast.LayerStatement, results: list[NamedTensor | None], first: int, source: int | None
) -> None:
    """Name the results that a block lists with `output`; if there are several, each must be named."""
    names = [word for word in (statement.alias, *statement.others) if word is not None]
    if len(names) != len(results) and (names or len(results) > 1):
        several_names(state, statement, len(results))
        return
    for word, result in zip(names, results, strict=False):
        node = state.current if len(results) == 1 else None if result is None else result.node
        value = UNKNOWN if node is None else NamedTensor(node=node, first=first, source=source)
        state.define(word, value)


def _use_block(
    state: State, statement: ast.LayerStatement, definition: BlockDef, alias: ast.Word | None, iteration: int
) -> list[NamedTensor | None] | None:
    """Run the body of a block once, and return the tensors that its `output` lists; the first becomes current."""
    name = definition.block.name.text
    state.reached.add(name)
    scope, key, is_clean = _bind_block(state, statement, definition)
    path = state.named_child(alias.text) if alias else state.child(name)
    state.scopes[path] = name
    values = {each: binding.value for each, binding in scope.names.items() if isinstance(binding.value, int | float)}
    state.calls[path] = BlockCall(statement=statement, block=definition.block, values=values)
    use = BlockUse(block=name, span=statement.span)
    if key is None or not is_clean:
        with nullcontext() if is_clean else state.guessing():
            return _run_body(state, definition, scope, path, use)
    owners = statement, definition
    known = (id(statement), id(definition), key, state.shape, state.depth)
    again = replay(state, known, path, use)
    if again is not None:
        return again[0]
    start = Start.of(state)
    results = _run_body(state, definition, scope, path, use)
    record(state, start, known, owners, path, results)
    return results


def _run_body(
    state: State, definition: BlockDef, scope: Scope, path: tuple[str, ...], use: BlockUse
) -> list[NamedTensor | None] | None:
    """Run the body of a block, and return the tensors that its `output` lists."""
    before = state.blocks, state.layers, state.uses
    state.blocks, state.layers = definition.blocks, definition.layers
    state.uses = (*state.uses, use)
    results = None
    body = definition.block.body.statements
    try:
        with state.inside(path=path, scope=scope):
            if body and isinstance(body[-1], ast.Output):
                state.run(body[:-1])
                results = [find_tensor(state, word) for word in body[-1].names]
            else:
                state.run(body)
    finally:
        state.blocks, state.layers, state.uses = before
    if results is not None:
        _continue_with(state, results[0], body[-1].span)
    return results


def _continue_with(state: State, tensor: NamedTensor | None, span: Span) -> None:
    """Make a tensor the current one; after an error, one of unknown shape."""
    if tensor is not None:
        state.current = tensor.node
    elif state.current is not None:
        state.unresolved(None, (), None, state.child("unknown"), span)


def _bind_block(
    state: State, statement: ast.LayerStatement, definition: BlockDef
) -> tuple[Scope, tuple[Any, ...] | None, bool]:
    """The names that a use of a block defines for its body, the key of their values, and whether there was no error."""
    memo = state.memo(statement, definition.block, lambda: block_parameters(definition.block))
    key = state.memo_key(memo)
    scope = Scope(definition.scope)
    if (known := None if key is None else memo.found.get(key)) is not None:
        scope.names = dict(known)
        for name, binding in known.items():
            state.note(name, binding.value)
        return scope, key, True
    if not _bind_parameters(state, statement, definition, memo.parameters, scope):
        return scope, None, False
    if key is not None:
        memo.found[key] = dict(scope.names)
    return scope, key, True


def _bind_parameters(
    state: State, statement: ast.LayerStatement, definition: BlockDef, parameters: Sequence[ParameterSpec], scope: Scope
) -> bool:
    """Assign values to the parameters; returns whether there were no errors."""
    block, ev = definition.block, evaluator(state)
    words = " ".join([block.name.text, *(p.name.text.upper() for p in block.parameters if p.default is None)])
    bound = bind(statement.keyword, statement.args, parameters, words, ev)
    inner = evaluator(state, scope)
    for p in block.parameters:
        name = p.name.text
        value = bound.values.get(name, UNKNOWN)
        if name not in bound.values and p.default is not None:
            with state.layers_of(definition):
                value = inner.value(p.default)
        state.note(name, value)
        scope.define(name, value, bound.spans.get(name, p.name.span))
    return bound.ok and not ev.errors + inner.errors


def run_if(state: State, statement: ast.If) -> None:
    """`if`: names defined in it stay visible."""
    first, source = len(state.nodes), state.current
    _run_cases(state, statement)
    if statement.alias is not None:
        state.name_result(statement.alias, first, source)


def _run_cases(state: State, statement: ast.If) -> None:
    condition = evaluator(state).condition(statement.condition)
    if condition is UNKNOWN or state.is_static:
        _check_cases(state, statement)
        if state.current is not None:
            state.unresolved(None, (state.current,), None, state.child("if"), statement.condition.span)
        return
    chosen, other = (statement.body, statement.orelse) if condition else (statement.orelse, statement.body)
    for body in bodies(other) if isinstance(other, ast.If) else [other] if other is not None else []:
        check_branch(state, body, may_run=False)
    if isinstance(chosen, ast.If):
        _run_cases(state, chosen)
    elif chosen is not None:
        with uncounted(state):
            state.run(chosen.statements)


def _check_cases(state: State, statement: ast.If) -> None:
    """Check the branches of an `if` of which any may run, and the conditions after the first."""
    check_branch(state, statement.body, may_run=True)
    if isinstance(statement.orelse, ast.If):
        evaluator(state).condition(statement.orelse.condition)
        _check_cases(state, statement.orelse)
    elif statement.orelse is not None:
        check_branch(state, statement.orelse, may_run=True)


def check_assertion(state: State, statement: ast.Assert) -> None:
    """Check the names in an assertion that may never be checked itself."""
    scope = Scope(state.scope)
    for name in MEASURES:
        scope.define(name, UNKNOWN, statement.span)
    check_names(evaluator(state, scope), statement.condition)


def run_let(state: State, statement: ast.Let) -> None:
    """`let NAME = EXPR`, `let [a, b] = EXPR`."""
    assign(state, statement.target, evaluator(state).value(statement.value))


def run_from(state: State, statement: ast.From) -> None:
    """`from NAME` makes a named tensor the current one."""
    _continue_with(state, find_tensor(state, statement.name), statement.span)


def run_aux(state: State, statement: ast.Aux) -> None:
    """Run a side branch whose result is an output; the current tensor does not change."""
    if not state.need_input(statement.name.span):
        return
    start = state.current
    path = state.named_child(statement.name.text)
    state.scopes[path] = "aux"
    with state.inside(path=path, scope=Scope(state.scope), started=False):
        state.run(statement.body.statements)
    if state.current is not None:
        state.aux.append((statement.name.text, state.current))
    state.current = start


def run_reuse(state: State, statement: ast.Reuse) -> None:
    """Apply the statement that created a tensor again, with the same weights, to the current tensor.

    An embedding reads IDs; on features it is applied with the transposed weight, which gives logits.
    """
    tensor = _reusable(state, statement)
    if not state.need_input(statement.span) or state.current is None:
        return
    first, source = len(state.nodes), state.current
    if tensor is None or tensor.source is None:
        state.unresolved(None, (source,), None, state.child("reuse"), statement.span)
        if statement.alias:
            state.name_result(statement.alias, first, source)
        return
    mapping = {tensor.source: source}
    for old in state.nodes[tensor.first : tensor.node + 1]:
        inputs = tuple(mapping.get(i, i) for i in old.inputs)
        path = (*state.child(statement.name.text), *old.path[len(state.path) :])
        mapping[old.id] = len(state.nodes)
        op = _transposed(state, old, inputs[0]) if tensor.first == tensor.node and inputs else old.op
        if isinstance(old, Unresolved) or op is None:
            state.unresolved(op, inputs, None, path, statement.span)
            continue
        result = _infer_again(state, statement, old, op, inputs)
        shared = old.id if old.shared is None else old.shared
        state.add(op, inputs, result, path, statement.span, shared=shared)
    # A result that was created before the repeated statement already exists.
    state.current = mapping.get(tensor.node, tensor.node)
    if statement.alias:
        state.name_result(statement.alias, first, source)


def _reusable(state: State, statement: ast.Reuse) -> NamedTensor | None:
    """The tensor whose statement is applied again; None after an error was reported."""
    tensor = find_tensor(state, statement.name)
    if tensor is None:
        return None
    if tensor.source is None:
        _refuse_name(state, statement.name, "an input, which no layer created")
        return None
    if any(tensor.first <= node.id <= tensor.node for _, node in state.inputs):
        _refuse_name(state, statement.name, "built on a separate input and cannot be applied to another tensor")
        return None
    return tensor


def _refuse_name(state: State, name: ast.Word, what: str) -> None:
    state.emit(name_errors.UnknownName(span=name.span, uses=state.uses, name=name.text, nearest=None, what=what))


def _transposed(state: State, old: DraftNode, source: int) -> Op | None:
    before, now = state.shape_of(old.inputs[0]), state.shape_of(source)
    if isinstance(old.op, Embedding) and before and now and now.layout is not Layout.IDS:
        return old.op.transposed(before)
    return old.op


def _infer_again(state: State, statement: ast.Reuse, old: Node, op: Op, inputs: tuple[int, ...]) -> Result:
    """The result of a layer on other inputs with its existing weights; inputs that do not fit are reported."""
    before, now = state.shapes_of(old.inputs), state.shapes_of(inputs)
    if before is None or now is None:
        return UNRESOLVED
    keyword = f"reuse {statement.name.text}"
    try:
        shape = op.infer(now)
    except Reject as reject:
        state.emit(
            shape_errors.UnsuitableInput(
                span=statement.span,
                uses=state.uses,
                keyword=keyword,
                shape=str(now[0]),
                why=reject.why,
                help_texts=reject.help,
                changes=reject.changes,
            )
        )
        return UNRESOLVED
    except Undecided as undecided:
        state.emit_undecided(statement.span, str(undecided))
        return UNRESOLVED
    except PackageFailed as failure:
        package, why = failure.package, failure.why
        state.emit(file_errors.PackageFault(span=statement.span, uses=state.uses, name=package, why=why))
        return UNRESOLVED
    if old.op.weights_of(before) != op.weights_of(now):
        name = statement.name
        state.emit(
            shape_errors.WeightsDiffer(
                span=name.span, uses=state.uses, name=name.text, first=str(before[0]), now=str(now[0])
            )
        )
        return Result(None, shape)
    return Result(shape)
