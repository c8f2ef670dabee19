"""Blocks that never run in their file, and the defaults of all: checked for errors that do not depend on arguments."""

from contextlib import suppress

from ..diagnostics import Sink
from ..expressions.scope import UNKNOWN, Scope
from ..expressions.steps import Abort
from ..syntax import ast
from .definitions import File
from .evaluation_context import evaluator
from .skipped_branches import run_static, static_state, unknown_values
from .state import State


def check_unused(program: ast.Program, file: File, state: State) -> None:
    """Check the defaults of each block, and the body of each block that did not run.

    This finds errors in words, but not those in sizes.
    """
    for block in program.statements:
        if isinstance(block, ast.Block) and block.name.text in file.blocks:
            is_reached = block.name.text in state.reached
            if not is_reached or any(parameter.default is not None for parameter in block.parameters):
                _check(block, file, state, is_reached=is_reached)


def _check(block: ast.Block, file: File, state: State, *, is_reached: bool) -> None:
    definition = file.blocks[block.name.text]
    scope, sink = Scope(unknown_values(definition.scope)), Sink()
    other = static_state(state, scope, block.name.span, sink)
    other.blocks, other.layers, other.uses = definition.blocks, definition.layers, ()
    other.callees = {*scope.possible(), *(parameter.name.text for parameter in block.parameters)}
    with suppress(Abort):
        for parameter in block.parameters:
            if parameter.default is not None:
                evaluator(other).value(parameter.default)
            scope.define(parameter.name.text, UNKNOWN, parameter.name.span)
    if not is_reached:
        run_static(other, block.body.statements)
    state.sink.supplement(sink)
