"""A graph as a text without blocks, and the check that a text describes a graph."""

from collections.abc import Mapping, Sequence

from ..diagnostics import Sink
from ..elaborate import elaborate
from ..graph import Graph
from ..layers import find
from ..shapes.shape import Layout
from ..shapes.symbolic import Sym, concrete
from ..syntax import ast, parse
from ..syntax.format import format_program
from ..text.source import Source
from .chains import chain_of
from .compare import correspondence
from .free_names import Names, identifier
from .items import Chain, Item, ModuleScope, below, producers
from .layer_words import Unwritable
from .wording import Wording
from .write import Writer, referred

_LETTERS = {Layout.SEQUENCE: "T", Layout.SIGNAL: "L"}
_OUTPUT = "output"
_MADE = {"conv": "maps", "linear": "features", "norm": "normed", "activation": "active"}


def flat(graph: Graph) -> ast.Program:
    """The program of a network without blocks, one statement for each layer.

    Its graph is the same network: equal layers, edges, shapes and shared weights; names may differ. Raises Unwritable.
    """
    return verified(FlatText(graph, {}).text(), graph)


def verified(text: str, graph: Graph) -> ast.Program:
    """The program of a text that describes this network. Raises Unwritable if it does not."""
    program = parsed(text)
    made = elaborated(program, graph)
    if made is None or correspondence(graph, made) is None:
        raise Unwritable(f"the text of `{graph.name}` does not describe the same network")
    return program


def parsed(text: str) -> ast.Program:
    """The program of a text in canonical style. Raises Unwritable if it has errors."""
    return _parsed(format_program(_parsed(text)))


def _parsed(text: str) -> ast.Program:
    sink = Sink()
    program = parse(Source(text, name="<folded>"), sink)
    if sink.errors:
        raise Unwritable(f"the text cannot be parsed:\n{text}")
    return program


def elaborated(program: ast.Program, graph: Graph) -> Graph | None:
    """The graph of a program, with the example sizes of another graph's symbolic dimensions; None after an error."""
    example = {concrete(dim) for dim in graph.symbols.values()}
    return elaborate(program, Sink(), example_size=min(example, default=224)).checked()


class FlatText:
    """The parts of a text: head, inputs, statements, outputs."""

    def __init__(self, graph: Graph, scopes: Mapping[int, tuple[ModuleScope, ...]], start: int | None = None) -> None:
        self.graph = graph
        self.names = Names()
        self.named: dict[int, str] = {}
        self.settings: dict[str, int] = {}
        read = {i for node in graph.nodes for i in node.inputs} | set(graph.inputs)
        self.outputs = tuple(i for _, i in graph.outputs)
        unread = [node.id for node in graph.nodes if node.id not in read and node.id not in self.outputs]
        self.ends = [*dict.fromkeys(self.outputs), *unread]
        first = graph.inputs[-1] if start is None else start
        self.chain = chain_of(graph, first, self.ends, scopes, self.auxiliary())

    def auxiliary(self) -> dict[int, str]:
        """The outputs of `aux`, with their names: the outputs after a first one without a name."""
        (_, main), *others = self.graph.outputs
        names = dict.fromkeys(name for name, _ in self.graph.outputs)
        found = {i: name for name, i in others if identifier(name, "aux") == name}
        is_plain = self.graph.outputs[0][0] == _OUTPUT and len(self.ends) == len(names) == len(self.graph.outputs)
        in_order = [i for _, i in others] == sorted(found)
        return found if is_plain and in_order and main not in found else {}

    def text(self) -> str:
        """The whole text."""
        inputs = self.inputs()
        self.name_tensors(self.chain)
        lines = Writer(self.wording(), nested).lines(self.chain.items)
        return "\n".join([self.head(), *inputs, "", *lines, *self.ending()]) + "\n"

    def head(self) -> str:
        name = identifier(self.graph.name, "net")
        values = ", ".join(f"{name} = {value}" for name, value in self.settings.items())
        return f"net {name}" + (f"({values})" if values else "")

    def inputs(self) -> list[str]:
        """The `input` statements; an input whose layout its sizes do not show has a letter."""
        found = []
        several = len(self.graph.inputs) > 1
        for i, name in zip(self.graph.inputs, self.graph.input_names, strict=True):
            shape = self.graph.nodes[i].shape
            words = ["input"]
            if several or name != "x":
                words.append(self.names.take(name, "input"))
                self.named[i] = words[-1]
            else:
                self.named[i] = "in"
            dims = [self.dimension(dim) for dim in shape.dims]
            if shape.layout in _LETTERS and not _shows_layout(dims, shape.layout):
                axis = 0 if shape.layout is Layout.SEQUENCE else 1
                dims[axis] = self.letter(_LETTERS[shape.layout], concrete(shape.dims[axis]))
            words += ["x".join(dims)] if dims else []
            words += [f"int({shape.vocabulary})"] if shape.layout is Layout.IDS else []
            found.append(" ".join(words))
        return found

    def dimension(self, dim: int) -> str:
        """A size, or its symbol. Raises Unwritable for a size computed from symbols."""
        if not isinstance(dim, Sym):
            return str(dim)
        if str(dim) not in self.graph.symbols:
            raise Unwritable(f"the input has a dimension {dim}")
        return str(dim)

    def letter(self, base: str, value: int) -> str:
        """A parameter of the network with this value, whose name shows the layout."""
        for number in range(len(self.settings) + len(self.graph.symbols) + 1):
            name = f"{base}{number}" if number else base
            if name not in self.graph.symbols and self.settings.setdefault(name, value) == value:
                return name
        raise AssertionError(base)

    def name_tensors(self, chain: Chain) -> None:
        """Give a name to each tensor that something refers to, and to the outputs."""
        items = list(below(chain))
        wanted = referred(items)
        outputs = {i: name for name, i in reversed(self.graph.outputs)}
        if self.lists_outputs():
            for i, name in outputs.items():
                if i not in self.named:
                    self.named[i] = self.names.take(name)
        owners = producers(chain.items)
        for item in items:
            for column in item.makes:
                made = [node for node in column if node is not None and owners.get(node) is item]
                if any((node in wanted or item.results) and node not in self.named for node in made):
                    # In each iteration of a repetition, the same name.
                    self.named.update(dict.fromkeys(made, self.names.take(base_name(item))))

    def wording(self) -> Wording:
        """The words of the statements, once the tensors have names."""
        owners = producers(self.chain.items)
        aliases = {}
        for i, name in self.named.items():
            if (item := owners.get(i)) is not None:
                number = next(k for k, column in enumerate(item.makes) if i in column)
                aliases[id(item), number] = name
        return Wording(self.named, aliases)

    def lists_outputs(self) -> bool:
        """Whether the text has an `output` statement."""
        names = [name for name, _ in self.graph.outputs]
        return len(self.ends) != 1 + len(self.auxiliary()) or len(names) > len(self.ends) or names[0] != _OUTPUT

    def ending(self) -> list[str]:
        """The `output` statement; a second name of a tensor is that of an empty stage."""
        if not self.lists_outputs():
            return []
        found, names = [], []
        for name, i in self.graph.outputs:
            own = self.named.get(i)
            if own is None or own in names or own == "in":
                own = self.names.take(name)
                found += ([f"from {self.named[i]}"] if i in self.named else []) + [f"stage {own} {{ from in }}"]
            names.append(own)
        return [*found, f"output {', '.join(names)}"]


def base_name(item: Item) -> str:
    """A name for the tensor that an item creates."""
    scope = next((scope.name for scope in reversed(item.scopes) if not scope.name.isdigit()), "")
    layer = find(item.word)
    style = layer.style if layer is not None and item.sort == "layer" else item.word
    return scope or {"conv": "maps", "linear": "features", "norm": "normed", "activation": "active"}.get(
        style, "tensor"
    )


def _shows_layout(dims: Sequence[str], layout: Layout) -> bool:
    """Whether the letters of two sizes show that they are a sequence or a signal."""
    first, last = dims[0][0], dims[-1][0]
    if first == "T" or last == "C":
        return layout is Layout.SEQUENCE
    return (last == "L" or first == "C") and layout is Layout.SIGNAL


def nested(graph: Graph, known: Mapping[int, str]) -> list[str]:
    """The statements of a layer's body. `known` are the names of its inputs other than the first.

    The first output is the current tensor at the end; the others are named after the carried tensors, at the end, when
    nothing reads the tensors that these names meant before.
    """
    text = FlatText(graph, {}, graph.inputs[0])
    text.named = {graph.inputs[0]: "in", **known}
    text.names = Names(known.values())
    items = list(below(text.chain))
    wanted = {*referred(items), *(i for _, i in graph.outputs)} if len(graph.outputs) > 1 else referred(items)
    for item in items:
        if item.sort not in ("from", "aux") and item.out[0] in wanted and item.out[0] not in text.named:
            text.named[item.out[0]] = text.names.take(base_name(item))
    lines = Writer(text.wording(), nested).lines(text.chain.items)
    if len(graph.outputs) == 1:
        return lines
    # A name that refers to the tensor before the step is replaced by another one first.
    ends = []
    for _, i in graph.outputs:
        name = text.named[i]
        if name in known.values():
            name = text.names.take(f"{name}_before")
            lines.append(f"stage {name} {{ from {text.named[i]} }}")
        ends.append(name)
    carried = [known[i] for i in graph.inputs[1 : len(ends)]]
    lines += [f"stage {name} {{ from {end} }}" for name, end in zip(carried, ends[1:], strict=True)]
    return [*lines, f"from {ends[0]}"]
