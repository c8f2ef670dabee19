"""Random programs: every construct of the language, with the layers of the registry."""

from random import Random
from typing import Any

from archdsl.contract.arguments import TensorName, TensorRef
from archdsl.contract.layer import Op, Reject
from archdsl.diagnostics import Sink
from archdsl.elaborate import elaborate
from archdsl.graph import Graph, scanned
from archdsl.layers import merges, registry, synonyms
from archdsl.layers.contraction import Einsum, Matmul
from archdsl.layers.joining import Concat
from archdsl.layers.merge import Add, Mul
from archdsl.layers.reshape import Permute
from archdsl.shapes.shape import Layout, Shape
from archdsl.syntax import parse
from archdsl.text.source import Source

from .values import arguments, number, written

_INPUTS = {
    "3x8x8": Shape(3, 8, 8),
    "4x6x5": Shape(4, 6, 5),
    "2x4x4x4": Shape(2, 4, 4, 4),
    "TxC": Shape(6, 4, layout=Layout.SEQUENCE),
    "CxL": Shape(4, 9, layout=Layout.SIGNAL),
    "6x4": Shape(6, 4),
    "12": Shape(12),
    "5 int(7)": Shape(5, layout=Layout.IDS, vocabulary=7),
}
_SYNONYMS = {keyword: [word for word, name in synonyms().items() if name == keyword] for keyword in registry()}
_MERGES = tuple(merges().values())
_LARGEST = 2000


def program(random: Random) -> str:
    """A program without errors."""
    return _Maker(random).program()


def built(text: str) -> tuple[Graph | None, Sink]:
    """The graph of a text, and its diagnostics."""
    sink = Sink()
    return elaborate(parse(Source(text), sink), sink).checked(), sink


def graph_of(text: str) -> Graph:
    """The graph of a text without errors."""
    graph, found = built(text)
    assert graph is not None, [each.diagnostic.message() for each in found]
    return graph


class _Names:
    """The names visible in a body: numbers, and tensors with their shape and that of the tensor they were made from."""

    def __init__(self, numbers: dict[str, Any], tensors: dict[str, tuple[Shape, Shape | None]]) -> None:
        self.numbers = numbers
        self.tensors = tensors

    def inner(self) -> "_Names":
        return _Names(dict(self.numbers), dict(self.tensors))


class _Maker:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.count = 0
        self.blocks: list[tuple[str, str, Shape]] = []
        self.definitions: list[str] = []
        self.parameters: dict[str, int | list[int]] = {}
        self.aux = False

    def bernoulli(self, p: float) -> bool:
        return self.random.random() < p

    def name(self) -> str:
        self.count += 1
        return self.random.choice("abcgmqtx") + self.random.choice(["", "_", "Out"]) + str(self.count)

    # --- the whole ---

    def program(self) -> str:
        head, names, x = self.head()
        text, good = head, head
        for _ in range(self.random.randint(1, 5)):
            before = dict(names.tensors), dict(names.numbers), list(self.definitions)
            line, y = self.statement(x, names, 0)
            text = f"{self.text(good)}{self.separator()}{line}"
            if built(self.whole(text))[1].errors:
                names.tensors, names.numbers, self.definitions = before
                self.blocks = [block for block in self.blocks if any(f" {block[0]}" in d for d in self.definitions)]
            else:
                good, x = text, y
        named = list(names.tensors)
        if named and self.bernoulli(0.2):
            outputs = ", ".join(dict.fromkeys(self.random.choices(named, k=self.random.randint(1, 2))))
            good += f"\noutput {outputs}"
        return self.whole(good)

    def text(self, good: str) -> str:
        return good

    def whole(self, text: str) -> str:
        definitions = "\n".join(self.definitions)
        net = ""
        if self.parameters:
            net = f"net Drawn({', '.join(f'{name} = {value}' for name, value in self.parameters.items())})\n"
        return f"{net}{definitions}\n{text}\n"

    def head(self) -> tuple[str, _Names, Shape]:
        names = _Names({}, {})
        if self.bernoulli(0.5):
            self.parameters = {name: self.random.randint(1, 4) for name in ("width", "n")[: self.random.randint(1, 2)]}
            if self.bernoulli(0.4):
                self.parameters["ds"] = self.entries()
            names.numbers.update(self.parameters)
        dims = self.random.choice(list(_INPUTS))
        if self.bernoulli(0.8):
            return f"input {self.sizes(dims)}", names, _INPUTS[dims]
        first, second = self.name(), self.name()
        other = self.random.choice([dims, self.random.choice(list(_INPUTS))])
        names.tensors = {first: (_INPUTS[other], None), second: (_INPUTS[dims], None)}
        return f"input {first} {self.sizes(other)}\ninput {second} {self.sizes(dims)}", names, _INPUTS[dims]

    def sizes(self, dims: str) -> str:
        """Names of axes determine how two dimensions are read, and are parameters of the network."""
        if "x" in dims and not dims[0].isdigit():
            shape = _INPUTS[dims]
            self.parameters.update(zip(dims.split("x"), shape.dims, strict=True))
        return dims

    def separator(self) -> str:
        return self.random.choice(["\n", "\n", "; ", ";", "\n\n\n", "  # a comment; relu {\n", "\n# another\n  "])

    # --- statements ---

    def statement(self, x: Shape, names: _Names, depth: int) -> tuple[str, Shape]:
        """A statement that takes a tensor of this shape, and its output shape."""
        kinds = ["layer"] * 4
        if depth < 2:
            kinds += [
                "merge",
                "merge",
                "residual",
                "stage",
                "repeat",
                "if",
                "block",
                "let",
                "from",
                "reuse",
                "aux",
                "like",
                "scan",
            ]
        made = getattr(self, f"make_{self.random.choice(kinds)}")(x, names, depth)
        return made if made is not None else self.make_layer(x, names, depth)

    def body(self, x: Shape, names: _Names, depth: int, keep: bool = False) -> tuple[str, Shape]:
        """`{ … }` with one to three statements; `keep` keeps the shape."""
        y, lines = x, []
        for _ in range(self.random.randint(1, 3)):
            line, z = self.make_layer(y, names, depth, keep=True) if keep else self.statement(y, names, depth + 1)
            lines.append(line)
            y = z
        comment = "  # inside\n" if self.bernoulli(0.1) else ""
        opening, closing = self.random.choice([("{ ", " }"), ("{\n  ", "\n}"), ("{", "}"), ("\n{\n", "\n\n}")])
        joined = lines[0] + "".join(f"{self.separator()}{line}" for line in lines[1:])
        return f"{opening}{joined}{comment}{closing}", y

    def make_layer(self, x: Shape, names: _Names, depth: int, keep: bool = False) -> tuple[str, Shape]:
        drawn = self.draw_layer(x, names, keep)
        if drawn is None:
            return "identity", x
        keyword, layer, values, y = drawn
        known = {**names.numbers, **({"@c": x.channels} if x.rank else {}), **self.sizes_of_tensors(names)}
        word = self.random.choice([keyword, keyword, keyword, *_SYNONYMS[keyword]])
        word = keyword if any(word == block for block, _, _ in self.blocks) else word
        text = word + written(self.random, layer.parameters, values, known)
        if y == x and self.bernoulli(0.1):
            text += f" x{self.random.randint(2, 3)}"
        if self.bernoulli(0.15):
            name = self.name()
            names.tensors[name] = (y, x)
            text += f" as {name}"
        return text, y

    def sizes_of_tensors(self, names: _Names) -> dict[str, int]:
        """The size of an axis of a named tensor: `t1@c`."""
        if not names.tensors or self.bernoulli(0.5):
            return {}
        name = self.random.choice(list(names.tensors))
        shape = names.tensors[name][0]
        letters = shape.letters if shape.layout is not Layout.OPEN else ""
        return {f"{name}@{letter}": size for letter, size in zip(letters, shape.dims, strict=False)}

    def entries(self) -> list[int]:
        return [self.random.randint(1, 4) for _ in range(self.random.randint(1, 4))]

    def draw_layer(self, x: Shape, names: _Names, keep: bool) -> tuple[str, type[Op], dict[str, Any], Shape] | None:
        for _ in range(12):
            keyword = self.random.choice(_KEYWORDS)
            layer = registry()[keyword]
            try:
                values = arguments(self.random, layer.parameters, x)
                others = self.named_inputs(layer, values, names)
                y = layer.of(values).infer((x, *others))
            except Reject:
                continue
            if y.numel <= _LARGEST and (not keep or y == x):
                return keyword, layer, values, y
        return None

    def named_inputs(self, layer: type[Op], values: dict[str, Any], names: _Names) -> list[Shape]:
        """Add tensors for arguments that name them; their shapes."""
        found = []
        for p in layer.parameters:
            if isinstance(p.kind, TensorName) and names.tensors and self.bernoulli(0.4):
                values[p.name] = TensorRef(self.random.choice(list(names.tensors)))
                found.append(names.tensors[values[p.name]][0])
        return found

    def make_stage(self, x: Shape, names: _Names, depth: int) -> tuple[str, Shape]:
        name = self.name()
        body, y = self.body(x, names, depth)
        names.tensors[name] = (y, x)
        return f"stage {name} {body}", y

    def make_merge(self, x: Shape, names: _Names, depth: int) -> tuple[str, Shape] | None:
        kinds: list[type[Op]] = [Add, Mul, Concat, *_MERGES]
        kind = self.random.choice(kinds)
        values = arguments(self.random, kind.parameters, x)
        op: Op = kind.of(values)
        shapes, words = [], []
        if kind is Matmul:
            return self.make_matmul(x, names)
        if kind is Einsum:
            return self.make_einsum(x, names)
        for _ in range(self.random.randint(1, 3)):
            same = [name for name, (shape, _) in names.tensors.items() if shape == x]
            if same and self.bernoulli(0.3):
                words.append(self.random.choice([*same, "in"] if depth else same))
                shapes.append(x)
                continue
            body, y = (
                ("{ }", x) if self.bernoulli(0.1) else self.body(x, names.inner(), depth, keep=self.bernoulli(0.7))
            )
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
            where = self.random.choice([0, 0, len(words)])
            words.insert(where, written(self.random, kind.parameters, values, names.numbers).strip())
        # A newline before a name would end the statement.
        text = op.keyword + "".join(
            f"{self.random.choice([' ', ' ', chr(10)]) if w[0] == '{' else ' '}{w}" for w in words
        )
        return self.ended(text, x, y, names)

    def make_einsum(self, x: Shape, names: _Names) -> tuple[str, Shape] | None:
        """A tensor times another of the same shape, summed along some axes."""
        if x.layout is Layout.IDS:
            return None
        first = [f"a{i}" for i in range(x.rank)]
        second = [self.random.choice([name, f"b{i}"]) for i, name in enumerate(first)]
        known = list(dict.fromkeys([*first, *second]))
        right = self.random.sample(known, self.random.randint(1, min(4, len(known))))
        op = Einsum(pattern=f"{' '.join(first)}, {' '.join(second)} -> {' '.join(right)}")
        shared, sizes = op.contracted((x, x))
        if shared and all(sizes[name] == 1 for name in shared):
            return None  # torch does not count it
        body, _ = self.make_layer(x, names.inner(), 2, keep=True)
        y = op.infer((x, x))
        return self.ended(f'einsum "{op.pattern}" {{ {body} }}', x, y, names) if y.numel <= _LARGEST else None

    def make_matmul(self, x: Shape, names: _Names) -> tuple[str, Shape] | None:
        """A matrix times a transposed matrix."""
        if x.rank < 2 or x.layout is Layout.IDS:
            return None
        axes = (*range(x.rank - 2), x.rank - 1, x.rank - 2)
        y = Matmul().infer((x, Permute(axes=axes).infer((x,))))
        return self.ended(f"matmul {{ permute {' '.join(map(str, axes))} }}", x, y, names)

    def ended(self, text: str, x: Shape, y: Shape, names: _Names) -> tuple[str, Shape]:
        """Possibly with a repetition and a name."""
        if x == y and self.bernoulli(0.15):
            text += " x2"
        if self.bernoulli(0.2):
            name = self.name()
            names.tensors[name] = (y, x)
            text += f" as {name}"
        return text, y

    def make_residual(self, x: Shape, names: _Names, depth: int) -> tuple[str, Shape] | None:
        body, y = self.body(x, names.inner(), depth, keep=self.bernoulli(0.7))
        when = self.random.choice(["", "", f" when {self.truth(True, names)}", f" when {self.truth(False, names)}"])
        if self.bernoulli(0.3):
            shortcut, z = self.body(x, names.inner(), depth, keep=True)
            text = f"residual{when} {body} shortcut {shortcut}"
        else:
            z, text = x, f"residual{when} {body}"
        return self.ended(text, x, y, names) if y == z else None

    def truth(self, wanted: bool, names: _Names) -> str:
        number_text = number(self.random, 2, names.numbers)
        yes = [f"{number_text} == 2", f"not {number_text} < 2", "1 <= 2 and 3 > 2", "1.5 >= 1 or 1/0 == 2"]
        no = [f"{number_text} != 2", "1 > 2", "not (1 < 2 or 3 < 4)", "-1 > 0"]
        return self.random.choice(yes if wanted else no)

    def make_repeat(self, x: Shape, names: _Names, depth: int) -> tuple[str, Shape]:
        inner = names.inner()
        count, target = number(self.random, self.random.randint(0, 3), names.numbers), ""
        match self.random.randrange(6):
            case 0 | 1:
                target = f" as i{depth}"
            case 2:
                count, target = str(self.entries()), f" as i{depth}"
            case 3:
                rows = [
                    [self.random.randint(1, 3), self.random.randint(1, 3)] for _ in range(self.random.randint(1, 3))
                ]
                count, target = str(rows).replace("], [", self.random.choice(["], [", "],\n  ["])), f" as [i{depth}, j]"
            case _:
                pass
        body, _ = self.body(x, inner, depth, keep=True)
        if target and self.bernoulli(0.7):
            body = f"{{ if i{depth} % 2 == 0 {body} else {{ relu }} }}" if x.layout is not Layout.IDS else body
        return self.named(f"repeat {count}{target} {body}", x, x, names)

    def named(self, text: str, x: Shape, y: Shape, names: _Names) -> tuple[str, Shape]:
        """Possibly with a name."""
        if self.bernoulli(0.2):
            name = self.name()
            names.tensors[name] = (y, x)
            text += f" as {name}"
        return text, y

    def make_if(self, x: Shape, names: _Names, depth: int) -> tuple[str, Shape]:
        kept = dict(names.tensors)
        other, _ = self.body(x, names.inner(), depth, keep=True)
        body, y = self.body(x, names, depth)
        truth, lie = self.truth(True, names), self.truth(False, names)
        match self.random.randrange(4):
            case 0:
                return self.named(f"if {truth} {body}", x, y, names)
            case 1:
                return self.named(f"if {truth} {body} else {other}", x, y, names)
            case 2:
                return self.named(f"if {lie} {other} else {body}", x, y, names)
            case _:
                names.tensors = kept
                return f"if {lie} {other}\nelse if {lie} {other}", x

    def make_block(self, x: Shape, names: _Names, depth: int) -> tuple[str, Shape] | None:
        """The use of a block, usually a new one."""
        fitting = [block for block in self.blocks if block[2] == x]
        if fitting and self.bernoulli(0.4):
            return f"{self.random.choice(fitting)[1]}{self.random.choice(['', ' x2'])}", x
        keep = self.bernoulli(0.6)
        name, parameters = self.name(), self.random.sample(["k", "c", "wide"], self.random.randrange(3))
        values = {p: self.random.randint(1, 4) for p in parameters}
        inner = _Names({**self.parameters, **values}, {})
        body, y = self.body(x, inner, max(depth, 1), keep=keep)
        if self.bernoulli(0.25) and y.layout is not Layout.IDS:
            return self.called(name, body, x, y)
        if not parameters and self.bernoulli(0.5):
            return self.with_results(name, body, x, y, names)
        last = parameters[-1:] if self.bernoulli(0.5) else []
        written_parameters = [f"{p} = {values[p]}" if p in last else p for p in parameters]
        head = f"({', '.join(written_parameters)})" if parameters else self.random.choice(["", "()"])
        self.definitions.append(f"block {name}{head} {body}")
        given = [p for p in parameters if p not in last or self.bernoulli(0.5)]
        use = name + "".join(f" {self.given(p, values[p], names)}" for p in given)
        if y == x:
            self.blocks.append((name, use, x))
        return use, y

    def called(self, name: str, body: str, x: Shape, y: Shape) -> tuple[str, Shape]:
        """The use of a block, the last statement of whose body is a layer that is its argument."""
        first, second = self.random.sample(["relu", "silu", "identity", "tanh", "bn"], 2)
        body = f"{body[:-1]}\nf }}"
        if self.bernoulli(0.5):
            self.definitions.append(f"block {name}(f) {body}")
            use = f"{name} {self.random.choice(['', 'f='])}{first}"
        else:
            self.definitions.append(f"block {name}(f = {second}) {body}")
            use = f"{name}{self.random.choice(['', f' f={first}'])}"
        if y == x:
            self.blocks.append((name, use, x))
        return use, y

    def with_results(self, name: str, body: str, x: Shape, y: Shape, names: _Names) -> tuple[str, Shape]:
        """The use of a block with two results, in any order."""
        last, z = self.make_layer(y, _Names({}, {}), 2)
        results = [("r1", y), ("r2", z)]
        self.random.shuffle(results)
        output = ", ".join(result for result, _ in results)
        self.definitions.append(f"block {name} {body[:-1]}\nidentity as r1; {last}; identity as r2\noutput {output} }}")
        given = [self.name(), self.name()]
        for each, (_, shape) in zip(given, results, strict=True):
            names.tensors[each] = (shape, x)
        return f"{name} as {given[0]}, {given[1]}", results[0][1]

    def given(self, name: str, value: int, names: _Names) -> str:
        forms = [f"{name}={number(self.random, value, names.numbers)}", f"{name}={value}"]
        return self.random.choice([*forms, f"{name}{value}"] if len(name) == 1 else forms)

    def make_let(self, x: Shape, names: _Names, depth: int) -> tuple[str, Shape]:
        name, value = self.name(), self.random.randint(1, 4)
        if self.bernoulli(0.5):
            text = f"let {name} = {number(self.random, value, names.numbers)}"
            names.numbers[name] = value
            return text, x
        items = self.entries()
        words = [number(self.random, item, names.numbers) for item in items]
        broken = self.random.choice([", ", ", ", ",\n  ", ",  # an entry\n  "])
        written_list = f"[{broken.join(words)}{self.random.choice(['', ','])}]"
        match self.random.randrange(3):
            case 0:
                names.numbers[name] = items
                return f"let {name} = {written_list}", x
            case 1:
                names.numbers[name] = [item * value for item in items]
                return f"let {name} = [e*{value} for e in {written_list}]", x
            case _:
                given = [self.name() for _ in items]
                names.numbers.update(zip(given, items, strict=True))
                return f"let [{', '.join(given)}] = {written_list}", x

    def make_from(self, x: Shape, names: _Names, depth: int) -> tuple[str, Shape] | None:
        if not names.tensors:
            return None
        name = self.random.choice(list(names.tensors))
        return f"from {name}", names.tensors[name][0]

    def make_reuse(self, x: Shape, names: _Names, depth: int) -> tuple[str, Shape] | None:
        fitting = [name for name, (_, source) in names.tensors.items() if source == x]
        if not fitting:
            return None
        name = self.random.choice(fitting)
        return f"reuse {name}", names.tensors[name][0]

    def make_scan(self, x: Shape, names: _Names, depth: int) -> tuple[str, Shape] | None:
        """A scan with one or two carried tensors, that start with zeros or with a named tensor."""
        try:
            _, step = scanned(x)
        except Reject:
            return None
        if step.layout is Layout.IDS or (x.layout is Layout.OPEN and self.bernoulli(0.5)):
            return None
        state, initial = self.name(), "x".join(map(str, step.dims))
        starts = [name for name, (shape, _) in names.tensors.items() if shape == step]
        if starts and self.bernoulli(0.5):
            initial = self.random.choice(starts)
        inner = _Names(dict(names.numbers), {state: (step, None)})
        body, _ = self.body(step, inner, max(depth, 1), keep=True)
        function = self.random.choice(["add", "mul", "sub"])
        carried, ends = f"{state} = {initial}", f"{function} {state}; sigmoid as {state}"
        if self.bernoulli(0.3):
            other = self.name()
            carried += f", {other} = {'x'.join(map(str, step.dims))}"
            ends = f"maximum {other} as {other}; {ends}"
        x = x.read_as(Layout.SEQUENCE) if x.layout is Layout.OPEN else x
        return f"scan carry {carried} {{ if 1 < 2 {body}; {ends} }}", x

    def make_like(self, x: Shape, names: _Names, depth: int) -> tuple[str, Shape] | None:
        """`upsample like=` a named tensor."""
        fitting = [name for name, (shape, _) in names.tensors.items() if shape.spatial and shape.rank == x.rank]
        if not fitting or not x.spatial:
            return None
        name = self.random.choice(fitting)
        size = names.tensors[name][0].spatial_size
        y = x.with_spatial_size(x.channels, size)
        mode = self.random.choice(["", " linear"])
        return (f"upsample like={name}{mode}", y) if y.numel <= _LARGEST else None

    def make_aux(self, x: Shape, names: _Names, depth: int) -> tuple[str, Shape]:
        body, _ = self.body(x, names.inner(), depth)
        return f"aux {self.name()} {body}", x


_COMMON = ("conv", "conv", "bn", "relu", "fc", "maxpool", "gap", "flatten", "layernorm", "embedding")
_KEYWORDS = (*sorted(registry()), *_COMMON, *_COMMON)
