"""Where a tensor enters a repetition that is drawn once, and is read more than once in it.

The second iteration reads the result of the first, not the tensor before the repetition. So the tensor enters the frame
at one point, from which its readers inside take it: an arrow from outside to each reader would mean that every
iteration reads the first one's input.
"""

from .figure import ENTRY, Arrow, Box, Cluster, Diagram, Flow, Role


def with_entries(diagram: Diagram) -> Diagram:
    """The diagram with a point for each tensor that enters a repetition and has several readers in it."""
    for cluster in diagram.clusters:
        if cluster.times > 1:
            for start in _entering(diagram, cluster):
                diagram = _with_entry(diagram, cluster, start)
    return diagram


def _inside(diagram: Diagram, cluster: Cluster) -> set[str]:
    return {box.id for box in diagram.boxes if box.cluster[: len(cluster.path)] == cluster.path}


def _entering(diagram: Diagram, cluster: Cluster) -> list[str]:
    """The boxes outside from which several arrows lead into a cluster, in order."""
    inside = _inside(diagram, cluster)
    starts = [arrow.start for arrow in diagram.arrows if arrow.end in inside and arrow.start not in inside]
    return [start for start in dict.fromkeys(starts) if starts.count(start) > 1]


def _with_entry(diagram: Diagram, cluster: Cluster, start: str) -> Diagram:
    inside = _inside(diagram, cluster)
    entry = f"{ENTRY}{sum(box.role is Role.ENTRY for box in diagram.boxes)}"
    arrows: list[Arrow] = []
    moved: list[Arrow] = []
    for arrow in diagram.arrows:
        if arrow.start == start and arrow.end in inside:
            moved.append(arrow)
        else:
            arrows.append(arrow)
    shape = next((arrow.shape for arrow in moved if arrow.shape is not None), None)
    flow = Flow.MAIN if any(arrow.flow is Flow.MAIN for arrow in moved) else Flow.BRANCH
    into = Arrow(start=start, end=entry, shape=shape, flow=flow, source=moved[0].source)
    first = next(index for index, arrow in enumerate(diagram.arrows) if arrow in moved)
    arrows[first:first] = [into, *(arrow.replace(start=entry, shape=None) for arrow in moved)]
    boxes = list(diagram.boxes)
    place = next(index for index, box in enumerate(boxes) if box.id in inside)
    boxes.insert(place, Box(id=entry, role=Role.ENTRY, rows=(), cluster=cluster.path))
    return diagram.replace(boxes=tuple(boxes), arrows=tuple(arrows))
