"""Elaboration turns the AST into a graph: names, expressions, blocks, merges, and the shape of each node."""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any

from ..contract.layer import Op
from ..diagnostics import Sink
from ..diagnostics.catalog import structure_errors
from ..expressions.scope import UNKNOWN, Callee, ListValue, Scope
from ..expressions.steps import Abort
from ..graph import Assertion, Draft
from ..syntax import ast
from ..text.library import Library, StandardLibrary
from ..text.source import Span
from . import control, layer_statements, merges, moe_statement, readings, repeat_statement, scan_statement, train_block
from .budget import affordable
from .definitions import Definitions
from .doubtful import doubtful_marked
from .inputs import Override, run_input, run_override
from .named_tensors import find_tensor
from .shared_results import BlockDef, Caches
from .skipped_branches import report_misplaced
from .state import State
from .unused_blocks import check_unused

if TYPE_CHECKING:
    from ..packages.package import UsedPackage

__all__ = ["Elaboration", "Override", "elaborate"]

_NO_TENSOR = frozenset({"net", "use", "block", "let", "output", "assert", "train", "figure"})
"""The statements that do not change the current tensor."""


def elaborate(
    program: ast.Program,
    sink: Sink,
    settings: Mapping[str, Any] | None = None,
    override: Override | None = None,
    library: Library | None = None,
    example_size: int = 224,
    caches: Caches | None = None,
) -> Draft:
    """The draft of a program's network; `Draft.checked` returns its graph if there were no errors.

    `settings` are values for the network's parameters, `override` sizes for its inputs, and `library` has the files
    that it uses (only `std` if None). `example_size` is the example for a symbolic dimension (`input 3xHxW`) wherever
    one is needed; `caches` are those of other elaborations of the program.
    """
    caches = caches or Caches()
    definitions = Definitions(sink, library or StandardLibrary(), caches.parsed, caches.used)
    given = override or Override({})
    elaboration = Elaboration(program, sink, settings or {}, given, definitions, example_size, caches)
    return elaboration.run(program.statements)


class Elaboration:
    """The elaboration of one program: its definitions, then its statements, from the first one or from a checkpoint."""

    def __init__(
        self,
        program: ast.Program,
        sink: Sink,
        settings: Mapping[str, Any],
        override: Override,
        definitions: Definitions,
        example_size: int,
        caches: Caches | None = None,
    ) -> None:
        self.program = program
        self.override = override
        self.definitions = definitions
        self.file = file = definitions.collect(program, settings)
        self.state = state = State(sink, self._run, example_size, caches)
        # A copy: blocks can use the parameters of the network, but no other name of its text.
        state.scope = file.scope.copy()
        state.blocks, state.layers = file.blocks, file.layers
        state.incomplete = definitions.incomplete
        state.may_lack_parameters = file.net is None and any(isinstance(s, ast.Net) for s in program.statements)
        state.names = frozenset(definitions.names)
        for name, binding in state.scope.names.items():
            state.note(name, binding.value)

    def _run(self, state: State, statement: ast.Statement) -> None:
        execute(state, statement, self.override)

    def run(self, statements: Sequence[ast.Statement], before: Callable[[int], None] | None = None) -> Draft:
        """Run the program's statements, or the remaining ones; `before` is called with the index of each."""
        state, program = self.state, self.program
        try:
            given = self.override.sizes and not state.nodes
            if given and not any(isinstance(s, ast.Input) for s in program.statements):
                run_override(state, program.source, self.override)
            for index, statement in enumerate(statements):
                if before is not None:
                    before(index)
                state.top = statement
                state.run((statement,))
        except Abort as abort:
            state.emit(abort.error)
        return self.finish()

    def resumed(self, program: ast.Program, state: State) -> "Elaboration":
        """The elaboration of another program with the same definitions, continued from a checkpoint of this one."""
        other = copy(self)
        other.program, other.state = program, state
        return other

    def _is_layer(self, word: str) -> bool:
        """Whether a layer or block has this name."""
        return word in self.file.blocks or self.state.find_layer(word) is not None

    def finish(self) -> Draft:
        """The draft of the statements that ran."""
        state, file = self.state, self.file
        if not self.definitions.incomplete:
            check_unused(self.program, file, state)
        draft = _finish(state, self.program, file.net, file.scope, tuple(self.definitions.packages.found))
        programs = [self.program, *self.definitions.used_programs]
        nodes, is_partial = doubtful_marked(draft.nodes, programs, self._is_layer)
        return draft.replace(nodes=nodes, is_partial=True) if is_partial or self.state.lacks_layers else draft


def execute(state: State, statement: ast.Statement, override: Override) -> None:
    """Run one statement."""
    match statement:
        case ast.LayerStatement():
            _layer(state, statement)
        case ast.Stage():
            control.run_stage(state, statement)
        case ast.Merge():
            merges.run_merge(state, statement)
        case ast.Residual():
            merges.run_residual(state, statement)
        case ast.Moe():
            moe_statement.run_moe(state, statement)
        case ast.Scan():
            scan_statement.run_scan(state, statement)
        case ast.Repeat():
            repeat_statement.run_repeat(state, statement)
        case ast.If():
            control.run_if(state, statement)
        case ast.Let():
            control.run_let(state, statement)
        case ast.From():
            control.run_from(state, statement)
        case ast.Aux():
            control.run_aux(state, statement)
        case ast.Reuse():
            control.run_reuse(state, statement)
        case ast.Input():
            run_input(state, statement, Override({}) if state.is_static else override)
        case ast.Output():
            _output(state, statement)
        case ast.Assert() if state.is_static:
            control.check_assertion(state, statement)
        case ast.Assert():
            start = state.inputs[0][1].id if state.started is None and len(state.inputs) == 1 else state.started
            state.asserts.append(Assertion(statement=statement, scope=state.scope, shape=state.shape, start=start))
        case ast.Train() if statement is state.top:
            state.training.append(statement)
        case ast.Net() | ast.UseFile() | ast.Block() | ast.Train() | ast.FigureBlock():
            _definition(state, statement)
        case ast.UnreadableStatement():
            _broken(state, statement)
        case _:
            raise AssertionError(statement)


def _layer(state: State, statement: ast.LayerStatement) -> None:
    word = statement.keyword.text
    if statement.unsure:
        statement = readings.as_layer(state, statement)
    if word in state.callees and (found := state.scope.find(word)) is not None:
        if found.value is UNKNOWN:
            _broken(state, ast.UnreadableStatement(span=statement.span))
            return
        if isinstance(found.value, Callee):
            # The name of a parameter whose value is a layer or block.
            _called(state, readings.renamed(state, statement, found.value.name), found.value)
            return
    if word in state.blocks:
        control.run_block(state, statement, state.blocks[word])
    elif (layer := state.find_layer(word)) is not None:
        if statement.times > 1:
            affordable(state, statement)
        layer_statements.run_layer(state, statement, layer)
    elif layer_statements.may_be_elsewhere(state, word):
        _broken(state, ast.UnreadableStatement(span=statement.span))
    else:
        layer_statements.unknown_layer(state, statement)


def _called(state: State, statement: ast.LayerStatement, callee: Callee) -> None:
    """Use the layer or block that a name refers to."""
    if isinstance(callee.definition, BlockDef):
        control.run_block(state, statement, callee.definition)
        return
    layer = callee.definition
    assert isinstance(layer, type)
    assert issubclass(layer, Op)
    if statement.times > 1:
        affordable(state, statement)
    layer_statements.run_layer(state, statement, layer)


def _output(state: State, statement: ast.Output) -> None:
    if state.uses:
        span = Span(statement.span.source, statement.span.start, statement.span.start + len("output"))
        where = "in a block, it is the last statement"
        state.emit(structure_errors.Misplaced(span=span, uses=state.uses, word="output", where=where))
        return
    for word in statement.names:
        tensor = find_tensor(state, word)
        if tensor is None:
            state.lacks_layers = True
        else:
            state.outputs.append((word.text, tensor.node))


def _definition(state: State, statement: ast.Statement) -> None:
    """Report a definition inside a body; those at the top level were collected before."""
    if statement is not state.top:
        report_misplaced(state, statement)


def _broken(state: State, statement: ast.UnreadableStatement) -> None:
    """Mark the tensor and the names that a broken statement would have created as unknown."""
    text = statement.span.text
    if state.current is not None and (text.partition(" ")[0] not in _NO_TENSOR or _is_unclosed(text)):
        state.unresolved(None, (state.current,), None, state.child("unknown"), statement.span)
    state.missing_input_reported = state.may_lack_parameters = True
    for word in statement.names:
        state.scope.define(word.text, UNKNOWN, word.span)


def _is_unclosed(text: str) -> bool:
    """Whether a statement on several lines has a bracket that nothing closes, so that it may include other ones."""
    return "\n" in text and text.count("(") + text.count("[") > text.count(")") + text.count("]")


def _finish(
    state: State, program: ast.Program, net: ast.Net | None, scope: Scope, packages: "tuple[UsedPackage, ...]"
) -> Draft:
    outputs = list(state.outputs)
    if not outputs and state.current is not None:
        outputs = [("output", state.current)]
    path = program.source.path
    return Draft(
        errors=state.sink.errors,
        name=net.name.text if net else (path.stem if path else "network"),
        nodes=tuple(state.nodes),
        inputs=tuple(node.id for _, node in state.inputs),
        input_names=tuple(name or "x" for name, _ in state.inputs),
        outputs=tuple(outputs + state.aux),
        settings={name: _setting(binding.value) for name, binding in scope.names.items() if _plain(binding.value)},
        scopes=dict(state.scopes),
        calls=dict(state.calls),
        training=train_block.read(state),
        symbols=state.used_symbols(),
        conditions=tuple(state.conditions),
        asserts=tuple(state.asserts),
        packages=packages,
    )


def _plain(value: object) -> bool:
    return isinstance(value, int | float | str | ListValue | Callee)


def _setting(value: Any) -> Any:
    """The value of a network parameter as plain data: numbers, lists of these, names of layers."""
    return value.plain() if isinstance(value, ListValue) else value.name if isinstance(value, Callee) else value
