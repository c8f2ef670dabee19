"""Build a diagram from a graph: the boxes of each view, and the arrows between them.

Layers that keep the shape (normalization, activation, dropout) are stacked on the previous layer, as rows of one box:
the diagram is half as tall, and each arrow is a tensor with a new shape.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import pairwise

from ...analysis.cost import Cost, Costs
from ...contract.layer import LayerOp
from ...contract.styles import STACKED
from ...graph import FigureSettings, Graph, Node
from ...record import Record
from ...text.names import suggested
from .boxes import UNNAMED_SCOPES, BoxGroup, DiagramSource, cluster, group_box, output_boxes
from .drawn_tensors import DrawnTensors
from .engine import CannotDraw
from .field_overlay import field_overlay
from .figure import Arrow, Box, Cluster, Diagram, Flow, Role
from .figure_groups import GROUP, with_groups
from .figure_labels import FigureLabels
from .flow import find_flows
from .heat import Heat, with_heat
from .junctions import with_entries
from .labels import count, shape_words, short
from .plan import DrawingPlan, Frame, Path, PlannedNode, frames_around, make_plan
from .reused_scopes import with_reused_scopes
from .view import View
from .volumes import row_boxes

MANY = 48
"""Up to this many volumes are drawn without folding repetitions."""


class ViewOptions(Record):
    """What to show: the view, the names of expanded blocks, whether repetitions are drawn once, the title."""

    view: View = View.LAYERS
    expand: tuple[str, ...] = ()
    fold: bool = True
    title: str | None = None
    """The title; None for that of the figure's settings, or the name."""
    name: str | None = None
    """The name of the network; None for that of its text."""
    heat: Heat | None = None
    """A measure that colors the boxes instead of their kind."""
    field: str | None = None
    """The name of a layer whose receptive field is shown in the view `volumes`."""
    detail: str | None = None
    """The name of a block or stage that is shown in detail beside the diagram."""


def build_diagram(graph: Graph, costs: Costs, view_options: ViewOptions | None = None) -> Diagram:
    """A view of a graph; by default every layer, with repetitions drawn once.

    Raises CannotDraw for a name to expand that does not exist, or that is not closed in this view.
    """
    view_options = view_options or ViewOptions()
    for name in view_options.expand:
        _require_effect(graph, costs, view_options, name)
    if view_options.view is View.VOLUMES and view_options.fold:
        # All of VGG's layers fit in such a diagram; repetitions are drawn once only if there are many more.
        unfolded = _build(graph, costs, view_options.replace(fold=False))
        return unfolded if len(unfolded.boxes) <= MANY else _build(graph, costs, view_options)
    return _build(graph, costs, view_options)


def _require_effect(graph: Graph, costs: Costs, view_options: ViewOptions, name: str) -> None:
    """Raise CannotDraw if expanding a name shows nothing beyond what expanding the others shows."""
    others = tuple(each for each in view_options.expand if each != name)
    with_it = _build(graph, costs, view_options)
    if _build(graph, costs, view_options.replace(expand=others)).boxes != with_it.boxes:
        return
    closed = dict.fromkeys(
        row.words.split(":")[-1].split()[0] for box in with_it.boxes for row in box.rows if box.inside
    )
    help = f"; closed in it: {', '.join(f'`{each}`' for each in closed)}" if closed else ""
    raise CannotDraw(f"the view `{view_options.view}` already shows what is inside `{name}`{help}")


def diagram_graph(graph: Graph) -> Graph:
    """The graph with the scopes that a diagram has in addition: groups of its figure, and reused stages and blocks."""
    return with_reused_scopes(with_groups(graph))


def _build(graph: Graph, costs: Costs, view_options: ViewOptions) -> Diagram:
    settings = graph.figure or FigureSettings()
    graph = diagram_graph(graph)
    plan = make_plan(graph, fold=view_options.fold, exact=view_options.view is View.LAYERS)
    plan = _without_wrappers(graph, plan)
    labels = FigureLabels(graph.figure.labels if graph.figure is not None else ())
    closed = _closed(graph, view_options)
    tensors = DrawnTensors(graph, plan, _hidden(plan, settings, closed))
    groups = _placed(graph, plan, _groups(graph, plan, closed, tensors))
    facts = DiagramSource(graph=graph, costs=costs, plan=plan, labels=labels, hidden=settings.hidden)
    boxes = [group_box(facts, group) for group in groups] + output_boxes(graph, labels)
    _require_labels(facts, groups, view_options.view)
    title, caption, note = _title(graph, costs.total, settings, view_options)
    drawn = Diagram(
        title=title,
        caption=caption,
        description=_description(graph, boxes, caption),
        boxes=tuple(boxes),
        arrows=_arrows(graph, tensors, groups),
        clusters=_clusters(facts, groups),
        note=note,
    )
    drawn = drawn if view_options.heat is None else with_heat(drawn, graph, costs, view_options.heat)
    drawn = with_entries(drawn)
    return drawn if view_options.field is None else _with_field(drawn, graph, view_options.field)


def _with_field(drawn: Diagram, graph: Graph, name: str) -> Diagram:
    """The diagram with what a position of a layer sees, which is also in the caption."""
    found = field_overlay(graph, drawn, row_boxes(drawn), name)
    caption, note = ("; ".join(filter(None, (words, found.words))) for words in (drawn.caption, drawn.note))
    return drawn.replace(field=found, caption=caption, note=note)


def _title(graph: Graph, total: Cost, settings: FigureSettings, view_options: ViewOptions) -> tuple[str, str, str]:
    """The title, the caption, and what the figure hides, which is at the end of the caption."""
    given = (view_options.title, settings.title, view_options.name)
    title = next((each for each in given if each is not None), graph.name)
    totals = f"{title}: {count(total.parameters, 'parameter')}, {short(total.macs, 'MAC')}"
    caption = totals if settings.caption is None or view_options.title is not None else settings.caption
    note = f"not shown: {', '.join(settings.hidden_words)}" if settings.hidden_words else ""
    return title, "; ".join(filter(None, (caption, note))), note


def _hidden(plan: DrawingPlan, settings: FigureSettings, closed: Callable[[Frame], bool]) -> frozenset[int]:
    """The nodes that are drawn neither in a separate box nor in that of a closed block."""
    return frozenset(
        drawn.node
        for drawn in plan.nodes
        if drawn.node in settings.hidden and not any(map(closed, frames_around(plan, drawn.place)))
    )


def _require_labels(facts: DiagramSource, groups: list[BoxGroup], view: View) -> None:
    """Raise CannotDraw for one of the figure's own labels that the view does not show."""
    nodes = {copy for group in groups if group.frame is None for drawn in group.nodes for copy in drawn.copies}
    frames = [group.frame for group in groups if group.frame is not None]
    if view is not View.VOLUMES:
        frames += [frame for group in groups for frame in frames_around(facts.plan, group.place)]
    scopes = {scope for frame in frames if frame.scope is not None for scope in facts.copies(frame)}
    outputs = [name for name, _ in facts.graph.outputs]
    facts.labels.require_shown(nodes, scopes, outputs, view, facts.hidden)


def _without_wrappers(graph: Graph, plan: DrawingPlan) -> DrawingPlan:
    """The plan without the frames of blocks that contain only a single layer or another block."""
    inside: dict[Path, list[Path]] = {}
    for drawn in plan.nodes:
        for outer, inner in pairwise([*(frame.path for frame in frames_around(plan, drawn.place)), ()]):
            inside.setdefault(outer, []).append(inner)
    blocks = {f.path for f in plan.frames.values() if f.scope and graph.scopes[f.scope] not in UNNAMED_SCOPES}
    wrappers = {path for path in blocks if inside[path] == [()]}
    wrappers |= {
        inner for outer in blocks for inner in inside[outer] if inner in blocks and set(inside[outer]) == {inner}
    }
    # A repeated wrapper still needs its count.
    kept = {path: frame.replace(scope=None) if path in wrappers else frame for path, frame in plan.frames.items()}
    return plan.replace(frames={path: frame for path, frame in kept.items() if path not in wrappers or frame.times > 1})


def _innermost(plan: DrawingPlan, place: Path) -> Path:
    """The innermost frame around a place; () for none."""
    return max((frame.path for frame in frames_around(plan, place)), key=len, default=())


def _closed(graph: Graph, view_options: ViewOptions) -> Callable[[Frame], bool]:
    """Returns a predicate: whether a frame is drawn as a box. Raises CannotDraw for an unknown name to expand."""
    opened = expanded_scopes(graph, view_options.expand)

    def closed(frame: Frame) -> bool:
        kind = graph.scopes[frame.scope] if frame.scope else None
        if kind is None or frame.scope in opened:
            return False
        match view_options.view:
            case View.LAYERS:
                return False
            case View.BLOCKS | View.VOLUMES:
                return kind not in ("stage", "aux", GROUP)
            case View.STAGES | View.UNET:
                return True

    return closed


def expanded_scopes(graph: Graph, names: tuple[str, ...]) -> set[Path]:
    """The scopes of the blocks and stages with these names, and those around them. Raises CannotDraw."""
    opened: set[Path] = set()
    for name in names:
        found = [path for path, kind in graph.scopes.items() if name in (kind, path[-1])]
        if not found:
            known = {*graph.scopes.values(), *(path[-1] for path in graph.scopes)} - {*UNNAMED_SCOPES}
            raise CannotDraw(f"there is no block or stage `{name}` to expand{suggested(name, known)}")
        opened |= {path[:length] for path in found for length in range(1, len(path) + 1)}
    return opened


def _groups(graph: Graph, plan: DrawingPlan, closed: Callable[[Frame], bool], tensors: DrawnTensors) -> list[BoxGroup]:
    """The contents of each box, in the order in which the boxes start."""
    shown = [drawn for drawn in plan.nodes if drawn.node not in tensors.hidden]
    readers = Counter(tensors.shown(i) for drawn in shown for i in graph.nodes[drawn.node].inputs)
    readers.update(tensors.shown(node) for _, node in graph.outputs)
    frames: dict[Path, list[PlannedNode]] = {}
    tops: dict[int, list[PlannedNode]] = {}
    groups: list[tuple[list[PlannedNode], Frame | None]] = []
    for drawn in shown:
        node = graph.nodes[drawn.node]
        frame = next(filter(closed, frames_around(plan, drawn.place)), None)
        source = tensors.shown(node.inputs[0]) if len(node.inputs) == 1 else -1
        if frame is not None and frame.path in frames:
            frames[frame.path].append(drawn)
        elif (
            frame is None and source in tops and readers[source] == 1 and _stacks(graph, plan, drawn, tops[source][-1])
        ):
            tops[source].append(drawn)
            tops[drawn.node] = tops.pop(source)
        else:
            members = [drawn]
            groups.append((members, frame))
            if frame is not None:
                frames[frame.path] = members
            else:
                tops[drawn.node] = members
    return [_group(graph, plan, tuple(members), frame) for members, frame in groups]


def _stacks(graph: Graph, plan: DrawingPlan, drawn: PlannedNode, below: PlannedNode) -> bool:
    """Whether a layer is drawn as a row under the previous one."""
    alike = graph.nodes[drawn.node].shape == graph.nodes[below.node].shape
    return alike and _light(graph, drawn) and _layer(graph, below) and _same_frame(plan, drawn, below)


def _layer(graph: Graph, drawn: PlannedNode) -> bool:
    return isinstance(graph.nodes[drawn.node].op, LayerOp)


def _light(graph: Graph, drawn: PlannedNode) -> bool:
    op = graph.nodes[drawn.node].op
    return isinstance(op, LayerOp) and op.style in STACKED


def _same_frame(plan: DrawingPlan, one: PlannedNode, other: PlannedNode) -> bool:
    return _innermost(plan, one.place) == _innermost(plan, other.place)


def _group(graph: Graph, plan: DrawingPlan, members: tuple[PlannedNode, ...], frame: Frame | None) -> BoxGroup:
    if frame is None:
        return BoxGroup(nodes=members, frame=None, place=_innermost(plan, members[0].place), times=1)
    place = _innermost(plan, frame.path[:-1])
    # The layers of a convolution with its normalization and activation say more than the name of their block.
    if graph.scopes[frame.scope or ()] not in UNNAMED_SCOPES and _is_stack(graph, plan, members):
        inside = [each.times for each in frames_around(plan, members[0].place) if len(each.path) >= len(frame.path)]
        return BoxGroup(nodes=members, frame=None, place=place, times=math.prod(inside))
    return BoxGroup(nodes=members, frame=frame, place=place, times=frame.times)


def _is_stack(graph: Graph, plan: DrawingPlan, members: tuple[PlannedNode, ...]) -> bool:
    """Whether these layers would be one box by themselves: in one frame, a layer and layers that keep its shape."""
    first, *rest = members
    shapes = {graph.nodes[drawn.node].shape for drawn in members}
    together = all(_light(graph, drawn) and _same_frame(plan, drawn, first) for drawn in rest)
    return len(shapes) == 1 and _layer(graph, first) and together


def _placed(graph: Graph, plan: DrawingPlan, groups: list[BoxGroup]) -> list[BoxGroup]:
    """The groups, moved out of frames that contain only one box: the box itself shows the repetition or the block."""
    inside = Counter(frame.path for group in groups for frame in frames_around(plan, group.place))

    def is_redundant(group: BoxGroup) -> bool:
        frame = plan.frames.get(group.place)
        if frame is None or inside[group.place] != 1:
            return False
        if frame.times > 1 and graph.nodes[group.nodes[0].node].op.style == "merge":
            return False  # the box of a merge has no place for the number of repetitions
        return frame.scope is None or (group.frame is None and graph.scopes[frame.scope] not in UNNAMED_SCOPES)

    placed = []
    for group in groups:
        while is_redundant(group):
            times = group.times * plan.frames[group.place].times
            group = group.replace(place=_innermost(plan, group.place[:-1]), times=times)
        placed.append(group)
    return placed


def _arrows(graph: Graph, tensors: DrawnTensors, groups: list[BoxGroup]) -> tuple[Arrow, ...]:
    """The arrows, ordered by their ends. The first arrow of a tensor, not counting skips, is labeled with its shape."""
    owner = {drawn.node: group.id for group in groups for drawn in group.nodes}
    found: dict[tuple[int, str, tuple[int, ...]], int] = {}
    ends = [(i, group.id) for group in groups for drawn in group.nodes for i in graph.nodes[drawn.node].inputs]
    ends += [(node, f"y{i}") for i, (_, node) in enumerate(graph.outputs)]
    for source, end in ends:
        drawn, hidden = tensors.shown(source), tensors.hidden_before(source)
        if owner[drawn] != end:
            found.setdefault((drawn, end, hidden), source)
    pairs = [(owner[drawn], end) for drawn, end, _ in found]
    arrows, labeled = [], set()
    for ((start, end), (key, source)), flow in zip(
        zip(pairs, found.items(), strict=True), find_flows(pairs), strict=True
    ):
        has_label = flow is not Flow.SKIP and source not in labeled
        labeled |= {source} if has_label else set()
        words = tensors.words(source) if has_label else None
        hidden = tuple(copy for node in key[2] for copy in tensors.copies(node))
        tensor = tensors.plan.resolve(source)
        arrows.append(Arrow(start=start, end=end, shape=words, flow=flow, source=tensor, hidden=hidden))
    return tuple(arrows)


def _clusters(facts: DiagramSource, groups: list[BoxGroup]) -> tuple[Cluster, ...]:
    """The frames drawn around boxes."""
    open_ = {frame.path for group in groups for frame in frames_around(facts.plan, group.place)}
    return tuple(cluster(facts, frame) for frame in facts.plan.frames.values() if frame.path in open_)


def _description(graph: Graph, boxes: list[Box], caption: str) -> str:
    """A text description of the diagram for screen readers."""
    shown = (box for box in boxes if box.role not in (Role.INPUT, Role.OUTPUT))
    words = [
        " ".join([row.words, f"×{box.times}"] if box.times > 1 else [row.words]) for box in shown for row in box.rows
    ]
    takes, gives = (_shapes(graph.nodes[i] for i in ids) for ids in (graph.inputs, [i for _, i in graph.outputs]))
    return f"{caption}. It maps {takes} to {gives} with {count(len(graph.layers), 'layer')}: {', '.join(words)}."


def _shapes(nodes: Iterable[Node]) -> str:
    return " and ".join(shape_words(node.shape) for node in nodes)
