"""The arguments of a class: what differs between its instances, and how the values of its modules follow from it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .calls import SourceText, helper_modules, literal
from .forward_numbers import Place
from .trees import Leaf, Tree, is_default, leaves

_PLACES: dict[str, tuple[str, ...]] = {
    "nn.Linear": ("in_features", "out_features"),
    "nn.Embedding": ("entries", "features"),
    "nn.BatchNorm": ("channels",),
    "nn.InstanceNorm": ("channels",),
    "nn.LayerNorm": ("features",),
    "nn.RMSNorm": ("features",),
    "nn.GroupNorm": ("groups", "channels"),
    "nn.ConvTranspose": ("in_channels", "out_channels", "kernel"),
    "nn.Conv": ("in_channels", "out_channels", "kernel"),
    "nn.LSTM": ("in_features", "out_features"),
    "nn.GRU": ("in_features", "out_features"),
    "nn.MaxPool": ("kernel",),
    "nn.AvgPool": ("kernel",),
    "nn.Dropout": ("p",),
    "nn.ChannelShuffle": ("groups",),
    "nn.PReLU": ("channels",),
}
_NAMES = {"kernel_size": "kernel", "num_layers": "layers", "hidden_size": "out_features"}
_USUAL: dict[str, Any] = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "project": False}
_SIZES = ("in_channels", "out_channels", "channels", "in_features", "out_features", "features", "hidden")


class ClassArgument:
    """An argument of a class, with its value for each instance."""

    def __init__(self, name: str, column: tuple[Any, ...], is_size: bool) -> None:
        self.name = name
        self.is_size = is_size
        (common, uses), *_ = Counter(value for value in column if value is not None).most_common(1)
        self.column = tuple(common if value is None else value for value in column)
        usual = _USUAL.get(name.rstrip("0123456789"), common)
        usual = usual if any(same(usual, value) for value in self.column) else common
        often = uses * 2 >= len(column) or usual is not common
        self.default = usual if not is_size and often else None

    @property
    def annotation(self) -> str:
        """The type of the values."""
        return " | ".join(dict.fromkeys(_type(value) for value in self.column))

    @property
    def declared(self) -> str:
        """The argument in the signature."""
        return f"{self.name}: {self.annotation}" + ("" if self.default is None else f" = {literal(self.default, ())}")


def _type(value: Any) -> str:
    if isinstance(value, tuple):
        return f"tuple[{', '.join(map(_type, value))}]"
    return type(value).__name__


class ClassArguments:
    """The arguments of one class. `signatures` has the names of the arguments of the classes in the text."""

    def __init__(self, signatures: Mapping[str, Sequence[str]]) -> None:
        self.signatures = signatures
        self.found: list[ClassArgument] = []
        self.sizes: dict[str, tuple[Any, ...]] = {}
        self.uses: Counter[str] = Counter()
        self.locals: dict[str, str] = {}
        self.taken = {"self", "i"}
        self.held: list[str] = []
        """The arguments that `forward` uses, as attributes."""

    def solve(self, trees: Sequence[Tree]) -> None:
        """Find the arguments for all values that differ."""
        every = [each for tree in trees for each in leaves(tree)]
        last = [leaf for leaf, head, place in every if self.hint(head, place).startswith("out_")]
        self.last = last[-1].column if last else ()
        for leaf, head, place in every:
            if _varies(leaf.column):
                hint = self.hint(head, place)
                if hint.startswith("out_") and leaf is not last[-1] and leaf.column != self.last:
                    hint = "hidden"
                text = self.expression(leaf.column, hint)
                self.uses[text] += 1
                leaf.column = (SourceText(text),)
            else:
                leaf.column = (next(value for value in leaf.column if value is not None),)
        self.name_expressions([leaf for leaf, *_ in every])

    def numbers(
        self, instances: Sequence[Mapping[Place, tuple[Any, str]]], modules: Sequence[str]
    ) -> dict[Place, SourceText]:
        """The source of the numbers in the `forward` of the first instance that differ in others.

        `modules` are the attributes of the class.
        """
        found: dict[Place, SourceText] = {}
        for places in zip(*(each.items() for each in instances), strict=True):
            column = tuple(value for _, (value, _) in places)
            if _varies(column):
                place, (_, hint) = places[0]
                found[place] = SourceText(f"self.{self.number(column, hint, modules)}")
        return found

    def number(self, column: tuple[Any, ...], hint: str, modules: Sequence[str]) -> str:
        """The argument with these values, as an attribute."""
        attributes = {name.partition(".")[0] for name in modules}
        for argument in self.found:
            if argument.column == column and not _varies_in_type(column, argument.column):
                if argument.name in self.held:
                    return argument.name
                if argument.name not in attributes:
                    self.held.append(argument.name)
                    return argument.name
        self.taken |= attributes
        argument = ClassArgument(self.name(hint), column, is_size=False)
        self.found.append(argument)
        self.held.append(argument.name)
        return argument.name

    def name_expressions(self, values: Sequence[Leaf]) -> None:
        """Give a variable to each expression that occurs several times."""
        for text, count in self.uses.items():
            if count > 1 and not text.isidentifier() and text in self.sizes:
                is_last = self.sizes[text] == self.last and "out_channels" not in self.taken
                self.locals[text] = self.name("out_channels" if is_last else "hidden")
        for leaf in values:
            if isinstance(leaf.column[0], SourceText) and leaf.column[0] in self.locals:
                leaf.column = (SourceText(self.locals[leaf.column[0]]),)

    def expression(self, column: tuple[Any, ...], hint: str) -> str:
        """The shortest expression for the values of a column."""
        is_size = hint in _SIZES
        for argument in self.found:
            if argument.is_size is is_size and _equal(column, argument.column) and (is_size or argument.name == hint):
                return argument.name
        if hint == "padding":
            for argument in self.found:
                if argument.name == "kernel" and _equal(column, tuple(_half(k) for k in argument.column)):
                    return "kernel // 2"
        if is_size or hint == "groups":
            for text, known in self.sizes.items():
                if _equal(column, known):
                    return text
        if is_size and all(value is None or (type(value) is int and value > 0) for value in column):
            for text in self.related(column):
                if None not in column:
                    self.sizes.setdefault(text, column)
                return text
        argument = ClassArgument(self.name(hint), column, is_size)
        self.found.append(argument)
        if is_size:
            self.sizes[argument.name] = argument.column
        return argument.name

    def related(self, column: tuple[Any, ...]) -> Iterator[str]:
        """Expressions of arguments that have these values."""
        sizes = [argument for argument in self.found if argument.is_size and _is_int(argument.column)]
        for argument in sizes:
            pairs = [(a, b) for a, b in zip(column, argument.column, strict=True) if a is not None]
            a, b = pairs[0]
            if a % b == 0 and all(x == a // b * y for x, y in pairs):
                yield f"{a // b} * {argument.name}"
            elif b % a == 0 and all(y == b // a * x for x, y in pairs):
                yield f"{argument.name} // {b // a}"
        for index, first in enumerate(sizes):
            for second in sizes[index + 1 :]:
                if _equal(column, tuple(a + b for a, b in zip(first.column, second.column, strict=True))):
                    yield f"{first.name} + {second.name}"
        for argument in sizes:
            pairs = [(a, b) for a, b in zip(column, argument.column, strict=True) if a is not None]
            more = pairs[0][0] - pairs[0][1]
            if more > 0 and all(a - b == more for a, b in pairs):
                yield f"{argument.name} + {more}"

    def hint(self, head: str, place: int | str) -> str:
        """A name for an argument of a call."""
        if isinstance(place, str):
            return _NAMES.get(place, place)
        names = self.signatures.get(head) or helper_modules().get(head)
        if names is None:
            names = next((names for start, names in _PLACES.items() if head.startswith(start)), ())
        return names[place] if place < len(names) else "value"

    def name(self, hint: str) -> str:
        name, number = hint, 1
        while name in self.taken:
            number += 1
            name = f"{hint}{number}"
        self.taken.add(name)
        return name

    def condition(self, wanted: tuple[bool, ...], otherwise: str) -> str:
        """A condition that holds for exactly the wanted instances."""
        atoms: list[tuple[str, tuple[bool, ...]]] = []
        named = {text: self.locals.get(text, text) for text in self.sizes}
        for argument in self.found:
            if argument.name == "stride":
                atoms.append(("stride != 1", tuple(value not in (1, (1, 1)) for value in argument.column)))
        sizes = [(named[text], column) for text, column in self.sizes.items()]
        for index, (text, column) in enumerate(sizes):
            for other, others in sizes[index + 1 :]:
                if None not in column and None not in others:
                    differs = tuple(a != b for a, b in zip(column, others, strict=True))
                    atoms.append((f"{text} != {other}", differs))
        for text, holds in atoms:
            if holds == wanted:
                return text
        for index, (text, holds) in enumerate(atoms):
            for other, others in atoms[index + 1 :]:
                if tuple(a or b for a, b in zip(holds, others, strict=True)) == wanted:
                    return f"{text} or {other}"
        argument = ClassArgument(self.name(otherwise), wanted, is_size=False)
        self.found.append(argument)
        return argument.name


def written(tree: Tree, defaults: dict[str, dict[str, Any]]) -> str:
    """An expression whose values are known, as source. `defaults` are those of classes that the text defines."""
    if isinstance(tree, Leaf):
        return literal(tree.column[0], ())
    args = []
    for index, (name, arg) in enumerate(tree.args):
        if isinstance(arg, Leaf):
            value = arg.column[0]
            own = defaults.get(tree.head, {})
            if is_default(tree.head, name, value) or (name in own and same(own[name], value)):
                continue
        text = written(arg, defaults)
        args.append(text if name is None else f"{name}={text}")
        assert name is not None or index < len(tree.args)
    return f"{tree.head}({', '.join(args)})"


def same(a: Any, b: Any) -> bool:
    """Whether two values are equal and of the same type."""
    return type(a) is type(b) and bool(a == b)


def _varies(column: tuple[Any, ...]) -> bool:
    known = [value for value in column if value is not None]
    return not all(same(value, known[0]) for value in known)


def _varies_in_type(column: tuple[Any, ...], values: tuple[Any, ...]) -> bool:
    return any(type(a) is not type(b) for a, b in zip(column, values, strict=True))


def _equal(column: tuple[Any, ...], values: tuple[Any, ...]) -> bool:
    return all(a is None or same(a, b) for a, b in zip(column, values, strict=True))


def _is_int(column: tuple[Any, ...]) -> bool:
    return all(type(value) is int and value > 0 for value in column)


def _half(kernel: Any) -> Any:
    return kernel // 2 if isinstance(kernel, int) else None
