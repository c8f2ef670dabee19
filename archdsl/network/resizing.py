"""A program that can be elaborated again for other input sizes."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..contract.layer import Reject
from ..diagnostics import Sink
from ..elaborate import Override
from ..elaborate.example_sizes import elaborate_examples
from ..graph import Draft, Graph, likely_shape
from ..shapes.shape import Layout, Shape
from ..shapes.symbolic import Undecided, concrete, evaluated
from ..syntax.ast import Program
from ..text.library import Library
from .deciding_names import DecidingNames
from .errors import ArchError

if TYPE_CHECKING:
    from ..analysis.valid_sizes import Sizes


class ResizableProgram:
    """A program with its settings, to be elaborated again for other input sizes."""

    def __init__(self, program: Program, settings: Mapping[str, Any] | None, library: Library | None) -> None:
        self.program = program
        self._given = settings, library

    def draft(self, override: Override, sink: Sink) -> Draft:
        """The draft for these sizes."""
        settings, library = self._given
        return elaborate_examples(self.program, sink, settings, override, library)

    def symbolic(self, shapes: Mapping[str | None, Shape]) -> Graph:
        """The graph with a symbol for each spatial dimension of these inputs, whose sizes are the example sizes.

        An input of two numbers is read as a signal, C×L; or as a sequence, T×C, if that gives the same shapes, and a
        layer takes no signal or this fixes fewer sizes.
        """
        graph = self._with_symbols(shapes)
        needs_steps = _needs_steps(graph)
        if all(shape.layout is not Layout.OPEN for shape in shapes.values()) or not (
            needs_steps or fixed_symbols(graph)
        ):
            return graph
        steps = {n: x.read_as(Layout.SEQUENCE) if x.layout is Layout.OPEN else x for n, x in shapes.items()}
        try:
            other = self._with_symbols(steps)
        except ArchError:
            return graph
        is_preferred = needs_steps or len(fixed_symbols(other)) < len(fixed_symbols(graph))
        return other if is_preferred and _examples(other) == _examples(graph) else graph

    def _with_symbols(self, shapes: Mapping[str | None, Shape]) -> Graph:
        """The graph with a symbol for each dimension of these inputs but the channels."""
        from ..analysis.valid_sizes import symbolic_sizes

        given = {name: symbolic_sizes(shape) for name, shape in shapes.items()}
        sink = Sink()
        graph = self.draft(Override(given, {name: shape.dims for name, shape in shapes.items()}), sink).checked()
        if graph is None:
            raise ArchError(tuple(sink), self.program.source)
        return graph

    def graph_at(self, graph: Graph, sizes: Mapping[str, int]) -> Graph | None:
        """The graph with sizes in place of another graph's symbols; None if the program has an error at these sizes."""
        shapes = input_shapes(graph).items()
        return self.draft(Override({name: evaluated(shape.dims, sizes) for name, shape in shapes}), Sink()).checked()

    def variants(self, graph: Graph) -> dict[str, list[tuple[int, Graph]]]:
        """For each integer parameter that only sets sizes, other values with the resulting graphs.

        A parameter that may decide which layers there are is left out, and so is one without two other values.
        """
        deciding = DecidingNames(self.program, graph)
        found: dict[str, list[tuple[int, Graph]]] = {}
        for name, value in graph.settings.items():
            if type(value) is not int or name in deciding.names:
                continue
            made = self._other_sizes(graph, name, value, deciding.sizes)
            if made is not None:
                found[name] = made
        return found

    def _other_sizes(
        self, graph: Graph, name: str, value: int, letters: Iterable[str]
    ) -> list[tuple[int, Graph]] | None:
        """Other values of a parameter with the resulting graphs; None if a larger one is invalid, or one sets more than
        sizes. A smaller one may be invalid.
        """
        made = []
        larger = (value + 1, 2 * value + 3)
        # Small values, at which layers may have another form: without padding, or the identity.
        small = tuple(other for other in (1, 2, 3) if other < value)
        for other in (*larger, *small):
            each = self._with_setting(graph, name, other)
            if each is None and other not in larger:
                continue
            if each is None or _varies(graph, each[1], letters):
                return None
            made.append(each)
        return made

    def _with_setting(self, graph: Graph, name: str, value: int) -> tuple[int, Graph] | None:
        """A value of a parameter with the resulting graph; None if it is invalid."""
        settings, library = self._given
        override = Override({name: shape.dims for name, shape in input_shapes(graph).items()})
        draft = elaborate_examples(self.program, Sink(), {**(settings or {}), name: value}, override, library)
        made = draft.checked()
        return None if made is None else (value, made)

    def sizes(self, graph: Graph | None) -> "Sizes":
        """The valid sizes, computed from a graph with symbols."""
        from ..analysis.valid_sizes import Sizes

        if graph is None or not graph.symbols:
            raise LookupError("no input has a dimension whose size could change")
        return Sizes(graph, self.graph_at)


def _needs_steps(graph: Graph) -> bool:
    """Whether a layer takes an input of two numbers as a sequence, but not as a signal."""
    for node in graph.layers:
        shapes = graph.shapes_in(node)
        if len(shapes) == 1 and shapes[0].layout is Layout.OPEN:
            try:
                node.op.infer((shapes[0].read_as(Layout.SIGNAL),))
            except (Reject, Undecided):
                return True
    return False


def _varies(graph: Graph, other: Graph, letters: Iterable[str]) -> bool:
    """Whether a dimension with one of these letters, of a tensor that a layer reads, differs in another graph."""
    if len(other.nodes) != len(graph.nodes):
        return True
    read = {i for node in graph.layers for i in node.inputs}
    pairs = [(graph.nodes[i].shape, other.nodes[i].shape) for i in read]
    return any(a.size(letter) != b.size(letter) for a, b in pairs for letter in letters)


def fixed_symbols(graph: Graph) -> list[str]:
    """The symbols that the conditions of a graph fix to a single size."""
    from ..analysis.size_sets import TooComplex, solve

    found = []
    for symbol in graph.symbols:
        try:
            sizes = solve(
                [condition for condition, _ in graph.conditions if condition.form.symbols() == {symbol}], symbol
            )
        except TooComplex:
            continue
        if sizes.least is not None and sizes.least == sizes.greatest:
            found.append(symbol)
    return found


def _examples(graph: Graph) -> list[tuple[int, ...]]:
    """The shapes of all nodes at the example sizes."""
    return [tuple(concrete(dim) for dim in node.shape.dims) for node in graph.nodes]


def input_shapes(network: Graph | Draft) -> dict[str | None, Shape]:
    """The shape of each input that has one, by name; None for a single unnamed input."""
    several = len(network.inputs) > 1
    pairs = [(name if several else None, i) for name, i in zip(network.input_names, network.inputs, strict=True)]
    return {name: shape for name, i in pairs if (shape := likely_shape(network.nodes[i])) is not None}
