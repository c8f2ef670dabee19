"""Branches of `if` that are not chosen: checked for errors that do not depend on the condition."""

from collections.abc import Iterator, Sequence

from ..contract.arguments import ParameterSpec
from ..diagnostics.catalog import structure_errors
from ..syntax import ast
from ..syntax.bodies import bodies
from ..text.source import Span
from .bind import unknown_argument
from .layer_statements import may_be_elsewhere, report_unknown_layer
from .shared_results import block_parameters
from .state import State

_DEFINITIONS = (ast.Net, ast.UseFile, ast.Block, ast.Train, ast.FigureBlock)


def check_skipped(state: State, body: ast.Body) -> None:
    """Report unknown layers, unknown arguments and definitions in a branch that does not run.

    Each branch is checked once, where its `if` is first executed. A word that is the name of a value may be another
    layer wherever the branch does run.
    """
    if id(body) in state.skipped:
        return
    state.skipped.add(id(body))
    found = tuple(_statements(body))
    names = {name for each in found for name in _defined(each)}
    for statement in found:
        if isinstance(statement, _DEFINITIONS):
            report_misplaced(state, statement)
        elif isinstance(statement, ast.LayerStatement) and not statement.unsure:
            word = statement.keyword.text
            if word not in names and state.scope.find(word) is None:
                _check_layer(state, statement)


def report_misplaced(state: State, statement: ast.Statement) -> None:
    """Report a definition inside a body."""
    word = statement.span.text.split()[0]
    span = Span(statement.span.source, statement.span.start, statement.span.start + len(word))
    where = "it belongs at the top level of the file"
    state.emit(structure_errors.Misplaced(span=span, uses=state.uses, word=word, where=where))


def _check_layer(state: State, statement: ast.LayerStatement) -> None:
    word = statement.keyword.text
    parameters: Sequence[ParameterSpec]
    if (definition := state.blocks.get(word)) is not None:
        parameters = block_parameters(definition.block)
    elif (layer := state.find_layer(word)) is not None:
        parameters = layer.parameters
    else:
        if not may_be_elsewhere(state, word):
            report_unknown_layer(state, statement.keyword)
        return
    if any(p.rest for p in parameters):
        return
    for arg in statement.args:
        if arg.name is not None and all(arg.name.text not in (p.name, p.letter) for p in parameters):
            state.emit(unknown_argument(word, arg, arg.name, parameters, state.uses))


def _statements(body: ast.Body) -> Iterator[ast.Statement]:
    """The statements of a body and of the bodies in it."""
    for statement in body.statements:
        yield statement
        if not isinstance(statement, _DEFINITIONS):
            for inner in bodies(statement):
                yield from _statements(inner)


def _defined(statement: ast.Statement) -> Iterator[str]:
    """The names of values that a statement defines."""
    match statement:
        case ast.Let() | ast.Repeat(target=ast.Target()):
            yield from (word.text for word in statement.target.names)  # type: ignore[union-attr]  # matched above
        case _:
            pass
