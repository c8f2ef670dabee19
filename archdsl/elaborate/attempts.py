"""Elaborating edited versions of a program, each from the first statement that differs."""

from collections.abc import Mapping
from typing import Any

from ..diagnostics import Diagnostic, Sink
from ..graph import Draft
from ..record import Record
from ..syntax import ast
from ..text.library import Library, StandardLibrary
from . import Elaboration
from .definitions import Definitions
from .example_sizes import FIRST_EXAMPLE
from .inputs import Override
from .state import Caches, State

_DEFINITIONS = (ast.Net, ast.UseFile, ast.Block)


_CHECKPOINTS = 100
"""At most about so many are kept: each copies what has been made so far."""
_OVERHEAD = 25
"""Nodes that take as long as parsing the edited statement and going back to a checkpoint."""


class Given(Record):
    """What a caller gives beside a text: values of its parameters, sizes of its inputs, the files that it uses."""

    settings: Mapping[str, Any] = {}
    override: Override | None = None
    library: Library | None = None


class WatchedSink(Sink):
    """A sink that may end an elaboration by raising; it sees the state that reports to it."""

    state: State | None = None

    def resume(self, state: State, found: tuple[Diagnostic, ...]) -> None:
        """An elaboration starts from a state in which this much was found."""
        self.state = state
        for diagnostic in found:
            self.emit(diagnostic)


class Attempts:
    """Elaborations of one program and of edited versions of it, which share their unchanged statements by identity.

    A version is elaborated from the checkpoint before its first changed statement on, with the caches of all others.
    Where it changes a definition, it starts at the beginning. `work` counts the nodes made so far.
    """

    def __init__(
        self,
        program: ast.Program,
        given: Given,
    ) -> None:
        self.program = program
        self.work = 0
        self.base_work = 0
        self._settings = given.settings
        self._override = given.override
        self._library = given.library or StandardLibrary()
        self._caches = Caches()
        self._parsed: dict[str, tuple[ast.Program, Sink]] = {}
        self._kept: list[ast.Program] = []
        self._checkpoints: dict[int, tuple[State, tuple[Diagnostic, ...]]] = {}
        self._step = max(1, len(program.statements) // _CHECKPOINTS)
        self.sink = WatchedSink()
        self._base = self._elaboration(program, self.sink)
        self.draft = self._base.run(program.statements, self._checkpoint)
        self.base_work = self.work = len(self.draft.nodes)

    @property
    def blocks(self) -> Mapping[str, ast.Block]:
        """The blocks that the program can use, those of other files included."""
        return {name: definition.block for name, definition in self._base.file.blocks.items()}

    @property
    def has_given_sizes(self) -> bool:
        """Whether the caller gives the sizes of an input, which the text then does not decide."""
        return self._override is not None and bool(self._override.sizes)

    def _elaboration(self, program: ast.Program, sink: WatchedSink) -> Elaboration:
        sizes, examples = (self._override.sizes, self._override.examples) if self._override else ({}, None)
        definitions = Definitions(sink, self._library, self._parsed)
        override = Override(sizes, examples)
        return Elaboration(program, sink, self._settings, override, definitions, FIRST_EXAMPLE, self._caches)

    def _checkpoint(self, index: int) -> None:
        if index % self._step == 0:
            found = tuple(item.diagnostic for item in self.sink)
            self._checkpoints[index] = self._base.state.checkpoint(self.sink), found

    def attempt(self, program: ast.Program, sink: WatchedSink) -> Draft:
        """The draft of an edited version of the program. What `sink` raises ends it and passes through."""
        self._kept.append(program)  # caches find statements by identity: none may go while they are in use
        first = self._first_change(program)
        state: State | None = None
        try:
            if first is None:
                elaboration = self._elaboration(program, sink)
                state, start = elaboration.state, 0
                sink.state = state
                return elaboration.run(program.statements)
            checkpoint, found = self._checkpoints[first]
            state = checkpoint.checkpoint(sink)
            start = len(state.nodes)
            sink.resume(state, found)
            return self._base.resumed(program, state).run(program.statements[first:])
        finally:
            self.work += _OVERHEAD + (len(state.nodes) - start if state is not None else 0)

    def _first_change(self, program: ast.Program) -> int | None:
        """The statement to start at for the first that differs; None for the beginning, where definitions do."""
        old, new = self.program.statements, program.statements
        before, after = ([s for s in each if isinstance(s, _DEFINITIONS)] for each in (old, new))
        if len(before) != len(after) or any(a is not b for a, b in zip(before, after, strict=True)):
            return None
        pairs = zip(old, new, strict=False)
        first = next((i for i, (a, b) in enumerate(pairs) if a is not b), min(len(old), len(new)))
        at = first - first % self._step
        # An input given by the caller is made before the first statement of a text without one.
        return at if at > 0 and at in self._checkpoints else None
