"""The `moe` statement: its body is one expert."""

from contextlib import nullcontext

from ..diagnostics.catalog import name_errors, shape_errors
from ..expressions.scope import UNKNOWN
from ..graph import MoeOp, Subgraph
from ..shapes.shape import Layout, Shape
from ..syntax import ast
from .bind import bind
from .evaluation_context import evaluator
from .layer_body import LayerBody
from .layer_statements import infer
from .skipped_branches import check_skipped
from .state import State


def run_moe(state: State, statement: ast.Moe) -> None:
    """Run the body once, on a placeholder for a vector."""
    if not state.need_input(statement.keyword.span) or state.current is None:
        return
    first, source = len(state.nodes), state.current
    name = statement.alias.text if statement.alias else None
    path = state.named_child(name) if name else state.child("moe")
    ev = evaluator(state)
    bound = bind(statement.keyword, statement.args, MoeOp.parameters, "moe experts=8 top=2", ev)
    body = _body(state, statement, path)
    span = statement.keyword.span.to(statement.args[-1].span) if statement.args else statement.keyword.span
    if body is None or not bound.ok or UNKNOWN in bound.values.values():
        state.unresolved(None, (source,), None, path, span, name, bound.spans)
    else:
        op, inputs = MoeOp(body=body, **bound.values), (source,)
        with state.guessing() if ev.errors else nullcontext():
            state.add(op, inputs, infer(state, op, inputs, statement, bound.spans), path, span, alias=name)
    if statement.alias:
        state.name_result(statement.alias, first, source)


def _body(state: State, statement: ast.Moe, path: tuple[str, ...]) -> Subgraph | None:
    """One expert; None after an error was reported."""
    x, word = state.shape, statement.keyword
    if x is None:
        check_skipped(state, statement.body)
        return None
    if x.layout not in (Layout.VECTOR, Layout.SEQUENCE, Layout.OPEN):
        why = f"it needs a vector or a sequence T×C, but this is {x}"
        state.emit(shape_errors.UnsuitableInput(span=word.span, uses=state.uses, keyword="moe", shape=str(x), why=why))
        return None
    found = LayerBody(state, statement, path).run(Shape(x.features), ())
    if found is None:
        return None
    graph, outer = found
    if outer:
        what = "a layer whose experts read a single step: its body cannot read a tensor from outside"
        state.emit(name_errors.UnknownName(span=word.span, uses=state.uses, name=word.text, nearest=None, what=what))
        return None
    return Subgraph(graph)
