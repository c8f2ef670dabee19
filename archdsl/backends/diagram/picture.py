"""What a picture shows, as facts: boxes, arrows, clusters. No renderer's words, colours or sizes are in it."""

from collections.abc import Mapping
from enum import StrEnum

from ...record import Record


class Role(StrEnum):
    """What a box stands for."""

    INPUT = "input"
    OUTPUT = "output"
    LAYERS = "layers"
    """One layer, or several on top of each other."""
    MERGE = "merge"
    """Where several tensors become one: `add`, `mul`, `concat`."""


class Flow(StrEnum):
    """The part that an arrow has in the picture."""

    MAIN = "main"
    """The one way on; the longest, where there are several."""
    BRANCH = "branch"
    """One of several ways."""
    SKIP = "skip"
    """The way around layers that the same tensor also flows through."""


class Row(Record):
    """One layer, as a row of a box.

    `words` names it (`conv 64 5×5 /2`); `style` is the kind that decides its colour; `hover` says all that is known.
    """

    words: str
    style: str
    hover: str
    parameters: int = 0
    macs: int = 0
    shared: bool = False
    """Whether the weights are another layer's, which counts them."""


class Box(Record):
    """A node of the picture: its layers from top to bottom, and the cluster that it stands in."""

    id: str
    role: Role
    rows: tuple[Row, ...]
    cluster: tuple[str, ...] = ()


class Arrow(Record):
    """A tensor that flows from one box to another.

    `shape` is its size in words, None where another arrow from the same box says it already.
    """

    start: str
    end: str
    shape: str | None = None
    flow: Flow = Flow.MAIN


class Cluster(Record):
    """A stage or a block, drawn around its boxes; `path` begins with the path of the cluster around it."""

    path: tuple[str, ...]
    title: str
    hover: str


class Picture(Record):
    """A network as it is drawn. Boxes stand in the order in which they run; clusters before those inside them."""

    title: str
    caption: str
    description: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    clusters: tuple[Cluster, ...]

    @property
    def children(self) -> Mapping[tuple[str, ...], tuple[Cluster, ...]]:
        """The clusters right inside each cluster; those of the whole picture under ()."""
        known = {cluster.path for cluster in self.clusters}
        inside: dict[tuple[str, ...], list[Cluster]] = {}
        for cluster in self.clusters:
            inside.setdefault(_around(cluster.path, known), []).append(cluster)
        return {path: tuple(found) for path, found in inside.items()}

    @property
    def styles(self) -> tuple[str, ...]:
        """The kinds of layers that occur, in the order in which they do."""
        return tuple(dict.fromkeys(row.style for box in self.boxes for row in box.rows if row.style))


def _around(path: tuple[str, ...], known: set[tuple[str, ...]]) -> tuple[str, ...]:
    for length in range(len(path) - 1, 0, -1):
        if path[:length] in known:
            return path[:length]
    return ()
