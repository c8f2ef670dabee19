"""Build a diagram from a graph: the boxes of each view, and the arrows between them.

Layers that keep the shape (normalization, activation, dropout) are stacked on the previous layer, as rows of one box:
the diagram is half as tall, and each arrow is a tensor with a new shape.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import pairwise

from ...analysis.cost import Costs
from ...contract.layer import LayerOp
from ...contract.styles import STACKED
from ...graph import Graph, Node
from ...record import Record
from ...text.names import nearest
from .boxes import UNNAMED_SCOPES, BoxGroup, DiagramSource, cluster, group_box, output_boxes
from .engine import CannotDraw
from .figure import Arrow, Box, Cluster, Diagram, Flow, Role
from .flow import find_flows
from .heat import Heat, with_heat
from .junctions import with_entries
from .labels import count, shape_words, short
from .plan import DrawingPlan, Frame, Path, PlannedNode, frames_around, make_plan
from .reused_scopes import with_reused_scopes
from .view import View

MANY = 48
"""Up to this many volumes are drawn without folding repetitions."""


class ViewOptions(Record):
    """What to show: the view, the names of expanded blocks, whether repetitions are drawn once, the title."""

    view: View = View.LAYERS
    expand: tuple[str, ...] = ()
    fold: bool = True
    title: str | None = None
    """The title; None for the network's name."""
    heat: Heat | None = None
    """A measure that colors the boxes instead of their kind."""


def build_diagram(graph: Graph, costs: Costs, view_options: ViewOptions | None = None) -> Diagram:
    """A view of a graph; by default every layer, with repetitions drawn once.

    Raises CannotDraw for a name to expand that does not exist, or that is not closed in this view.
    """
    view_options = view_options or ViewOptions()
    for name in view_options.expand:
        _require_effect(graph, costs, view_options, name)
    if view_options.view is View.VOLUMES and view_options.fold:
        # Each of VGG's layers fits in such a diagram; only with many more are repetitions drawn once.
        unfolded = _build(graph, costs, view_options.replace(fold=False))
        return unfolded if len(unfolded.boxes) <= MANY else _build(graph, costs, view_options)
    return _build(graph, costs, view_options)


def _require_effect(graph: Graph, costs: Costs, view_options: ViewOptions, name: str) -> None:
    """Raise CannotDraw if expanding a name changes nothing in addition to the others."""
    others = tuple(each for each in view_options.expand if each != name)
    with_it = _build(graph, costs, view_options)
    if _build(graph, costs, view_options.replace(expand=others)).boxes != with_it.boxes:
        return
    closed = dict.fromkeys(
        row.words.split(":")[-1].split()[0] for box in with_it.boxes for row in box.rows if box.inside
    )
    help = f"; closed in it: {', '.join(f'`{each}`' for each in closed)}" if closed else ""
    raise CannotDraw(f"the view `{view_options.view}` already shows what is inside `{name}`{help}")


def _build(graph: Graph, costs: Costs, view_options: ViewOptions) -> Diagram:
    graph = with_reused_scopes(graph)
    plan = make_plan(graph, fold=view_options.fold, exact=view_options.view is View.LAYERS)
    plan = _without_wrappers(graph, plan)
    groups = _placed(graph, plan, _groups(graph, plan, _closed(graph, view_options)))
    facts = DiagramSource(graph=graph, costs=costs, plan=plan)
    boxes = [group_box(facts, group) for group in groups] + output_boxes(graph)
    total = costs.total
    title = graph.name if view_options.title is None else view_options.title
    caption = f"{title}: {count(total.parameters, 'parameter')}, {short(total.macs, 'MAC')}"
    drawn = Diagram(
        title=title,
        caption=caption,
        description=_description(graph, boxes, caption),
        boxes=tuple(boxes),
        arrows=_arrows(graph, plan, groups),
        clusters=_clusters(facts, groups),
    )
    drawn = drawn if view_options.heat is None else with_heat(drawn, graph, costs, view_options.heat)
    # The view `volumes` shows one row of boxes, and no frames.
    return drawn if view_options.view is View.VOLUMES else with_entries(drawn)


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
    opened = _expanded(graph, view_options.expand)

    def closed(frame: Frame) -> bool:
        kind = graph.scopes[frame.scope] if frame.scope else None
        if kind is None or frame.scope in opened:
            return False
        match view_options.view:
            case View.LAYERS:
                return False
            case View.BLOCKS | View.VOLUMES:
                return kind not in ("stage", "aux")
            case View.STAGES | View.UNET:
                return True

    return closed


def _expanded(graph: Graph, names: tuple[str, ...]) -> set[Path]:
    """The scopes of the blocks and stages with these names, and those around them. Raises CannotDraw."""
    opened: set[Path] = set()
    for name in names:
        found = [path for path, kind in graph.scopes.items() if name in (kind, path[-1])]
        if not found:
            near = nearest(name, {*graph.scopes.values(), *(path[-1] for path in graph.scopes)} - {*UNNAMED_SCOPES})
            hint = f"; did you mean `{near}`?" if near else ""
            raise CannotDraw(f"there is no block or stage `{name}` to expand{hint}")
        opened |= {path[:length] for path in found for length in range(1, len(path) + 1)}
    return opened


def _groups(graph: Graph, plan: DrawingPlan, closed: Callable[[Frame], bool]) -> list[BoxGroup]:
    """The contents of each box, in the order in which the boxes start."""
    readers = Counter(plan.resolve(i) for drawn in plan.nodes for i in graph.nodes[drawn.node].inputs)
    readers.update(plan.resolve(node) for _, node in graph.outputs)
    frames: dict[Path, list[PlannedNode]] = {}
    tops: dict[int, list[PlannedNode]] = {}
    groups: list[tuple[list[PlannedNode], Frame | None]] = []
    for drawn in plan.nodes:
        node = graph.nodes[drawn.node]
        frame = next(filter(closed, frames_around(plan, drawn.place)), None)
        source = plan.resolve(node.inputs[0]) if len(node.inputs) == 1 else -1
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
    # A block of a convolution with its normalization and activation is clearer by its layers than by its name.
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
    """The groups without frames that contain a single box of layers: the box shows the repetition or the block."""
    inside = Counter(frame.path for group in groups for frame in frames_around(plan, group.place))

    def needless(group: BoxGroup) -> bool:
        frame = plan.frames.get(group.place)
        if frame is None or inside[group.place] != 1:
            return False
        return frame.scope is None or (group.frame is None and graph.scopes[frame.scope] not in UNNAMED_SCOPES)

    placed = []
    for group in groups:
        while needless(group):
            times = group.times * plan.frames[group.place].times
            group = group.replace(place=_innermost(plan, group.place[:-1]), times=times)
        placed.append(group)
    return placed


def _arrows(graph: Graph, plan: DrawingPlan, groups: list[BoxGroup]) -> tuple[Arrow, ...]:
    """The arrows, ordered by their ends. The first from a box that is not a skip is labeled with the shape."""
    owner = {drawn.node: group.id for group in groups for drawn in group.nodes}
    tensors: dict[tuple[int, str], int] = {}
    ends = [(i, group.id) for group in groups for drawn in group.nodes for i in graph.nodes[drawn.node].inputs]
    ends += [(node, f"y{i}") for i, (_, node) in enumerate(graph.outputs)]
    for source, end in ends:
        drawn = plan.resolve(source)
        if owner[drawn] != end:
            tensors.setdefault((drawn, end), source)
    pairs = [(owner[drawn], end) for drawn, end in tensors]
    arrows, labeled = [], set()
    for (pair, source), flow in zip(zip(pairs, tensors.values(), strict=True), find_flows(pairs), strict=True):
        shape = graph.nodes[source].shape
        has_label = flow is not Flow.SKIP and source not in labeled
        labeled |= {source} if has_label else set()
        words = shape_words(shape) if has_label else None
        arrows.append(Arrow(start=pair[0], end=pair[1], shape=words, flow=flow, source=plan.resolve(source)))
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
