"""Elaborating edited versions of a program, each from the first statement that differs."""

from collections.abc import Mapping
from typing import Any

from ..contract.layer import LayerOp
from ..diagnostics import Diagnostic, Sink
from ..graph import Draft
from ..record import Record
from ..syntax import ast
from ..text.library import Library, StandardLibrary
from . import Elaboration
from .definitions import Definitions
from .example_sizes import FIRST_EXAMPLE
from .inputs import Override
from .shared_results import Caches
from .state import State

_DEFINITIONS = (ast.Net, ast.UseFile, ast.Block)


_CHECKPOINTS = 100
"""Maximum number of checkpoints, approximately: each one copies the nodes created so far."""
_OVERHEAD = 25
"""Number of statements that take as long as parsing the edited one and restoring a checkpoint."""
_DEFINING = 15
"""Number of statements that take as long as collecting the definitions, if an edited one is among them."""


class ElaborationInputs(Record):
    """What a caller provides in addition to a text: parameter values, input sizes, and the files that the text uses."""

    settings: Mapping[str, Any] = {}
    override: Override | None = None
    library: Library | None = None
    caches: Caches | None = None
    """The caches of the elaboration that found the errors."""


class WatchedSink(Sink):
    """A sink that may end an elaboration by raising; it has access to the state that reports to it."""

    state: State | None = None

    def resume(self, state: State, found: tuple[Diagnostic, ...]) -> None:
        """Called when an elaboration continues from a state, with the diagnostics up to there."""
        self.state = state
        for diagnostic in found:
            self.emit(diagnostic)


class Attempts:
    """Elaborations of one program and of edited versions of it, which share their unchanged statements by identity.

    A version is elaborated from the checkpoint before its first changed statement, with the caches of all others. If it
    changes a definition, it is elaborated from the beginning. `work` counts the statements executed so far and an
    overhead for each version.
    """

    def __init__(
        self,
        program: ast.Program,
        given: ElaborationInputs,
    ) -> None:
        self.program = program
        self._overhead = 0
        self._settings = given.settings
        self._override = given.override
        self._library = given.library or StandardLibrary()
        self._caches = given.caches or Caches()
        before = self._caches.executed
        self._kept_programs: list[ast.Program] = []
        self._checkpoints: dict[int, tuple[State, tuple[Diagnostic, ...]]] = {}
        self._step = max(1, len(program.statements) // _CHECKPOINTS)
        self.sink = WatchedSink()
        self._base = self._elaboration(program, self.sink)
        self.draft = self._base.run(program.statements, self._checkpoint)
        self.base_work = self.work - before
        """The work of one elaboration of the program."""

    @property
    def work(self) -> int:
        """The number of statements executed, plus an overhead for each version that was tried."""
        return self._caches.executed + self._overhead

    @property
    def is_incomplete(self) -> bool:
        """Whether a file or package that the program uses was not read."""
        return self._base.definitions.incomplete

    @property
    def blocks(self) -> Mapping[str, ast.Block]:
        """The blocks that the program can use, including those of other files."""
        return {name: definition.block for name, definition in self._base.file.blocks.items()}

    @property
    def layers(self) -> Mapping[str, type[LayerOp]]:
        """The layers of the packages that the program names."""
        return self._base.file.layers

    @property
    def has_given_sizes(self) -> bool:
        """Whether the caller sets the sizes of an input, so that the text does not determine them."""
        return self._override is not None and bool(self._override.sizes)

    def _elaboration(self, program: ast.Program, sink: WatchedSink) -> Elaboration:
        sizes, examples = (self._override.sizes, self._override.examples) if self._override else ({}, None)
        definitions = Definitions(sink, self._library, self._caches.parsed, self._caches.used)
        override = Override(sizes, examples)
        return Elaboration(program, sink, self._settings, override, definitions, FIRST_EXAMPLE, self._caches)

    def _checkpoint(self, index: int) -> None:
        if index % self._step == 0:
            found = tuple(item.diagnostic for item in self.sink)
            self._checkpoints[index] = self._base.state.checkpoint(self.sink), found

    def attempt(self, program: ast.Program, sink: WatchedSink) -> Draft:
        """The draft of an edited version of the program. An exception raised by `sink` ends it and propagates."""
        self._kept_programs.append(program)  # Caches find statements by identity: keep them alive.
        first = self._first_change(program)
        self._overhead += _OVERHEAD
        if first is None:
            self._overhead += _DEFINING
            elaboration = self._elaboration(program, sink)
            sink.state = elaboration.state
            return elaboration.run(program.statements)
        checkpoint, found = self._checkpoints[first]
        state = checkpoint.checkpoint(sink)
        sink.resume(state, found)
        return self._base.resumed(program, state).run(program.statements[first:])

    def _first_change(self, program: ast.Program) -> int | None:
        """The index of the first statement that differs; None (the beginning) if definitions differ."""
        old, new = self.program.statements, program.statements
        before, after = ([s for s in each if isinstance(s, _DEFINITIONS)] for each in (old, new))
        if len(before) != len(after) or any(a is not b for a, b in zip(before, after, strict=True)):
            return None
        pairs = zip(old, new, strict=False)
        first = next((i for i, (a, b) in enumerate(pairs) if a is not b), min(len(old), len(new)))
        at = first - first % self._step
        # In a text without an input, the caller's input is created before the first statement.
        return at if at > 0 and at in self._checkpoints else None
