"""Values that solve the shapes: arguments with which the layers before an error return the shape that it needs.

Only `infer` of each layer is called, so that many values can be considered; the checker tries those that fit.
"""

from collections.abc import Iterator, Mapping
from itertools import product
from math import log2

from ...contract.arguments import InvalidValue, Kind, ParameterSpec
from ...contract.layer import Op, Reject
from ...graph import DraftNode
from ...layers.pool import Pooling
from ...shapes.shape import Shape
from ...shapes.symbolic import Undecided, concrete
from ...syntax import ast
from ..candidate import Candidate
from ..suggestion_context import MAX_DISTANCE, ErrorSite, SuggestionContext, away, changed, only
from ..written_arguments import value_text, written_arguments
from .input_fixes import sizes_in
from .name_fixes import values_in_scope

_WIDTHS = ("filters", "units", "features")
_USUAL: Mapping[str, tuple[int, ...]] = {
    "stride": (1, 2, 4),
    "padding": (0, 1, 2, 3, 4),
    "output_padding": (0, 1),
    "kernel": (1, 2, 3, 4, 5, 7),
    "dilation": (1, 2, 4),
    "factor": (2, 4, 3),
    "size": (),
    "filters": (),
    "units": (),
    "features": (),
}
"""The usual values of arguments to search, the likeliest argument first."""
_PAIRS = (("stride", "padding"), ("kernel", "padding"), ("kernel", "stride"))
_USUAL_WINDOW = 0.5
_HUGE = 15
"""The largest usual kernel of a convolution of images."""
_MOST_STATEMENTS = 8
_MOST_INFERRED = 350
"""The largest number of layers that are inferred for one error, in about 5 ms."""

Change = tuple[tuple[ParameterSpec, int], ...]
"""Arguments with new values."""


def values(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """Changes of one argument, or of two of a window, in the layers up to an error."""
    if site.node is None or (isinstance(site.statement, ast.Assert) and _asserted(site) is None):
        return
    solver = _Solver(context, site, site.node)
    layers = [each for each in _layers(context, site, site.node) if each[1].op is not None]
    for is_usual in (True, False):
        for statement, maker, distance in layers:
            is_image = reads_image(context, maker)
            for new in _changes(maker, solver.sizes):
                if _is_usual(maker, new, is_image) is is_usual and solver.fits(statement, new):
                    for each in _written(context, statement, maker, new, 1.25 + away(distance)):
                        yield each.replace(inferred=True)
                if solver.inferred > _MOST_INFERRED:
                    return


def reads_image(context: SuggestionContext, maker: DraftNode) -> bool:
    """Whether a layer's input is an image or a volume, over which kernels are small."""
    shape = context.shape(maker.inputs[0]) if maker.inputs else None
    return shape is not None and shape.spatial and len(shape.spatial_size) > 1


def is_huge(context: SuggestionContext, maker: DraftNode) -> bool:
    """Whether a convolution of an image has a kernel larger than any usual one."""
    kernel = getattr(maker.op, "kernel", 0)
    return isinstance(kernel, int) and concrete(kernel) > _HUGE and reads_image(context, maker)


def _is_usual(maker: DraftNode, new: Change, is_image: bool) -> bool:
    """Whether one argument changes, to the usual window: such changes are considered first."""
    return len(new) == 1 and _unusual(_changed(maker, new), is_image) < _USUAL_WINDOW


def _changed(maker: DraftNode, new: Change) -> Op:
    assert maker.op is not None
    return maker.op.replace(**{p.field or p.name: value for p, value in new})


def _layers(
    context: SuggestionContext, site: ErrorSite, node: DraftNode
) -> Iterator[tuple[ast.LayerStatement, DraftNode, int]]:
    """The layers whose arguments are changed, the nearest first, including that of the error."""
    found = [each for each in context.layers_before(node, MAX_DISTANCE) if each[0].keyword.text not in context.blocks]
    yield from found[:_MOST_STATEMENTS]


def _number(op: Op, p: ParameterSpec) -> int | None:
    """The value of an argument as one number, 0 if it is omitted; None for a value of another kind."""
    value = op.value_of(p)
    if isinstance(value, tuple):
        value = value[0] if value and len(set(value)) == 1 else None
    elif value is None:
        value = 0
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return 0 if isinstance(value, str) else concrete(value)


def _changes(maker: DraftNode, sizes: list[int]) -> Iterator[Change]:
    """Changes of one argument, then of two of a window."""
    assert maker.op is not None
    parameters = [p for p in maker.op.parameters if p.name in _USUAL and _number(maker.op, p) is not None]
    values = {p.name: list(_values(maker.op, p, sizes)) for p in parameters}
    by_name = {p.name: p for p in parameters}
    for p in sorted(parameters, key=lambda p: list(_USUAL).index(p.name)):
        yield from (((p, value),) for value in values[p.name])
    for one, other in _PAIRS:
        if one in by_name and other in by_name:
            pairs = product(values[one][:3], values[other][:3])
            yield from (((by_name[one], a), (by_name[other], b)) for a, b in pairs)


def _values(op: Op, p: ParameterSpec, sizes: list[int]) -> Iterator[int]:
    """New values for an argument: usual ones, near ones, and for widths and sizes those around the error."""
    now = _number(op, p) or 0
    usual = sizes if p.name in _WIDTHS or p.name == "size" else _USUAL[p.name]
    near = (2 * now, now // 2) if p.name in (*_WIDTHS, "stride", "factor") else (now + 1, now - 1)
    for value in dict.fromkeys((*usual, *near)):
        does_nothing = p.name == "factor" and value == 1
        if value != now and value >= 0 and not does_nothing and _accepts(p.kind, value):
            yield value


def _accepts(kind: Kind | None, value: int) -> bool:
    try:
        return kind is None or kind.accept(value) is not None
    except InvalidValue:
        return False


class _Solver:
    """Finds whether other arguments of a layer remove an error, by inferring the shapes between the two."""

    def __init__(self, context: SuggestionContext, site: ErrorSite, node: DraftNode) -> None:
        self._context = context
        self._node = node
        near = sorted((each for each, _ in context.ancestors_of(node, MAX_DISTANCE)), key=lambda each: each.id)
        self._nodes = [each for each in near if each.inputs]
        self._wanted = _asserted(site)
        self.inferred = 0
        shapes = [shape for i in node.inputs if (shape := context.shape(i)) is not None]
        wanted = list(self._wanted) if self._wanted is not None else []
        self.sizes = list(dict.fromkeys([*wanted, *(concrete(dim) for shape in shapes for dim in shape.dims)]))

    def fits(self, statement: ast.Statement, new: Change) -> bool:
        """Whether the node with the error accepts its new input."""
        shapes: dict[int, Shape] = {}
        for node in self._nodes:
            op = node.op
            mine = node.statement is statement
            if op is None or not (mine or node is self._node or any(i in shapes for i in node.inputs)):
                continue
            inputs = tuple(shapes.get(i) or self._context.shape(i) for i in node.inputs)
            if any(shape is None for shape in inputs):
                return False
            self.inferred += 1
            try:
                op = op.replace(**{p.field or p.name: value for p, value in new}) if mine else op
                shapes[node.id] = op.infer(tuple(shape for shape in inputs if shape is not None))
            except (Reject, Undecided, ValueError, IndexError, TypeError, ZeroDivisionError):
                return False
        end = shapes.get(self._node.id)
        return end is not None and (self._wanted is None or tuple(map(concrete, end.dims)) == self._wanted)


def _asserted(site: ErrorSite) -> tuple[int, ...] | None:
    statement = site.statement
    return next(sizes_in(statement.condition), None) if isinstance(statement, ast.Assert) else None


def _written(
    context: SuggestionContext,
    statement: ast.LayerStatement,
    maker: DraftNode,
    new: Change,
    rank: float,
) -> Iterator[Candidate]:
    """The change as it is written: first with names that have these values; arguments with defaults are left out."""
    assert maker.op is not None
    given = written_arguments(statement, maker.op.parameters)
    texts: dict[str, str | None] = {}
    for p, value in new:
        now = _number(maker.op, p)
        rank += 0.1 * abs(log2((value + 1) / ((now or 0) + 1))) + 0.05 * list(_USUAL).index(p.name)
        # The stride of a pooling layer is its kernel, if it is not written.
        moves = p.name == "kernel" and isinstance(maker.op, Pooling) and "stride" not in given
        rank += (
            0.3 * (p.name == "kernel")
            + 0.8 * moves
            + 0.4 * (p.name in given and not value_text(given[p.name], p).isdigit())
        )
        texts[p.name] = None if p.default == value else str(value)
    # The layer whose window is unusual is most likely the one with the error.
    is_image = reads_image(context, maker)
    rank += _unusual(_changed(maker, new), is_image) - 0.5 * _unusual(maker.op, is_image)
    if len(texts) == 1 and new[0][0].name in _WIDTHS:
        for name in _named(context, statement, new[0][1]):
            yield from only(changed(context, statement, {new[0][0].name: name}, rank - 0.1))
    yield from only(changed(context, statement, texts, rank + 0.3 * (len(texts) - 1)))


def _unusual(op: Op, is_image: bool) -> float:
    """How unusual the window of a layer is: most preserve the spatial size, or divide it by their stride."""
    kernel, padding, stride, dilation, extra = (
        next((n for p in op.parameters if p.name == name and (n := _number(op, p)) is not None), 0)
        for name in ("kernel", "padding", "stride", "dilation", "output_padding")
    )
    if is_image and kernel > _HUGE and hasattr(op, "filters"):
        return 2.0
    if not kernel or getattr(op, "padding", 0) == "same":
        return 0.0
    if hasattr(op, "output_padding"):
        return 0.0 if kernel - 2 * padding + extra == max(stride, 1) and dilation == 1 else 0.9
    around = max(dilation, 1) * (kernel - 1)
    if 2 * padding == around:
        # A window of one position only subsamples, and does nothing in a pooling layer.
        return 0.0 if kernel > 1 or hasattr(op, "filters") else 0.9
    if not hasattr(op, "filters") and stride == 1 and kernel % 2 == 0:
        return 1.2  # a pooling layer with an even kernel and no stride
    return 0.2 if padding == 0 else 0.9


def _named(context: SuggestionContext, statement: ast.Statement, value: int) -> list[str]:
    """The parameters of the network and the variables with this value that a statement can use."""
    found = set()
    for each in context.program.statements:
        match each:
            case ast.Net():
                pairs = [(p.name.text, p.default) for p in each.parameters]
            case ast.Let() if len(each.target.names) == 1:
                pairs = [(each.target.names[0].text, each.value)]
            case _:
                continue
        found |= {name for name, number in pairs if isinstance(number, ast.Number) and number.value == value}
    return [name for name in dict.fromkeys(values_in_scope(context, statement)) if name in found]
