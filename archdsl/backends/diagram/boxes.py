"""The contents of boxes and frames: names, numbers, hover text."""

from ...analysis.cost import Cost, Costs, add
from ...contract.layer import Layer, LayerOp
from ...diagnostics import BlockUse
from ...graph import BlockCall, Graph, Node, Subgraph
from ...record import Record
from ...shapes.shape import Shape
from ...text.source import Span
from .figure import Box, BoxRow, Cluster, Role
from .figure_groups import GROUP, module_name
from .figure_labels import NO_LABELS, FigureLabels
from .labels import count, layer_words, shape_words
from .plan import DrawingPlan, Frame, Path, PlannedNode, frames_around

UNNAMED_SCOPES = frozenset({"stage", "branch", "aux", GROUP})
"""Kinds of scopes other than the use of a block, whose kind is the block's name."""


_MOST_WORDS = 4


class DiagramSource(Record):
    """The network to be drawn: its graph, its costs, what is drawn of it, its own labels, and the hidden layers."""

    graph: Graph
    costs: Costs
    plan: DrawingPlan
    labels: FigureLabels = NO_LABELS
    hidden: frozenset[int] = frozenset()

    def copies(self, frame: Frame) -> list[Path]:
        """The scopes for which a frame stands, with all repetitions."""
        scope = frame.scope or ()
        first = next(drawn for drawn in self.plan.nodes if self.graph.nodes[drawn.node].path[: len(scope)] == scope)
        return list(dict.fromkeys(self.graph.nodes[copy].path[: len(scope)] for copy in first.copies))

    def label_of(self, frame: Frame) -> str | None:
        """The figure's own label for a stage or block. Raises CannotDraw if its repetitions differ."""
        return None if frame.scope is None else self.labels.of_scopes(self.copies(frame))


class BoxGroup(Record):
    """The contents of one box: stacked layers, or everything in a closed frame; and the frame that contains the box."""

    nodes: tuple[PlannedNode, ...]
    frame: Frame | None
    place: Path
    times: int

    @property
    def id(self) -> str:
        """The id of its box."""
        return f"n{self.nodes[0].node}"


def group_box(facts: DiagramSource, group: BoxGroup) -> Box:
    """The box of a group."""
    first = facts.graph.nodes[group.nodes[0].node]
    if first.id in facts.graph.inputs:
        return Box(id=group.id, role=Role.INPUT, rows=(_input(facts, first.id),), shape=first.shape)
    if group.frame is not None:
        return _closed_box(facts, group, group.frame)
    role = Role.MERGE if first.op.style == "merge" else Role.LAYERS
    rows = tuple(_row(facts, drawn) for drawn in group.nodes)
    body = getattr(first.op, "body", None)
    if isinstance(body, Subgraph) and len(rows) == 1:
        return _body_box(facts, group, rows[0], body.graph)
    return Box(
        id=group.id, role=role, rows=rows, cluster=group.place, times=group.times, shape=_shape_after(facts, group)
    )


def _body_box(facts: DiagramSource, group: BoxGroup, row: BoxRow, body: Graph) -> Box:
    """The box of a layer that has a body: like a closed block, with the kinds of the layers inside."""
    return Box(
        id=group.id,
        role=Role.GROUP,
        rows=(row,),
        cluster=group.place,
        times=group.times,
        shape=_shape_after(facts, group),
        note=_body_words(body),
        inside=tuple(node.op.style for node in body.layers if isinstance(node.op, LayerOp)),
    )


def _body_words(body: Graph) -> str:
    """The layers of a body that have weights, or all of them; at most four."""
    weighted = [node for node in body.layers if node.op.weights_of(body.shapes_in(node))]
    words = [layer_words(node.op, body.shapes_in(node)[0]) for node in weighted or body.layers]
    return ", ".join(words[:_MOST_WORDS]) + (" …" if len(words) > _MOST_WORDS else "")


def _shape_after(facts: DiagramSource, group: BoxGroup) -> Shape | None:
    """The shape of a group's output, after the last of its repetitions."""
    return facts.graph.nodes[group.nodes[-1].copies[-1]].shape


def _row(facts: DiagramSource, drawn: PlannedNode) -> BoxRow:
    graph, node = facts.graph, facts.graph.nodes[drawn.node]
    costs = [facts.costs[copy] for copy in drawn.copies]
    label = facts.labels.of_nodes(drawn.copies)
    hints = [f"{module_name(graph, node.path)}: {node.text}", shape_words(node.shape)]
    if node.shared is not None and _shares_weights(graph, node):
        hints.append(f"the weights of {module_name(graph, graph.nodes[node.shared].path)}")
    if len(drawn.copies) > 1:
        hints.append(f"repeated up to {module_name(graph, graph.nodes[drawn.copies[-1]].path)}")
    return BoxRow(
        words=label or _words(graph, drawn),
        own_words=label is not None,
        style=node.op.style,
        hover=", ".join([*hints, *_totals(add(costs))]),
        parameters=tuple(cost.parameters for cost in costs),
        macs=tuple(cost.macs for cost in costs),
        shared=_shares_weights(graph, node),
        kernel=_kernel(graph, drawn.node),
        nodes=drawn.copies,
        name=module_name(graph, node.path),
        shape=shape_words(node.shape),
        position=position_of(node),
    )


def _shares_weights(graph: Graph, node: Node) -> bool:
    """Whether a layer has the weights of another one, which it reuses."""
    return node.shared is not None and bool(node.op.weights_of(graph.shapes_in(node)))


def _kernel(graph: Graph, node: int) -> tuple[int, ...]:
    op, xs = graph.nodes[node].op, graph.shapes_in(graph.nodes[node])
    return tuple(w.kernel for w in op.windows(xs[0])) if isinstance(op, Layer) else ()


def _words(graph: Graph, drawn: PlannedNode) -> str:
    """A layer in words; if its copies differ, what they have in common."""
    nodes = [graph.nodes[copy] for copy in drawn.copies]
    words = {layer_words(node.op, graph.shapes_in(node)[0]) for node in nodes}
    op = nodes[0].op
    return words.pop() if len(words) == 1 else op.keyword


def _totals(cost: Cost) -> list[str]:
    parameters = [count(cost.parameters, "parameter")] if cost.parameters else []
    return parameters + ([count(cost.macs, "MAC")] if cost.macs else [])


def _closed_box(facts: DiagramSource, group: BoxGroup, frame: Frame) -> Box:
    repetitions = 1
    for around in frames_around(facts.plan, frame.path):
        repetitions *= around.times
    costs = [_repetition_cost(facts, group.nodes, repetition, repetitions) for repetition in range(repetitions)]
    ops = [facts.graph.nodes[drawn.node].op for drawn in group.nodes if drawn.node not in facts.hidden]
    row = BoxRow(
        words=frame_words(facts, frame),
        own_words=facts.label_of(frame) is not None,
        style="",
        hover=_frame_hover(facts, frame),
        parameters=tuple(cost.parameters for cost in costs),
        macs=tuple(cost.macs for cost in costs),
        shared=any(_shares_weights(facts.graph, facts.graph.nodes[drawn.node]) for drawn in group.nodes),
        nodes=tuple(copy for drawn in group.nodes for copy in drawn.copies),
        name=module_name(facts.graph, frame.scope or ()),
        shape=shape_words(facts.graph.nodes[group.nodes[-1].copies[-1]].shape),
        position=_use_position(facts.graph, frame),
    )
    return Box(
        id=group.id,
        role=Role.GROUP,
        rows=(row,),
        cluster=group.place,
        times=group.times,
        shape=_shape_after(facts, group),
        note=_summary(facts, frame),
        inside=tuple(op.style for op in ops if isinstance(op, LayerOp)),
    )


def _repetition_cost(facts: DiagramSource, nodes: tuple[PlannedNode, ...], repetition: int, repetitions: int) -> Cost:
    """The cost of one repetition of a frame."""
    ids = (
        i
        for n in nodes
        for i in n.copies[repetition * len(n.copies) // repetitions : (repetition + 1) * len(n.copies) // repetitions]
    )
    return add(facts.costs[i] for i in ids)


def position_of(node: Node) -> str:
    """Where the statement of a node is: `LINE:COLUMN`, with the name of the file if it is not the network's own."""
    return "" if node.statement is None else _position(node.span, node)


def _use_position(graph: Graph, frame: Frame) -> str:
    """Where a block is used; empty for a stage."""
    if frame.scope is None:
        return ""
    node = _first_inside(graph, frame.scope)
    use = use_of(graph, frame.scope, node)
    return "" if use is None else _position(use.span, node)


def _position(span: Span, node: Node) -> str:
    own = node.uses[0].span.source if node.uses else span.source
    line, column = span.source.position(span.start)
    # Only the name: a path would make the figure depend on the machine.
    file = "" if span.source.file.key == own.file.key else f"{span.source.key.rpartition('/')[2]}:"
    return f"{file}{line}:{column}"


def _first_inside(graph: Graph, scope: Path) -> Node:
    return next(node for node in graph.nodes if node.path[: len(scope)] == scope)


def use_of(graph: Graph, scope: Path, node: Node) -> BlockUse | None:
    """The use of a block that created the scope that contains the node; None for a stage."""
    kind = graph.scopes[scope]
    around = [graph.scopes.get(scope[:length]) for length in range(1, len(scope))]
    depth = sum(each not in UNNAMED_SCOPES for each in around if each)
    return node.uses[depth] if depth < len(node.uses) and node.uses[depth].block == kind else None


def frame_words(facts: DiagramSource, frame: Frame) -> str:
    """A stage by its name; a block by its name with its arguments: `bottleneck 64`, `d1: double 64`."""
    if frame.scope is None:
        return ""
    if (label := facts.label_of(frame)) is not None:
        return label
    kind, name = facts.graph.scopes[frame.scope], frame.scope[-1]
    if kind in UNNAMED_SCOPES:
        return name
    calls = [facts.graph.calls.get(scope) for scope in facts.copies(frame)]
    uses = {_use_words(kind, call) if call is not None else name for call in calls}
    words = uses.pop() if len(uses) == 1 else kind
    return words if _numbered(name, kind) else f"{name}: {words}"


def _use_words(kind: str, call: BlockCall) -> str:
    """The use of a block with the values of its arguments: `unit 128 s2` for `unit width*2 s2` with a width of 64."""
    return " ".join([kind, *(f"{before}{_number(value)}" for before, value in call.numbers())])


def _number(value: int | float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.3g}"


def _numbered(name: str, kind: str) -> bool:
    return name.rstrip("0123456789") == kind.rstrip("0123456789")


def _summary(facts: DiagramSource, frame: Frame) -> str:
    """The blocks directly inside a stage, in runs: `bottleneck ×3`; for a block, the only block that it wraps."""
    scope, scopes = frame.scope or (), facts.graph.scopes
    inside = [kind for path, kind in scopes.items() if path[:-1] == scope and kind not in UNNAMED_SCOPES]
    if scopes.get(scope) not in UNNAMED_SCOPES:
        own = [node for node in facts.graph.nodes if node.path[:-1] == scope]
        return inside[0] if len(inside) == 1 and not own else ""
    runs: list[tuple[str, int]] = []
    for kind in inside:
        runs = [*runs[:-1], (kind, runs[-1][1] + 1)] if runs and runs[-1][0] == kind else [*runs, (kind, 1)]
    return ", ".join(kind if times == 1 else f"{kind} ×{times}" for kind, times in runs)


def cluster(facts: DiagramSource, frame: Frame) -> Cluster:
    """The cluster of an open frame."""
    if frame.scope is None:
        hover = f"{count(frame.times, 'repetition')}, shown once"
        return Cluster(path=frame.path, title="", hover=hover, times=frame.times)
    kind, name = facts.graph.scopes[frame.scope], frame.scope[-1]
    title = kind if frame.times > 1 and kind not in UNNAMED_SCOPES else name
    title = facts.label_of(frame) or title
    return Cluster(
        path=frame.path,
        title=title,
        hover=_frame_hover(facts, frame),
        times=frame.times,
        words=frame_words(facts, frame),
        scope=frame.scope,
    )


def _frame_hover(facts: DiagramSource, frame: Frame) -> str:
    if frame.scope is None:
        return ""
    kind = facts.graph.scopes[frame.scope]
    inside = [node.id for node in facts.graph.nodes if node.path[: len(frame.scope)] == frame.scope]
    what = kind if kind in UNNAMED_SCOPES else f"block {kind}"
    hints = [count(len(inside), "layer"), *_totals(add(facts.costs[i] for i in inside))]
    hints += [f"repeated {frame.times} times"] if frame.times > 1 else []
    name = facts.label_of(frame) if kind == GROUP else module_name(facts.graph, frame.scope)
    return f"{what} {name}: {', '.join(hints)}"


def _input(facts: DiagramSource, node: int) -> BoxRow:
    graph = facts.graph
    name, shape = graph.input_names[graph.inputs.index(node)], graph.nodes[node].shape
    words = "input" if len(graph.inputs) == 1 and name == "x" else f"input {name}"
    size = shape.vocabulary
    kind = f" IDs below {size:,}" if size else ""
    label = facts.labels.of_nodes((node,))
    return BoxRow(
        words=label or words,
        own_words=label is not None,
        style="",
        hover=f"{words}: {shape}{kind}",
        nodes=(node,),
        name=name,
        shape=shape_words(shape),
        position=position_of(graph.nodes[node]),
    )


def output_boxes(graph: Graph, labels: FigureLabels = NO_LABELS) -> list[Box]:
    """The boxes of the outputs."""
    rows = (
        BoxRow(
            words=labels.of_output(name) or name,
            style="",
            own_words=labels.of_output(name) is not None,
            hover=f"{name}: {graph.nodes[node].shape}, output of {module_name(graph, graph.nodes[node].path)}",
            name=name,
            shape=shape_words(graph.nodes[node].shape),
        )
        for name, node in graph.outputs
    )
    return [Box(id=f"y{i}", role=Role.OUTPUT, rows=(row,)) for i, row in enumerate(rows)]
