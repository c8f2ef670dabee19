"""The analysis of a program, with or without errors."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..analysis.assertions import check_assertions
from ..analysis.cost import Costs, costs
from ..analysis.ignores import apply_ignores
from ..analysis.lint import Facts, lint, lint_draft
from ..diagnostics import Severity, Sink
from ..diagnostics.catalog import structure_errors
from ..diagnostics.diagnostic import Finding, with_fixes
from ..diagnostics.fixes import edited_text
from ..elaborate import Override
from ..elaborate.attempts import ElaborationInputs
from ..elaborate.example_sizes import elaborate_examples
from ..elaborate.shared_results import Caches
from ..graph import Draft, Graph
from ..syntax import parse
from ..syntax.ast import Program
from ..text.counts import counted
from ..text.library import Library
from ..text.source import Source, Span
from .errors import ArchError
from .libraries import default_library
from .network import Network
from .resizing import ResizableProgram, input_shapes

if TYPE_CHECKING:
    from ..analysis.valid_sizes import Sizes


class Analysis:
    """The result of analyzing a program: its AST, its draft, the diagnostics, and the network if it is valid.

    `graph` is that of a network without errors. A failed assertion or an invalid recipe is an error of a network that
    has a graph.
    """

    def __init__(
        self,
        program: Program,
        draft: Draft,
        graph: Graph | None,
        sink: Sink,
        given: ElaborationInputs,
        found: Costs | None = None,
        analyze_again: "Callable[[Source], Analysis] | None" = None,
    ) -> None:
        settings, library = given.settings, given.library
        self.source = program.source
        self.program = program
        self._resizable = ResizableProgram(program, settings, library)
        self._given = given
        self._analyze = analyze_again
        self.draft = draft
        self.graph = graph
        self.found = tuple(sink)
        self.errors = sink.errors
        self.network: Network | None = None
        if graph is not None and not self.errors:
            self.network = Network(program, graph, self.found, settings, library)
            if found is not None:
                self.network.costs = found

    @property
    def ok(self) -> bool:
        """Whether there are no errors; there may be warnings."""
        return not self.errors

    def __str__(self) -> str:
        """What `archdsl check` prints: the table, the totals, the diagnostics."""
        from ..analysis.table import table, totals, verdict
        from ..diagnostics.terminal import render, summary

        costs = None if self.network is None else self.network.costs.nodes
        parts = [table(self.draft, costs), totals(self.draft, costs)] if self.draft.nodes else []
        if self.network is not None and self.network.graph.nodes:
            parts.append(f"✓ {verdict(self.network.graph)}")
        if self.diagnostics:
            parts += [render(self.diagnostics, root=self.source), summary(self.diagnostics)]
        return "\n\n".join(filter(None, parts))

    def __repr__(self) -> str:
        found = f"{counted(self.errors, 'error')}, {counted(len(self.diagnostics) - self.errors, 'warning')}"
        return f"<Analysis of {self.source.name}: {found}>"

    def checked(self) -> Network:
        """The network. Raises ArchError if the program has errors."""
        if self.network is None:
            raise ArchError(self.diagnostics, self.source)
        return self.network

    @cached_property
    def diagnostics(self) -> tuple[Finding, ...]:
        """The diagnostics as reported: with verified suggestions, and with errors that one edit removes merged."""
        found = tuple(map(self._tried, with_fixes(self.found)))
        if not self.errors:
            return found
        from ..suggest import CheckedText, suggest

        def recheck(source: Source) -> CheckedText:
            after = self if self._analyze is None else self._analyze(source)
            return CheckedText(after.found, after.graph)

        return suggest(self.program, found, self._given, recheck, self.graph, len(self.draft.nodes))

    def _tried(self, item: Finding) -> Finding:
        """A warning, without its fix if that would cause an error."""
        if not item.diagnostic.fix_is_tried or not item.suggestions:
            return item
        edited = edited_text(self.source.text, item.suggestions[0].edits)
        after = self._diagnose(Source(edited, name=self.source.name, path=self.source.path, key=self.source.key))
        errors = sum(each.diagnostic.severity is Severity.ERROR for each in after)
        return item if errors <= self.errors else item.replace(suggestions=())

    def _diagnose(self, source: Source) -> tuple[Finding, ...]:
        """The diagnostics of an edited text, checked with the same options."""
        return self.found if self._analyze is None else self._analyze(source).found

    @property
    def sizes(self) -> "Sizes":
        """The input sizes for which the network is valid, even if the program's own sizes are not valid.

        Raises ArchError for errors at every size, and LookupError like a network's `sizes`.
        """
        if self.network is not None:
            return self.network.sizes
        shapes = input_shapes(self.draft)
        forbidden = len(shapes) < len(self.draft.inputs) or any(map(_forbids_sizes, self.found))
        try:
            if not forbidden:
                return self._resizable.sizes(self.graph if self.draft.symbols else self._resizable.symbolic(shapes))
        except ArchError:
            pass  # the errors at the program's own sizes are those that its author sees
        raise ArchError(self.diagnostics, self.source)


def _forbids_sizes(found: Finding) -> bool:
    """Whether a finding is an error for every size: shape errors are not, nor is a layer that differs between sizes."""
    each = found.diagnostic
    of_shapes = isinstance(each, structure_errors.UndecidedLayer) or each.code.startswith("E04")
    return each.severity is Severity.ERROR and not of_shapes


Check = Callable[[Graph, Sink], None]
"""An additional pass over a network without errors, such as the check of its recipe."""


def analyze(
    source: Source,
    sink: Sink,
    settings: Mapping[str, Any] | None = None,
    override: Override | None = None,
    library: Library | None = None,
    *,
    recipe: Check | None = None,
    pedantic: bool = False,
    blocks_only: bool = False,
) -> Analysis:
    """Analyze a program, whatever errors it has.

    `library` has the files that it uses: by default those in the folder of its own file, or in the working folder.
    `recipe` checks its `train` block, and the network against its data set; `pedantic` enables the warnings about
    style; `blocks_only` allows a file that only defines blocks.
    """
    library = library or default_library(source)
    program = parse(source, sink)
    caches = Caches()
    draft = elaborate_examples(program, sink, settings, override, library, caches)
    if not draft.nodes and not sink.errors and not (blocks_only and (program.blocks or program.figures)):
        sink.emit(structure_errors.NothingHere(span=Span(source, 0, 0)))
    graph, found = check_draft(program, draft, sink, recipe=recipe, pedantic=pedantic)

    def analyze_again(edited: Source) -> Analysis:
        return analyze(
            edited, Sink(), settings, override, library, recipe=recipe, pedantic=pedantic, blocks_only=blocks_only
        )

    given = ElaborationInputs(settings=settings or {}, override=override, library=library, caches=caches)
    return Analysis(program, draft, graph, sink, given, found, analyze_again)


def check_draft(
    program: Program, draft: Draft, sink: Sink, *, recipe: Check | None = None, pedantic: bool = False
) -> tuple[Graph | None, Costs | None]:
    """The graph of a draft and its costs, if it has no errors; diagnostics of the passes over it go to the sink."""
    graph = draft.checked()
    found: Costs | None = None
    if program.figures:
        from ..analysis.figure_block import figure_of_program

        figure = figure_of_program(program, draft, sink)
        graph = None if graph is None else graph.replace(figure=figure)
    if graph is not None:
        found = costs(graph)
        if graph.symbols:
            from ..analysis.undecided_layers import undecided_layers

            for error in undecided_layers(graph):
                sink.emit(error)
        check_assertions(graph, found, sink)
        if recipe and graph.training and not sink.errors:
            recipe(graph, sink)
        if not sink.errors:
            lint(Facts(program, graph, found), sink, pedantic=pedantic)
    if sink.errors:
        lint_draft(draft, sink)
    apply_ignores(program.source, sink, pedantic=pedantic)
    return graph, found
