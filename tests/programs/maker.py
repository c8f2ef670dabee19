"""What the statements of a random program have in common: names, expressions, bodies, and layers of the registry."""

import re
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from archdsl.contract.arguments import TensorName, TensorRef
from archdsl.contract.layer import Op, Reject
from archdsl.layers import registry, synonyms
from archdsl.shapes.shape import Layout, Shape
from archdsl.text.library import standard_blocks

from .values import arguments, number, written

Drawn = tuple[str, Shape]
"""A statement, and the shape of the tensor that it ends with."""
Statement = Callable[["Maker", Shape, "Names", int], Drawn | None]
"""A function that draws a statement for a tensor of this shape, in a body of this depth; None if none fits."""

INPUTS = {
    "3x8x8": Shape(3, 8, 8),
    "4x6x5": Shape(4, 6, 5),
    "2x4x4x4": Shape(2, 4, 4, 4),
    "TxC": Shape(6, 4, layout=Layout.SEQUENCE),
    "CxL": Shape(4, 9, layout=Layout.SIGNAL),
    "6x4": Shape(6, 4),
    "12": Shape(12),
    "5 int(7)": Shape(5, layout=Layout.IDS, vocabulary=7),
}
LARGEST = 2000
"""Elements of the largest tensor."""
_SYNONYMS = {keyword: [word for word, name in synonyms().items() if name == keyword] for keyword in registry()}
_COMMON = ("conv", "conv", "bn", "relu", "fc", "maxpool", "gap", "flatten", "layernorm", "embedding")
_KEYWORDS = (*sorted(registry()), *_COMMON, *_COMMON)


class Names:
    """The names visible in a body: numbers, and tensors with their shape and that of the tensor they were made from."""

    def __init__(self, numbers: dict[str, Any], tensors: dict[str, tuple[Shape, Shape | None]]) -> None:
        self.numbers = numbers
        self.tensors = tensors

    def inner(self) -> "Names":
        """The same names, for a body that defines some of its own."""
        return Names(dict(self.numbers), dict(self.tensors))

    def of_shape(self, shape: Shape) -> list[str]:
        """The tensors that have this shape."""
        return [name for name, (each, _) in self.tensors.items() if each == shape]


class Maker:
    """The program so far: its definitions and parameters. `flat` statements have no body, `nested` ones have."""

    def __init__(self, random: Random, flat: Mapping[str, Statement], nested: Mapping[str, Statement]) -> None:
        self.random = random
        self.flat = flat
        self.nested = nested
        self.count = 0
        self.blocks: list[tuple[str, str, Shape]] = []
        self.definitions: list[str] = []
        self.parameters: dict[str, int | list[int]] = {}
        self.uses_std = False

    def bernoulli(self, p: float) -> bool:
        return self.random.random() < p

    def name(self) -> str:
        self.count += 1
        return self.random.choice("abcgmqtx") + self.random.choice(["", "_", "Out"]) + str(self.count)

    def entries(self) -> list[int]:
        return [self.random.randint(1, 4) for _ in range(self.random.randint(1, 4))]

    def separator(self) -> str:
        return self.random.choice(["\n", "\n", "; ", ";", "\n\n\n", "  # a comment; relu {\n", "\n# another\n  "])

    # --- the whole ---

    def whole(self, text: str) -> str:
        definitions = "\n".join([*(["use std"] if self.uses_std else []), *self.definitions])
        net = ""
        if self.parameters:
            net = f"net Drawn({', '.join(f'{name} = {value}' for name, value in self.parameters.items())})\n"
        return f"{net}{definitions}\n{text}\n"

    def head(self) -> tuple[str, Names, Shape]:
        """The inputs, and the shape of the last one."""
        names = Names({}, {})
        if self.bernoulli(0.5):
            self.parameters = {name: self.random.randint(1, 4) for name in ("width", "n")[: self.random.randint(1, 2)]}
            if self.bernoulli(0.4):
                self.parameters["ds"] = self.entries()
            names.numbers.update(self.parameters)
        dims = self.random.choice(list(INPUTS))
        if self.bernoulli(0.8):
            return f"input {self.sizes(dims)}", names, INPUTS[dims]
        first, second = self.name(), self.name()
        other = self.random.choice([dims, self.random.choice(list(INPUTS))])
        names.tensors = {first: (INPUTS[other], None), second: (INPUTS[dims], None)}
        return f"input {first} {self.sizes(other)}\ninput {second} {self.sizes(dims)}", names, INPUTS[dims]

    def sizes(self, dims: str) -> str:
        """Names of axes determine how two dimensions are read, and are parameters of the network."""
        if "x" in dims and not dims[0].isdigit():
            shape = INPUTS[dims]
            self.parameters.update(zip(dims.split("x"), shape.dims, strict=True))
        return dims

    # --- statements ---

    def statement(self, x: Shape, names: Names, depth: int) -> Drawn:
        """A statement that takes a tensor of this shape, and its output shape."""
        kinds = {**self.flat, **self.nested} if depth < 2 else {}
        if not kinds or self.bernoulli(0.2):
            return self.layer(x, names)
        drawn = self.random.choice(list(kinds.values()))(self, x, names, depth)
        return self.layer(x, names) if drawn is None else drawn

    def body(self, x: Shape, names: Names, depth: int, keep: bool = False) -> Drawn:
        """`{ … }` with one to three statements; `keep` keeps the shape."""
        y, lines = x, []
        for _ in range(self.random.randint(1, 3)):
            line, z = self.layer(y, names, keep=True) if keep else self.statement(y, names, depth + 1)
            lines.append(line)
            y = z
        comment = "  # inside\n" if self.bernoulli(0.1) else ""
        opening, closing = self.random.choice([("{ ", " }"), ("{\n  ", "\n}"), ("{", "}"), ("\n{\n", "\n\n}")])
        joined = lines[0] + "".join(f"{self.separator()}{line}" for line in lines[1:])
        return f"{opening}{joined}{comment}{closing}", y

    def ended(self, text: str, x: Shape, y: Shape, names: Names) -> Drawn:
        """Possibly with a repetition and a name."""
        if x == y and self.bernoulli(0.15):
            text += " x2"
        return self.named(text, x, y, names)

    def named(self, text: str, x: Shape, y: Shape, names: Names) -> Drawn:
        """Possibly with a name."""
        if self.bernoulli(0.2):
            name = self.name()
            names.tensors[name] = (y, x)
            text += f" as {name}"
        return text, y

    # --- layers ---

    def layer(self, x: Shape, names: Names, keep: bool = False) -> Drawn:
        """A layer of the registry; `keep` keeps the shape."""
        drawn = self._draw_layer(x, names, keep)
        if drawn is None:
            return "identity", x
        keyword, layer, values, y = drawn
        text = self.written(keyword, layer, values, x, names)
        if y == x and self.bernoulli(0.1):
            text += f" x{self.random.randint(2, 3)}"
        return self.named(text, x, y, names) if self.bernoulli(0.75) else (text, y)

    def written(self, keyword: str, layer: type[Op], values: dict[str, Any], x: Shape, names: Names) -> str:
        """A layer with its arguments, by one of its names."""
        has_channels = x.rank and x.layout is not Layout.IDS
        known = {**names.numbers, **({"@c": x.channels} if has_channels else {}), **self._sizes_of_tensors(names)}
        dimensions = len(x.spatial_size) if x.spatial else 0
        # `conv2d` is for images; what `conv` is for, its shape says.
        fitting = [word for word in _SYNONYMS[keyword] if not re.search(r"\dd$", word) or word[-2] == str(dimensions)]
        word = self.random.choice([keyword, keyword, keyword, *fitting])
        word = keyword if word in standard_blocks() or any(word == block for block, _, _ in self.blocks) else word
        return word + written(self.random, layer.parameters, values, known)

    def number(self, value: int, names: Names) -> str:
        """An expression with this value."""
        return number(self.random, value, names.numbers)

    def _sizes_of_tensors(self, names: Names) -> dict[str, int]:
        """The size of an axis of a named tensor: `t1@c`."""
        if not names.tensors or self.bernoulli(0.5):
            return {}
        name = self.random.choice(list(names.tensors))
        shape = names.tensors[name][0]
        letters = shape.letters if shape.layout is not Layout.OPEN else ""
        return {f"{name}@{letter}": size for letter, size in zip(letters, shape.dims, strict=False)}

    def _draw_layer(self, x: Shape, names: Names, keep: bool) -> tuple[str, type[Op], dict[str, Any], Shape] | None:
        for _ in range(12):
            keyword = self.random.choice(_KEYWORDS)
            layer = registry()[keyword]
            try:
                values = arguments(self.random, layer.parameters, x)
                others = self.named_inputs(layer, values, names)
                y = layer.of(values).infer((x, *others))
            except Reject:
                continue
            if y.numel <= LARGEST and (not keep or y == x):
                return keyword, layer, values, y
        return None

    def named_inputs(self, layer: type[Op], values: dict[str, Any], names: Names) -> list[Shape]:
        """Add tensors for arguments that name them; their shapes."""
        found = []
        for p in layer.parameters:
            if isinstance(p.kind, TensorName) and names.tensors and self.bernoulli(0.4):
                values[p.name] = TensorRef(self.random.choice(list(names.tensors)))
                found.append(names.tensors[values[p.name]][0])
        return found
