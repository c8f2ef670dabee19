"""The state of elaboration: the nodes created so far, the current tensor, and the position in the network."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from typing import Any

from ..contract.arguments import ParameterSpec
from ..contract.layer import LayerOp, Op
from ..diagnostics import BlockUse, Diagnostic, Related, Sink
from ..diagnostics.catalog import limit_errors, name_errors, structure_errors
from ..expressions.scope import UNKNOWN, Callee, NamedTensor, Scope
from ..expressions.steps import Abort, Steps
from ..graph import Assertion, BlockCall, DraftNode, Node, Unresolved, likely_shape
from ..graph.node import NO_ARGUMENTS, Arguments
from ..layers import find
from ..limits import MAX_DEPTH, MAX_ITERATIONS, MAX_NODES
from ..shapes.input_options import sized_inputs
from ..shapes.shape import Shape
from ..shapes.symbolic import Condition, Sym, concrete, recording
from ..syntax import ast
from ..text.source import Span
from .memo import Memo
from .module_names import module_name
from .shared_results import BlockDef, Caches, ExecutedStatement, ReplayKey, Result


class State:
    """The state of one elaboration. `run` executes a statement on it; `caches` may be those of another elaboration."""

    def __init__(
        self,
        sink: Sink,
        run: "Callable[[State, ast.Statement], None]",
        example_size: int,
        caches: "Caches | None" = None,
    ) -> None:
        self.sink = sink
        self.executor = run
        self.nodes: list[DraftNode] = []
        self.inputs: list[tuple[str | None, DraftNode]] = []
        self.statement: ast.Statement | None = None
        """The statement that is being run, to which new nodes belong."""
        self.top: ast.Statement | None = None
        """The statement at the top level of the file that is being run."""
        # Names of the blocks that were used.
        self.reached: set[str] = set()
        # Inputs that were reported to have their channels last.
        self.channels_last: set[int] = set()
        self.outputs: list[tuple[str, int]] = []
        self.aux: list[tuple[str, int]] = []
        self.asserts: list[Assertion] = []
        self.training: list[ast.Train] = []
        self.scopes: dict[tuple[str, ...], str] = {}
        self.calls: dict[tuple[str, ...], BlockCall] = {}
        self.blocks: Mapping[str, BlockDef] = {}
        self.layers: Mapping[str, type[LayerOp]] = {}
        """The layers of the packages that the current file names."""
        self.scope = Scope()
        self.current: int | None = None
        self.started: int | None = None
        self.step: int | None = None
        """The first input of the layer whose body is being run; learned tensors in the body have its batch size."""
        self.path: tuple[str, ...] = ()
        self.uses: tuple[BlockUse, ...] = ()
        self.symbols: dict[str, Sym] = {}
        self.fixed = False  # whether the text has sizes of its own, which determine the weights
        self.example_size = example_size
        self.conditions: list[tuple[Condition, Span]] = []
        self.missing_input_reported = False
        self.may_lack_parameters = False
        """Whether a statement so far may be a `net` that was not read, so that any capital letter may be a number."""
        self.lacks_layers = False
        """Whether a statement that would have created layers may be missing: an output has a name that nothing has."""
        self.names: frozenset[str] = frozenset()
        """The names, in all files, that look like a shorthand or a repetition."""
        self.callees: set[str] = set()
        """The names that referred to a layer, a block or an unknown value in some scope."""
        self.incomplete = False  # whether a used file could not be read, so that an unknown block may be defined in it
        self.counted = False
        self.skipped: dict[int, Mapping[str, Span]] = {}
        """The bodies that did not run and have been checked, by identity, with the names that they define."""
        self.is_static = False
        """Whether statements are only checked: they may never run, so each body is read once, with unknown values."""
        self.iterations = 0
        self.steps = Steps()
        self.depth = 0
        self._guesses = 0
        self._taken: dict[tuple[str, ...], dict[str, int]] = {}
        self.caches = caches or Caches()
        self.replays: dict[ReplayKey, object] = {}
        """Uses of blocks that replay.py can copy."""
        self.passed: dict[int, ExecutedStatement] | None = None
        """If not None, the context of each statement, by the statement's identity."""

    @property
    def is_guess(self) -> bool:
        """Whether new nodes are based on a guess."""
        return self._guesses > 0

    def find_layer(self, word: str) -> type[LayerOp] | None:
        """The layer of the language, or of a package that the current file names, with this name or synonym."""
        return self.layers.get(word) or find(word)

    @contextmanager
    def layers_of(self, definition: BlockDef) -> Iterator[None]:
        """A context in which names may refer to the layers that are available where a block is defined."""
        before, self.layers = self.layers, definition.layers
        try:
            yield
        finally:
            self.layers = before

    @property
    def ops(self) -> dict[tuple[Any, ...], Op]:
        """The ops created so far, by class and arguments."""
        return self.caches.ops

    @property
    def inferred(self) -> "dict[tuple[int, tuple[Shape, ...]], Result]":
        """The shapes inferred so far, by op and input."""
        return self.caches.inferred

    def checkpoint(self, sink: Sink) -> "State":
        """A copy that can continue separately and reports to another sink. Only between top-level statements."""
        other = copy(self)
        other.sink = sink
        for name in ("nodes", "inputs", "outputs", "aux", "asserts", "training", "conditions"):
            setattr(other, name, list(getattr(self, name)))
        other.reached, other.channels_last = set(self.reached), set(self.channels_last)
        other.scopes, other.symbols = dict(self.scopes), dict(self.symbols)
        other.calls = dict(self.calls)
        other.callees, other.skipped = set(self.callees), dict(self.skipped)
        other.replays = dict(self.replays)
        other.passed = None if self.passed is None else dict(self.passed)
        other.scope, other.steps = self.scope.copy(), self.steps.copy()
        other._taken = {path: dict(taken) for path, taken in self._taken.items()}
        return other

    # --- errors ---

    def count_iterations(self, span: Span, count: int = 1) -> None:
        """Count iterations of a repetition, which are not counted otherwise if they create no layer. Raises Abort."""
        self.iterations += count
        if self.iterations > MAX_ITERATIONS:
            raise Abort(limit_errors.TooManyIterations(span=span, uses=self.uses, limit=MAX_ITERATIONS))

    def times(self, statement: ast.LayerStatement | ast.Merge | ast.Residual) -> int:
        """How often a statement runs here: what does not run is checked once."""
        return 1 if self.is_static else statement.times

    def count_steps(self, span: Span, count: int) -> None:
        """Count statements and operations of expressions. Raises Abort at the limit."""
        self.steps.add(count, span, self.uses)

    def emit(self, diagnostic: Diagnostic) -> None:
        """Report a diagnostic, which includes the uses of blocks that led here."""
        self.sink.emit(diagnostic)

    def emit_undecided(self, span: Span, why: str) -> None:
        """Report an operation on a symbolic dimension that has no closed form."""
        sizes = self.sized_inputs()
        self.emit(structure_errors.UndecidedSize(span=span, uses=self.uses, why=why, sized_inputs=sizes))

    def related(self, node: DraftNode) -> Related:
        """A node as the other location of a conflict."""
        return Related(span=node.span, shape=str(likely_shape(node)))

    @contextmanager
    def guessing(self) -> Iterator[None]:
        """A context in which nodes are based on a guess: none of them counts as accepted."""
        self._guesses += 1
        try:
            yield
        finally:
            self._guesses -= 1

    # --- the current tensor ---

    @property
    def shape(self) -> Shape | None:
        """The shape of the current tensor, None where it is unknown."""
        return None if self.current is None else self.shape_of(self.current)

    def shape_of(self, node: int) -> Shape | None:
        """The shape of a node, or the likely one after an error; None if it is unknown."""
        return likely_shape(self.nodes[node])

    def shapes_of(self, nodes: tuple[int, ...]) -> tuple[Shape, ...] | None:
        """The shapes of several nodes; None if one of them is unknown."""
        found = [self.shape_of(node) for node in nodes]
        known = tuple(shape for shape in found if shape is not None)
        return known if len(known) == len(nodes) else None

    def need_input(self, span: Span) -> bool:
        """Whether there is a current tensor; if not, that is reported once."""
        if self.current is not None:
            return True
        if not self.missing_input_reported:
            self.missing_input_reported = True
            self.emit(structure_errors.NoInput(span=span, uses=self.uses))
        self.unresolved(None, (), None, ("x",), span)
        return False

    # --- symbolic dimensions ---

    def sizes(self, given: tuple[int | str, ...], example: tuple[int, ...] | None = None) -> tuple[int, ...]:
        """Sizes with a symbol for each letter; its example is the size at its place in `example`, or `example_size`."""
        known = example is not None and len(example) == len(given)
        examples = example if known and example else (self.example_size,) * len(given)
        self.fixed = self.fixed or (known and not any(isinstance(size, Sym) for size in examples))
        found: list[int] = []
        for size, near in zip(given, examples, strict=True):
            if isinstance(size, str) and size not in self.symbols:
                self.symbols[size] = Sym.symbol(size, concrete(near))
            found.append(self.symbols[size] if isinstance(size, str) else size)
        return tuple(found)

    def used_symbols(self) -> dict[str, Sym]:
        """The symbolic dimensions of the inputs: not those of sizes that the caller replaced."""
        shapes = [likely_shape(node) for _, node in self.inputs]
        sizes = [size for shape in shapes if shape is not None for size in shape.dims if isinstance(size, Sym)]
        used = {name for size in sizes for name in size.form.symbols()}
        return {name: size for name, size in self.symbols.items() if name in used or None in shapes}

    def sized_inputs(self) -> str:
        """The options that set the symbolic dimensions of the inputs so far: `--input 3x224x224`."""
        return sized_inputs((name, likely_shape(node)) for name, node in self.inputs)

    # --- nodes ---

    def add(
        self,
        op: Op,
        inputs: tuple[int, ...],
        result: "Result",
        path: tuple[str, ...],
        span: Span,
        shared: int | None = None,
        alias: str | None = None,
        arguments: Arguments = NO_ARGUMENTS,
    ) -> None:
        """Create the node of a layer and make its result the current tensor. Raises Abort at the limit of layers."""
        if result.accepted is None or self._guesses:
            self.unresolved(op, inputs, result.accepted or result.recovery, path, span, alias, arguments)
            return
        count = self._next(span)
        uses, statement = self.uses, self.statement
        self.nodes.append(
            Node(count, op, inputs, result.accepted, path, span, uses, shared, alias, statement, arguments)
        )
        self.current = count

    def unresolved(
        self,
        op: Op | None,
        inputs: tuple[int, ...],
        recovery: Shape | None,
        path: tuple[str, ...],
        span: Span,
        alias: str | None = None,
        arguments: Arguments = NO_ARGUMENTS,
    ) -> int:
        """Create a node without a shape of its own and make it the current tensor. Raises Abort like `add`."""
        count = self._next(span)
        uses, statement = self.uses, self.statement
        self.nodes.append(Unresolved(count, op, inputs, recovery, path, span, uses, alias, statement, arguments))
        self.current = count
        return count

    def _next(self, span: Span) -> int:
        count = len(self.nodes)
        layers = count - len(self.inputs)
        if layers >= MAX_NODES:
            raise Abort(limit_errors.TooManyLayers(span=span, uses=self.uses, count=layers + 1, limit=MAX_NODES))
        return count

    def child(self, word: str) -> tuple[str, ...]:
        """The path of the next child with this name, numbered from 1."""
        taken = self._taken.setdefault(self.path, {})
        while True:
            number = taken[word] = taken.get(word, 0) + 1
            name = f"{word}{number}"
            if name not in taken:
                taken[name] = 0
                return (*self.path, name)

    def named_child(self, name: str) -> tuple[str, ...]:
        """The path of a child with a name of its own; a name that torch or Python reserves gets an underscore."""
        taken = self._taken.setdefault(self.path, {})
        base = module_name(name)
        name = base
        while name in taken:
            taken[base] += 1
            name = f"{base}_{taken[base] + 1}"
        taken[name] = 0
        return (*self.path, name)

    # --- names ---

    def define(self, word: ast.Word, value: Any) -> None:
        """Define a name in this body; defining it twice is an error."""
        self.note(word.text, value)
        before = self.scope.define(word.text, value, word.span)
        if before is not None:
            first = Related(span=before.span, shape="") if before.span.source.file is word.span.source.file else None
            self.emit(name_errors.NameTaken(span=word.span, uses=self.uses, name=word.text, first=first))

    def note(self, name: str, value: Any) -> None:
        """Remember the name of a layer or block, or of a value that may be one: it can start a statement."""
        if value is UNKNOWN or isinstance(value, Callee):
            self.callees.add(name)

    def name_result(self, word: ast.Word, first: int, source: int | None) -> None:
        """Name the current tensor, created by the nodes from `first` on, which read `source`."""
        if self.current is not None:
            self.define(word, NamedTensor(node=self.current, first=first, source=source))

    # --- repetitions ---

    def memo(
        self, statement: ast.LayerStatement, definition: object, parameters: Callable[[], Sequence[ParameterSpec]]
    ) -> Memo:
        """The memo of a statement that uses a layer's class or a block, created on first use."""
        key = id(statement), id(definition), self.names
        memo = self.caches.memos.get(key)
        if memo is None:
            owners = statement, definition
            memo = self.caches.memos[key] = Memo(owners, statement.args, parameters(), self.names)
        return memo

    def memo_key(self, memo: Memo) -> tuple[Any, ...] | None:
        """The key into a statement's memo; None if each use must be bound separately, as with symbolic dimensions."""
        return None if self.symbols or memo.is_local else memo.key(self.scope, self.shape)

    # --- bodies ---

    def run(self, statements: tuple[ast.Statement, ...]) -> None:
        """Execute statements here."""
        passed = self.passed
        self.caches.executed += len(statements)
        if statements:
            self.count_steps(statements[0].span, len(statements))
        for statement in statements:
            self.statement = statement
            if passed is not None and id(statement) not in passed:
                self._run_recorded(statement, passed)
            elif self.symbols:
                # A decision of a statement about a symbolic dimension becomes a requirement for every size.
                with recording() as found:
                    self.executor(self, statement)
                self.conditions += [(condition, statement.span) for condition in found]
            else:
                self.executor(self, statement)

    def _run_recorded(self, statement: ast.Statement, passed: dict[int, ExecutedStatement]) -> None:
        """Execute a statement, and record its context."""
        before = self.shape
        passed[id(statement)] = ExecutedStatement(statement, before, None, self.scope)
        try:
            self.run((statement,))
        finally:
            passed[id(statement)] = ExecutedStatement(statement, before, self.shape, self.scope)

    def inside(
        self, *, path: tuple[str, ...] | None = None, scope: Scope | None = None, started: bool = True
    ) -> "_Inside":
        """The context of a body: another path or scope; `started` makes the current tensor the meaning of `in`."""
        if self.depth >= MAX_DEPTH:
            span = self.uses[-1].span if self.uses else self.nodes[-1].span
            raise Abort(limit_errors.TooDeep(span=span, uses=self.uses, limit=MAX_DEPTH))
        return _Inside(self, path, scope, started)


class _Inside:
    """The context of a body, as a class because a generator would cost more than all other handling of the body."""

    __slots__ = ("_before", "_path", "_scope", "_started", "_state")

    def __init__(self, state: State, path: tuple[str, ...] | None, scope: Scope | None, started: bool) -> None:
        self._state = state
        self._path = path
        self._scope = scope
        self._started = started

    def __enter__(self) -> None:
        state = self._state
        self._before = state.path, state.scope, state.started, state.statement
        state.depth += 1
        if self._path is not None:
            state.path = self._path
        if self._scope is not None:
            state.scope = self._scope
        if self._started:
            state.started = state.current

    def __exit__(self, *_: object) -> None:
        state = self._state
        state.path, state.scope, state.started, state.statement = self._before
        state.depth -= 1
