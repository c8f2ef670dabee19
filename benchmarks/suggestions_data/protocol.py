"""How a kind of error is written: a function that introduces one error into a valid text.

    from random import Random

    from suggestions_data.protocol import Valid, kind


    @kind("kernel twice as large")
    def large_kernel(random: Random, valid: Valid) -> str | None:
        pools = valid.layers("maxpool", "avgpool")
        argument = valid.argument(random.choice(pools), "kernel") if pools else None
        return valid.replace(argument, f"k{random.randint(9, 99)}") if argument else None

The function gets a valid network and returns its text with exactly one realistic error, or None where the network has
no place for it. It need not check that the result has an error: the benchmark drops a text without one, tries each
kind on the valid networks in a fixed random order, and stops when it has enough texts of it. All randomness comes from
`random`. A kind may introduce a wrong statement of any sort, but it must not reformat the rest of the text, and the
original must be what its author meant.

A suggestion restores the network if the graph of the edited text equals the original's: the same layers with the same
weights, inputs and shapes in the same order; names do not count, nor whether padding is written `same` or `p1`. Where
the error destroys information, so that other networks are as right as the original, pass `right=`, a function of the
two graphs: `kind("odd size", right=same_layers)`.

`unseen_kinds.py`, `unseen_later.py` and `unseen_third.py` beside this file are read if they exist. Their authors had
not seen how suggestions are generated. To see what a kind does:

    python benchmarks/suggestions.py --kinds "kernel twice as large" --show "kernel twice as large"
    python -c 'from suggestions_data.networks import networks; print(networks()[0].text)'    # in benchmarks/
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from random import Random
from types import ModuleType

from archdsl.diagnostics import Sink
from archdsl.graph import Graph, Node
from archdsl.network import Analysis, analyze
from archdsl.syntax import ast
from archdsl.text.source import Source, Span


@dataclass(frozen=True, eq=False)
class Valid:
    """A network without errors, its text as a person would write it; and the edits that kinds need."""

    name: str
    family: str
    """What sort of network it is: `resnet`, `unet`, …; those of the package are `zoo`, `example` and `docs`."""
    text: str

    @cached_property
    def source(self) -> Source:
        """The text with the name that messages show."""
        return Source(self.text, name=f"{self.name}.arch")

    @cached_property
    def _analysis(self) -> Analysis:
        return analyze(self.source, Sink())

    @property
    def graph(self) -> Graph:
        """The network's graph. Raises ArchError where the text has errors after all."""
        return self._analysis.checked().graph

    @property
    def program(self) -> ast.Program:
        """The tree of the text. Each statement, argument and name has a `span` in the text."""
        return self._analysis.program

    @cached_property
    def statements(self) -> tuple[ast.Statement, ...]:
        """Every statement except those in `train { … }`; the statements of a body follow the one that contains it."""
        return tuple(_inside(self.program.statements))

    def layers(self, *keywords: str) -> list[ast.LayerStatement]:
        """The statements that make these layers, by the keywords of `archdsl layers` (`fc`, not `dense`).

        Without a keyword, all layers; uses of blocks are not among them.
        """
        return [
            statement
            for statement in self.statements
            if isinstance(statement, ast.LayerStatement)
            and any(not keywords or node.op.keyword in keywords for node in self.nodes(statement))
        ]

    def uses(self) -> list[ast.LayerStatement]:
        """The statements that use a block."""
        blocks = {block.name.text for block in self.program.blocks}
        found = (each for each in self.statements if isinstance(each, ast.LayerStatement))
        return [each for each in found if each.keyword.text in blocks]

    def nodes(self, statement: ast.Statement) -> list[Node]:
        """The nodes that a statement makes itself: several within a block, none for a block's use or a body."""
        return self._nodes.get(statement.span[1:], [])

    @cached_property
    def _nodes(self) -> dict[tuple[int, int], list[Node]]:
        found: dict[tuple[int, int], list[Node]] = {}
        for node in self.graph.nodes:
            if node.span.source is self.source:
                found.setdefault(node.span[1:], []).append(node)
        return found

    def argument(self, statement: ast.Statement, name: str) -> Span | None:
        """Where a layer's statement writes an argument, by its name in `archdsl layers`: `k3` for `kernel`."""
        return next((span for node in self.nodes(statement) if (span := node.arguments.get(name))), None)

    def replace(self, place: Span | ast.Statement, new: str) -> str:
        """The text with something else at this place."""
        span = place.span if isinstance(place, ast.Statement) else place
        return self.text[: span.start] + new + self.text[span.end :]

    def without(self, place: Span | ast.Statement) -> str:
        """The text without an argument or a statement, and without the space or separator that went with it."""
        span = place.span if isinstance(place, ast.Statement) else place
        before, after = self.text[: span.start], self.text[span.end :]
        if isinstance(place, Span):
            return before.rstrip(" ") + after
        if after.lstrip(" ").startswith(";"):
            return before + after.lstrip(" ")[1:].lstrip(" ")
        if before.rstrip(" ").endswith(";"):
            return before.rstrip(" ")[:-1].rstrip(" ") + after
        line_is_empty = before.rpartition("\n")[2].strip() == "" and after.partition("\n")[0].strip() == ""
        return before.rpartition("\n")[0] + "\n" + after.partition("\n")[2] if line_is_empty else before + after


Make = Callable[[Random, Valid], str | None]
Right = Callable[[Graph, Graph], bool]


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of error."""

    name: str
    make: Make
    right: Right
    """Whether a repaired network, the second, is as right as the original, the first."""


def kind(name: str, *, right: Right | None = None) -> Callable[[Make], Kind]:
    """Declare a function as a kind of error."""
    return lambda make: Kind(name, make, right or same_network)


def kinds_of(module: ModuleType) -> list[Kind]:
    """The kinds that a module declares, in its order."""
    return [value for value in vars(module).values() if isinstance(value, Kind)]


def same_network(a: Graph, b: Graph) -> bool:
    """Whether two graphs have the same layers, inputs, shapes and outputs in the same order, whatever their names."""
    return same_layers(a, b) and all(x.shape == y.shape for x, y in zip(a.nodes, b.nodes, strict=True))


def same_layers(a: Graph, b: Graph) -> bool:
    """Whether two graphs have the same layers in the same order; their inputs may have other sizes."""
    return (
        len(a.nodes) == len(b.nodes)
        and all(_layer(a, x) == _layer(b, y) for x, y in zip(a.nodes, b.nodes, strict=True))
        and [i for _, i in a.outputs] == [i for _, i in b.outputs]
    )


def _layer(graph: Graph, node: Node) -> tuple[object, ...]:
    """What a layer does and reads. Its torch calls are the same for `k3 same` and `k3x3 p1`; its arguments are not."""
    shapes = graph.shapes_in(node)
    calls = () if node.is_input else (node.op.steps(shapes), node.op.initializers_of(shapes), node.op.frozen_weights())
    return type(node.op), calls, node.inputs, node.shared


def _inside(statements: tuple[ast.Statement, ...]) -> Iterator[ast.Statement]:
    for statement in statements:
        yield statement
        for body in _bodies(statement):
            yield from _inside(body)


def _bodies(statement: ast.Statement) -> Iterator[tuple[ast.Statement, ...]]:
    match statement:
        case ast.Block(body=body) | ast.Stage(body=body) | ast.Aux(body=body) | ast.Repeat(body=body):
            yield body.statements
        case ast.Merge(operands=operands):
            yield from (each.statements for each in operands if isinstance(each, ast.Body))
        case ast.Residual(body=body, shortcut=shortcut):
            yield body.statements
            if shortcut is not None:
                yield shortcut.statements
        case ast.If(body=body, orelse=orelse):
            yield body.statements
            if isinstance(orelse, ast.If):
                yield (orelse,)
            elif orelse is not None:
                yield orelse.statements
        case _:
            pass
