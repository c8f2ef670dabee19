"""Why a layer gives the shape that it gives: its arithmetic, in words and numbers."""

from functools import lru_cache

from ..contract.layer import Layer, Op
from ..diagnostics import Sink
from ..elaborate.bind import bind
from ..expressions.evaluator import Evaluator, show
from ..expressions.scope import Scope
from ..graph import Graph, Node
from ..layers import find
from ..layers._reading import each_side
from ..layers.conv import Conv, DepthwiseConv, UpConv
from ..layers.linear import Embedding, Linear
from ..layers.merge import Concat
from ..layers.resample import PixelShuffle, PixelUnshuffle, Upsample
from ..layers.reshape import Flatten, Permute, Tokens
from ..shapes.shape import Layout, Shape, times
from ..shapes.symbolic import Form, form_of
from ..syntax import ast, parse
from ..text.source import Source

KEEPS = "keeps the shape"
_SIZED = ("conv", "linear")
"""The kinds of layers that give as many channels as they are told, the input's number by chance."""
_OPERANDS = 5
"""How many operands of a merge are named."""


def because(graph: Graph, node: Node, name: str) -> tuple[str, ...]:
    """The reasons for a node's shape, each a short clause; `name` is what its operands are named from."""
    xs = graph.shapes_in(node)
    if not xs:
        return ()
    if len(xs) > 1:
        return _merge(graph, node, xs, name)
    if xs[0] == node.shape and node.op.style not in _SIZED and not slides(node.op, xs[0]):
        return (KEEPS,)
    given = arguments(node)
    return tuple(clause for clause in (given, *_layer(node.op, xs[0], node.shape, given)) if clause)


def arguments(node: Node) -> str:
    """The values of the arguments that the statement asks for rather than writes: `filters = 128, stride = 2`."""
    if node.shared is not None:
        return ""
    asked = _asked(node.text, node.op.keyword)
    values = dict(node.op)
    return ", ".join(f"{name} = {_value(values[name])}" for name in asked if name in values)


def _value(value: object) -> str:
    return times(value) if isinstance(value, tuple) else show(value).strip("`")


@lru_cache(1024)
def _asked(text: str, keyword: str) -> tuple[str, ...]:
    """The arguments of a statement whose values are not written as they are."""
    statements, layer = parse(Source(text), Sink()).statements, find(keyword)
    statement = statements[0] if len(statements) == 1 else None
    if layer is None or not isinstance(statement, ast.Layer):
        return ()
    variables = Scope()
    for word in (arg.value for arg in statement.args):
        if isinstance(word, ast.Variable):
            # Bound, so that an argument's word is taken for a variable; a flag or a shorthand comes first anyway.
            variables.define(word.name, 1, word.span)
    sink = Sink()
    with sink.muted():
        spans = bind(
            statement.keyword, statement.args, layer.parameters, "", Evaluator(sink, variables, None, ())
        ).spans
    values = {arg.span: arg.value for arg in statement.args}
    words = {p.name: {flag for flag, _ in p.words} for p in layer.parameters}
    return tuple(name for name, span in spans.items() if _is_asked(values[span], span.text, words[name]))


def _is_asked(value: ast.Expr, text: str, flags: set[str]) -> bool:
    """Whether an argument has to be worked out: not a number, sizes, a flag or a shorthand."""
    if isinstance(value, ast.Number | ast.Text):
        return False
    if isinstance(value, ast.Size):
        return any(isinstance(dim, str) for dim in value.dims)
    return not (isinstance(value, ast.Variable) and (value.name in flags or _shorthand(text)))


def _shorthand(text: str) -> bool:
    return len(text) > 1 and text[1:].replace("x", "").isdigit()


def _layer(op: Op, x: Shape, y: Shape, given: str) -> tuple[str, ...]:
    """What a layer with one input does to the sizes."""
    sides = _by_side(op.explain(x, y), x) if isinstance(op, Layer) and slides(op, x) else ()
    match op:
        case Conv() | UpConv():
            return ("" if "filters =" in given else f"{op.filters} filter{'s' * (op.filters > 1)}", *sides)
        case DepthwiseConv():
            many = f"{x.channels}·{op.multiplier} = {y.channels} channels"
            return ("each channel by itself" if op.multiplier == 1 else many, *sides)
        case Linear():
            return ("" if "units =" in given else f"{op.units} unit{'s' * (op.units > 1)}",)
        case Embedding():
            return (f"{op.features} numbers for each id",)
        case Flatten():
            product = "·".join(map(_factor, x.dims))
            return (product if product == str(y) else f"{product} = {y}",)
        case Tokens():
            return (f"{'·'.join(map(_factor, x.sides))} = {times(y.dims[:1])} steps of {x.channels} features",)
        case Upsample() if op.factor is not None:
            return _scaled(x, y, op.factor)
        case PixelShuffle():
            return (f"{x.channels}/{op.factor}² = {y.channels} channels", *_scaled(x, y, op.factor))
        case PixelUnshuffle():
            pairs = zip(x.sides, y.sides, strict=True)
            sides = tuple(dict.fromkeys(f"{_factor(a)}/{op.factor} = {times((b,))}" for a, b in pairs))
            return (f"{x.channels}·{op.factor}² = {y.channels} channels", *_by_side(sides, x))
        case Permute():
            return ("the same axes in another order",)
        case _:
            return sides or (_change(x, y, pooled=op.style == "pool"),)


def slides(op: Op, x: Shape) -> bool:
    """Whether a layer's window is more than one element that moves by one; an `upconv` has no window and slides."""
    if not isinstance(op, Layer):
        return False
    windows = op.windows(x)
    return isinstance(op, UpConv) or any(w.extent > 1 or w.stride > 1 or w.before or w.after for w in windows)


def _by_side(lines: tuple[str, ...], x: Shape) -> tuple[str, ...]:
    """The arithmetic of sides with their letters where they differ, told once where they differ by the letter alone."""
    letters = x.letters[1:].upper()
    if not 1 < len(lines) == len(letters):
        return lines
    symbols = [form_of(side).symbols() for side in x.sides]
    if all(len(each) == 1 for each in symbols):
        names = [next(iter(each)) for each in symbols]
        if all(lines[0].replace(names[0], name) == line for name, line in zip(names[1:], lines[1:], strict=True)):
            return (f"{lines[0]}, {' and '.join(names[1:])} alike",)
    return tuple(f"{a}: {b}" for a, b in zip(letters, lines, strict=True))


def _scaled(x: Shape, y: Shape, factor: int | tuple[int, ...]) -> tuple[str, ...]:
    factors = each_side(factor, x, "factor")
    sides = zip(x.sides, factors, y.sides, strict=True)
    return _by_side(tuple(dict.fromkeys(f"{_factor(a)}·{f} = {times((b,))}" for a, f, b in sides)), x)


def _factor(size: int) -> str:
    return times((size,))


def _change(x: Shape, y: Shape, *, pooled: bool) -> str:
    """The change in words, where the layer has no arithmetic of its own."""
    if x == y:
        return KEEPS
    if _forms(x.dims) == _forms(y.dims):
        return f"read as {'an' if y.layout in (Layout.IMAGE, Layout.OPEN) else 'a'} {y.layout}"
    if pooled and y.rank == 1 and _forms(y.dims) == _forms((x.channels,)):
        return f"one number for each of {x.channels} {'channels' if x.spatial else 'features'}"
    if x.rank == y.rank:
        axes = zip(x.letters.upper(), x.dims, y.dims, strict=True)
        return ", ".join(f"{letter}: {a} → {b}" for letter, a, b in axes if form_of(a) != form_of(b))
    if form_of(x.numel) == form_of(y.numel):
        return f"the same {x.numel} elements"
    return f"{x} → {y}"


def _forms(dims: tuple[int, ...]) -> tuple[Form, ...]:
    """Sizes by which unknown ones are equal only if they are so for all values."""
    return tuple(map(form_of, dims))


def _merge(graph: Graph, node: Node, xs: tuple[Shape, ...], name: str) -> tuple[str, ...]:
    """What a merge asks of its operands, and which they are."""
    operands = [(relative(graph.nodes[i].name, name), graph.nodes[i].shape) for i in dict.fromkeys(node.inputs)]
    if isinstance(node.op, Concat):
        total = f"{' + '.join(_factor(x.channels) for x in xs)} = {node.shape.channels} channels"
        return total, f"of {_listed([each for each, _ in operands])}"
    if all(shape == node.shape for _, shape in operands):
        return (f"{_listed([each for each, _ in operands])} agree",)
    gates = [f"{each} {shape}" for each, shape in operands if shape != node.shape]
    masked = any(shape.channels != node.shape.channels for _, shape in operands)
    wholes = [each for each, shape in operands if shape == node.shape]
    return (f"{_listed(gates)} serves every {'channel' if masked else 'place'} of {_listed(wholes)}",)


def _listed(names: list[str]) -> str:
    """`a, b and c`; a few of many."""
    if len(names) > _OPERANDS:
        names = [*names[: _OPERANDS - 1], f"{len(names) - _OPERANDS + 1} more"]
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def relative(name: str, to: str) -> str:
    """A module's name without the scopes that it shares with another one."""
    parts, others = name.split("."), to.split(".")
    same = 0
    while same < min(len(parts), len(others)) - 1 and parts[same] == others[same]:
        same += 1
    return ".".join(parts[same:])
