"""Bodies that do not run: branches of `if`, repetitions of nothing, unused blocks.

They are checked for errors that do not depend on conditions or on the values of parameters. What would exceed a limit
is no error: only what runs takes time and memory.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress

from ..diagnostics import Sink
from ..diagnostics.catalog import limit_errors, structure_errors
from ..expressions.scope import UNKNOWN, NamedTensor, Scope
from ..expressions.steps import Abort
from ..syntax import ast
from ..text.source import Span
from .state import State


def check_skipped(state: State, body: ast.Body, names: Iterable[ast.Word] = ()) -> Mapping[str, Span]:
    """Check a body that does not run, and return the names that it would define, with where it does.

    `names` are those that its statement defines for it. Each body is checked once, where it is first skipped.
    """
    known = state.skipped.get(id(body))
    if known is None:
        state.skipped[id(body)] = {}
        outer = Scope(unknown_values(state.scope))
        for word in names:
            outer.define(word.text, UNKNOWN, word.span)
        sink = Sink()
        other = static_state(state, Scope(outer), body.span, sink)
        run_static(other, body.statements)
        state.sink.supplement(sink)
        known = state.skipped[id(body)] = {name: each.span for name, each in other.scope.names.items()}
    return known


def check_branch(state: State, body: ast.Body, *, may_run: bool) -> None:
    """Check a branch of `if` that does not run; if it may run, the names that it defines are unknown from here on."""
    for name, span in check_skipped(state, body).items():
        if may_run:
            state.note(name, UNKNOWN)
            state.scope.define(name, UNKNOWN, span)
        else:
            state.scope.undefined[name] = span


def static_state(state: State, scope: Scope, span: Span, sink: Sink) -> State:
    """A state in which bodies are checked that do not run: on a tensor of unknown shape, in this scope."""
    other = State(sink, state.executor, state.example_size, state.caches)
    other.is_static = True
    other.blocks, other.layers, other.names, other.uses = state.blocks, state.layers, state.names, state.uses
    other.incomplete, other.depth, other.skipped = state.incomplete, state.depth, state.skipped
    other.callees = {*state.callees, *scope.possible()}
    other.scope = scope
    other.unresolved(None, (), None, ("given",), span)
    other.started = other.current
    # The named tensors of the scope.
    other.unresolved(None, (0,), None, ("named",), span)
    other.current = 0
    return other


def run_static(state: State, statements: tuple[ast.Statement, ...]) -> None:
    """Check statements that do not run. Reaching a limit, which is not reported, ends the check."""
    with suppress(Abort), state.inside(started=False):
        state.run(statements)
    state.sink.drop(lambda each: isinstance(each, limit_errors.TooManyEntries))


def unknown_values(scope: Scope) -> Scope:
    """The names that may be visible in a scope, without their values, which may depend on conditions and parameters."""
    found = Scope()
    for name, binding in scope.possible().items():
        is_tensor = isinstance(binding.value, NamedTensor)
        found.define(name, NamedTensor(node=1, first=1, source=0) if is_tensor else UNKNOWN, binding.span)
    return found


def report_misplaced(state: State, statement: ast.Statement) -> None:
    """Report a definition inside a body."""
    word = statement.span.text.split()[0]
    span = Span(statement.span.source, statement.span.start, statement.span.start + len(word))
    where = "it belongs at the top level of the file"
    state.emit(structure_errors.Misplaced(span=span, uses=state.uses, word=word, where=where))
