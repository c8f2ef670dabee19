"""What a picture shows, as facts: boxes, arrows, clusters. No renderer's words, colours or sizes are in it."""

from collections.abc import Mapping
from enum import StrEnum

from ...record import Record
from ...shapes.shape import Shape

FOOT, HEAD = "foot", "head"
"""The boxes in which a column of a long picture ends and begins."""


class Role(StrEnum):
    """What a box stands for."""

    INPUT = "input"
    OUTPUT = "output"
    LAYERS = "layers"
    """One layer, or several on top of each other."""
    MERGE = "merge"
    """Where several tensors become one: `add`, `mul`, `concat`."""
    GROUP = "group"
    """A block or a stage, closed."""
    PORT = "port"
    """Where a column ends or begins; nothing is seen of it."""


class Flow(StrEnum):
    """The part that an arrow has in the picture."""

    MAIN = "main"
    """The one way on; the longest, where there are several."""
    BRANCH = "branch"
    """One of several ways."""
    SKIP = "skip"
    """The way around layers that the same tensor also flows through."""


class BoxRow(Record):
    """One layer, as a row of a box.

    `words` names it (`conv 64 5×5 /2`); `style` is the kind that decides its colour; `hover` says all that is known.
    `parameters` and `macs` are one number for each repetition.
    """

    words: str
    style: str
    hover: str
    parameters: tuple[int, ...] = ()
    macs: tuple[int, ...] = ()
    shared: bool = False
    """Whether the weights are another layer's, which counts them."""
    kernel: tuple[int, ...] = ()
    """The sides of the window that slides over its input, if there is one."""


class Box(Record):
    """A node of the picture: its layers from top to bottom, how often they come, the cluster that they stand in.

    A closed group has one row, `inside` it the kinds of its layers in order, and a `note` that sums them up. `shape` is
    that of the tensor that leaves it.
    """

    id: str
    role: Role
    rows: tuple[BoxRow, ...]
    cluster: tuple[str, ...] = ()
    times: int = 1
    shape: Shape | None = None
    note: str = ""
    inside: tuple[str, ...] = ()


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
    times: int = 1


class Diagram(Record):
    """A network as it is drawn. Boxes stand in the order in which they run; clusters before those inside them."""

    title: str
    caption: str
    description: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    clusters: tuple[Cluster, ...]

    @property
    def children(self) -> Mapping[tuple[str, ...], tuple["Box | Cluster", ...]]:
        """The boxes and clusters right inside each cluster, in order; those of the whole picture under ()."""
        clusters = {cluster.path: cluster for cluster in self.clusters}
        inside: dict[tuple[str, ...], dict[Box | Cluster, None]] = {(): {}}
        for box in self.boxes:
            around: tuple[str, ...] = ()
            for length in range(1, len(box.cluster) + 1):
                if (path := box.cluster[:length]) in clusters:
                    inside[around][clusters[path]] = None
                    inside.setdefault(path, {})
                    around = path
            inside[around][box] = None
        return {path: tuple(found) for path, found in inside.items()}

    @property
    def hovers(self) -> Mapping[str, tuple[str, ...]]:
        """What is said of each box, by its id, and of each cluster, as `cluster_0`: a line a layer."""
        words = {box.id: tuple(row.hover for row in box.rows) for box in self.boxes}
        return words | {f"cluster_{i}": (cluster.hover,) for i, cluster in enumerate(self.clusters)}

    @property
    def styles(self) -> tuple[str, ...]:
        """The kinds of layers that occur, in the order in which they do."""
        found = (
            style for box in self.boxes if box.role is not Role.MERGE for style in (*_styles(box.rows), *box.inside)
        )
        return tuple(dict.fromkeys(style for style in found if style))


def _styles(rows: tuple[BoxRow, ...]) -> tuple[str, ...]:
    return tuple(row.style for row in rows)
