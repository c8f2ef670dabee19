"""The classes of a network: one for the uses of a block, with arguments for what differs."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from ...graph import Graph, Node, Subgraph
from ..units import Unit, unit_tree
from .calls import TAKEN, SourceText, class_name, helper_modules
from .class_arguments import ClassArguments, written
from .forward import Forward, Skipped
from .forward_numbers import ANY, ARGUMENT, Place, numbers_of, varying
from .layout import WIDTH, laid_out
from .loops import LoopRun, entries, loops_of
from .members import Members
from .optional import skipped_modules
from .trees import CallTree, Leaf, Tree, joined, skeleton

_PLAIN = ("stage", "branch", "aux")
_MIN_BRANCHES = 4
"""The minimum number of branches with uses of blocks for them to share a class."""


class Class:
    """A class in the text, with its arguments' names and defaults."""

    def __init__(self, name: str, lines: list[str], arguments: ClassArguments) -> None:
        self.name = name
        self.lines = lines
        self.arguments = arguments


class SharedClasses:
    """What several graphs in one text have in common: the classes, and their names."""

    def __init__(self) -> None:
        self.classes: dict[Hashable, Class] = {}
        self.names: set[str] = {*TAKEN, *helper_modules()}
        self.helpers: list[str] = []
        self.defaults: dict[str, dict[str, Any]] = {}
        self.signatures: dict[str, list[str]] = {}

    def free(self, base: str) -> str:
        """A name for a class that is not in the text yet."""
        name, number = base, 1
        while name in self.names:
            number += 1
            name = f"{base}{number}"
        self.names.add(name)
        return name


class Classes:
    """The classes of one graph."""

    def __init__(self, graph: Graph, flat: bool, common: SharedClasses) -> None:
        self.graph = graph
        self.flat = flat
        self.common = common
        self.root = unit_tree(graph)
        self.members = Members(graph, flat, common.defaults, common.helpers, self.body_class)
        self.skipped: dict[int, Skipped] = {}

    def network(self, parameters: Sequence[str] = ()) -> list[str]:
        """The body of the network's own class; `parameters` are its arguments, as declared."""
        return self.class_lines([self.root], ClassArguments({}), parameters)

    def body_class(self, body: Subgraph) -> str:
        """The name of a class for the body of a layer."""
        inner = Classes(body.graph, self.flat, self.common)
        inner.define_all()
        inner.root.chain = False
        lines = inner.network()
        key = ("body", tuple(lines))
        if key not in self.common.classes:
            name = self.common.free(class_name(body.graph.name))
            self.common.classes[key] = Class(name, [f"class {name}(nn.Module):", *lines], ClassArguments({}))
        return self.common.classes[key].name

    def define_all(self) -> None:
        """Define the classes of all units, those inside of others first."""
        levels: dict[int, list[Unit]] = {}
        kinds = _blocks_in(self.root)
        self.members.own_class = {id(unit) for unit in kinds if self.needs_class(unit, kinds)}
        for unit in kinds:
            if id(unit) in self.members.own_class:
                levels.setdefault(self.height(unit), []).append(unit)
        self.skipped = {} if self.flat else skipped_modules([unit for each in levels.values() for unit in each])
        for level in sorted(levels):
            self.define(levels[level])

    def needs_class(self, unit: Unit, units: Sequence[Unit]) -> bool:
        if not unit.chain:
            return True
        if self.flat:
            return False
        if unit.kind not in _PLAIN:
            return sum(each.kind == unit.kind for each in units) > 1
        outline = _outline(unit)
        return outline is not None and sum(_outline(each) == outline for each in units) >= _MIN_BRANCHES

    def height(self, unit: Unit) -> int:
        heights = [
            self.height(item) + (id(item) in self.members.own_class) for item in unit.items if isinstance(item, Unit)
        ]
        return max(heights, default=0)

    def define(self, units: Sequence[Unit]) -> None:
        """Define the classes of units whose inner units have classes; equal ones share a class."""
        for group in self.grouped(units):
            skipped = [self.skipped[id(unit)] for unit in group if id(unit) in self.skipped]
            if len(skipped) == len(group):
                # All of them lack the module, and differ in other ways from the uses that have it.
                for unit in group:
                    del self.skipped[id(unit)]
        for group in self.grouped(units):
            arguments = ClassArguments(self.common.signatures)
            lines = self.class_lines(group, arguments)
            first = group[0]
            base = class_name(first.kind if first.kind not in _PLAIN else first.name)
            key: Hashable = (tuple(lines), arguments is None)
            if key not in self.common.classes:
                name = self.common.free(base)
                parent = "nn.Sequential" if first.chain else "nn.Module"
                self.common.classes[key] = Class(name, [f"class {name}({parent}):", *lines], arguments)
                defaults = {each.name: each.default for each in arguments.found if each.default is not None}
                self.common.defaults[name] = defaults
                self.common.signatures[name] = [each.name for each in arguments.found if each.default is None]
            made = self.common.classes[key]
            for index, unit in enumerate(group):
                args: list[tuple[str | None, Tree]] = [
                    (None if each.default is None else each.name, Leaf((each.column[index],)))
                    for each in arguments.found
                ]
                self.members.made[id(unit)] = CallTree(made.name, args)

    def grouped(self, units: Sequence[Unit]) -> list[list[Unit]]:
        """The groups of units that can share a class."""
        groups: dict[Hashable, list[Unit]] = {}
        for unit in units:
            groups.setdefault(self.key(unit), []).append(unit)
        return [part for group in groups.values() for part in self.fitting(group)]

    def fitting(self, group: Sequence[Unit]) -> list[list[Unit]]:
        """The group, split into several if arguments in place of numbers would wrap lines of its `forward`."""
        first = group[0]
        places = [] if self.flat or first.chain else varying(group)
        plain = self.forward(first) if places else []
        if len(self.forward(first, dict.fromkeys(places, ARGUMENT)) if places else plain) == len(plain):
            return [list(group)]
        parts: dict[Hashable, list[Unit]] = {}
        for unit in group:
            parts.setdefault(tuple(self.forward(unit)), []).append(unit)
        return list(parts.values())

    def key(self, unit: Unit) -> Hashable:
        """What units of one class have in common."""
        trees = self.members.modules_of(unit)
        outline = tuple((name, skeleton(tree)) for name, tree in trees if name not in self.optional(unit))
        kind = unit.kind if unit.kind not in _PLAIN else ""
        forward = () if unit.chain else self.forward_key(unit)
        values = tuple(written(tree, self.common.defaults) for _, tree in trees) if self.flat else ()
        return kind, unit.chain, outline, forward, tuple(self.members.weight_lines(unit)), values

    def forward_key(self, unit: Unit) -> Hashable:
        """The `forward` of a unit without the numbers in it, which arguments can replace."""
        numbers = {} if self.flat else numbers_of(unit)
        return tuple(self.forward(unit, dict.fromkeys(numbers, ANY))), len(numbers)

    def optional(self, unit: Unit) -> set[str]:
        """The names of modules that other instances of the class do not have."""
        names = {each.name for each in self.skipped.values()}
        return names & {unit.attribute(item) for item in unit.items}

    def forward(self, unit: Unit, numbers: Mapping[Place, SourceText] = {}) -> list[str]:
        return Forward(unit, self.skipped.get(id(unit)), {} if self.flat else self.loops(unit), numbers).lines()

    def loops(self, unit: Unit) -> dict[int, tuple[int, str, int]]:
        return loops_of(
            unit, [None if isinstance(item, Node) else self.members.made.get(id(item)) for item in unit.items]
        )

    def class_lines(self, units: Sequence[Unit], arguments: ClassArguments, more: Sequence[str] = ()) -> list[str]:
        """The body of a class; `arguments` gets those of its constructor."""
        first = max(units, key=lambda unit: len(unit.items))
        names = list(dict.fromkeys(name for unit in [first, *units] for name, _ in self.members.modules_of(unit)))
        given = [dict(self.members.modules_of(unit)) for unit in units]
        trees = {name: joined([each.get(name) for each in given]) for name in names}
        arguments.solve(list(trees.values()))
        optional = {
            name: arguments.condition(tuple(name in each for each in given), "project")
            for name in names
            if any(name not in each for each in given)
        }
        numbers = {} if first.chain else arguments.numbers([numbers_of(unit) for unit in units], names)
        arguments.found.sort(key=lambda argument: argument.default is not None)
        if first.chain:
            return self.sequential_lines(first, trees, arguments)
        init = self.init_lines(first, trees, optional)
        extra = [f"        {line}" for line in self.members.weight_lines(first)]
        declared = [*(each.declared for each in arguments.found), *more]
        held = [f"        self.{name} = {name}" for name in arguments.held]
        head = [*_signature(declared), "        super().__init__()", *held, *_variables(arguments)]
        return [*head, *init, *extra, "", *self.forward(units[0], numbers)]

    def sequential_lines(self, unit: Unit, trees: dict[str, Tree], arguments: ClassArguments) -> list[str]:
        inner = entries([(name, written(tree, self.common.defaults)) for name, tree in trees.items()])
        lines = laid_out(f"super().__init__(OrderedDict({', '.join(inner)}))", 8)
        return [
            *_signature([each.declared for each in arguments.found]),
            *_variables(arguments),
            *lines,
            *(f"        {line}" for line in self.members.weight_lines(unit)),
        ]

    def init_lines(self, unit: Unit, trees: dict[str, Tree], optional: dict[str, str]) -> list[str]:
        """The lines that build the modules."""
        lines: list[str] = []
        held: set[str] = set()
        texts = {name: written(tree, self.common.defaults) for name, tree in trees.items()}
        runs = [] if self.flat else self.runs(unit, texts)
        inside = {name: run for run in runs for name in run.names}
        for name, text in texts.items():
            # A dissolved scope remains as the container of its modules, to keep their names.
            parts = name.split(".")[:-1]
            for holder in (".".join(parts[: i + 1]) for i in range(len(parts))):
                if holder not in held:
                    lines.append(f"        self.{holder} = nn.Module()")
                    held.add(holder)
            if name in inside:
                if name == inside[name].names[0]:
                    lines += inside[name].lines()
            elif name in optional:
                lines.append(f"        self.{name}: nn.Module = nn.Identity()")
                lines.append(f"        if {optional[name]}:")
                lines += laid_out(f"self.{name} = {text}", 12)
            else:
                lines += laid_out(f"self.{name} = {text}", 8)
        return lines

    def runs(self, unit: Unit, texts: dict[str, str]) -> list[LoopRun]:
        return [
            LoopRun([f"{base}{number}" for number in range(first, first + count)], base, first, texts)
            for count, base, first in self.loops(unit).values()
        ]


def _outline(unit: Unit) -> tuple[str, ...] | None:
    """What branches that could share a class have in common; None for those in blocks, or without uses of blocks."""
    around = [unit.graph.scopes.get(unit.path[:depth], "stage") for depth in range(1, len(unit.path))]
    if unit.kind != "branch" or not {*around} <= {*_PLAIN} or not any(isinstance(item, Unit) for item in unit.items):
        return None
    return tuple(item.kind if isinstance(item, Unit) else item.op.keyword for item in unit.items)


def _blocks_in(unit: Unit) -> list[Unit]:
    """All units in a unit, in order."""
    found: list[Unit] = []
    for item in unit.items:
        if isinstance(item, Unit):
            found += [*_blocks_in(item), item]
    return found


def _variables(arguments: ClassArguments) -> list[str]:
    return [f"        {name} = {text}" for text, name in arguments.locals.items()]


def _signature(arguments: Sequence[str]) -> list[str]:
    declared = ["self", *arguments]
    line = f"    def __init__({', '.join(declared)}) -> None:"
    if len(line) <= WIDTH:
        return [line]
    return ["    def __init__(", *(f"        {each}," for each in declared), "    ) -> None:"]
