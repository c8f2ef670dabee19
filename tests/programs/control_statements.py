"""Statements with a body that is repeated, chosen, or run on parts of a tensor."""

from archdsl.contract.layer import Reject
from archdsl.graph import scanned
from archdsl.shapes.shape import Layout, Shape

from .maker import Drawn, Maker, Names


def stage(maker: Maker, x: Shape, names: Names, depth: int) -> Drawn:
    """A stage; the names that it defines stay visible."""
    name = maker.name()
    body, y = maker.body(x, names, depth)
    names.tensors[name] = (y, x)
    return f"stage {name} {body}", y


def known_condition(maker: Maker, wanted: bool, names: Names) -> str:
    """A condition that is met, or is not."""
    number_text = maker.number(2, names)
    yes = [f"{number_text} == 2", f"not {number_text} < 2", "1 <= 2 and 3 > 2", "1.5 >= 1 or 1/0 == 2"]
    no = [f"{number_text} != 2", "1 > 2", "not (1 < 2 or 3 < 4)", "-1 > 0"]
    return maker.random.choice(yes if wanted else no)


def repeat(maker: Maker, x: Shape, names: Names, depth: int) -> Drawn:
    """A repetition, over a number, a list or the rows of a table."""
    inner = names.inner()
    count, target = maker.number(maker.random.randint(0, 3), names), ""
    match maker.random.randrange(6):
        case 0 | 1:
            target = f" as i{depth}"
        case 2:
            count, target = str(maker.entries()), f" as i{depth}"
        case 3:
            rows = [[maker.random.randint(1, 3), maker.random.randint(1, 3)] for _ in range(maker.random.randint(1, 3))]
            count, target = str(rows).replace("], [", maker.random.choice(["], [", "],\n  ["])), f" as [i{depth}, j]"
        case _:
            pass
    body, _ = maker.body(x, inner, depth, keep=True)
    if target and maker.bernoulli(0.7):
        body = f"{{ if i{depth} % 2 == 0 {body} else {{ relu }} }}" if x.layout is not Layout.IDS else body
    return maker.named(f"repeat {count}{target} {body}", x, x, names)


def if_(maker: Maker, x: Shape, names: Names, depth: int) -> Drawn:
    """A condition, of whose bodies one is chosen."""
    kept = dict(names.tensors)
    other, _ = maker.body(x, names.inner(), depth, keep=True)
    body, y = maker.body(x, names, depth)
    met, unmet = known_condition(maker, True, names), known_condition(maker, False, names)
    match maker.random.randrange(4):
        case 0:
            return maker.named(f"if {met} {body}", x, y, names)
        case 1:
            return maker.named(f"if {met} {body} else {other}", x, y, names)
        case 2:
            return maker.named(f"if {unmet} {other} else {body}", x, y, names)
        case _:
            names.tensors = kept
            return f"if {unmet} {other}\nelse if {unmet} {other}", x


def scan(maker: Maker, x: Shape, names: Names, depth: int) -> Drawn | None:
    """A scan with one or two carried tensors, that start with zeros or with a named tensor."""
    try:
        _, step = scanned(x)
    except Reject:
        return None
    if step.layout is Layout.IDS or (x.layout is Layout.OPEN and maker.bernoulli(0.5)):
        return None
    state, initial = maker.name(), "x".join(map(str, step.dims))
    starts = [name for name, (shape, _) in names.tensors.items() if shape == step]
    if starts and maker.bernoulli(0.5):
        initial = maker.random.choice(starts)
    inner = Names(dict(names.numbers), {state: (step, None)})
    body, _ = maker.body(step, inner, max(depth, 1), keep=True)
    function = maker.random.choice(["add", "mul", "sub"])
    carried, ends = f"{state} = {initial}", f"{function} {state}; sigmoid as {state}"
    if maker.bernoulli(0.3):
        other = maker.name()
        carried += f", {other} = {'x'.join(map(str, step.dims))}"
        ends = f"maximum {other} as {other}; {ends}"
    y = x.read_as(Layout.SEQUENCE) if x.layout is Layout.OPEN else x
    return maker.named(f"scan carry {carried} {{ if 1 < 2 {body}; {ends} }}", x, y, names)


def aux(maker: Maker, x: Shape, names: Names, depth: int) -> Drawn:
    """An auxiliary output."""
    body, _ = maker.body(x, names.inner(), depth)
    return f"aux {maker.name()} {body}", x


def carry(maker: Maker, x: Shape, names: Names, depth: int) -> Drawn | None:
    """A repetition with one or two carried tensors; the second may have any shape, and is changed by itself."""
    if x.layout is Layout.IDS:
        return None
    first, second, index = maker.name(), maker.name(), f"i{depth}"
    inner = names.inner()
    inner.tensors[first] = (x, None)
    carried = f"{first} = {_start(maker, x, names)}"
    body, _ = maker.body(x, inner, depth, keep=True)
    function = maker.random.choice(["add", "mul", "sub", "maximum"])
    lines = [f"if 1 < 2 {body}"]
    others = [name for name, (shape, _) in names.tensors.items() if shape.layout is not Layout.IDS and shape.rank]
    if others and maker.bernoulli(0.4):
        start = maker.random.choice(others)
        shape = names.tensors[start][0]
        own, _ = maker.layer(shape, Names(dict(names.numbers), {}), keep=True)
        carried += f", {second} = {start}"
        here = maker.name()
        lines += [f"identity as {here}", f"from {second}", own, f"identity as {second}", f"from {here}"]
        names.tensors[second] = (shape, None)
    lines.append(f"{function} {first} as {first}")
    names.tensors[first] = (x, None)
    count = maker.number(maker.random.randint(0, 3), names)
    target = maker.random.choice(["", f" as {index}"])
    if target and maker.bernoulli(0.5):
        lines.append(f"if {index} % 2 == 0 {{ identity }}")
    joined = "".join(f"{line}{maker.separator()}" for line in lines)
    return maker.named(f"repeat {count}{target} carry {carried} {{ {joined} }}", x, x, names)


def _start(maker: Maker, x: Shape, names: Names) -> str:
    """What a carried tensor of this shape starts with."""
    fitting = names.of_shape(x)
    if fitting and maker.bernoulli(0.5):
        return maker.random.choice(fitting)
    sizes = [f"({maker.number(size, names)})" if maker.bernoulli(0.2) else str(size) for size in x.dims]
    return "x".join(sizes) if x.rank else "1"


def moe(maker: Maker, x: Shape, names: Names, depth: int) -> Drawn | None:
    """A mixture of experts on the features of a vector or of each step."""
    if x.layout not in (Layout.VECTOR, Layout.SEQUENCE, Layout.OPEN):
        return None
    body, y = maker.body(Shape(x.features), Names(dict(names.numbers), {}), max(depth, 1))
    if y.layout is not Layout.VECTOR:
        return None
    experts = maker.random.randint(1, 4)
    top = maker.random.randint(1, experts)
    words = [f"experts={maker.number(experts, names)}", *([f"top={top}"] if top > 1 or maker.bernoulli(0.3) else [])]
    words += ["renormalize"] if maker.bernoulli(0.4) else []
    maker.random.shuffle(words)
    layout = Layout.VECTOR if x.rank == 1 else Layout.SEQUENCE
    z = Shape(*x.dims[:-1], y.channels, layout=layout)
    return maker.named(f"moe {' '.join(words)} {body}", x, z, names)
