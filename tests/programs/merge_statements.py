"""Statements that merge tensors."""

from archdsl.contract.layer import Op, Reject
from archdsl.layers import merges
from archdsl.layers.contraction import Einsum, Matmul
from archdsl.layers.joining import Concat
from archdsl.layers.merge import Add, Mul
from archdsl.layers.reshape import Permute
from archdsl.shapes.shape import Layout, Shape

from .control_statements import known_condition
from .maker import LARGEST, Drawn, Maker, Names
from .values import arguments, written

_MERGES = tuple(merges().values())


def merge(maker: Maker, x: Shape, names: Names, depth: int) -> Drawn | None:
    """A merge of bodies and named tensors."""
    kinds: list[type[Op]] = [Add, Mul, Concat, *_MERGES]
    kind = maker.random.choice(kinds)
    values = arguments(maker.random, kind.parameters, x)
    op: Op = kind.of(values)
    shapes, words = [], []
    if kind in (Matmul, Einsum):
        return contraction(maker, x, names, depth)
    for _ in range(maker.random.randint(1, 3)):
        same = [name for name, (shape, _) in names.tensors.items() if shape == x]
        if same and maker.bernoulli(0.3):
            words.append(maker.random.choice([*same, "in"] if depth else same))
            shapes.append(x)
            continue
        body, y = ("{ }", x) if maker.bernoulli(0.1) else maker.body(x, names.inner(), depth, keep=maker.bernoulli(0.7))
        words.append(body)
        shapes.append(y)
    if len(shapes) == 1:
        shapes.insert(0, x)
    try:
        y = op.infer(tuple(shapes))
    except Reject:
        return None
    if values:
        # Usually before the operands, but they may be anywhere among them.
        where = maker.random.choice([0, 0, len(words)])
        words.insert(where, written(maker.random, kind.parameters, values, names.numbers).strip())
    # A newline before a name would end the statement.
    text = op.keyword + "".join(f"{maker.random.choice([' ', ' ', chr(10)]) if w[0] == '{' else ' '}{w}" for w in words)
    return maker.ended(text, x, y, names)


def contraction(maker: Maker, x: Shape, names: Names, depth: int) -> Drawn | None:
    """A product that sums along axes."""
    return _matmul(maker, x, names) if maker.bernoulli(0.5) else _einsum(maker, x, names)


def _einsum(maker: Maker, x: Shape, names: Names) -> Drawn | None:
    """A tensor times another of the same shape, summed along some axes."""
    if x.layout is Layout.IDS:
        return None
    first = [f"a{i}" for i in range(x.rank)]
    second = [maker.random.choice([name, f"b{i}"]) for i, name in enumerate(first)]
    known = list(dict.fromkeys([*first, *second]))
    right = maker.random.sample(known, maker.random.randint(1, min(4, len(known))))
    op = Einsum(pattern=f"{' '.join(first)}, {' '.join(second)} -> {' '.join(right)}")
    shared, sizes = op.contracted((x, x))
    if shared and all(sizes[name] == 1 for name in shared):
        return None  # torch does not count it
    body, _ = maker.layer(x, names.inner(), keep=True)
    y = op.infer((x, x))
    return maker.ended(f'einsum "{op.pattern}" {{ {body} }}', x, y, names) if y.numel <= LARGEST else None


def _matmul(maker: Maker, x: Shape, names: Names) -> Drawn | None:
    """A matrix times a transposed matrix."""
    if x.rank < 2 or x.layout is Layout.IDS:
        return None
    axes = (*range(x.rank - 2), x.rank - 1, x.rank - 2)
    y = Matmul().infer((x, Permute(axes=axes).infer((x,))))
    return maker.ended(f"matmul {{ permute {' '.join(map(str, axes))} }}", x, y, names)


def residual(maker: Maker, x: Shape, names: Names, depth: int) -> Drawn | None:
    """A residual, possibly with a condition and a shortcut."""
    body, y = maker.body(x, names.inner(), depth, keep=maker.bernoulli(0.7))
    met, unmet = (f" when {known_condition(maker, wanted, names)}" for wanted in (True, False))
    when = maker.random.choice(["", "", met, unmet])
    if maker.bernoulli(0.3):
        shortcut, z = maker.body(x, names.inner(), depth, keep=True)
        text = f"residual{when} {body} shortcut {shortcut}"
    else:
        z, text = x, f"residual{when} {body}"
    return maker.ended(text, x, y, names) if y == z else None
