"""The public API: load a program as a network."""

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from .analysis.assertions import check_assertions
from .analysis.cost import Costs, costs
from .analysis.ignores import apply_ignores
from .analysis.lint import Facts, lint, lint_draft
from .diagnostics import Severity, Sink
from .diagnostics.catalogue import structure_errors
from .diagnostics.diagnostic import Found, with_fixes
from .diagnostics.fixes import edited_text
from .elaborate import Override
from .elaborate.attempts import Given
from .elaborate.example_sizes import elaborate_examples
from .elaborate.given_values import GivenSizes, parameter, parse_sizes
from .extras import require
from .graph import Draft, Graph, Setting, likely_shape
from .shapes.shape import Shape
from .shapes.symbolic import evaluated, plain
from .syntax import parse
from .syntax.ast import Program
from .text.files import UnreadableFile
from .text.library import FolderLibrary, Library, Stack
from .text.source import Source, Span
from .zoo import read_named, shipped

if TYPE_CHECKING:
    from torch.nn import Module

    from .analysis.valid_sizes import Sizes


class ArchError(ValueError):
    """A program with errors. `diagnostics` has them; the message shows them as `archdsl check` does."""

    def __init__(self, found: tuple[Found, ...], source: Source) -> None:
        self.diagnostics = found
        self.source = source
        from .diagnostics.terminal import render

        super().__init__("\n" + render(found, root=source))

    def __reduce__(self) -> tuple[type["ArchError"], tuple[tuple[Found, ...], Source]]:
        # Process pools pickle exceptions, by default with the message as the only argument.
        return type(self), (self.diagnostics, self.source)


class Display(Protocol):
    """How a notebook shows a network: as a figure, and as HTML."""

    def svg(self, network: "Network") -> str | None:
        """The figure; None if it cannot be drawn."""

    def html(self, network: "Network") -> str:
        """The figure and the table."""


_displays: list[Callable[[], Display]] = []


def register_display(load: Callable[[], Display]) -> None:
    """Set how notebooks display networks; `load` is called when the first network is displayed."""
    _displays[:] = [load]


class Network:
    """A checked network: its program, its graph, its costs, and what can be generated from it."""

    def __init__(
        self,
        program: Program,
        graph: Graph,
        found: tuple[Found, ...] = (),
        settings: Mapping[str, Any] | None = None,
        library: Library | None = None,
    ) -> None:
        self.source = program.source
        self.program = program
        self.graph = graph
        self.diagnostics = with_fixes(found)
        self.library = beside(program.source) if library is None else library
        self._text = _Text(program, settings, library)

    @cached_property
    def costs(self) -> Costs:
        """Parameters and multiply-accumulates by node."""
        return costs(self.graph)

    @property
    def parameters(self) -> int:
        """The number of parameters; shared weights count once."""
        return self.costs.total.parameters

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one sample."""
        return self.costs.total.macs

    @cached_property
    def sizes(self) -> "Sizes":
        """The input sizes for which the network is valid with its weights, and the resulting output sizes.

        Raises ArchError if the structure depends on a dimension without a closed form, and LookupError if no input has
        a dimension that could change.
        """
        if self.graph.symbols:
            return self._text.sizes(self.graph)
        return self._text.sizes(self._text.symbolic(_input_shapes(self.graph)))

    @property
    def settings(self) -> tuple[Setting, ...]:
        """The lines of the program's `train { … }`."""
        return self.graph.training

    def to_torch(self) -> "Module":
        """A new torch module with weights as torch initializes them.

        It takes one batch for each input, N×C×H×W for `input CxHxW`, and returns the output, or a tuple if the program
        names several. Parameter names follow stages and layers: `features.conv1.weight`.
        """
        require("Network.to_torch", "torch", uses=("torch",))
        from .backends.torch import to_torch

        return to_torch(self._buildable())

    def to_source(self, flat: bool = False) -> str:
        """PyTorch source that builds the same module and does not need archdsl.

        Uses of a block share a class with arguments, and parameters of the network are arguments of its class, where
        its modules follow them; with `flat`, no class has arguments, and there are no loops.
        """
        from .backends.python_source import to_source

        graph = self._buildable()
        return to_source(graph, self.source.name, flat, {} if flat else self._text.variants(graph))

    def _buildable(self) -> Graph:
        """The graph from which the module is built: symbolic dimensions have the weights of their example sizes."""
        from .analysis.undecided_layers import has_symbolic_weights

        if not has_symbolic_weights(self.graph):
            return self.graph
        example = {name: plain(size) for name, size in self.graph.symbols.items()}
        return self._text.graph_at(self.graph, example) or self.graph

    def _repr_svg_(self) -> str | None:
        """The figure, for Jupyter."""
        return _displays[0]().svg(self) if _displays else None

    def _repr_html_(self) -> str | None:
        """The figure and the table, for Jupyter."""
        return _displays[0]().html(self) if _displays else None

    def __repr__(self) -> str:
        return f"<Network {self.graph.name}: {len(self.graph.layers)} layers, {self.parameters:,} parameters>"


class Analysis:
    """The result of analyzing a program: its tree, the draft of its network, the diagnostics; the network, if valid.

    `graph` is that of a network without errors. A failed assertion or an invalid recipe is an error of a network that
    has a graph.
    """

    def __init__(
        self,
        program: Program,
        draft: Draft,
        graph: Graph | None,
        sink: Sink,
        given: Given,
        found: Costs | None = None,
        again: "Callable[[Source], Analysis] | None" = None,
    ) -> None:
        settings, library = given.settings, given.library
        self.source = program.source
        self.program = program
        self._text = _Text(program, settings, library)
        self._given = given
        self._analyse = again
        self.draft = draft
        self.graph = graph
        self.found = tuple(sink)
        self.errors = sink.errors
        self.network: Network | None = None
        if graph is not None and not self.errors:
            self.network = Network(program, graph, self.found, settings, library)
            if found is not None:
                self.network.costs = found

    def checked(self) -> Network:
        """The network. Raises ArchError if the program has errors."""
        if self.network is None:
            raise ArchError(self.diagnostics, self.source)
        return self.network

    @cached_property
    def diagnostics(self) -> tuple[Found, ...]:
        """The diagnostics as reported: with verified suggestions, and with errors that one edit removes merged."""
        found = tuple(map(self._tried, with_fixes(self.found)))
        if not self.errors:
            return found
        from .suggest import suggest

        return suggest(self.program, found, self._given, self._again, len(self.draft.nodes))

    def _tried(self, item: Found) -> Found:
        """A warning, without its fix if that would cause an error."""
        if not item.diagnostic.fix_is_tried or not item.suggestions:
            return item
        edited = edited_text(self.source.text, item.suggestions[0].edits)
        after = self._again(Source(edited, name=self.source.name, path=self.source.path, key=self.source.key))
        errors = sum(each.diagnostic.severity is Severity.ERROR for each in after)
        return item if errors <= self.errors else item.replace(suggestions=())

    def _again(self, source: Source) -> tuple[Found, ...]:
        """The diagnostics of an edited text, checked with the same options."""
        return self.found if self._analyse is None else self._analyse(source).found

    @property
    def sizes(self) -> "Sizes":
        """The input sizes for which the network is valid; if its own are not, computed with symbolic dimensions.

        Raises ArchError for errors at every size, and LookupError like a network's `sizes`.
        """
        if self.network is not None:
            return self.network.sizes
        shapes = _input_shapes(self.draft)
        forbidden = len(shapes) < len(self.draft.inputs) or any(map(_forbids_sizes, self.found))
        try:
            if not forbidden:
                return self._text.sizes(self.graph if self.draft.symbols else self._text.symbolic(shapes))
        except ArchError:
            pass  # the errors at the program's own sizes are those that its author sees
        raise ArchError(self.diagnostics, self.source)


class _Text:
    """A program and its settings, to be elaborated again for other input sizes."""

    def __init__(self, program: Program, settings: Mapping[str, Any] | None, library: Library | None) -> None:
        self.program = program
        self._given = settings, library

    def draft(self, override: Override, sink: Sink) -> Draft:
        """The draft for these sizes."""
        settings, library = self._given
        return elaborate_examples(self.program, sink, settings, override, library)

    def symbolic(self, shapes: Mapping[str | None, Shape]) -> Graph:
        """The graph with a symbol for each spatial dimension of these inputs, whose sizes are the example sizes."""
        from .analysis.valid_sizes import symbolic_sizes

        given = {name: symbolic_sizes(shape) for name, shape in shapes.items()}
        sink = Sink()
        graph = self.draft(Override(given, {name: shape.dims for name, shape in shapes.items()}), sink).checked()
        if graph is None:
            raise ArchError(tuple(sink), self.program.source)
        return graph

    def graph_at(self, graph: Graph, sizes: Mapping[str, int]) -> Graph | None:
        """The graph with sizes in place of another graph's symbols; None if the program has an error there."""
        shapes = _input_shapes(graph).items()
        return self.draft(Override({name: evaluated(shape.dims, sizes) for name, shape in shapes}), Sink()).checked()

    def variants(self, graph: Graph) -> dict[str, list[tuple[int, Graph]]]:
        """For each parameter that is an integer, two other values with the graphs they give, if they are valid."""
        settings, library = self._given
        override = Override({name: shape.dims for name, shape in _input_shapes(graph).items()})
        found: dict[str, list[tuple[int, Graph]]] = {}
        for name, value in graph.settings.items():
            if type(value) is not int:
                continue
            others = []
            for other in (value + 1, 2 * value + 3):
                changed = {**(settings or {}), name: other}
                draft = elaborate_examples(self.program, Sink(), changed, override, library)
                others += [(other, made) for made in [draft.checked()] if made is not None]
            if len(others) == 2:
                found[name] = others
        return found

    def sizes(self, graph: Graph | None) -> "Sizes":
        """The valid sizes, computed from a graph with symbols."""
        from .analysis.valid_sizes import Sizes

        if graph is None or not graph.symbols:
            raise LookupError("no input has a dimension whose size could change")
        return Sizes(graph, self.graph_at)


def _input_shapes(network: Graph | Draft) -> dict[str | None, Shape]:
    """The shape of each input that has one, by name; None for a single unnamed input."""
    several = len(network.inputs) > 1
    pairs = [(name if several else None, i) for name, i in zip(network.input_names, network.inputs, strict=True)]
    return {name: shape for name, i in pairs if (shape := likely_shape(network.nodes[i])) is not None}


def _forbids_sizes(found: Found) -> bool:
    """Whether it is an error for every size: shape errors are not, nor is a layer that differs between sizes."""
    each = found.diagnostic
    of_shapes = isinstance(each, structure_errors.UndecidedLayer) or each.code.startswith("E04")
    return each.severity is Severity.ERROR and not of_shapes


Check = Callable[[Graph, Sink], None]
"""A further pass over a network without errors, such as the check of its recipe."""


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
    `recipe` checks its `train` block, and the network against its data set; `pedantic` enables the warnings that are
    matters of taste; `blocks_only` allows a file that only defines blocks.
    """
    library = library or beside(source)
    program = parse(source, sink)
    draft = elaborate_examples(program, sink, settings, override, library)
    if not draft.nodes and not sink.errors and not (blocks_only and program.blocks):
        sink.emit(structure_errors.NothingHere(span=Span(source, 0, 0)))
    graph, found = check_draft(program, draft, sink, recipe=recipe, pedantic=pedantic)

    def again(edited: Source) -> Analysis:
        return analyze(
            edited, Sink(), settings, override, library, recipe=recipe, pedantic=pedantic, blocks_only=blocks_only
        )

    given = Given(settings=settings or {}, override=override, library=library)
    return Analysis(program, draft, graph, sink, given, found, again)


def check_draft(
    program: Program, draft: Draft, sink: Sink, *, recipe: Check | None = None, pedantic: bool = False
) -> tuple[Graph | None, Costs | None]:
    """The graph of a draft and its costs, if it has no errors; what the passes over it find goes to the sink."""
    graph = draft.checked()
    found: Costs | None = None
    if graph is not None:
        found = costs(graph)
        if graph.symbols:
            from .analysis.undecided_layers import undecided_layers

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


def beside(source: Source) -> Library:
    """The library of files that a program may use: those beside it, then what ships with the package."""
    return Stack(FolderLibrary(source.path.parent if source.path else Path()), shipped())


def load(path: str | Path, *, input: GivenSizes | None = None, **parameters: Any) -> Network:
    """Load the network of a `.arch` file, or one that ships with archdsl: `load("zoo:resnet50")`.

    `input` overrides the sizes of its input: `"3x224x224"` or `(3, 224, 224)`; further keywords are values of the
    network's parameters: numbers, lists of these (`depths=[3, 4, 6, 3]`), or names of layers. Raises ArchError for
    errors in the program; FileNotFoundError, PermissionError or another OSError if the file cannot be read.
    """
    try:
        source = read_named(str(path))
    except UnreadableFile as error:
        raise OSError(error.number, str(error), str(path)) from None  # Python picks the subclass that fits the errno
    return _checked(source, input, parameters)


def loads(text: str, *, name: str = "<text>", input: GivenSizes | None = None, **parameters: Any) -> Network:
    """Load the network of a program text; otherwise like `load`."""
    return _checked(Source(text, name=name), input, parameters)


def _checked(source: Source, input: GivenSizes | None, parameters: Mapping[str, Any]) -> Network:
    values = {name: parameter(name, value) for name, value in parameters.items()}
    return analyze(source, Sink(), values, Override({} if input is None else {None: parse_sizes(input)})).checked()
