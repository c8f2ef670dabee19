"""The derivation of one shape: the steps from the inputs to a node, as a tree of scopes with repetitions folded."""

import re
from collections.abc import Sequence

from ..contract.layer import Layer
from ..contract.reasons import KEEPS
from ..graph import Draft, DraftNode, Graph, Node
from ..record import Record
from ..shapes.symbolic import Condition, recording
from .shape_reasons import reasons_for, relative
from .size_sets import in_words, solve
from .valid_sizes import Demand

_REPETITION = re.compile(r" x\d+(?= as \w+$|$)")
# Scopes that are not the use of a block.
_INLINE = frozenset({"stage", "branch", "aux", "reuse"})
_MOST_FOLDED = 12
"""How many statements a repetition may have to be found."""


class DerivationStep(Record):
    """One layer, or several in a row that keep the shape.

    `numbers` are the reasons; `plain` says that there is none but that the shape is kept, `pointwise` that no window
    moves, `source` where the input comes from if it is not the step before. `line` is where the first statement stands,
    `FILE:LINE` outside of the network's own file. `demands` are what it asks of symbolic dimensions.
    """

    line: str
    texts: tuple[str, ...]
    names: tuple[str, ...]
    shape: str
    numbers: tuple[str, ...]
    keeps: bool
    plain: bool
    pointwise: bool
    source: str = ""
    demands: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[object, ...]:
        """What makes two steps the same statement."""
        return "step", self.line, self.texts, bool(self.source), self.demands


class DerivationGroup(Record):
    """A stage, a branch, the use of a block; or, without a heading, statements that are repeated.

    `times` says how often it comes in a row; `alike` whether each time with the same numbers, and `last` what the last
    one gives.
    """

    heading: str
    items: "tuple[DerivationStep | DerivationGroup, ...]"
    times: int = 1
    alike: bool = True
    last: str = ""

    @property
    def key(self) -> tuple[object, ...]:
        """What makes two groups the same statements."""
        return "group", self.heading, self.times, tuple(item.key for item in self.items)

    @property
    def shape(self) -> str:
        """What it gives."""
        return self.last or self.items[-1].shape


DerivationItem = DerivationStep | DerivationGroup


def derive(graph: Graph, target: Node, *, full: bool = False) -> tuple[DerivationItem, ...]:
    """The steps that lead to a node. `full` tells each by itself, without folding."""
    cone = _cone(graph, target)
    reported = _ReportedDemands()
    steps: list[tuple[Node, DerivationStep]] = []
    before: int | None = None
    for node in cone:
        steps.append((node, _step(graph, node, before, reported)))
        before = node.id
    items = _nest(graph, steps, 0, full)
    return tuple(items if full else _brief(items, target.name))


def leads_to(draft: Draft, node: DraftNode) -> tuple[Graph, Node] | None:
    """The part of a draft that leads to a node, as a graph, with the node in it.

    Where the node depends on a mistake, it is the part that leads up to the first one. None where nothing does.
    """
    known = draft.known()
    end = node.id if known[node.id] else _before_error(draft, node, known)
    if end is None:
        return None
    graph, ids = draft.subgraph((end,))
    return graph, graph.nodes[ids[end]]


def _before_error(draft: Draft, node: DraftNode, known: Sequence[bool]) -> int | None:
    """The node that the first unresolved one on the way to a node reads."""
    wanted, stack = {node.id}, [node.id]
    while stack:
        new = [i for i in draft.nodes[stack.pop()].inputs if i not in wanted]
        wanted.update(new)
        stack += new
    first = min(i for i in wanted if not known[i])
    return max((i for i in draft.nodes[first].inputs if known[i]), default=None)


def _cone(graph: Graph, target: Node) -> list[Node]:
    """A node and all that it is made from, in the order of the graph."""
    wanted, stack = {target.id}, [target.id]
    while stack:
        new = [i for i in graph.nodes[stack.pop()].inputs if i not in wanted]
        wanted.update(new)
        stack += new
    return [graph.nodes[i] for i in sorted(wanted)]


class _ReportedDemands:
    """The demands told so far: a step tells only what they do not say already."""

    def __init__(self) -> None:
        self.separate: dict[str, list[Condition]] = {}
        self.words: set[str] = set()

    def new(self, node: Node, conditions: Sequence[Condition]) -> tuple[str, ...]:
        """What a node's conditions add to the ones told, in words: `H and W ≥ 13`."""
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
        text = str(Demand(condition=condition, span=node.span))
        new = text not in self.words
        self.words.add(text)
        return text if new else ""


def conditions_of(graph: Graph, node: Node) -> list[Condition]:
    """What a node by itself demands of sizes that are not known, its weights included."""
    if node.is_input:
        return []
    xs = graph.shapes_in(node)
    with recording() as found:
        node.op.infer(xs)
        node.op.demand_weights(xs)
    return found


def _step(graph: Graph, node: Node, before: int | None, reported: _ReportedDemands) -> DerivationStep:
    home = graph.nodes[graph.inputs[0]].span.source if graph.inputs else node.span.source
    here = node.span.source is home
    entry = node.id in graph.inputs
    previous = graph.nodes[node.inputs[0]] if node.inputs else None
    elsewhere = len(node.inputs) == 1 and previous is not None and previous.id != before
    keeps = previous is not None and len(node.inputs) == 1 and previous.shape == node.shape
    found = () if entry else reasons_for(graph, node, node.name)
    return DerivationStep(
        line=f"{'' if here else f'{node.span.source.name}:'}{node.span.line}",
        texts=(_REPETITION.sub("", node.text),),
        names=(node.name,),
        shape=str(node.shape),
        numbers=tuple(reason.text for reason in found),
        keeps=keeps,
        plain=found in ((), (KEEPS,)),
        pointwise=previous is None or not (isinstance(node.op, Layer) and node.op.slides(previous.shape)),
        source=f"from {relative(previous.name, node.name)}" if elsewhere and previous is not None else "",
        demands=reported.new(node, conditions_of(graph, node)) if graph.symbols else (),
    )


def _nest(graph: Graph, steps: Sequence[tuple[Node, DerivationStep]], depth: int, full: bool) -> list[DerivationItem]:
    """Steps as a tree of the scopes that they lie in, from a depth of the path on."""
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


def _brief(items: Sequence[DerivationItem], target: str) -> list[DerivationItem]:
    """Items with as few lines as tell the same; the target keeps its own."""
    short = [_shorter(item, target) if isinstance(item, DerivationGroup) else item for item in items]
    return _runs(short, target)


def _shorter(group: DerivationGroup, target: str) -> DerivationItem:
    items = _brief(group.items, target)
    only = items[0]
    if len(items) > 1 or not group.heading:
        return group.replace(items=tuple(items))
    if isinstance(only, DerivationGroup) and only.times == 1:
        # A block that only uses another one.
        return group.replace(heading=f"{group.heading}: {only.heading}", items=only.items)
    if (
        isinstance(only, DerivationStep)
        and group.times == 1
        and only.keeps
        and only.pointwise
        and target not in only.names
    ):
        # A block that is a layer with settings of its own, like a norm.
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
    """Layers that keep the shape as one step with those before them, where the reason is still that of the first.

    What slides a window joins only such as keep the shape, too.
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
            numbers = ("keep the shape",) if last.keeps else last.numbers
            pointwise = last.pointwise and item.pointwise
            # What is told of several is not told with the one before them.
            found[-1] = last.replace(texts=texts, names=names, numbers=numbers, plain=False, pointwise=pointwise)
        else:
            found.append(item)
    return found


def _joins(item: DerivationStep, last: DerivationStep) -> bool:
    """Whether a step is told with the one before."""
    alone = not item.keeps or item.source or item.demands or not item.plain
    if item.keeps and not item.pointwise:
        return not item.source and not item.demands and last.keeps and not last.demands
    return not alone


def _fold(items: Sequence[DerivationItem]) -> list[DerivationItem]:
    """Repetitions as one item with a count."""
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
    """How many items repeat from here on, and how often; (1, 1) where nothing does."""
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
    turns = [tuple(items[i : i + period]) for i in range(0, len(items), period)]
    alike = all(_numbers(turn) == _numbers(turns[0]) for turn in turns)
    first = turns[0][0]
    if period == 1 and isinstance(first, DerivationGroup):
        return first.replace(times=count, alike=alike and first.alike, last=items[-1].shape)
    return DerivationGroup(heading="", items=turns[0], times=count, alike=alike, last=items[-1].shape)


def _numbers(items: Sequence[DerivationItem]) -> list[object]:
    """The shapes that items give, by which two turns of a repetition are alike."""
    return [_numbers(item.items) if isinstance(item, DerivationGroup) else item.shape for item in items]


def decided(graph: Graph, target: Node) -> tuple[Demand, ...]:
    """What the text's own questions before a node, like `if @h > 7`, demand of sizes that are not known."""
    if not graph.symbols:
        return ()
    known = {condition for node in graph.layers for condition in conditions_of(graph, node)}
    here = target.uses[0].span if target.uses else target.span
    found = {
        condition: Demand(condition=condition, span=span)
        for condition, span in reversed(graph.conditions)
        if condition not in known and (span.source is not here.source or span.start <= here.start)
    }
    return tuple(reversed(found.values()))
