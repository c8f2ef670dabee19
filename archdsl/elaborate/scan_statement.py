"""The `scan` statement: its body becomes a separate graph, and the statement becomes one layer."""

from ..contract.layer import Reject
from ..diagnostics.catalog import shape_errors
from ..graph import ScanOp, Subgraph, scanned
from ..shapes.shape import Shape
from ..syntax import ast
from .carried import initial
from .layer_body import LayerBody
from .layer_statements import infer
from .skipped_branches import check_skipped
from .state import State


def run_scan(state: State, statement: ast.Scan) -> None:
    """Run the body once, on placeholders for a step and the carried tensors."""
    if not state.need_input(statement.keyword.span) or state.current is None:
        return
    first, source = len(state.nodes), state.current
    name = statement.alias.text if statement.alias else None
    path = state.named_child(name) if name else state.child("scan")
    made = _layer(state, statement, path)
    span = statement.keyword.span.to(statement.carried[-1].span)
    if made is None:
        state.unresolved(None, (source,), None, path, span, name)
    else:
        op, inputs = made
        state.add(op, inputs, infer(state, op, inputs, statement, {}), path, span, alias=name)
    if statement.alias:
        state.name_result(statement.alias, first, source)


def _layer(state: State, statement: ast.Scan, path: tuple[str, ...]) -> tuple[ScanOp, tuple[int, ...]] | None:
    """The op and its inputs; None after an error was reported."""
    source, x = state.current, state.shape
    initial = [_initial(state, carried) for carried in statement.carried]
    if source is None or x is None:
        check_skipped(state, statement.body, [carried.name for carried in statement.carried])
        return None
    try:
        _, step = scanned(x)
    except Reject as reject:
        span = statement.keyword.span
        state.emit(
            shape_errors.UnsuitableInput(span=span, uses=state.uses, keyword="scan", shape=str(x), why=reject.why)
        )
        return None
    states = [each for each in initial if each is not None]
    if len(states) < len(initial):
        return None
    found = LayerBody(state, statement, path, statement.carried).run(step, [shape for shape, _ in states])
    if found is None:
        return None
    graph, outer = found
    given = tuple(node for _, node in states if node is not None)
    op = ScanOp(body=Subgraph(graph), initial=tuple(shape if node is None else None for shape, node in states))
    return op, (source, *given, *outer)


def _initial(state: State, carried: ast.Carried) -> tuple[Shape, int | None] | None:
    """The shape of a carried tensor and its initial node, which is None for zeros. None after an error was reported."""
    value = initial(state, carried, "scan")
    if value is None or isinstance(value, Shape):
        return None if value is None else (value, None)
    shape = state.shape_of(value.node)
    return None if shape is None else (shape, value.node)
