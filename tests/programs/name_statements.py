"""Statements that give numbers and tensors names, and that read them."""

from archdsl.shapes.shape import Shape

from .maker import Drawn, Maker, Names


def let(maker: Maker, x: Shape, names: Names, depth: int) -> Drawn:
    """A number or a list with a name, or the entries of a list with names."""
    name, value = maker.name(), maker.random.randint(1, 4)
    if maker.bernoulli(0.5):
        text = f"let {name} = {maker.number(value, names)}"
        names.numbers[name] = value
        return text, x
    items = maker.entries()
    words = [maker.number(item, names) for item in items]
    broken = maker.random.choice([", ", ", ", ",\n  ", ",  # an entry\n  "])
    written_list = f"[{broken.join(words)}{maker.random.choice(['', ','])}]"
    match maker.random.randrange(3):
        case 0:
            names.numbers[name] = items
            return f"let {name} = {written_list}", x
        case 1:
            names.numbers[name] = [item * value for item in items]
            return f"let {name} = [e*{value} for e in {written_list}]", x
        case _:
            given = [maker.name() for _ in items]
            names.numbers.update(zip(given, items, strict=True))
            return f"let [{', '.join(given)}] = {written_list}", x


def from_(maker: Maker, x: Shape, names: Names, depth: int) -> Drawn | None:
    """A named tensor as the current one."""
    if not names.tensors:
        return None
    name = maker.random.choice(list(names.tensors))
    return f"from {name}", names.tensors[name][0]


def reuse(maker: Maker, x: Shape, names: Names, depth: int) -> Drawn | None:
    """A named layer with the same weights."""
    fitting = [name for name, (_, source) in names.tensors.items() if source == x]
    if not fitting:
        return None
    name = maker.random.choice(fitting)
    return f"reuse {name}", names.tensors[name][0]
