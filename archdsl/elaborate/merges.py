"""Merges: branches that start from one tensor and come together."""

from ..diagnostics import Related
from ..diagnostics.catalogue import names, shapes
from ..layer import Op, Reject
from ..layers.merge import Add, Concat, Mul
from ..names import nearest
from ..source import Span
from ..syntax import ast
from .scope import UNKNOWN, Scope, Tensor
from .state import State

_OPS: dict[str, type[Op]] = {"add": Add, "mul": Mul, "concat": Concat}


def run_merge(state: State, statement: ast.Merge) -> None:
    """`add`, `mul`, `concat`."""
    if not state.need_input(statement.keyword.span):
        return
    first, source = len(state.nodes), state.current
    for turn in range(statement.times):
        start = state.current
        bodies = sum(isinstance(operand, ast.Body) for operand in statement.operands)
        ends: list[tuple[int, Span]] = []
        if len(statement.operands) == 1:
            ends.append((start or 0, statement.keyword.span))
        for operand in statement.operands:
            state.current = start
            ends.append(_operand(state, operand, "branch" if bodies > 1 else None))
        _join(state, _OPS[statement.keyword.text], ends, statement.keyword.span, _alias(statement, turn))
    if statement.alias:
        state.name_result(statement.alias, first, source)


def run_residual(state: State, statement: ast.Residual) -> None:
    """`residual`: add the body's result and the shortcut's."""
    if not state.need_input(statement.keyword.span):
        return
    first, source = len(state.nodes), state.current
    for turn in range(statement.times):
        start = state.current
        wanted = True if statement.when is None else state.evaluator().number(statement.when)
        ends = [_branch(state, statement.body, None)]
        if wanted is UNKNOWN:
            state.add(None, (ends[0][0],), None, state.child("residual"), statement.keyword.span)
            continue
        if not wanted:
            continue
        state.current = start
        if statement.shortcut is not None:
            ends.append(_branch(state, statement.shortcut, "shortcut"))
        else:
            ends.append((start or 0, statement.keyword.span))
        _join(state, Add, ends, statement.keyword.span, _alias(statement, turn), keyword="residual")
    if statement.alias:
        state.name_result(statement.alias, first, source)


def _alias(statement: ast.Merge | ast.Residual, turn: int) -> str | None:
    return statement.alias.text if statement.alias and turn == statement.times - 1 else None


def _operand(state: State, operand: ast.Body | ast.Word, word: str | None) -> tuple[int, Span]:
    if isinstance(operand, ast.Body):
        return _branch(state, operand, word)
    tensor = find_tensor(state, operand)
    if tensor is None:
        node = state.add(None, (), None, state.child("unknown"), operand.span)
        return node.id, operand.span
    return tensor.node, operand.span


def _branch(state: State, body: ast.Body, word: str | None) -> tuple[int, Span]:
    """Run a body on the current tensor; what is named in it stays in it."""
    path = None
    if word is not None and body.statements:
        path = state.named_child(word) if word == "shortcut" else state.child(word)
        state.scopes[path] = "branch"
    with state.inside(path=path, scope=Scope(state.scope)):
        state.run(body.statements)
    assert state.current is not None
    last = body.statements[-1].span if body.statements else body.span
    return state.current, last


def find_tensor(state: State, word: ast.Word) -> Tensor | None:
    """The tensor of a name; `in` is what the innermost body started from. None after a report."""
    if word.text == "in":
        if state.started is None:
            known = _tensors(state)
            state.fail(names.UnknownName, word.span, name="in", nearest=None, what="nothing here", known=known)
            return None
        return Tensor(node=state.started, first=state.started)
    found = state.scope.find(word.text)
    if found is not None and isinstance(found.value, Tensor):
        return found.value
    if found is not None and found.value is UNKNOWN:
        return None
    known = _tensors(state)
    what = "no tensor here" if found is None else "a number, and a tensor is needed here"
    near = nearest(word.text, known) if found is None else None
    state.fail(names.UnknownName, word.span, name=word.text, nearest=near, what=what, known=known)
    return None


def _tensors(state: State) -> tuple[str, ...]:
    found = (name for name in state.scope.visible() if isinstance(_value(state, name), Tensor))
    return tuple(dict.fromkeys(found))


def _value(state: State, name: str) -> object:
    binding = state.scope.find(name)
    return None if binding is None else binding.value


def _join(
    state: State,
    kind: type[Op],
    ends: list[tuple[int, Span]],
    span: Span,
    alias: str | None,
    keyword: str | None = None,
) -> None:
    inputs = tuple(node for node, _ in ends)
    op = state.ops.setdefault((kind,), kind())
    found = [state.nodes[i].shape for i in inputs]
    known = tuple(shape for shape in found if shape is not None)
    shape = known[0] if known else None
    if len(known) == len(inputs):
        try:
            shape = op.infer(known)
        except Reject as reject:
            _refuse(state, reject, ends, span, keyword or op.keyword)
            shape = reject.otherwise
    elif kind is Concat:
        shape = None
    path = state.named_child(alias) if alias else state.child(op.keyword)
    state.add(op, inputs, shape, path, span, alias=alias)


def _refuse(state: State, reject: Reject, ends: list[tuple[int, Span]], span: Span, keyword: str) -> None:
    """Report what a merge cannot take: an operand by itself, or its operands together."""
    operands = tuple(Related(span=where, shape=str(state.nodes[node].shape)) for node, where in ends if where != span)
    kind = getattr(shapes, reject.kind)
    told = {"operands": operands} if kind is shapes.OperandsDiffer else {"shape": str(state.nodes[ends[0][0]].shape)}
    state.fail(kind, span, keyword=keyword, why=reject.why, helps=reject.help, **told)
