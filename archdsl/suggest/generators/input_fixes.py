"""Inputs of another size: the next multiples of the total stride, channels first, a missing channel dimension."""

import re
from collections.abc import Iterator

from ...contract.layer import Reject
from ...diagnostics import Edit
from ...diagnostics.catalog.shape_errors import GroupsDoNotDivide, KernelTooLarge, OperandsDiffer, WrongDimensions
from ...graph import DraftNode, Node
from ...shapes.shape import Shape
from ...shapes.symbolic import Sym, Undecided, concrete
from ...syntax import ast
from ...text.source import Span
from ..candidate import Candidate
from ..suggestion_context import ErrorSite, SuggestionContext, inserted_before, removed, written

_MULTIPLES = (2, 4, 8, 16, 32, 64)
_LONGEST = 400
"""The largest number of layers on a path whose shapes are inferred for other sizes."""
_FIRST = "input 3x32x32"


def _literal(statement: ast.Input) -> ast.Size | ast.Number | None:
    """The sizes of an input, if they are numbers."""
    values = [a.value for a in statement.args if a.name is None]
    size = next((v for v in values if isinstance(v, ast.Size | ast.Number)), None)
    if isinstance(size, ast.Size) and not all(isinstance(dim, int) for dim in size.dims):
        return None
    return size


def _resized(statement: ast.Input, span: Span, dims: tuple[int, ...], rank: float, why: str) -> Candidate:
    written = "x".join(map(str, dims))
    title = f"write `{' '.join(_with(statement, span, written).split())}`"
    return Candidate(title=title, edits=(Edit(span=span, text=written),), rank=rank, why=why)


def _with(statement: ast.Input, span: Span, text: str) -> str:
    start = statement.span.start
    whole = statement.span.text
    return whole[: span.start - start] + text + whole[span.end - start :]


def sizes(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The nearest input sizes that the total stride on the way to a merge divides, or that a kernel fits into."""
    node = site.node
    if node is None or context.attempts.has_given_sizes:
        return
    ancestors = {each.id for each, _ in context.ancestors_of(node, 10_000)}
    for statement, entry in context.inputs:
        size = _literal(statement)
        if entry.id not in ancestors or size is None or not entry.shape.spatial:
            continue
        sides = tuple(concrete(side) for side in entry.shape.spatial_size)
        channels = concrete(entry.shape.channels)
        if isinstance(site.diagnostic, OperandsDiffer):
            stride = _total_stride(context, site)
            smaller = [m for m in reversed(_MULTIPLES) if m <= max(stride, 2)]
            for rank, multiple in enumerate([*smaller[:1], 2 * smaller[0], *smaller[1:]]):
                if all(side % multiple == 0 for side in sides):
                    continue
                odd = next(side for side in sides if side % multiple)
                above, below = -(-odd // multiple) * multiple, odd // multiple * multiple
                why = f"{odd} is not a multiple of {multiple}; {f'{below} and {above} are' if below else f'{above} is'}"
                up = tuple(-(-side // multiple) * multiple for side in sides)
                down = tuple(side // multiple * multiple for side in sides)
                base = 1.0 + (0.8 if rank else 0.0) + 0.3 * rank
                yield _resized(statement, size.span, (channels, *up), base, why)
                if all(down):
                    yield _resized(statement, size.span, (channels, *down), base + 0.05, why)
        elif isinstance(site.diagnostic, KernelTooLarge):
            yield from _larger_inputs(context, site, statement, entry, size.span)


def _total_stride(context: SuggestionContext, site: ErrorSite) -> int:
    """The approximate factor, a power of 2, between the first spatial sizes of the largest and the smallest tensor."""
    assert site.node is not None
    shapes = [context.shape(each.id) for each, _ in context.ancestors_of(site.node, 10_000)]
    sides = [
        concrete(shape.spatial_size[0])
        for shape in shapes
        if shape is not None and shape.spatial and shape.spatial_size[0] > 0
    ]
    if not sides:
        return 1
    ratio, stride = max(sides) / max(min(sides), 1), 1
    while stride * 2 <= ratio * 1.34:
        stride *= 2
    return stride


def _larger_inputs(
    context: SuggestionContext, site: ErrorSite, statement: ast.Input, entry: Node, span: Span
) -> Iterator[Candidate]:
    """The smallest larger sizes for which the windows before the error fit."""
    channels, sides = concrete(entry.shape.channels), tuple(concrete(side) for side in entry.shape.spatial_size)
    for rank, wanted in enumerate(_least_sizes(context, site, entry)):
        new = tuple(max(side, size) for side, size in zip(sides, wanted, strict=True))
        if new != sides:
            yield _resized(statement, span, (channels, *new), 1.1 + 0.3 * rank, "")


def _least_sizes(context: SuggestionContext, site: ErrorSite, entry: Node) -> Iterator[tuple[int, ...]]:
    """The least sizes, by inferring the shapes along the chain of first inputs from the input to the error."""
    assert site.node is not None
    for end in (context.draft.nodes[context.draft.outputs[0][1]], site.node):
        yield from _least_until(context, end, entry)


def _least_until(context: SuggestionContext, node: DraftNode, entry: Node) -> Iterator[tuple[int, ...]]:
    chain = []
    while node.id != entry.id:
        if node.op is None or not node.inputs:
            return
        chain.append(node)
        node = context.draft.nodes[node.inputs[0]]
    chain.reverse()
    if len(chain) > _LONGEST:
        return
    sides = [concrete(side) for side in entry.shape.spatial_size]
    grown = list(sides)
    for axis in range(len(sides)):
        grown[axis] = next((n for n in _tries(sides[axis]) if _fits(chain, entry.shape, grown, axis, n)), 0)
    if all(grown):
        yield tuple(grown)
        multiple = next((m for m in (32, 16, 8) if max(grown) >= 2 * m), 4)
        yield tuple(-(-size // multiple) * multiple for size in grown)


def _tries(size: int) -> Iterator[int]:
    """Sizes from a given one on, in steps that grow."""
    step = 1
    for _ in range(160):
        yield size
        size += step
        step = max(1, size // 64)


def _fits(chain: list[DraftNode], shape: Shape, sides: list[int], axis: int, size: int) -> bool:
    dims = [size if i == axis or side < size else side for i, side in enumerate(sides)]
    x = shape.with_spatial_size(concrete(shape.channels), tuple(dims))
    try:
        for each in chain:
            if each.op is None or len(each.inputs) > 1:
                continue
            x = each.op.infer((x,))
    except (Reject, Undecided, ValueError, IndexError):
        return False
    return True


def shared_inputs(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """For weights that two inputs share: the size of one for the other."""
    written = [(entry, size) for entry, _ in context.inputs if (size := _literal(entry)) is not None]
    node = site.node
    reads = {each.id for each, _ in context.ancestors_of(node, 10_000)} if node is not None else set()
    second = {id(entry) for entry, entry_node in context.inputs if entry_node.id in reads}
    for entry, size in written:
        for other, theirs in written:
            if other is not entry and theirs.span.text != size.span.text:
                edit = Edit(span=size.span, text=theirs.span.text)
                title = f"write `{_with(entry, size.span, theirs.span.text)}`"
                more = theirs.span.text.count("x") > size.span.text.count("x")
                yield Candidate(
                    title=title, edits=(edit,), rank=0.6 + 0.4 * (not more) + 0.2 * (id(entry) not in second)
                )


def asserted(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """For an output whose size differs from the asserted one: an input larger or smaller by the same factor."""
    statement, node = site.statement, site.node
    if not isinstance(statement, ast.Assert) or node is None or context.attempts.has_given_sizes:
        return
    size = next((each for each in sizes_in(statement.condition)), None)
    shape = context.shape(node.id)
    if size is not None and shape is not None and len(size) != shape.rank:
        yield from axes(context, site)
    if size is None or shape is None or not shape.spatial or len(size) != shape.rank:
        return
    for entry, input_node in context.inputs:
        literal, own = _literal(entry), input_node.shape
        if literal is None or own.rank != shape.rank:
            continue
        pairs = zip(own.spatial_size, size[1:], shape.spatial_size, strict=True)
        new = tuple(round(concrete(a) * wanted / max(concrete(now), 1)) for a, wanted, now in pairs)
        if all(new) and new != tuple(map(concrete, own.spatial_size)):
            kept = tuple(size[1:]) == tuple(map(concrete, own.spatial_size))
            rank = 3.5 if kept else 0.9  # the output is as large as the input already: the layers between are wrong
            yield _resized(
                entry, literal.span, (concrete(own.channels), *new), rank, "the output then matches the assertion"
            )


def sizes_in(condition: ast.Expr) -> Iterator[tuple[int, ...]]:
    """The sizes that an assertion compares with."""
    match condition:
        case ast.Parenthesized():
            yield from sizes_in(condition.inner)
        case ast.Binary(op="and"):
            yield from sizes_in(condition.left)
            yield from sizes_in(condition.right)
        case ast.Binary(op="==", right=ast.Size() as right) if all(isinstance(dim, int) for dim in right.dims):
            yield tuple(dim for dim in right.dims if isinstance(dim, int))


def axes(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The input without the batch, with channels first, or with the missing channel dimension."""
    node = site.node
    if context.attempts.has_given_sizes:
        return
    start = [(node, 0)] if node is not None else []
    ancestors = {each.id: d for begin, _ in start for each, d in context.ancestors_of(begin, 10_000)}
    if not ancestors:
        ancestors = {entry.id: 10 for _, entry in context.inputs}
    for statement, entry in context.inputs:
        size = _literal(statement)
        if entry.id in ancestors and size is None:
            yield from _multiplied(statement)
        if entry.id not in ancestors or size is None:
            continue
        dims = tuple(concrete(dim) for dim in entry.shape.dims if not isinstance(dim, Sym))
        distance = min(2.0, 0.1 * ancestors[entry.id])
        if len(dims) > 2 and not any(word in context.source.text for word in ("3d ", "3D ")):
            # `64x1x28x28`: a volume has few channels, and is not 1 or 3 deep.
            batch = len(dims) == 4 and (dims[0] not in (1, 2, 3, 4) or dims[1] in (1, 3))
            image = len(dims) == 3 and dims[0] in (1, 3)
            rank = 0.6 if batch else 1.3 if len(dims) == 4 else 2.2
            # Groups that do not divide the channels of an image say that these are channels.
            image |= len(dims) == 3 and isinstance(site.diagnostic, GroupsDoNotDivide)
            if not image:
                yield _resized(statement, size.span, dims[1:], rank, "without the batch")
        if len(dims) > 1 and dims[-1] < min(dims[:-1]):
            # Without layers that slide, two sizes are steps and features.
            steps = 1.2 * (len(dims) == 2 and not context.slides)
            yield _resized(statement, size.span, (dims[-1], *dims[:-1]), 0.7 + distance + steps, "channels come first")
        flat = len(dims) < 3 or isinstance(site.statement, ast.Assert) or isinstance(site.diagnostic, WrongDimensions)
        if len(dims) < 4 and 1 not in dims[:1] and flat:
            yield _resized(statement, size.span, (1, *dims), 1.2 + distance, "one channel")
        if len(dims) == 2 and dims[0] < dims[1]:
            yield _resized(statement, size.span, (dims[1], dims[0]), 1.4 + distance, "")


def _multiplied(statement: ast.Input) -> Iterator[Candidate]:
    """`8*256`, which is one size, as two: `8x256`."""
    for argument in statement.args:
        text = argument.span.text.replace(" ", "")
        if isinstance(argument.value, ast.Binary) and text.replace("*", "").isdigit() and argument.name is None:
            new = text.replace("*", "x")
            edit = Edit(span=argument.span, text=new)
            yield Candidate(title=f"write `{new}` instead of `{argument.span.text}`", edits=(edit,), rank=0.3)


def ids(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """Integer IDs for an input that an embedding reads, or that has no shape; an unused parameter is the vocabulary."""
    reads = {each.id for each, _ in context.ancestors_of(site.node, 10_000)} if site.node is not None else set()
    of_embedding = site.layer is not None and site.node is not None and hasattr(site.node.op, "vocabulary")
    unused = [name for name in context.net_parameters if name not in context.variables]
    sizes = [*unused, *(["1000"] if of_embedding else [])]
    for statement in (s for s in context.program.statements if isinstance(s, ast.Input)):
        node = next(iter(context.nodes.get(id(statement), [])), None)
        mine = statement is site.statement or (of_embedding and node is not None and node.id in reads)
        if not mine or "int(" in statement.span.text:
            continue
        for index, size in enumerate(sizes[:3]):
            edit = Edit(span=statement.span.tail, text=f" int({size})")
            title = f"write `{written(statement)} int({size})`"
            yield Candidate(title=title, edits=(edit,), rank=0.7 + 0.3 * index, why="integer IDs")


def unnamed(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """`input shape=3x32x32` without the name of the argument."""
    statement = site.statement
    found = re.search(r"\b[A-Za-z_]\w*\s*=\s*(?=\S)", statement.span.text) if isinstance(statement, ast.Input) else None
    if found is not None and statement is not None and statement.span.text.count("=") == 1:
        start = statement.span.start
        edit = Edit(span=Span(statement.span.source, start + found.start(), start + found.end()), text="")
        yield Candidate(title=f"remove `{found[0].strip()}`", edits=(edit,), rank=0.1)


_DIMENSIONS = re.compile(r"(?<![\w-])(?:[\w-]+(?:\s*[x×*,]\s*[\w-]+)+|-?\w+x\S+)")


_WITH_BATCH = 4
"""The number of dimensions of a batch of images."""


def _squared(dims: list[str], span: Span) -> Iterator[Candidate]:
    """For an image whose height or width is 0: the other one for both."""
    if len(dims) < _WITH_BATCH - 1 or dims.count("0") > 1 or dims[0] == "0":
        return
    side = dims[2] if dims[1] == "0" else dims[1]
    square = f"{dims[0]}x{side}x{side}"
    edit = Edit(span=span, text=square)
    title, why = f"write `input {square}`", "a square image"
    yield Candidate(title=title, edits=(edit,), rank=1.0, why=why, ambiguous=True)


def shorter(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The shape of an input without one of its dimensions, most likely the batch: the first, or one that is 1 or -1."""
    if not isinstance(site.statement, ast.Input):
        return
    found = _DIMENSIONS.search(site.statement.span.text.partition("input")[2])
    if found is None:
        return
    dims = re.split(r"\s*[x×*,]\s*", found[0])
    start = site.statement.span.start + len("input") + found.start()
    span = Span(site.statement.span.source, start, start + len(found[0]))
    if "0" in dims and len(dims) < _WITH_BATCH:
        yield from _squared(dims, span)
        return
    for index, dim in enumerate(dims):
        rest = "x".join(dims[:index] + dims[index + 1 :])
        edit = Edit(span=span, text=rest)
        rank = 0.5 + 0.4 * index + 0.5 * (index > 0 and dim not in ("1", "-1"))
        why = "without the batch" if index == 0 or dim in ("1", "-1") else ""
        yield Candidate(title=f"write `input {rest}`", edits=(edit,), rank=rank, why=why)


def first(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The input before everything else: that of the text, if it comes too late, or a new one."""
    statement = site.statement
    if statement is None:
        return
    chain = [statement, *context.statements.ancestors(statement)]
    top = chain[-1]
    late = next((s for s in context.program.statements if isinstance(s, ast.Input)), None)
    if late is not None and late.span.start > top.span.start:
        text = " ".join(late.span.text.split())
        edits = (*inserted_before(top, text, 0.0).edits, *removed(context, late, 0.0).edits)
        yield Candidate(title=f"move `{text}` before `{top.span.text.splitlines()[0]}`", edits=edits, rank=0.5)
    elif late is None and not isinstance(top, ast.Block):
        candidate = inserted_before(top, _FIRST, 1.0, "the shape of one sample, channels first")
        yield candidate
