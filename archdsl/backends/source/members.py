"""The modules of a unit, and the expressions that build them."""

from collections.abc import Callable, Iterator
from typing import Any

from ...contract.call import Apply, Copies, Module
from ...graph import Graph, Node, Subgraph
from ..units import Unit
from .calls import HELPERS, SourceText, expression
from .class_arguments import written
from .loops import entries
from .settings import Place
from .trees import CallTree, Leaf, Tree, tree_of


class Members:
    """The modules of the units of a graph.

    `body_class` gives the class of a layer's body, `defaults` has those of the arguments of classes in the text, and
    `helpers` collects the modules that torch lacks.
    """

    def __init__(
        self,
        graph: Graph,
        flat: bool,
        defaults: dict[str, dict[str, Any]],
        helpers: list[str],
        body_class: Callable[[Subgraph], str],
    ) -> None:
        self.graph = graph
        self.flat = flat
        self.defaults = defaults
        self.helpers = helpers
        self.body_class = body_class
        self.made: dict[int, CallTree] = {}
        """The uses of classes in the text, by the identity of the unit."""
        self.own_class: set[int] = set()
        """The units that have a class, by their identity."""
        self.named: dict[Place, SourceText] = {}
        """The values that are parameters of the network."""

    def visible(self, unit: Unit) -> Iterator[int]:
        """The layers whose modules the class of the network builds itself."""
        for item in unit.items:
            if isinstance(item, Node):
                yield item.id
            elif id(item) not in self.own_class:
                yield from self.visible(item)

    def modules_of(self, unit: Unit) -> list[tuple[str, Tree]]:
        """The modules of a unit by attribute, each with the expression that builds it."""
        found: list[tuple[str, Tree]] = []
        for item in unit.items:
            if isinstance(item, Unit):
                found.append((unit.attribute(item), self.construct(item)))
            elif item.shared is None and (module := self.module_of(item)) is not None:
                found.append((unit.attribute(item), tree_of(module, {})))
        return found

    def construct(self, unit: Unit) -> Tree:
        """The expression that builds a unit's module."""
        if id(unit) in self.made:
            made = self.made[id(unit)]
            return CallTree(made.head, list(made.args))
        members = self.modules_of(unit)
        if self.flat:
            inner: list[tuple[str | None, Tree]] = list(members)
            return CallTree("nn.Sequential", [(None, CallTree("OrderedDict", inner))])
        texts = [(name, written(tree, self.defaults)) for name, tree in members]
        packed = entries(texts)
        if len(packed) == len(texts):
            return CallTree("nn.Sequential", [(None, CallTree("OrderedDict", list(members)))])
        return Leaf((SourceText(f"nn.Sequential(OrderedDict({', '.join(packed)}))"),))

    def module_of(self, node: Node) -> Module | None:
        """The module among a node's steps."""
        for step in node.op.steps(self.graph.shapes_in(node)):
            if isinstance(step, Module):
                for part in (step, *(arg for arg in step.args if isinstance(arg, Module))):
                    if part.target.startswith(HELPERS) and part.target.removeprefix(HELPERS) not in self.helpers:
                        self.helpers.append(part.target.removeprefix(HELPERS))
                args = tuple(self.body(arg) if isinstance(arg, Subgraph | Copies) else arg for arg in step.args)
                args = tuple(self.named.get((node.path, index), arg) for index, arg in enumerate(args))
                kwargs = tuple((name, self.named.get((node.path, name), value)) for name, value in step.kwargs)
                return step.replace(args=args, kwargs=kwargs)
        return None

    def body(self, body: Any) -> SourceText:
        """The body of a layer as an instance of a separate class, or as a list of instances."""
        if isinstance(body, Copies):
            return SourceText(f"[{self.body(body.body)} for _ in range({body.count})]")
        assert isinstance(body, Subgraph)
        return SourceText(f"{self.body_class(body)}()")

    # --- weights ---

    def weight_lines(self, unit: Unit) -> list[str]:
        """The lines that initialize the weights of a unit and freeze those not trained, including those inside an
        nn.Sequential.
        """
        found: list[str] = []
        for item in unit.items:
            if isinstance(item, Unit):
                if id(item) not in self.own_class:
                    found += [
                        line.replace('get_parameter("', f'get_parameter("{unit.attribute(item)}.')
                        for line in self.weight_lines(item)
                    ]
            elif item.shared is None:
                found += self.weights_of(unit, item)
        return found

    def weights_of(self, unit: Unit, item: Node) -> list[str]:
        place = unit.attribute(item)
        lines = []
        for name, steps in item.op.initializers_of(self.graph.shapes_in(item)).items():
            text = f'self.get_parameter("{place}.{name}")'
            text = text if len(steps) == 1 else f"{text}.data"  # for steps that change parts of the weight
            for step in steps:
                assert isinstance(step, Apply)
                text = expression(step, [text])
            lines.append(text)
        if item.op.whitening() is not None:
            lines.append(
                f"# {place}.weight must be set from training images; until then it has PyTorch's random values"
            )
        frozen = item.op.frozen_of(self.graph.shapes_in(item))
        return lines + [f'self.get_parameter("{place}.{name}").requires_grad_(False)' for name in frozen]
