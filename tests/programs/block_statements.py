"""Statements that define blocks and use them: with numbers, lists, tensors, layers and blocks as arguments."""

from functools import cache

from archdsl.diagnostics import Sink
from archdsl.elaborate import elaborate
from archdsl.shapes.shape import Layout, Shape
from archdsl.syntax import parse
from archdsl.text.source import Source

from .maker import LARGEST, Drawn, Maker, Names

_STANDARD = {
    Layout.IMAGE: (
        "unit 4 k1", "unit 6 s2 act=silu", "se 2", "eca", "cbam 2 k=3", "grn", "basic 4 s2", "bottleneck 1 base=4",
        "inverted_residual 4 expand=2", "mbconv 3 expand=2 k=5", "dense 2", "double 3", "cbs 4 k3",
        "cbs_pair 4 2 skip=0", "c2f 4", "c3 4 n=2", "c3k2 4 deep=1", "sppf 4", "aspp 2 rate=1",
        "patch_embedding 4 patch=2",
    ),
    Layout.SEQUENCE: (
        "swiglu 3", "geglu 5", "transformer_encoder 2 6", "transformer_encoder heads=1 hidden=4 pre=1 act=gelu",
        "transformer_decoder in 2 6",
    ),
}  # fmt: skip
"""Uses of `std`, by the layout that they take."""


def block(maker: Maker, x: Shape, names: Names, depth: int) -> Drawn | None:
    """The use of a block, usually a new one."""
    fitting = [block for block in maker.blocks if block[2] == x]
    if fitting and maker.bernoulli(0.4):
        return f"{maker.random.choice(fitting)[1]}{maker.random.choice(['', ' x2'])}", x
    keep = maker.bernoulli(0.6)
    name, parameters = maker.name(), maker.random.sample(["k", "c", "wide"], maker.random.randrange(3))
    values = {p: maker.random.randint(1, 4) for p in parameters}
    body, y = maker.body(x, _inner(maker, values), max(depth, 1), keep=keep)
    if not parameters and maker.bernoulli(0.5):
        return _with_results(maker, name, body, x, y, names)
    last = parameters[-1:] if maker.bernoulli(0.5) else []
    written_parameters = [f"{p} = {values[p]}" if p in last else p for p in parameters]
    head = f"({', '.join(written_parameters)})" if parameters else maker.random.choice(["", "()"])
    maker.definitions.append(f"block {name}{head} {body}")
    given = [p for p in parameters if p not in last or maker.bernoulli(0.5)]
    return _used(maker, name, name + "".join(f" {_given(maker, p, values[p], names)}" for p in given), x, y)


def _inner(maker: Maker, values: dict[str, int]) -> Names:
    """What the body of a block sees: the parameters of the network, and its own."""
    return Names({**maker.parameters, **values}, {})


def _used(maker: Maker, name: str, use: str, x: Shape, y: Shape) -> Drawn:
    """The use, which may occur again."""
    if y == x:
        maker.blocks.append((name, use, x))
    return use, y


def _with_results(maker: Maker, name: str, body: str, x: Shape, y: Shape, names: Names) -> Drawn:
    """The use of a block with two results, in any order."""
    last, z = maker.layer(y, Names({}, {}))
    results = [("r1", y), ("r2", z)]
    maker.random.shuffle(results)
    output = ", ".join(result for result, _ in results)
    maker.definitions.append(f"block {name} {body[:-1]}\nidentity as r1; {last}; identity as r2\noutput {output} }}")
    given = [maker.name(), maker.name()]
    for each, (_, shape) in zip(given, results, strict=True):
        names.tensors[each] = (shape, x)
    return f"{name} as {given[0]}, {given[1]}", results[0][1]


def _given(maker: Maker, name: str, value: int, names: Names) -> str:
    forms = [f"{name}={maker.number(value, names)}", f"{name}={value}"]
    return maker.random.choice([*forms, f"{name}{value}"] if len(name) == 1 else forms)


def of_layer(maker: Maker, x: Shape, names: Names, depth: int) -> Drawn | None:
    """A block one of whose statements is a layer that is its argument; on an image, a convolution may be one."""
    name = maker.name()
    body, y = maker.body(x, _inner(maker, {}), max(depth, 1), keep=maker.bernoulli(0.6))
    if y.layout is Layout.IDS:
        return None
    if y.layout is Layout.IMAGE and maker.bernoulli(0.4):
        maker.definitions.append(f"block {name}(f, c) {body[:-1]}\nf c k1 nobias }}")
        layer, filters = maker.random.choice(["conv", "upconv"]), maker.random.randint(1, 4)
        use = maker.random.choice([f"{name} {layer} {filters}", f"{name} c={filters} f={layer}"])
        return _used(maker, name, use, x, y.with_channels(filters))
    first, second = maker.random.sample(["relu", "silu", "identity", "tanh", "gelu"], 2)
    if maker.bernoulli(0.5):
        maker.definitions.append(f"block {name}(f) {body[:-1]}\nf }}")
        return _used(maker, name, f"{name} {maker.random.choice(['', 'f='])}{first}", x, y)
    maker.definitions.append(f"block {name}(f = {second}) {body[:-1]}\nf }}")
    return _used(maker, name, f"{name}{maker.random.choice(['', f' f={first}'])}", x, y)


def of_block(maker: Maker, x: Shape, names: Names, depth: int) -> Drawn | None:
    """A block that uses another block, which is its argument, once or more."""
    inner, outer = maker.name(), maker.name()
    body, _ = maker.body(x, _inner(maker, {"k": 2}), max(depth, 1), keep=True)
    maker.definitions.append(f"block {inner}(k = 2) {body}")
    uses = [
        "f", "f k=k", "f; f", "f x2", "repeat k { f }", "repeat [1, k] as i { f i }", "if k > 1 { f } else { f k=3 }",
        "stage s { f }", "residual { f }" if x.layout is not Layout.IDS else "f",
    ]  # fmt: skip
    parameters, given = maker.random.choice(
        [("f, k", f"{inner} 2"), ("k, f", f"2 {inner}"), ("f, k = 2", inner), (f"k = 1, f = {inner}", "")]
    )
    maker.definitions.append(f"block {outer}({parameters}) {{ {maker.random.choice(uses)} }}")
    return _used(maker, outer, f"{outer} {given}".strip(), x, x)


def of_list(maker: Maker, x: Shape, names: Names, depth: int) -> Drawn | None:
    """A block that repeats its body for the entries of a list, which is its argument."""
    name, items = maker.name(), maker.entries()
    inner = _inner(maker, {})
    inner.numbers["sizes"] = items
    body, _ = maker.body(x, inner, max(depth, 1), keep=True)
    loops = [
        f"repeat sizes as d {{ if d > 1 {body} }}",
        f"repeat len(sizes) as i {{ if sizes[i] % 2 == 0 {body} }}",
        f"repeat [[d, 2*d] for d in sizes] as [a, b] {{ if a < b {body} }}",
        f"let [first] = sizes[:1]\nrepeat first {body}",
    ]
    known = [each for each, value in names.numbers.items() if value == items]
    given = maker.random.choice([str(items), f"sizes={items}", f"[d for d in {items}]", *known])
    if maker.bernoulli(0.3):
        maker.definitions.append(f"block {name}(sizes = {items}) {{ {maker.random.choice(loops)} }}")
        return _used(maker, name, name, x, x)
    maker.definitions.append(f"block {name}(sizes) {{ {maker.random.choice(loops)} }}")
    return f"{name} {given}", x


def of_tensor(maker: Maker, x: Shape, names: Names, depth: int) -> Drawn | None:
    """A block that adds a tensor, which is its argument, and that may give back both."""
    fitting = names.of_shape(x)
    if not fitting or x.layout is Layout.IDS:
        return None
    name, tensor = maker.name(), maker.random.choice(fitting)
    inner = _inner(maker, {})
    inner.tensors["skip"] = (x, None)
    body, _ = maker.body(x, inner, max(depth, 1), keep=True)
    if maker.bernoulli(0.5):
        maker.definitions.append(f"block {name}(skip) {body[:-1]}\nadd skip }}")
        return f"{name} {maker.random.choice(['', 'skip='])}{tensor}", x
    maker.definitions.append(f"block {name}(skip) {body[:-1]}\nmul skip as product\noutput product, skip }}")
    first, second = maker.name(), maker.name()
    names.tensors |= {first: (x, None), second: (x, None)}
    return f"{name} {tensor} as {first}, {second}", x


def standard(maker: Maker, x: Shape, names: Names, depth: int) -> Drawn | None:
    """A block of `std`."""
    if x.layout not in _STANDARD:
        return None
    use = maker.random.choice(_STANDARD[x.layout])
    y = _standard_shape(use, x)
    if y is None or y.numel > LARGEST:
        return None
    maker.uses_std = True
    return maker.ended(use, x, y, names) if " in " not in use else (use, y)


@cache
def _standard_shape(use: str, x: Shape) -> Shape | None:
    """The shape that a use of a standard block makes; None if it does not take x."""
    head = f"net N(T = {x.dims[0]}, C = {x.dims[1]})\ninput TxC" if x.layout is Layout.SEQUENCE else f"input {x}"
    sink = Sink()
    graph = elaborate(parse(Source(f"{head.replace('×', 'x')}\nuse std\n{use}\n"), sink), sink).checked()
    return None if graph is None else graph.output.shape
