"""A text that is being edited, and the analysis of its current version, computed on first use."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from ..analysis.cost import Costs, DraftCosts, draft_costs
from ..contract.layer import LayerOp
from ..diagnostics import Sink
from ..diagnostics.catalog import structure_errors
from ..diagnostics.diagnostic import Finding, with_fixes
from ..elaborate.shared_results import BlockDef, ExecutedStatement
from ..elaborate.versions import Versions
from ..graph import Draft, DraftNode, Graph, likely_shape
from ..network import Analysis, Check, analyze, check_draft, default_library
from ..shapes.shape import Shape
from ..syntax import ast
from ..syntax.pieces import Pieces
from ..text.library import Library
from ..text.source import Source, Span


class Document:
    """A text in an editor. Each `edit` makes a new version and parses only the statements around it.

    `library` has the files that the text uses, by default those in its folder; `key` is its own name in the library.
    `recipe` checks its `train` block; `pedantic` enables the warnings that are matters of taste.
    """

    def __init__(
        self,
        text: str,
        library: Library | None = None,
        *,
        name: str = "<text>",
        path: Path | None = None,
        key: str | None = None,
        recipe: Check | None = None,
        pedantic: bool = False,
    ) -> None:
        self._pieces = Pieces(Source(text, name=name, path=path, key=key))
        self.library = library if library is not None else default_library(self.source)
        self._versions = Versions(self.library)
        self._recipe = recipe
        self._pedantic = pedantic
        self._current: Version | None = None

    @property
    def source(self) -> Source:
        """The current text."""
        return self._pieces.source

    @property
    def text(self) -> str:
        """The current text as a string."""
        return self._pieces.source.text

    def edit(self, start: int, end: int, text: str) -> None:
        """Replace the characters from `start` to `end`."""
        self._pieces.edit(start, end, text)
        self._current = None

    def replace(self, text: str) -> None:
        """Replace the text with another: only the part that differs is an edit."""
        before = self.text
        if text == before:
            return
        most = min(len(before), len(text))
        start = next((i for i in range(most) if before[i] != text[i]), most)
        same = next((i for i in range(most - start) if before[-1 - i] != text[-1 - i]), most - start)
        self.edit(start, len(before) - same, text[start : len(text) - same])

    def files_changed(self) -> None:
        """Forget the files that the text uses, so that they are read again."""
        self._versions.forget_files()
        self._current = None

    @property
    def now(self) -> "Version":
        """The analysis of the current version."""
        if self._current is None:
            self._current = Version(self._pieces, self._versions, self.library, self._recipe, self._pedantic)
        return self._current


class Version:
    """The analysis of one version of a document, until the next edit."""

    def __init__(
        self, pieces: Pieces, versions: Versions, library: Library, recipe: Check | None, pedantic: bool
    ) -> None:
        self.source = pieces.source
        self.library = library
        self.program = pieces.program
        self._recipe = recipe
        self._pedantic = pedantic
        self._versions = versions
        sink = pieces.found
        self.has_syntax_errors = sink.errors > 0
        self.draft: Draft = versions.draft(self.program, sink)
        if not self.draft.nodes and not sink.errors and not (self.program.blocks or self.program.figures):
            sink.emit(structure_errors.NothingHere(span=Span(self.source, 0, 0)))
        self.graph: Graph | None
        self._costs: Costs | None
        self.graph, self._costs = check_draft(self.program, self.draft, sink, recipe=recipe, pedantic=pedantic)
        self.found: tuple[Finding, ...] = with_fixes(sink)
        self.errors = sink.errors

    @property
    def text(self) -> str:
        """The text of this version."""
        return self.source.text

    @cached_property
    def analysis(self) -> Analysis:
        """The analysis of the whole text from scratch, whose diagnostics have suggestions that were tried."""
        source = self.source
        alone = Source(source.text, name=source.name, path=source.path, key=source.key)
        return analyze(
            alone, Sink(), library=self.library, recipe=self._recipe, pedantic=self._pedantic, blocks_only=True
        )

    @cached_property
    def costs(self) -> DraftCosts:
        """The cost of each node; None for one that depends on an error."""
        return self._costs.nodes if self._costs is not None else draft_costs(self.draft)

    @cached_property
    def blocks(self) -> dict[str, ast.Block]:
        """The blocks that the text can use, including those of other files."""
        found = {name: each.block for name, each in self._versions.blocks.items()}
        return found | {block.name.text: block for block in self.program.blocks}

    def passed(self, statement: ast.Statement) -> ExecutedStatement | None:
        """The state around a statement when it was first executed; None if it was not."""
        return self._versions.passed.get(id(statement))

    def place(self, span: Span) -> tuple[int, int] | None:
        """The offsets of a span in this text; None for one in another file."""
        if span.source.file is not self.source:
            return None
        return span.source.start + span.start, span.source.start + span.end

    @cached_property
    def nodes_by_statement(self) -> dict[int, list[DraftNode]]:
        """The nodes that each statement itself created, by the identity of the statement."""
        found: dict[int, list[DraftNode]] = {}
        for node in self.draft.nodes:
            if node.statement is not None:
                found.setdefault(id(node.statement), []).append(node)
        return found

    def shapes_into(self, node: DraftNode) -> tuple[Shape | None, ...]:
        """The shapes of a node's inputs, as far as they are known."""
        return tuple(likely_shape(self.draft.nodes[i]) for i in node.inputs)

    @property
    def layers(self) -> Mapping[str, type[LayerOp]]:
        """The layers of the packages that the text names, by keyword and synonym."""
        return self._versions.layers

    @property
    def block_definitions(self) -> dict[str, BlockDef]:
        """The blocks that the text can use, with their scopes."""
        return dict(self._versions.blocks)
