"""The forward method of a class: a variable for each value used later, nested calls for one used immediately."""

import keyword
import re
from collections.abc import Mapping, Sequence

from ...contract.call import Apply, Module, Step
from ...contract.styles import SHAPE_KEEPING
from ...graph import Node
from ...layers import find
from ..units import Unit
from .calls import OPERATORS, TAKEN, SourceText, expression
from .forward_numbers import Place, with_numbers
from .layout import WIDTH, laid_out

_SHORT = ("x", "y", "z")
_LIGHT = SHAPE_KEEPING | {"activation", "norm", "dropout", "pool", "reshape"}
_MAX_DEPTH = 3
_INDENT = 8


class Skipped:
    """A module that an instance does not have: an identity, where others have a projection."""

    def __init__(self, name: str, value: int, made: int, reader: int) -> None:
        self.name = name
        self.value = value
        self.made = made
        self.reader = reader


class Forward:
    """The code of a unit. `loops` has, for the first item of each loop, the number of items and their common name;
    `numbers` has the source of numbers that are replaced.
    """

    def __init__(
        self,
        unit: Unit,
        skipped: Skipped | None = None,
        loops: Mapping[int, tuple[int, str, int]] = {},
        numbers: Mapping[Place, SourceText] = {},
    ) -> None:
        self.unit = unit
        self.numbers = numbers
        self.skipped = skipped
        self.loops = loops
        self.items: list[Node | Unit | Skipped] = list(unit.items)
        if skipped is not None:
            reader = next(
                i for i, item in enumerate(unit.items) if isinstance(item, Node) and item.id == skipped.reader
            )
            self.items.insert(reader, skipped)
        self.texts: dict[int, str] = {}
        self.depth: dict[int, int] = {}
        self.held: dict[str, int] = {}
        self.uses: dict[int, list[int]] = {}
        for index, item in enumerate(self.items):
            for value in self.reads(item):
                self.uses.setdefault(value, []).append(index)
        for value in unit.outputs:
            self.uses.setdefault(value, []).append(len(self.items))
        self.taken: set[str] = set()
        self.body: list[str] = []

    # --- items ---

    def reads(self, item: Node | Unit | Skipped) -> list[int]:
        """The values that an item reads, in order."""
        if isinstance(item, Skipped):
            return [item.value]
        if isinstance(item, Unit):
            return list(item.inputs)
        return [self.value(item, position) for position in range(len(item.inputs))]

    def value(self, item: Node, position: int) -> int:
        skipped = self.skipped
        if skipped is not None and item.id == skipped.reader and item.inputs[position] == skipped.value:
            return skipped.made
        return item.inputs[position]

    def makes(self, item: Node | Unit | Skipped) -> list[int]:
        if isinstance(item, Skipped):
            return [item.made]
        return self.unit.makes(item)

    # --- the method ---

    def lines(self) -> list[str]:
        """The lines of the method, indented as in a class."""
        unit = self.unit
        arguments = self.arguments()
        index = 0
        while index < len(self.items):
            if index in self.loops:
                index += self.loop(index, *self.loops[index])
                continue
            self.step(index)
            index += 1
        self.finish(arguments)
        declared = "".join(f", {name}: Tensor" for name in arguments)
        result = "Tensor" if len(unit.outputs) == 1 else f"tuple[{', '.join(['Tensor'] * len(unit.outputs))}]"
        head = f"def forward(self{declared}) -> {result}:"
        if len(head) + 4 > WIDTH:
            heads = ["def forward(", "    self,", *(f"    {name}: Tensor," for name in arguments), f") -> {result}:"]
        else:
            heads = [head]
        return [*(f"    {line}" for line in heads), *(line for each in self.body for line in laid_out(each, _INDENT))]

    def finish(self, arguments: Sequence[str]) -> None:
        """Append the statement that returns the outputs. An argument has a type; a variable assigned only from modules
        does not.
        """
        results = [self.texts[value] for value in self.unit.outputs]
        if len(results) > 1:
            self.body.append(f"return {', '.join(results)}")
            return
        (result,) = results
        if not arguments:
            self.body.append(f"return {result}")
            return
        target = result if result in arguments else arguments[0]
        last = self.body[-1] if self.body else ""
        if result != target and last.startswith(f"{result} = ") and result.isidentifier():
            self.body[-1] = f"{target} = {last.removeprefix(f'{result} = ')}"
        elif result != target:
            self.body.append(f"{target} = {result}")
        match = re.fullmatch(rf"{target} = (.*)", self.body[-1]) if self.body else None
        if match is not None and _is_tensor(match[1], arguments):
            self.body[-1] = f"return {match[1]}"
        else:
            self.body.append(f"return {target}")

    def arguments(self) -> list[str]:
        """Name the unit's inputs: as in the program at the top level, else `x`, `x2`, `x3` and so on."""
        unit = self.unit
        names: list[str] = []
        for number, value in enumerate(unit.inputs):
            node = unit.graph.nodes[value]
            known = value in unit.graph.inputs and unit.is_root
            name = node.path[-1] if known else "x" if number == 0 else f"x{number + 1}"
            name = f"{name}_" if keyword.iskeyword(name) or name in TAKEN - {"x"} else name
            while name in names:
                name += "_"
            names.append(name)
            self.assign(value, name)
            self.taken.add(name)
        return names

    def assign(self, value: int, text: str, depth: int = 0) -> None:
        """Record the variable of a value, or the expression that is written inside the next item."""
        self.texts[value] = text
        self.depth[value] = depth
        if text.isidentifier():
            self.held[text] = max(self.held.get(text, -1), max(self.uses.get(value, [-1])))

    def loop(self, index: int, count: int, name: str, first: int) -> int:
        """Append the loop over `count` items in sequence."""
        (value,) = self.reads(self.items[index])
        (made,) = self.makes(self.items[index + count - 1])
        source = self.texts[value]
        free = self.variable(made, index + count - 1, index)
        if source != free:
            self.body.append(f"{free} = {source}")
        self.body.append(f"for i in range({first}, {first + count}):")
        self.body.append(f'    {free} = self.get_submodule(f"{name}{{i}}")({free})')
        self.assign(made, free)
        return count

    def step(self, index: int) -> None:
        """Append the code of an item, or keep it for the next one."""
        item = self.items[index]
        made = self.makes(item)
        text, depth = self.text(item)
        if len(made) == 1 and self.is_held(made[0], index, text, depth):
            self.assign(made[0], text, depth)
            return
        targets: list[str] = []
        for value in made:
            targets.append(self.variable(value, index, index, targets, item))
        line = f"{', '.join(targets)} = {text}" if targets else text
        if _INDENT + len(line) > WIDTH and isinstance(item, Node) and len(item.inputs) == 1:
            self.body += self.by_step(item, self.texts[item.inputs[0]], targets[0])
        else:
            self.body.append(line)
        for value, name in zip(made, targets, strict=True):
            self.assign(value, name)

    def is_held(self, value: int, index: int, text: str, depth: int) -> bool:
        """Whether the next item alone reads a value, and belongs on the same line."""
        if self.uses.get(value) != [index + 1] or index + 1 >= len(self.items) or depth >= _MAX_DEPTH:
            return False
        reader = self.items[index + 1]
        if not isinstance(reader, Node) or len(reader.inputs) != 1 or index + 1 in self.loops:
            return False
        layer = find(reader.op.keyword)
        if layer is None or layer.style not in _LIGHT:
            return False
        steps = reader.op.steps(self.unit.graph.shapes_in(reader))
        if len(steps) != 1 or not isinstance(steps[0], Module) or reader.op.shared_weights:
            return False
        return len(text) + len(self.called(reader)) + _INDENT + 8 <= WIDTH

    # --- expressions ---

    def text(self, item: Node | Unit | Skipped) -> tuple[str, int]:
        """The expression of an item, and how deeply its calls are nested."""
        values = [self.texts[value] for value in self.reads(item)]
        depth = 1 + max([self.depth[value] for value in self.reads(item)], default=0)
        if isinstance(item, Skipped):
            return f"self.{item.name}({', '.join(values)})", depth
        if isinstance(item, Unit):
            return f"{self.called(item)}({', '.join(values)})", depth
        current = [*values, *(self.weight(item, name) for name in item.op.shared_weights)]
        atomic = True
        for number, step in enumerate(self.steps(item)):
            if isinstance(step, Module):
                by_place, by_name = step.applied(current)
                given = [*by_place, *(f"{name}={value}" for name, value in by_name.items())]
                text = f"{self.called(item)}({', '.join(given)})"
                atomic = True
            else:
                current = self.named(step, current, atomic or not number)
                text = expression(step, current)
                atomic = step.target not in OPERATORS
            current = [text, *current[1:]]
        return current[0], depth

    def steps(self, item: Node) -> list[Step]:
        """The calls of a node."""
        steps = item.op.steps(self.unit.graph.shapes_in(item))
        return [with_numbers(step, item.id, number, self.numbers) for number, step in enumerate(steps)]

    def by_step(self, item: Node, value: str, target: str) -> list[str]:
        """One statement for each step of an item that reads one tensor."""
        lines = []
        weights = [self.weight(item, name) for name in item.op.shared_weights]
        for step in self.steps(item):
            text = f"{self.called(item)}({value})" if isinstance(step, Module) else expression(step, [value, *weights])
            lines.append(f"{target} = {text}")
            value = target
        return lines

    def named(self, step: Apply, current: list[str], atomic: bool) -> list[str]:
        """The operands of a call, the first as a variable if the call needs it more than once, or in parentheses."""
        if current[0].isidentifier():
            return current
        marked = expression(step, ["\0", *current[1:]])
        if marked.count("\0") > 1:
            name = self.temporary()
            self.body.append(f"{name} = {current[0]}")
            return [name, *current[1:]]
        if not atomic and (step.target in OPERATORS or step.target.startswith(".") or "\0[" in marked):
            same = step.target in ("operator.add", "operator.mul") and f" {OPERATORS[step.target]} " in current[0]
            return current if same and _chains(current[0], step.target) else [f"({current[0]})", *current[1:]]
        return current

    def temporary(self) -> str:
        number = 1
        while (name := f"value{number}") in self.taken:
            number += 1
        self.taken.add(name)
        return name

    def weight(self, item: Node, name: str) -> str:
        attribute = self.unit.attribute(item)
        return f'self.get_parameter("{attribute}.{name}")'

    def called(self, item: Node | Unit) -> str:
        attribute = self.unit.attribute(item)
        return f"self.{attribute}" if "." not in attribute else f'self.get_submodule("{attribute}")'

    # --- variables ---

    def variable(
        self,
        value: int,
        index: int,
        first: int,
        avoided: Sequence[str] = (),
        item: Node | Unit | Skipped | None = None,
    ) -> str:
        """A free variable: `x`; `y` or `z` if the value is read only by the next item; else the value's own name."""
        last = max(self.uses.get(value, [index]))
        for name in _SHORT:
            near = last <= index + 1 or name == "x"
            if near and self.held.get(name, -1) <= first and name not in avoided:
                return name
        base = item.name if isinstance(item, Unit | Skipped) else _local(self.unit.graph.nodes[value])
        name = base
        number = 1
        while name in self.taken or name in (*_SHORT, *TAKEN) or keyword.iskeyword(name):
            number += 1
            name = f"{base}_{number}"
        self.taken.add(name)
        return name


def _local(node: Node) -> str:
    return node.alias or node.path[-1]


def _chains(text: str, target: str) -> bool:
    """Whether an expression is a sum or product of names, which needs no parentheses."""
    return re.fullmatch(rf"[\w.]+( \{OPERATORS[target]} [\w.]+)*", text) is not None


def _is_tensor(text: str, arguments: Sequence[str]) -> bool:
    """Whether an expression is known to be a tensor: a function of torch, or a method of an argument."""
    if re.match(r"torch\.\w+\(", text):
        return True
    return any(re.match(rf"{name}\.\w+\(", text) for name in arguments)
