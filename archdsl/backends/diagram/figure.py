"""The contents of a diagram as data: boxes, arrows, clusters; independent of renderers, colors and sizes."""

from collections.abc import Mapping
from enum import StrEnum

from ...record import Record
from ...shapes.shape import Shape

FOOT, HEAD = "foot", "head"
"""The ids of the boxes at which a column of a long diagram ends and starts."""
ENTRY = "entry"
"""Prefix of the ids of points at which tensors enter a repetition."""


class Role(StrEnum):
    """What a box represents."""

    INPUT = "input"
    OUTPUT = "output"
    LAYERS = "layers"
    """One layer, or several on top of each other."""
    MERGE = "merge"
    """A merge of several tensors: `add`, `mul`, `concat`."""
    GROUP = "group"
    """A closed block or stage."""
    ENTRY = "entry"
    """The point at which a tensor enters a repetition that reads it more than once."""
    PORT = "port"
    """The invisible start or end of a column."""


class Flow(StrEnum):
    """The role of an arrow in the diagram."""

    MAIN = "main"
    """The main path: the longest, if there are several."""
    BRANCH = "branch"
    """One of several branches."""
    SKIP = "skip"
    """A path around layers that the same tensor also flows through."""


class BoxRow(Record):
    """One layer, as a row of a box.

    `words` is its label (`conv 64 5×5 /2`); `style` is the kind, which decides its color; `hover` has all details.
    `parameters` and `macs` have one number for each repetition.
    """

    words: str
    style: str
    hover: str
    own_words: bool = False
    """Whether the label is that of a `figure { … }` block."""
    parameters: tuple[int, ...] = ()
    macs: tuple[int, ...] = ()
    shared: bool = False
    """Whether the weights belong to another layer, with which they are counted."""
    kernel: tuple[int, ...] = ()
    """The size of the window that slides over its input, if there is one."""
    nodes: tuple[int, ...] = ()
    """The nodes of the graph for which it stands, with all repetitions."""
    heat: float | None = None
    """The square root of its value of a measure, as a fraction of the largest value."""
    measure: str = ""
    """The measure in words; for a changed layer, its previous state."""
    change: str | None = None
    """In the figure of a diff: `added`, `removed`, `changed` or `same`."""
    name: str = ""
    """The dotted name of its layer or block, such as `layer2.conv1`; for an input or output, its name."""
    shape: str = ""
    """The shape of its output, in words."""
    position: str = ""
    """Where its statement is, as `LINE:COLUMN`, after `FILE:` if that is not the network's own file."""


class Box(Record):
    """A node of the diagram: its layers from top to bottom, the number of repetitions, its cluster.

    A closed group has one row; `inside` are the kinds of its layers in order, and `note` is a summary. `shape` is that
    of its output.
    """

    id: str
    role: Role
    rows: tuple[BoxRow, ...]
    cluster: tuple[str, ...] = ()
    times: int = 1
    shape: Shape | None = None
    note: str = ""
    inside: tuple[str, ...] = ()
    letter: str = ""
    """For the end of a line that continues elsewhere in the figure: the letter at both ends."""


class Arrow(Record):
    """A tensor that flows from one box to another.

    `shape` is its shape in words; None if another arrow of the same tensor has the label.
    """

    start: str
    end: str
    shape: str | None = None
    flow: Flow = Flow.MAIN
    removed: bool = False
    """In the figure of a diff: whether only the first network has it."""
    source: int | None = None
    """The node of the graph that makes the tensor; a closed box may make several."""
    hidden: tuple[int, ...] = ()
    """The nodes on the way that the figure hides, with all repetitions."""


class Cluster(Record):
    """A stage or a block, drawn around its boxes; `path` starts with the path of the enclosing cluster."""

    path: tuple[str, ...]
    title: str
    hover: str
    times: int = 1
    words: str = ""
    """Its label when it is closed."""
    scope: tuple[str, ...] | None = None
    """The stage or block; None for a repetition without a name."""


Extent = tuple[tuple[float, float], ...]
"""The start and the end along each dimension that has positions, as fractions of its length."""


class FieldOverlay(Record):
    """What a position in the middle of a layer sees of the tensor of each box, and the field in words.

    `end` is the box of the layer itself.
    """

    extents: Mapping[str, Extent]
    words: str
    end: str


class Diagram(Record):
    """A network as it is drawn. Boxes are in execution order; clusters precede those inside them."""

    title: str
    caption: str
    description: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    clusters: tuple[Cluster, ...]
    note: str = ""
    """What the figure hides, in words; it is part of the caption, and shown even without one."""
    changes: tuple[str, ...] = ()
    """The kinds of changes that the figure of a diff shows."""
    field: FieldOverlay | None = None
    """What a position of a layer sees, in the view `volumes`."""
    heat: tuple[tuple[float, str], ...] = ()
    """The legend of a measure that colors the boxes: some values of `heat`, and the measure there in words."""

    @property
    def children(self) -> Mapping[tuple[str, ...], tuple["Box | Cluster", ...]]:
        """The boxes and clusters directly inside each cluster, in order; those of the whole diagram under ()."""
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
        """The hover text of each box, by its id, and of each cluster, as `cluster_0`: one line for each layer."""
        words = {box.id: tuple(row.hover for row in box.rows) for box in self.boxes}
        return words | {f"cluster_{i}": (cluster.hover,) for i, cluster in enumerate(self.clusters)}

    @property
    def styles(self) -> tuple[str, ...]:
        """The kinds of layers whose colors occur, in order of first occurrence.

        The box of a closed group is not colored: it shows the kinds of the layers inside.
        """
        found = (
            style
            for box in self.boxes
            if box.role is not Role.MERGE
            for style in (*(() if box.role is Role.GROUP else _styles(box.rows)), *box.inside)
        )
        return tuple(dict.fromkeys(style for style in found if style))


def _styles(rows: tuple[BoxRow, ...]) -> tuple[str, ...]:
    return tuple(row.style for row in rows)
