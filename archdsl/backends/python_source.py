"""A graph as PyTorch source without archdsl: a class for each stage and block, nn.Sequential for plain chains."""

import inspect
import keyword
import math
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ..contract.call import Apply, Copies, Module, ModuleBody, Placeholder
from ..graph import Graph, Node, Subgraph
from ..record import Record
from .units import Unit, unit_tree

_OPERATORS = {
    "operator.add": "+",
    "operator.mul": "*",
    "operator.sub": "-",
    "operator.truediv": "/",
    "operator.pow": "**",
}
_OURS = "archdsl.backends.modules."
_SHORT = ("x", "y", "z")  # for values that only the next line reads


def to_source(graph: Graph, origin: str = "") -> str:
    """The text of a Python module with a class that builds the same as `to_torch`, with equal parameter names."""
    return _Writer(graph, origin).write()


def expression(call: Module | Apply, inputs: Sequence[str] = ("x",)) -> str:
    """One call as source: `nn.Conv2d(3, 64, 5, padding=2)`, `F.pad(x, (1, 1))`, `x + y`."""
    if isinstance(call, Apply) and call.target in _OPERATORS:
        left, right = (_literal(arg, inputs) for arg in call.args)
        return f"{left} {_OPERATORS[call.target]} {right}"
    if isinstance(call, Apply) and call.target == "operator.getitem":
        tensor, places = call.args
        places = places if isinstance(places, tuple) else (places,)
        return f"{_literal(tensor, inputs)}[{', '.join(map(_place, places))}]"
    args = [_literal(arg, inputs) for arg in call.args]
    args += [f"{name}={_literal(value, inputs)}" for name, value in call.kwargs]
    if call.target.startswith("."):
        return f"{args[0]}{call.target}({', '.join(args[1:])})"
    return f"{_short(call.target)}({', '.join(args)})"


def _place(place: int | slice) -> str:
    """One index of several: `0`, `:`, `2:8`, `::2`."""
    if isinstance(place, int):
        return str(place)
    start, stop, step = ("" if end is None else str(end) for end in (place.start, place.stop, place.step))
    return f"{start}:{stop}:{step}" if step else f"{start}:{stop}"


def _literal(value: Any, inputs: Sequence[str]) -> str:
    if isinstance(value, Module):
        return expression(value)
    if isinstance(value, Placeholder):
        return f"[{', '.join(inputs)}]" if value.index < 0 else inputs[value.index]
    if isinstance(value, _Text):
        return value.text
    if isinstance(value, tuple):
        inner = ", ".join(_literal(each, inputs) for each in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if value in (math.inf, -math.inf):
        return f'float("{value}")'
    return f'"{value}"' if isinstance(value, str) and '"' not in value else repr(value)


def _short(target: str) -> str:
    for long, short in (("torch.nn.functional.", "F."), ("torch.nn.", "nn."), (_OURS, "")):
        if target.startswith(long):
            return short + target.removeprefix(long)
    return target


def class_name(word: str) -> str:
    """`dense_block` as `DenseBlock`; always an identifier."""
    parts = [part for part in re.split(r"\W+|_", word) if part]
    name = "".join(part[0].upper() + part[1:] for part in parts) or "Network"
    return f"Net{name}" if not name.isidentifier() or keyword.iskeyword(name) else name


# Names that the text imports, or by which its methods refer to the module.
_TAKEN = frozenset({"self", "F", "nn", "torch", "math", "Tensor", "OrderedDict"})


@cache
def _our_names() -> frozenset[str]:
    """The names of the modules that torch lacks; importing their file would import torch."""
    files = (Path(__file__).with_name(name) for name in ("modules.py", "attention_module.py"))
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    return frozenset(re.findall(r"^(?:class|def) (\w+)", text, re.MULTILINE))


class _Text(Record):
    """An argument that is already source."""

    text: str


class _Class(Record):
    """A class in the text: its name and its lines."""

    name: str
    lines: tuple[str, ...]


class _Writer:
    def __init__(self, graph: Graph, origin: str) -> None:
        self.graph = graph
        self.origin = origin
        self.root = unit_tree(graph)
        self.classes: dict[tuple[str, ...], _Class] = {}
        self.names: set[str] = {*_TAKEN, *_our_names()}
        self.ours: list[str] = []
        self.sequential = False

    def write(self) -> str:
        main = self.free(class_name(self.graph.name))
        body = self.class_body(self.root)
        body[0:0] = [f'    """{self.summary()}"""', ""]
        blocks = [f"class {each.name}(nn.Module):\n" + "\n".join(each.lines) for each in self.classes.values()]
        blocks.append(f"class {main}(nn.Module):\n" + "\n".join(body))
        text = "\n\n\n".join([self.header("\n".join(blocks)), *self.our_classes(), *blocks])
        return text + "\n"

    def free(self, base: str) -> str:
        """A name for a class that is not in the text yet."""
        name, number = base, 1
        while name in self.names:
            number += 1
            name = f"{base}{number}"
        self.names.add(name)
        return name

    def summary(self) -> str:
        graph = self.graph
        ins = ", ".join(str(graph.nodes[i].shape) for i in graph.inputs)
        outs = ", ".join(str(graph.nodes[i].shape) for _, i in graph.outputs)
        return f"{ins} → {outs}, each with the batch before it."

    def header(self, text: str) -> str:
        origin = f" from {self.origin.rsplit('/', 1)[-1]}" if self.origin and "<" not in self.origin else ""
        origin = re.sub(r'["\\\x00-\x1f]', "_", origin)
        lines = [f'"""{class_name(self.graph.name)}: generated by archdsl{origin}."""', ""]
        text += "\n".join(self.our_classes())
        if self.sequential:
            lines += ["from collections import OrderedDict", ""]
        if "torch." in text:
            lines.append("import torch")
        if "F." in text:
            lines.append("import torch.nn.functional as F")
        lines.append("from torch import nn")
        if "Tensor" in text:
            lines[-1] = "from torch import Tensor, nn"
        if "math." in text:
            lines.insert(2, "import math")
        return "\n".join(lines)

    def our_classes(self) -> list[str]:
        """The code of the modules that torch lacks."""
        if not self.ours:
            return []
        from . import modules

        return [inspect.getsource(getattr(modules, name)).rstrip() for name in self.ours]

    # --- units ---

    def make(self, unit: Unit, indent: str) -> list[str]:
        """The expression that builds a unit's module, over one or more lines."""
        if unit.chain:
            self.sequential = True
            lines = ["nn.Sequential(", f"{indent}    OrderedDict(", f"{indent}        ["]
            for item in unit.items:
                inner = self.construct(item, indent + "            ")
                inner[-1] += ")," + self.comment(item)
                lines += [f'{indent}            ("{item.path[-1]}", {inner[0]}', *inner[1:]]
            return [*lines, f"{indent}        ]", f"{indent}    )", f"{indent})"]
        return [f"{self.class_of(unit)}()"]

    def construct(self, item: Node | Unit, indent: str) -> list[str]:
        if isinstance(item, Unit):
            return self.make(item, indent)
        module = self.module_of(item)
        assert module is not None
        args = tuple(self.written(arg) if isinstance(arg, Subgraph | Copies) else arg for arg in module.args)
        return [expression(module.replace(args=args))]

    def written(self, body: ModuleBody | Copies) -> "_Text":
        """The body of a layer as an instance of a class of its own, or as a list of instances."""
        if isinstance(body, Copies):
            return _Text(text=f"[{self.written(body.body).text} for _ in range({body.count})]")
        assert isinstance(body, Subgraph)
        inner = _Writer(body.graph, self.origin)
        inner.classes, inner.names, inner.ours = self.classes, self.names, self.ours
        text = f"{inner.class_of(inner.root)}()"
        self.sequential = self.sequential or inner.sequential
        return _Text(text=text)

    def comment(self, item: Node | Unit) -> str:
        return f"  # {item.shape}" if isinstance(item, Node) else ""

    def class_of(self, unit: Unit) -> str:
        """The class of a unit; two units with the same text share one."""
        body = tuple(self.class_body(unit))
        if body not in self.classes:
            base = class_name(unit.kind if unit.kind not in ("stage", "branch", "aux") else unit.name)
            name = self.free(base)
            self.classes[body] = _Class(name=name, lines=body)
        return self.classes[body].name

    def class_body(self, unit: Unit) -> list[str]:
        init = ["    def __init__(self) -> None:", "        super().__init__()"]
        held: set[str] = set()
        for item in unit.items:
            if isinstance(item, Node) and (item.shared is not None or self.module_of(item) is None):
                continue
            attribute = unit.attribute(item)
            # A dissolved scope remains as the container of its modules, to keep their names.
            for holder in _holders(attribute):
                if holder not in held:
                    init.append(f"        self.{holder} = nn.Module()")
                    held.add(holder)
            inner = self.construct(item, "        ")
            inner[-1] += self.comment(item)
            init += [f"        self.{attribute} = {inner[0]}", *inner[1:]]
        init += [f"        {line}" for item in unit.items for line in self.weight_initializers(unit, item)]
        return [*init, "", *_Forward(self, unit).lines()]

    def weight_initializers(self, unit: Unit, item: Node | Unit) -> list[str]:
        """The lines that initialize the weights of an item and freeze those not trained, also in an nn.Sequential."""
        if isinstance(item, Unit):
            return (
                [line for inner in item.items for line in self.weight_initializers(unit, inner)] if item.chain else []
            )
        if item.shared is not None:
            return []
        place = f"self.{unit.attribute(item)}"
        lines = []
        for name, steps in item.op.initializers_of(self.shapes(item)).items():
            text = f"{place}.{name}" if len(steps) == 1 else f"{place}.{name}.data"  # of a part, past autograd
            for step in steps:
                assert isinstance(step, Apply)
                text = expression(step, [text])
            lines.append(text)
        if item.op.whitening() is not None:
            lines.append(
                f"# {place}.weight must be set from training images; until then it has PyTorch's random values"
            )
        return lines + [f"{place}.{name}.requires_grad_(False)" for name in item.op.frozen_of(self.shapes(item))]

    def module_of(self, node: Node) -> Module | None:
        """The module among a node's steps."""
        for step in node.op.steps(self.shapes(node)):
            if isinstance(step, Module):
                for part in (step, *(arg for arg in step.args if isinstance(arg, Module))):
                    if part.target.startswith(_OURS) and part.target.removeprefix(_OURS) not in self.ours:
                        self.ours.append(part.target.removeprefix(_OURS))
                return step
        return None

    def shapes(self, node: Node) -> tuple[Any, ...]:
        return self.graph.shapes_in(node)


def _holders(attribute: str) -> list[str]:
    """`a` and `a.b` of `a.b.c`."""
    parts = attribute.split(".")[:-1]
    return [".".join(parts[: i + 1]) for i in range(len(parts))]


class _Forward:
    """The forward method of one unit: a variable for each value that lives on, `x` or `y` for the others."""

    def __init__(self, writer: _Writer, unit: Unit) -> None:
        self.writer = writer
        self.unit = unit
        self.names: dict[int, str] = {}
        # For each name, the last item that reads a value with that name.
        self.held: dict[str, int] = {}
        self.last_use = {value: i for i, item in enumerate(unit.items) for value in unit.reads(item)}
        for value in unit.outputs:
            self.last_use[value] = len(unit.items)

    def lines(self) -> list[str]:
        unit = self.unit
        taken = set(self.arguments())
        body: list[str] = []
        for index, item in enumerate(unit.items):
            values = [self.names[value] for value in unit.reads(item)]
            made = unit.makes(item)
            # The output of a unit is named after the unit, unless there are several.
            one = item.name if isinstance(item, Unit) and len(made) == 1 else None
            targets: list[str] = []
            for value in made:
                targets.append(self.variable(value, index, taken, one, targets))
            body += [f"        {line}" for line in self.call(item, values, targets)]
            for value, name in zip(made, targets, strict=True):
                self.give(value, name)
        returned = ", ".join(self.names[value] for value in unit.outputs)
        # `x = f(x)` followed by `return x` reads better in one line.
        if body and len(unit.outputs) == 1 and body[-1].startswith(f"        {returned} = "):
            body[-1] = body[-1].replace(f"{returned} = ", "return ", 1)
        else:
            body.append(f"        return {returned}")
        parameters = "".join(f", {name}" for name in list(self.names.values())[: len(unit.inputs)])
        return [f"    def forward(self{parameters}):", *body]

    def arguments(self) -> list[str]:
        """Name the unit's inputs: by the program at the top level, else `x` and by what they are."""
        unit = self.unit
        for number, value in enumerate(unit.inputs):
            node = self.writer.graph.nodes[value]
            known = value in self.writer.graph.inputs and unit.is_root
            name = node.path[-1] if known else "x" if number == 0 else _local(node)
            while name in self.names.values():
                name += "_"
            self.give(value, f"{name}_" if keyword.iskeyword(name) or name in _TAKEN else name)
        return list(self.names.values())

    def give(self, value: int, name: str) -> None:
        """Give a value a name."""
        self.names[value] = name
        self.held[name] = max(self.held.get(name, -1), self.last_use.get(value, -1))

    def variable(self, value: int, index: int, taken: set[str], base: str | None, beside: Sequence[str]) -> str:
        """`x` or `y` for a value that only the next item reads, otherwise its own name; none of those in `beside`."""
        if self.last_use.get(value, index) <= index + 1:
            for name in _SHORT:
                if self.held.get(name, -1) <= index and name not in beside:
                    return name
        name = base = base or _local(self.writer.graph.nodes[value])
        number = 1
        while name in taken or name in (*_SHORT, *_TAKEN) or keyword.iskeyword(name):
            number += 1
            name = f"{base}_{number}"
        taken.add(name)
        return name

    def call(self, item: Node | Unit, values: list[str], targets: list[str]) -> list[str]:
        if isinstance(item, Unit):
            return [f"{', '.join(targets)} = self.{self.unit.attribute(item)}({', '.join(values)})"]
        by_input = dict(zip(self.unit.reads(item), values, strict=True))
        current = [by_input[i] for i in item.inputs]
        current += [f"self.{self.unit.attribute(item)}.{weight}" for weight in item.op.shared_weights]
        lines = []
        for step in item.op.steps(self.writer.shapes(item)):
            if isinstance(step, Module):
                by_place, by_name = step.applied(current)
                values = [*by_place, *(f"{name}={value}" for name, value in by_name.items())]
                text = f"self.{self.unit.attribute(item)}({', '.join(values)})"
            else:
                text = expression(step, current)
            if len(current) > 1:
                # A merge of several operands in one expression: the variable may be that of a later operand.
                lines = [f"{targets[0]} = {text}"]
                current = [text, *current[1:]]
            else:
                lines.append(f"{targets[0]} = {text}")
                current = [targets[0]]
        return lines or [f"{targets[0]} = {current[0]}"]


def _local(node: Node) -> str:
    return node.alias or node.path[-1]
