"""Elaborating a program that is being edited: each version from the first statement that an edit can affect."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ..contract.layer import LayerOp
from ..diagnostics import Sink
from ..graph import Draft
from ..shapes.shape import Shape
from ..syntax import ast
from ..text.library import Library
from . import Elaboration
from .definitions import Definitions
from .example_sizes import FIRST_EXAMPLE, first_that_fits
from .inputs import Override
from .shared_results import BlockDef, Caches, ExecutedStatement, Result
from .state import State

_DEFINITIONS = (ast.Net, ast.UseFile, ast.Block)
_CHECKPOINTS = 100
"""Maximum number of checkpoints, approximately: each one copies the nodes created so far."""
_CACHED = 64
"""Number of versions after which the caches are emptied, because they grow with every version."""
_WORD = re.compile(r"[A-Za-z_]\w*")

Parsed = dict[str, tuple[ast.Program, Sink]]


class Versions:
    """The drafts of the versions of one program, which share their unchanged statements by identity.

    The draft and the diagnostics of a version are those of `elaborate_examples`. `library` has the files that it uses,
    which are read once; `forget_files` reads them again.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._parsed: Parsed = {}
        self._by_example: dict[int, _Versions] = {}

    def draft(self, program: ast.Program, sink: Sink) -> Draft:
        """The draft of the current version; diagnostics go to the sink."""

        def elaborate(_: Override | None, size: int, own: Sink) -> Draft:
            if size not in self._by_example:
                self._by_example[size] = _Versions(self._library, self._parsed, size)
            return self._by_example[size].draft(program, own)

        return first_that_fits(elaborate, sink, None)

    @property
    def passed(self) -> Mapping[int, ExecutedStatement]:
        """The context in which each statement of the current version was first run, by identity."""
        first = self._by_example.get(FIRST_EXAMPLE)
        return first.passed if first is not None else {}

    @property
    def blocks(self) -> Mapping[str, BlockDef]:
        """The blocks that the current version can use, including those of other files."""
        first = self._by_example.get(FIRST_EXAMPLE)
        return first.blocks if first is not None else {}

    @property
    def layers(self) -> Mapping[str, type[LayerOp]]:
        """The layers of the packages that the current version names."""
        first = self._by_example.get(FIRST_EXAMPLE)
        return first.layers if first is not None else {}

    def forget_files(self) -> None:
        """Read the used files again for the next version."""
        self._parsed.clear()
        self._by_example.clear()


class _Checkpoint(NamedTuple):
    """The nodes and diagnostics before a statement; with symbolic dimensions, also the shapes inferred so far."""

    state: State
    found: Sink
    inferred: dict[tuple[int, tuple[Shape, ...]], Result] | None


class _Versions:
    """The versions of one program with one example size for symbolic dimensions."""

    def __init__(self, library: Library, parsed: Parsed, example: int) -> None:
        self._library = library
        self._parsed = parsed
        self._example = example
        self._caches = Caches()
        self._age = 0
        self._elaboration: Elaboration | None = None
        self._statements: Sequence[ast.Statement] = ()
        self._checkpoints: dict[int, _Checkpoint] = {}

    def draft(self, program: ast.Program, sink: Sink) -> Draft:
        """The draft of a version."""
        if self._age == _CACHED:
            self._caches, self._age = Caches(), 0
        self._age += 1
        found, own = Sink(), Sink()
        definitions = Definitions(found, self._library, self._parsed)
        now = Elaboration(program, own, {}, Override({}), definitions, self._example, self._caches)
        statements = [statement for statement in program.statements if not isinstance(statement, _DEFINITIONS)]
        now.state.passed = {}
        step = max(1, len(statements) // _CHECKPOINTS)
        first = self._checkpoint_before(self._first_change(now, statements))
        if first is not None:
            own.absorb(self._checkpoints[first].found)
            now.state = self._resumed(self._checkpoints[first], own, now)
        start = first or 0
        self._checkpoints = {index: kept for index, kept in self._checkpoints.items() if index <= start}
        self._elaboration, self._statements = now, statements

        def keep(index: int) -> None:
            if (start + index) % step == 0 and start + index not in self._checkpoints:
                copy = Sink()
                copy.absorb(own)
                inferred = dict(self._caches.inferred) if now.state.symbols else None
                self._checkpoints[start + index] = _Checkpoint(now.state.checkpoint(copy), copy, inferred)

        if first is None:
            self._checkpoints.clear()
        draft = now.run(statements[start:], keep)
        if draft.symbols:
            # A known shape is not inferred again, so its requirements on sizes would not be recorded.
            self._caches.inferred = {}
        sink.absorb(found)
        sink.absorb(own)
        return draft.replace(errors=sink.errors)

    @property
    def passed(self) -> Mapping[int, ExecutedStatement]:
        """The context of each statement."""
        return (self._elaboration.state.passed if self._elaboration is not None else None) or {}

    @property
    def blocks(self) -> Mapping[str, BlockDef]:
        """The blocks of the last version."""
        return self._elaboration.file.blocks if self._elaboration is not None else {}

    @property
    def layers(self) -> Mapping[str, type[LayerOp]]:
        """The layers of the packages that the last version names."""
        return self._elaboration.file.layers if self._elaboration is not None else {}

    def _resumed(self, checkpoint: "_Checkpoint", sink: Sink, now: Elaboration) -> State:
        """The state at a checkpoint, with the definitions of the current version."""
        state = checkpoint.state.checkpoint(sink)
        state.blocks, state.layers = now.file.blocks, now.file.layers
        state.caches = self._caches
        if checkpoint.inferred is not None:
            self._caches.inferred = dict(checkpoint.inferred)
        return state

    def _checkpoint_before(self, index: int) -> int | None:
        """The last checkpoint up to a statement; None for the beginning."""
        return max((at for at in self._checkpoints if 0 < at <= index), default=None)

    def _first_change(self, now: Elaboration, statements: Sequence[ast.Statement]) -> int:
        """The first statement whose meaning may differ from that in the previous version."""
        before = self._elaboration
        if before is None or _file_wide(before) != _file_wide(now):
            return 0
        changed = _affected(_changed(before.file.blocks, now.file.blocks), now.file.blocks, before.file.blocks)
        for index, (old, new) in enumerate(zip(self._statements, statements, strict=False)):
            if old is not new or (changed and not changed.isdisjoint(_words(new))):
                return index
        return min(len(self._statements), len(statements))


def _file_wide(elaboration: Elaboration) -> tuple[object, ...]:
    """What affects every statement: the parameters, the used files, the names that look like a repetition."""
    kept = [id(s) for s in elaboration.program.statements if isinstance(s, ast.Net | ast.UseFile)]
    return (*kept, frozenset(elaboration.definitions.names), elaboration.definitions.incomplete)


def _changed(old: Mapping[str, BlockDef], new: Mapping[str, BlockDef]) -> set[str]:
    """The names of the blocks that only one of two versions has, or that differ."""
    both = old.keys() & new.keys()
    return (old.keys() ^ new.keys()) | {name for name in both if old[name].block is not new[name].block}


def _affected(changed: set[str], *versions: Mapping[str, BlockDef]) -> set[str]:
    """The names of these blocks and of all blocks that use them."""
    if not changed:
        return changed
    found = set(changed)
    words = [(name, _words(each.block)) for blocks in versions for name, each in blocks.items()]
    while True:
        more = {name for name, used in words if name not in found and not found.isdisjoint(used)}
        if not more:
            return found
        found |= more


def _words(statement: ast.Statement) -> Iterable[str]:
    return set(_WORD.findall(statement.span.text))
