"""A block: the body of several instances, with parameters for what differs between them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from ..contract.arguments import REQUIRED
from .alignment import is_plain_activation
from .block_parameters import BlockParameter, BlockPlace, agrees, is_equal, ratio_of
from .free_names import Names
from .items import Chain, Code, Column, Item, Ref, below, first, producers
from .runs import made_by
from .wording import Wording

_CHANNELS = ("filters", "units", "features", "channels")


class Unsolvable(Exception):
    """Instances that one body cannot describe."""


class FoldedBlock:
    """The body of several instances. `channels` gives the channels of the tensor that a node makes.

    It returns what its last item makes and, in `results`, the tensors of `outward`, to which others refer.
    """

    def __init__(
        self,
        name: str,
        items: list[Item],
        start: Column,
        channels: Callable[[int], int | None],
        outward: AbstractSet[int] = frozenset(),
    ) -> None:
        self.name = self.kind = name
        self.items = items
        self.start = start
        self.channels = channels
        self.names = Names()
        self.parameters: list[BlockParameter] = []
        self.values: dict[tuple[int, str], Any] = {}
        self.conditions: dict[int, str] = {}
        self.aliases: dict[tuple[int, int], str] = {}
        self.operands: dict[tuple[int, int], str] = {}
        self.outs: list[tuple[str, Column]] = []
        self.results: list[Column] = []
        self.returned: list[str] = []
        self.solve()
        self.find_results(outward)

    # --- walking ---

    def places(self) -> Iterator[BlockPlace]:
        """The items in the order of execution."""
        count = len(self.start)
        yield from self._walk(self.items, self.start, tuple(range(count)), (True,) * count)

    def _walk(
        self, items: list[Item], current: Column, outer: tuple[int, ...], runs: tuple[bool, ...]
    ) -> Iterator[BlockPlace]:
        for item in items:
            yield BlockPlace(item, current, outer, items, runs)
            present = item.present
            for chain in item.chains():
                if chain.origin is None:
                    # A body that starts from the current tensor, whether or not an instance has the item.
                    yield from self._walk(chain.items, current, outer, present)
                else:
                    origin = chain.origin
                    inner = tuple(outer[i] for i in origin), tuple(present[i] for i in origin)
                    yield from self._walk(chain.items, chain.start, *inner)
            if item.sort != "aux":
                current = tuple(old if new is None else new for old, new in zip(current, item.out, strict=True))

    # --- values ---

    def solve(self) -> None:
        """Find the parameters, and an expression for each value that differs."""
        owners = producers(self.items)
        for place in self.places():
            item = place.item
            for name, column in item.args.items():
                if name == "when":
                    continue
                if any(isinstance(value, Ref) for value in column):
                    self.values[id(item), name] = self.tensor(column, place, owners)
                elif len({value for value in column if value is not None}) > 1:
                    self.values[id(item), name] = self.expression(name, column, place)
            for index, operand in enumerate(item.operands):
                if isinstance(operand, tuple):
                    self.operands[id(item), index] = str(self.tensor(operand, place, owners))
        for place in self.places():
            self.find_condition(place)
        for item in below(Chain(self.start, self.items)):
            if item.results:
                self.alias(item)
        self.parameters.sort(key=lambda p: (p.is_word, p.default is not REQUIRED))

    def tensor(self, column: Column, place: BlockPlace, owners: Mapping[int, Item]) -> Code:
        """The name of a tensor. Raises Unsolvable."""
        known = [(i, value.node) for i, value in enumerate(column) if value is not None]
        inside = [self.maker(owners.get(node), i, node, place) for i, node in known]
        first_maker = inside[0]
        if first_maker is not None:
            if any(maker != first_maker for maker in inside):
                raise Unsolvable(f"{self.name}: different tensors")
            return Code(self.alias(*first_maker))
        if any(maker is not None for maker in inside):
            raise Unsolvable(f"{self.name}: tensors from inside and outside")
        if all(self.start[place.outer[i]] == node for i, node in known):
            return Code("in")
        nodes = self.outward(column, place)
        return Code(self.parameter("skip", nodes).name)

    def maker(self, item: Item | None, index: int, node: int, place: BlockPlace) -> tuple[Item, int] | None:
        """The item of the block that creates a node in the same instance, and the number of the result; None if the
        node comes from outside.
        """
        if item is None:
            return None
        outer = index if len(item.out) == len(place.outer) else place.outer[index]
        numbers = (k for k, column in enumerate(item.makes) if len(column) > outer and column[outer] == node)
        number = next(numbers, None)
        return None if number is None else (item, number)

    def alias(self, item: Item, number: int = 0) -> str:
        """The name of a result of an item; the use of a block with several results names each."""
        if (id(item), number) not in self.aliases:
            for k in range(len(item.makes)) if item.results else (number,):
                self.aliases[id(item), k] = self.names.take(_base_name(item))
        return self.aliases[id(item), number]

    def find_results(self, outward: AbstractSet[int]) -> None:
        """Find the results besides what the last item makes.

        Raises Unsolvable if not every instance has them, or if a body, which has its own names, makes one.
        """
        found = []
        for item in self.items:
            for number, column in enumerate(item.makes):
                is_last = item is self.items[-1] and number == 0
                if not is_last and item.sort not in ("from", "aux") and not outward.isdisjoint(column):
                    found.append((item, number))
        returned = {*self.items[-1].out, *(node for item, number in found for node in item.makes[number])}
        if any(node in outward and node not in returned for node in made_by(self.items)):
            raise Unsolvable(f"{self.name}: a result from within a body")
        if not found:
            return
        for item in (self.items[-1], *(item for item, _ in found)):
            if None in item.out or item.sort in ("from", "aux"):
                raise Unsolvable(f"{self.name}: a result that some instances do not have")
        self.results = [item.makes[number] for item, number in found]
        self.returned = [self.alias(self.items[-1]), *(self.alias(*each) for each in found)]

    def ending(self) -> list[str]:
        """The `output` statement, if there are several results."""
        return [f"output {', '.join(self.returned)}"] if self.returned else []

    def outward(self, column: Column, place: BlockPlace) -> Column:
        """A column by the instances of the block. Raises Unsolvable if an instance has several values."""
        found: list[Any] = [None] * len(self.start)
        for i, value in zip(place.outer, column, strict=True):
            if value is not None and found[i] is not None and found[i] != value:
                raise Unsolvable(f"{self.name}: values that differ between iterations")
            found[i] = found[i] if value is None else value
        return tuple(found)

    def parameter(self, name: str, column: Column, is_word: bool = False) -> BlockParameter:
        """The parameter with these values: an existing one, or a new one."""
        for p in self.parameters:
            if all(value is None or value == known for value, known in zip(column, p.column, strict=True)):
                return p
        self.parameters.append(BlockParameter(self.names.take(name), column, is_word))
        return self.parameters[-1]

    def expression(self, name: str, column: Column, place: BlockPlace) -> Code:
        """The shortest expression for the values of an argument in all instances."""
        if name == "word":
            return Code(self.parameter("act", self.outward(column, place), is_word=True).name)
        for text, values in self.terms(place):
            if is_equal(column, values):
                return self.note(text, name, column, place)
        if all(value is None or (type(value) is int and value > 0) for value in column):
            for text, values in self.terms(place):
                if (scaled := ratio_of(text, column, values)) is not None:
                    return self.note(scaled, name, column, place)
            ends = tuple(self.size(self.items[-1].out[i]) for i in place.outer)
            if name in _CHANNELS and is_equal(column, ends):
                return self.note(self.parameter("filters", self.outward(column, place)).name, name, column, place)
            if (product := self.product(column, place)) is not None:
                return self.note(product, name, column, place)
        base = self.parameter_name(name, place)
        return self.note(self.parameter(base, self.outward(column, place)).name, name, column, place)

    def terms(self, place: BlockPlace) -> Iterator[tuple[str, Column]]:
        """The terms of expressions, with their values: parameters, and the channels of tensors."""
        for p in self.parameters:
            if not p.is_word and not isinstance(p.column[0], Ref):
                yield p.name, tuple(p.column[i] for i in place.outer)
        yield "@c", tuple(map(self.size, place.current))
        yield "in@c", tuple(self.size(self.start[i]) for i in place.outer)

    def size(self, node: int | None) -> int | None:
        return None if node is None else self.channels(node)

    def product(self, column: Column, place: BlockPlace) -> str | None:
        """A parameter times the channels, if it has fewer distinct values than a separate parameter would."""
        current = tuple(map(self.size, place.current))
        ratios = tuple(
            None if value is None or not size or value % size else value // size
            for value, size in zip(column, current, strict=True)
        )
        if any(value is not None and ratio is None for value, ratio in zip(column, ratios, strict=True)):
            return None
        if len({*ratios} - {None}) >= len({*column} - {None}):
            return None
        try:
            return f"{self.parameter('ratio', self.outward(ratios, place)).name}*@c"
        except Unsolvable:
            return None

    def parameter_name(self, name: str, place: BlockPlace) -> str:
        """A name for the values of an argument."""
        item = place.item
        if name in _CHANNELS:
            is_last = item in self.items[-3:] or item.out == self.items[-1].out
            return "filters" if is_last or not any(p.name == "filters" for p in self.parameters) else "mid"
        letter = next((p.letter for p in item.parameters if p.name == name and p.letter), None)
        if letter is not None and letter not in self.names.taken:
            return letter
        return name if name != "count" else "n"

    def note(self, text: str, name: str, column: Column, place: BlockPlace) -> Code:
        """Remember an expression for numbers of channels, for conditions."""
        if name in _CHANNELS and "@" not in text and None not in (values := self.by_block(column, place)):
            self.outs.append((text, values))
        return Code(text)

    def by_block(self, column: Column, place: BlockPlace) -> Column:
        try:
            return self.outward(column, place)
        except Unsolvable:
            return (None,)

    # --- conditions ---

    def find_condition(self, place: BlockPlace) -> None:
        """Find the condition of an item that not all instances have, and that of a residual connection."""
        item = place.item
        if "when" in item.args:
            column = item.args["when"]
            if all(value is not False for value in column):
                del item.args["when"]
            else:
                self.values[id(item), "when"] = Code(self.condition(column, place, "shortcut"))
        present = item.present
        wanted = [has if runs else None for has, runs in zip(present, place.runs, strict=True)]
        if False not in wanted:
            return
        index = place.group.index(item)
        before = place.group[index - 1] if index else None
        if before is not None and before.present == present and id(before) in self.conditions:
            self.conditions[id(item)] = self.conditions[id(before)]
            return
        self.conditions[id(item)] = self.condition(wanted, place, _flag_name(item))

    def condition(self, wanted: Sequence[bool | None], place: BlockPlace, flag: str) -> str:
        """A condition that holds in these instances; it uses a separate parameter if nothing else determines it."""
        atoms = list(self.atoms(place))
        for text, opposite, values in atoms:
            if agrees(wanted, values):
                return text
            if agrees(wanted, [not value for value in values]):
                return opposite
        for i, (text, opposite, values) in enumerate(atoms):
            for other, other_opposite, others in atoms[i + 1 :]:
                if agrees(wanted, [a or b for a, b in zip(values, others, strict=True)]):
                    return f"{text} or {other}"
                if agrees(wanted, [not a and not b for a, b in zip(values, others, strict=True)]):
                    return f"{opposite} and {other_opposite}"
        column = tuple(None if value is None else int(value) for value in wanted)
        return self.parameter(flag, self.outward(column, place)).name

    def atoms(self, place: BlockPlace) -> Iterator[tuple[str, str, list[bool]]]:
        """Simple conditions and their negations, with the instances in which they hold."""
        for p in self.parameters:
            if all(isinstance(value, int) for value in p.column):
                values = [p.column[i] != 1 for i in place.outer]
                if set(p.column) <= {0, 1}:
                    yield p.name, f"not {p.name}", [not value for value in values]
                else:
                    yield f"{p.name} != 1", f"{p.name} == 1", values
        current = tuple(map(self.size, place.current))
        for text, column in dict(self.outs).items():
            outs = [column[i] for i in place.outer]
            yield f"@c != {text}", f"@c == {text}", [a != b for a, b in zip(current, outs, strict=True)]


def _flag_name(item: Item) -> str:
    return {"conv": "project", "mul": "squeeze", "maxpool": "pool", "avgpool": "pool"}.get(
        item.word, f"has_{item.word}"
    )


def _base_name(item: Item) -> str:
    return {"conv": "maps", "fc": "features", "bn": "normed"}.get(
        item.word, "active" if is_plain_activation(item) else "tensor"
    )


class BlockWording(Wording):
    """The words of a block: expressions for what differs between its instances."""

    def __init__(self, block: FoldedBlock) -> None:
        super().__init__({}, block.aliases)
        self.block = block

    def value(self, item: Item, name: str) -> Any:
        found = self.block.values.get((id(item), name))
        return first(item.args[name]) if found is None else found

    def operand(self, item: Item, index: int) -> str:
        return self.block.operands[id(item), index]

    def condition(self, item: Item) -> str | None:
        return self.block.conditions.get(id(item))
