"""Blocks that are never used in their file: checked for errors that do not depend on their arguments."""

from collections.abc import Callable, Iterator
from typing import Any

from ..expressions.scope import UNKNOWN, Scope
from ..expressions.steps import Abort
from ..syntax import ast
from .definitions import File
from .state import State


def check_unused(program: ast.Program, file: File, state: State, run: Callable[[State, ast.Statement], None]) -> None:
    """Run the body of each unused block on a tensor of unknown shape, with parameters of unknown value.

    This finds errors in words, but not those in sizes. A block that an unused block uses is checked with it.
    """
    blocks = [s for s in program.statements if isinstance(s, ast.Block) and s.name.text in file.blocks]
    if all(block.name.text in state.reached for block in blocks):
        return
    used = {word for statement in program.statements for word in _keywords(statement)}
    for block in blocks:
        if block.name.text not in used and block.name.text not in state.reached:
            other = State(state.sink, run, state.example_size, state.caches)
            other.names = state.names
            _check(block, file, other)


def _check(block: ast.Block, file: File, state: State) -> None:
    state.blocks, state.layers = file.blocks, file.layers
    state.unresolved(None, (), None, ("given",), block.name.span)
    scope = Scope(file.blocks[block.name.text].scope)
    for parameter in block.parameters:
        state.note(parameter.name.text, UNKNOWN)
        scope.define(parameter.name.text, UNKNOWN, parameter.name.span)
    try:
        with state.inside(scope=scope):
            state.run(block.body.statements)
    except Abort as abort:
        state.emit(abort.error)


def _keywords(part: Any) -> Iterator[str]:
    """The keywords of the layer statements in a part of the AST."""
    if isinstance(part, ast.LayerStatement):
        yield part.keyword.text
    if isinstance(part, tuple) and not hasattr(part, "source"):
        for each in part:
            yield from _keywords(each)
    elif isinstance(part, ast.Statement | ast.Body):
        for _, value in part:
            yield from _keywords(value)
