"""Chains as text."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..contract.styles import SHAPE_KEEPING
from ..graph import Graph, MoeOp, ScanOp
from ..layers import find
from .free_names import Names
from .items import Chain, Code, Item, Ref, refs_of
from .layer_words import Unwritable, size, words

_WIDTH = 96
_JOINED = SHAPE_KEEPING | {"activation", "pool"}
"""What goes on the line of the layer before."""


class Writer:
    """Writes chains. `names` has the name of each tensor that something refers to."""

    def __init__(self, names: Mapping[int, str], nested: "Callable[[Graph, Mapping[int, str]], list[str]]") -> None:
        self.names = names
        self.nested = nested

    def lines(self, chain: Chain) -> list[str]:
        """The statements of a chain, several on a line where they belong together."""
        return self.joined(chain.items)

    def joined(self, items: Sequence[Item]) -> list[str]:
        found: list[str] = []
        for item in items:
            made = self.statement(item)
            if found and len(made) == 1 and self.continues(item) and "\n" not in found[-1]:
                line = f"{found[-1]}; {made[0]}"
                if len(line) <= _WIDTH and not found[-1].startswith(("from", "}", " ")):
                    found[-1] = line
                    continue
            found += made
        return found

    def continues(self, item: Item) -> bool:
        """Whether an item belongs to the line of the one before."""
        layer = find(item.word) if item.sort == "layer" else None
        return layer is not None and layer.style in _JOINED

    def statement(self, item: Item) -> list[str]:
        """The lines of one item."""
        alias = self.names.get(_first(item.out))
        tail = f" as {alias}" if alias is not None and item.sort not in ("from", "aux") else ""
        match item.sort:
            case "from":
                return [f"from {self.tensor(item.args['tensor'])}"]
            case "reuse":
                return [f"reuse {self.tensor(item.args['tensor'])}{tail}"]
            case "layer":
                return [" ".join([item.word, *self.words(item)]) + tail]
            case "merge":
                return self.merge(item, tail)
            case "aux":
                return _composed(f"aux {item.word}", [self.operand(item.operands[0])], "")
            case "zeros":
                # A repetition names its last tensor: here the one that it starts with.
                return [f"repeat 1 carry {alias} = {_first(item.args['shape'])} {{ stage {alias} {{ from {alias} }} }}"]
            case "scan" | "moe":
                return self.body_of_layer(item, tail)
            case _:
                raise Unwritable(item.sort)

    def words(self, item: Item) -> list[str]:
        """The arguments of an item."""
        return words(item.parameters, {name: self.value(_first(column)) for name, column in item.args.items()})

    def value(self, value: Any) -> Any:
        return Code(self.names[value.node]) if isinstance(value, Ref) else value

    def tensor(self, column: Sequence[Any]) -> str:
        return self.names[_first(column).node]

    # --- merges ---

    def merge(self, item: Item, tail: str) -> list[str]:
        head = " ".join([item.word, *self.words(item)])
        operands = item.operands
        if is_residual(item):
            body, shortcut = operands
            assert isinstance(body, Chain)
            other = [_after("shortcut", self.body(shortcut))] if isinstance(shortcut, Chain) else []
            return _composed("residual", [self.body(body), *other], tail)
        rest = operands[1:] if len(operands) == 2 and operands[0] is None else operands
        return _composed(head, [self.operand(each) for each in rest], tail)

    def operand(self, operand: Any) -> list[str]:
        if operand is None:
            return ["{ }"]
        if isinstance(operand, Chain):
            return self.body(operand)
        return [self.tensor(operand)]

    def body(self, chain: Chain) -> list[str]:
        """A body in braces: on one line if it fits."""
        return braced(self.joined(chain.items))

    # --- layers with bodies ---

    def body_of_layer(self, item: Item, tail: str) -> list[str]:
        op = _first(item.args["op"])
        outer = [self.value(_first(item.args[str(number)])) for number in range(len(item.args) - 1)]
        if isinstance(op, MoeOp):
            values = {p.name: op.value_of(p) for p in op.parameters}
            head = " ".join([item.word, *words(op.parameters, values)])
            return _composed(head, [braced(self.nested(op.body.graph, {}))], tail)
        assert isinstance(op, ScanOp)
        graph = op.body.graph
        names = Names(self.names.values())
        carried = [names.take(name, "state") for name in graph.input_names[1 : 1 + len(op.initial)]]
        given = iter(outer)
        starts = [next(given) if zeros is None else _zeros(zeros.dims) for zeros in op.initial]
        known = dict(zip(graph.inputs[1 + len(carried) :], map(str, given), strict=True))
        known |= dict(zip(graph.inputs[1:], carried, strict=False))
        pairs = ", ".join(f"{name} = {start}" for name, start in zip(carried, starts, strict=True))
        return _composed(f"scan carry {pairs}", [braced(self.nested(graph, known))], tail)


def _zeros(dims: Sequence[int]) -> str:
    return size(dims)


def is_residual(item: Item) -> bool:
    """Whether a merge is `residual`: an addition of a body and the current tensor or another body, the body first."""
    if item.word != "add" or len(item.operands) != 2 or item.args:
        return False
    body, shortcut = item.operands
    return isinstance(body, Chain) and not isinstance(shortcut, tuple)


def braced(lines: Sequence[str]) -> list[str]:
    """Lines in braces: on one line if it fits."""
    if not lines:
        return ["{ }"]
    flat = f"{{ {'; '.join(lines)} }}"
    if len(lines) <= 3 and len(flat) <= _WIDTH - 24 and all(not line.startswith((" ", "}")) for line in lines):
        return [flat]
    return ["{", *(f"  {line}" for line in lines), "}"]


def _after(word: str, lines: Sequence[str]) -> list[str]:
    return [f"{word} {lines[0]}", *lines[1:]]


def _composed(head: str, operands: Iterable[Sequence[str]], tail: str) -> list[str]:
    """A statement with bodies: each after the end of the one before."""
    lines = [head]
    for operand in operands:
        lines[-1] += f" {operand[0]}"
        lines += operand[1:]
    lines[-1] += tail
    return lines


def _first(column: Sequence[Any]) -> Any:
    """The value of the first instance that has the item."""
    return next((value for value in column if value is not None), None)


def referred(items: Iterable[Item]) -> set[int]:
    """The nodes that items refer to by name, and those that must have one."""
    items = list(items)
    found = {value.node for item in items for column in refs_of(item) for value in column if isinstance(value, Ref)}
    return found | {_first(item.out) for item in items if item.sort == "zeros"}
