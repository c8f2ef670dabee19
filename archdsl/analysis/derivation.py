"""The derivation of a shape: the steps from the inputs to a node, as a tree of scopes with repetitions folded."""

import re
from collections.abc import Sequence

from ..contract.layer import Layer
from ..contract.reasons import KEEPS
from ..graph import Draft, DraftNode, Graph, Node
from ..record import Record
from ..shapes.symbolic import Condition, recording
from .shape_reasons import reasons_for, relative
from .size_sets import in_words, solve
from .valid_sizes import SizeRequirement

_REPETITION = re.compile(r" x\d+(?= as \w+$|$)")
# Scopes that are not uses of blocks.
_INLINE = frozenset({"stage", "branch", "aux", "reuse"})
_MOST_FOLDED = 12
"""The maximum number of statements of a repetition that is detected."""


class DerivationStep(Record):
    """One layer, or several in a row that keep the shape.

    `numbers` are the reasons; `plain`: the only reason is that the shape is kept; `pointwise`: no window moves;
    `source`: where the input comes from, unless it is the previous step. `line` is the line of the first statement,
    `FILE:LINE` outside the network's own file. `requirements` are its requirements on symbolic dimensions.
    """

    line: str
    texts: tuple[str, ...]
    names: tuple[str, ...]
    shape: str
    numbers: tuple[str, ...]
    keeps_shape: bool
    plain: bool
    pointwise: bool
    source: str = ""
    requirements: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[object, ...]:
        """The identity of the statement."""
        return "step", self.line, self.texts, bool(self.source), self.requirements


class DerivationGroup(Record):
    """A stage, a branch or a block use; without a heading, repeated statements.

    `times` is the number of repetitions in a row; `is_uniform`: all have the same numbers; `last` is the shape after
    the last one.
    """

    heading: str
    items: "tuple[DerivationStep | DerivationGroup, ...]"
    times: int = 1
    is_uniform: bool = True
    last: str = ""

    @property
    def key(self) -> tuple[object, ...]:
        """The identity of the statements."""
        return "group", self.heading, self.times, tuple(item.key for item in self.items)

    @property
    def shape(self) -> str:
        """The resulting shape."""
        return self.last or self.items[-1].shape


DerivationItem = DerivationStep | DerivationGroup


def derive(graph: Graph, target: Node, *, full: bool = False) -> tuple[DerivationItem, ...]:
    """The steps that lead to a node. `full` lists each step, without folding."""
    dependencies = _dependencies(graph, target)
    reported = _ReportedRequirements()
    steps: list[tuple[Node, DerivationStep]] = []
    before: int | None = None
    for node in dependencies:
        steps.append((node, _step(graph, node, before, reported)))
        before = node.id
    items = _nest(graph, steps, 0, full)
    return tuple(items if full else _shortened(items, target.name))


def leads_to(draft: Draft, node: DraftNode) -> tuple[Graph, Node] | None:
    """The subgraph of a draft that leads to a node, and the node in it.

    If the node depends on an error, it is the subgraph that leads to the first error; None if nothing does.
    """
    known = draft.known()
    end = node.id if known[node.id] else _before_error(draft, node, known)
    if end is None:
        return None
    graph, ids = draft.subgraph((end,))
    return graph, graph.nodes[ids[end]]


def _before_error(draft: Draft, node: DraftNode, known: Sequence[bool]) -> int | None:
    """The input of the first unresolved node among those that a node depends on."""
    wanted, stack = {node.id}, [node.id]
    while stack:
        new = [i for i in draft.nodes[stack.pop()].inputs if i not in wanted]
        wanted.update(new)
        stack += new
    first = min(i for i in wanted if not known[i])
    return max((i for i in draft.nodes[first].inputs if known[i]), default=None)


def _dependencies(graph: Graph, target: Node) -> list[Node]:
    """A node and all nodes that it depends on, in graph order."""
    wanted, stack = {target.id}, [target.id]
    while stack:
        new = [i for i in graph.nodes[stack.pop()].inputs if i not in wanted]
        wanted.update(new)
        stack += new
    return [graph.nodes[i] for i in sorted(wanted)]


class _ReportedRequirements:
    """The requirements reported so far: a step reports only those that the earlier ones do not imply."""

    def __init__(self) -> None:
        self.separate: dict[str, list[Condition]] = {}
        self.words: set[str] = set()

    def new(self, node: Node, conditions: Sequence[Condition]) -> tuple[str, ...]:
        """What a node's conditions add to those already reported, in words: `H and W ≥ 13`."""
        found: dict[str, list[str]] = {}
        for condition in conditions:
            symbols = sorted(condition.form.symbols())
            text = self._separate(condition, symbols[0]) if len(symbols) == 1 else self._joint(condition, node)
            if text.startswith(f"{symbols[0]} "):
                found.setdefault(text[len(symbols[0]) :], []).append(symbols[0])
            elif text:
                found.setdefault(text, [])
        return tuple(f"{' and '.join(dict.fromkeys(names))}{text}" for text, names in found.items())

    def _separate(self, condition: Condition, symbol: str) -> str:
        known = self.separate.setdefault(symbol, [])
        before = in_words(solve(known, symbol), symbol)
        known.append(condition)
        return "" if in_words(solve(known, symbol), symbol) == before else in_words(solve([condition], symbol), symbol)

    def _joint(self, condition: Condition, node: Node) -> str:
        text = str(SizeRequirement(condition=condition, span=node.span))
        new = text not in self.words
        self.words.add(text)
        return text if new else ""


def conditions_of(graph: Graph, node: Node) -> list[Condition]:
    """What a node and its weights require of symbolic dimensions."""
    if node.is_input:
        return []
    xs = graph.shapes_in(node)
    with recording() as found:
        node.op.infer(xs)
        node.op.require_weights(xs)
    return found


def _step(graph: Graph, node: Node, before: int | None, reported: _ReportedRequirements) -> DerivationStep:
    home = graph.nodes[graph.inputs[0]].span.source if graph.inputs else node.span.source
    here = node.span.source is home
    entry = node.id in graph.inputs
    previous = graph.nodes[node.inputs[0]] if node.inputs else None
    elsewhere = len(node.inputs) == 1 and previous is not None and previous.id != before
    keeps_shape = previous is not None and len(node.inputs) == 1 and previous.shape == node.shape
    found = () if entry else reasons_for(graph, node, node.name)
    return DerivationStep(
        line=f"{'' if here else f'{node.span.source.name}:'}{node.span.line}",
        texts=(_REPETITION.sub("", node.text),),
        names=(node.name,),
        shape=str(node.shape),
        numbers=tuple(reason.text for reason in found),
        keeps_shape=keeps_shape,
        plain=found in ((), (KEEPS,)),
        pointwise=previous is None or not (isinstance(node.op, Layer) and node.op.slides(previous.shape)),
        source=f"from {relative(previous.name, node.name)}" if elsewhere and previous is not None else "",
        requirements=reported.new(node, conditions_of(graph, node)) if graph.symbols else (),
    )


def _nest(graph: Graph, steps: Sequence[tuple[Node, DerivationStep]], depth: int, full: bool) -> list[DerivationItem]:
    """The steps as a tree of their scopes, starting at this depth of the path."""
    items: list[DerivationItem] = []
    index = 0
    while index < len(steps):
        path = steps[index][0].path
        inner = next((d for d in range(depth + 1, len(path)) if path[:d] in graph.scopes), None)
        if inner is None:
            items.append(steps[index][1])
            index += 1
            continue
        end = index
        while end < len(steps) and steps[end][0].path[:inner] == path[:inner] and len(steps[end][0].path) > inner:
            end += 1
        inside = _nest(graph, steps[index:end], inner, full)
        items.append(DerivationGroup(heading=heading(graph, steps[index][0], inner), items=tuple(inside)))
        index = end
    return items if full else _fold(items)


def _shortened(items: Sequence[DerivationItem], target: str) -> list[DerivationItem]:
    """The same items in as few lines as possible; the target keeps its own line."""
    short = [_shorter(item, target) if isinstance(item, DerivationGroup) else item for item in items]
    return _runs(short, target)


def _shorter(group: DerivationGroup, target: str) -> DerivationItem:
    items = _shortened(group.items, target)
    only = items[0]
    if len(items) > 1 or not group.heading:
        return group.replace(items=tuple(items))
    if isinstance(only, DerivationGroup) and only.times == 1:
        # A block that only uses another block.
        return group.replace(heading=f"{group.heading}: {only.heading}", items=only.items)
    if (
        isinstance(only, DerivationStep)
        and group.times == 1
        and only.keeps_shape
        and only.pointwise
        and target not in only.names
    ):
        # A block of a single layer with settings, such as a normalization.
        return only.replace(texts=(group.heading,))
    return group.replace(items=tuple(items))


def heading(graph: Graph, node: Node, depth: int) -> str:
    """`stage features`, or the use of a block as written."""
    scopes = [node.path[:d] for d in range(1, depth + 1) if node.path[:d] in graph.scopes]
    kind = graph.scopes[node.path[:depth]]
    blocks = sum(graph.scopes[path] not in _INLINE for path in scopes)
    if kind == "branch":
        return node.path[depth - 1]
    if kind in _INLINE or blocks > len(node.uses):
        return f"{kind} {node.path[depth - 1]}"
    return _REPETITION.sub("", " ".join(node.uses[blocks - 1].span.text.split()))


def _runs(items: Sequence[DerivationItem], target: str) -> list[DerivationItem]:
    """Merge layers that keep the shape with the step before them, if its reason remains correct.

    A layer with a sliding window is merged only into a step that also keeps the shape.
    """
    found: list[DerivationItem] = []
    for item in items:
        last = found[-1] if found else None
        if (
            isinstance(item, DerivationStep)
            and isinstance(last, DerivationStep)
            and _joins(item, last)
            and target not in item.names
        ):
            texts, names = (*last.texts, *item.texts), (*last.names, *item.names)
            numbers = ("keep the shape",) if last.keeps_shape else last.numbers
            pointwise = last.pointwise and item.pointwise
            # A step with several layers cannot be merged into the one before it.
            found[-1] = last.replace(texts=texts, names=names, numbers=numbers, plain=False, pointwise=pointwise)
        else:
            found.append(item)
    return found


def _joins(item: DerivationStep, last: DerivationStep) -> bool:
    """Whether a step is merged into the one before."""
    alone = not item.keeps_shape or item.source or item.requirements or not item.plain
    if item.keeps_shape and not item.pointwise:
        return not item.source and not item.requirements and last.keeps_shape and not last.requirements
    return not alone


def _fold(items: Sequence[DerivationItem]) -> list[DerivationItem]:
    """Fold repetitions into single items with a count."""
    keys = [item.key for item in items]
    found: list[DerivationItem] = []
    index = 0
    while index < len(items):
        period, count = _repetition(keys, index)
        if count == 1:
            found.append(items[index])
        else:
            found.append(_folded(items[index : index + period * count], period, count))
        index += period * count
    return found


def _repetition(keys: Sequence[object], start: int) -> tuple[int, int]:
    """The period and the number of repetitions that start here; (1, 1) if there are none."""
    for period in range(1, _MOST_FOLDED + 1):
        count = 1
        while keys[start : start + period] == keys[start + count * period : start + (count + 1) * period]:
            if start + (count + 1) * period > len(keys):
                break
            count += 1
        if count > 1:
            return period, count
    return 1, 1


def _folded(items: Sequence[DerivationItem], period: int, count: int) -> DerivationGroup:
    iterations = [tuple(items[i : i + period]) for i in range(0, len(items), period)]
    is_uniform = all(_numbers(iteration) == _numbers(iterations[0]) for iteration in iterations)
    first = iterations[0][0]
    if period == 1 and isinstance(first, DerivationGroup):
        return first.replace(times=count, is_uniform=is_uniform and first.is_uniform, last=items[-1].shape)
    return DerivationGroup(heading="", items=iterations[0], times=count, is_uniform=is_uniform, last=items[-1].shape)


def _numbers(items: Sequence[DerivationItem]) -> list[object]:
    """The shapes of items, by which two repetitions are compared."""
    return [_numbers(item.items) if isinstance(item, DerivationGroup) else item.shape for item in items]


def decided(graph: Graph, target: Node) -> tuple[SizeRequirement, ...]:
    """What the program's own conditions before a node, such as `if @h > 7`, require of symbolic dimensions."""
    if not graph.symbols:
        return ()
    known = {condition for node in graph.layers for condition in conditions_of(graph, node)}
    here = target.uses[0].span if target.uses else target.span
    found = {
        condition: SizeRequirement(condition=condition, span=span)
        for condition, span in reversed(graph.conditions)
        if condition not in known and (span.source is not here.source or span.start <= here.start)
    }
    return tuple(reversed(found.values()))
