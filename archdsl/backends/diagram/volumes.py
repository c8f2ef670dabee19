"""Tensors as boxes, as in papers on convolutional networks: the size and position of each.

The height and depth of a box follow the spatial size of the tensor, its thickness the channels; vectors are bars. Sizes
are drawn with a fixed power law, so that 7×7 stays visible next to 224×224.
"""

import math
from collections.abc import Iterator
from itertools import pairwise

from ...contract.styles import COLOR_PRIORITY
from ...record import Record
from ...shapes.shape import Layout, Shape
from ...shapes.symbolic import concrete
from .engine import CannotDraw
from .figure import Box, Cluster, Diagram, Extent, Role
from .figure_options import SYMBOLS
from .flow import main_path
from .theme import Theme

MAX_LENGTH, MAX_THICKNESS, BAR = 150.0, 40.0, 120.0
"""Points for the largest spatial dimension, the most channels, the longest vector."""
MAX_DEPTH = 90.0
"""Points for the largest depth of a 3-D feature map."""
TOTAL_THICKNESS = 360.0
"""Points for the channels of all boxes together."""
DEPTH_OFFSET = (0.42, -0.32)
"""The offset of one point of depth."""
NARROW_GAP, WINDOW_GAP, WIDE_GAP = 2.0, 9.0, 14.0
"""Points between boxes of the same size, without and with a kernel window between them, and the minimum between others.
"""
FRAME = 9.0
"""Points between boxes and the frame of a repetition."""
_POINT = 4.0
"""The size of the point at which a tensor enters a repetition."""
SLICE = 3.0
"""Points for a layer that keeps the shape, behind the previous layer."""
_THINNEST = 3.0
"""The smallest dimension of a box in points."""
STRIPS = 8
"""The number of rectangles that approximate a box when labels look for free space."""
Rectangle = tuple[float, float, float, float]
"""Left, top, right, bottom."""
ROUND = 15.0
"""Points for the round node of a merge with a sign, such as a sum or a product."""


class Volume(Record):
    """A tensor as a box: its thickness, height and depth in points; and the colors of its layers, in slices."""

    box: Box
    thickness: float
    height: float
    depth: float
    slices: tuple[tuple[float, str], ...]
    left: float = 0.0
    frames: tuple[Cluster, ...] = ()
    """The repetitions that it is in, the outermost first."""
    receptive_field: Extent = ()
    """The part that a position of a layer sees, if the figure shows it."""
    is_end: bool = False
    """Whether it is the tensor of the layer whose receptive field is shown."""
    sheets: tuple[str, ...] = ()
    """The colors of its feature maps if they are drawn as sheets, the first one behind the others."""
    sheet: tuple[float, float] = (0.0, 0.0)
    """The width and height of a sheet."""

    @property
    def right(self) -> float:
        """Its right end."""
        return self.left + self.thickness

    @property
    def overhang(self) -> float:
        """How far it extends to either side because of its depth."""
        return self.depth * DEPTH_OFFSET[0] / 2

    @property
    def top_middle(self) -> float:
        """The x of the middle of its top edge, which is behind its front face."""
        return self.left + self.thickness / 2 + self.overhang

    @property
    def rise(self) -> float:
        """How far it extends above and below the axis."""
        return self.height / 2 - self.depth * DEPTH_OFFSET[1] / 2

    def outline(self) -> Iterator[Rectangle]:
        """Narrow rectangles that together cover its visible area."""
        slope, height = -self.depth * DEPTH_OFFSET[1] / 2, self.height / 2
        width = (self.thickness + 2 * self.overhang) / STRIPS
        for strip in range(STRIPS):
            left = self.left - self.overhang + strip * width
            raised = (
                min(1.0, (left + width - (self.left - self.overhang)) / (2 * self.overhang)) if self.overhang else 1.0
            )
            lowered = max(0.0, left - (self.right - self.overhang)) / (2 * self.overhang) if self.overhang else 0.0
            yield left, slope - height - 2 * slope * raised, left + width, slope + height - 2 * slope * lowered

    @property
    def round(self) -> bool:
        """Whether it is a merge with a sign, such as a sum or a product, or the entry of a repetition."""
        return self.box.role is Role.ENTRY or self._is_sign

    @property
    def _is_sign(self) -> bool:
        return self.box.role is Role.MERGE and self.box.rows[0].words in SYMBOLS

    @property
    def name(self) -> str:
        """Its label: a layer in words, a block only by its name."""
        if not self.box.rows:
            return ""
        words = self.box.rows[0].words
        if self.box.rows[0].own_words:
            return words
        return words.split(": ")[-1].split(" ")[0] if self.box.role is Role.GROUP else words

    @property
    def colored(self) -> Box:
        """The box with the kinds of layers whose colors it shows."""
        if self.box.role is Role.GROUP:
            rows = tuple(row.replace(style="") for row in self.box.rows)
            return self.box.replace(rows=rows, inside=(_main_kind(self.box),))
        return self.box

    def is_close_to(self, other: "Volume") -> bool:
        """Whether two boxes have the same size, so that they are drawn close together."""
        alike = (self.height, self.depth, self.frames) == (other.height, other.depth, other.frames)
        return alike and not (self.round or other.round or self.sheets or other.sheets or self.receptive_field)


def row_boxes(diagram: Diagram) -> list[Box]:
    """The boxes on the longest path from an input to the first output."""
    by_id = {box.id: box for box in diagram.boxes}
    path = main_path([(arrow.start, arrow.end) for arrow in diagram.arrows], "y0")
    return [by_id[name] for name in path if by_id[name].role is not Role.OUTPUT]


def _interpreted(boxes: list[Box]) -> list[Box]:
    """The boxes; two dimensions without a layout get that of the next layer: a sequence or a signal."""
    found: list[Box] = []
    after = Layout.SIGNAL
    for box in reversed(boxes):
        if box.shape is not None and box.shape.layout is Layout.OPEN:
            box = box.replace(shape=Shape(*box.shape.dims, layout=after))
        elif box.shape is not None and box.shape.layout in (Layout.SEQUENCE, Layout.SIGNAL):
            after = box.shape.layout
        found.append(box)
    return found[::-1]


def volumes(diagram: Diagram, theme: Theme, geometry: float = 1.0) -> list[Volume]:
    """The boxes on the longest path from an input to the first output, from left to right.

    `geometry` scales the boxes, but not the text beside them.
    """
    boxes = _interpreted(row_boxes(diagram))
    shapes = [box.shape for box in boxes if box.shape is not None]
    field = {} if diagram.field is None else diagram.field.extents
    found = [
        _sized(box, shapes, theme, geometry).replace(
            receptive_field=field.get(box.id, ()), is_end=diagram.field is not None and box.id == diagram.field.end
        )
        for box in boxes
    ]
    return placed([volume.replace(frames=_frames(diagram, volume.box)) for volume in _in_one_piece(diagram, found)])


def _frames(diagram: Diagram, box: Box) -> tuple[Cluster, ...]:
    return tuple(each for each in diagram.clusters if each.times > 1 and box.cluster[: len(each.path)] == each.path)


def _in_one_piece(diagram: Diagram, found: list[Volume]) -> list[Volume]:
    """The same volumes. Raises CannotDraw if those of a repetition are not next to each other."""
    for cluster in (each for each in diagram.clusters if each.times > 1):
        inside = [i for i, volume in enumerate(found) if volume.box.cluster[: len(cluster.path)] == cluster.path]
        if not inside or inside[-1] - inside[0] + 1 != len(inside):
            raise CannotDraw(
                f"the view `volumes` cannot show layers that are repeated together {cluster.times} times but are not "
                "all on the longest path: use the view `blocks` or `stages`"
            )
    return found


def overlap(one: Rectangle, other: Rectangle) -> bool:
    """Whether two rectangles have points in common."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def groups(found: list[Volume]) -> list[list[Volume]]:
    """The boxes in groups that are drawn close together."""
    together = [found[:1]]
    for before, volume in pairwise(found):
        if before.is_close_to(volume):
            together[-1].append(volume)
        else:
            together.append([volume])
    return together


def placed(found: list[Volume]) -> list[Volume]:
    """Volumes in a row that starts at 0."""
    row: list[Volume] = []
    for volume in found:
        left = 0.0
        if row:
            before = row[-1]
            apart = max(WIDE_GAP, before.overhang + volume.overhang + WIDE_GAP)
            left = before.right + (_gap(before, volume) if before.is_close_to(volume) else apart)
            left += FRAME * len({*before.frames} ^ {*volume.frames})
        row.append(volume.replace(left=left))
    return row


def _gap(before: Volume, volume: Volume) -> float:
    """Points between boxes of the same size: more if a kernel window is between them."""
    return WINDOW_GAP if before.depth > WINDOW_GAP and max(volume.box.rows[0].kernel, default=1) > 1 else NARROW_GAP


def _sized(box: Box, shapes: list[Shape], theme: Theme, geometry: float) -> Volume:
    shape = box.shape
    if shape is None:
        return Volume(box=box, thickness=_POINT, height=_POINT, depth=0.0, slices=())
    if box.role is Role.MERGE and box.rows[0].words in SYMBOLS:
        return Volume(box=box, thickness=ROUND, height=ROUND, depth=0.0, slices=())
    thickness, height, depth = (max(_THINNEST, size * geometry) for size in _size(shape, shapes))
    first, *rest = slice_colors(box, theme)
    slices = ((thickness, first), *((max(_THINNEST / 2, SLICE * geometry), color) for color in rest))
    return Volume(box=box, thickness=sum(size for size, _ in slices), height=height, depth=depth, slices=slices)


def slice_colors(box: Box, theme: Theme) -> list[str]:
    """The colors of a box's layers; for a closed block or stage, that of the kind with the highest priority."""
    match box.role:
        case Role.LAYERS:
            return [theme.fill(row.style) for row in box.rows]
        case Role.GROUP:
            return [theme.fill(_main_kind(box))]
        case Role.INPUT | Role.OUTPUT | Role.MERGE | Role.ENTRY | Role.PORT:
            return [theme.end]


def _main_kind(box: Box) -> str:
    """The kind of layer with the highest priority in a closed block or stage."""
    return next((kind for kind in COLOR_PRIORITY if kind in box.inside), "")


def _size(shape: Shape, shapes: list[Shape]) -> tuple[float, float, float]:
    """Thickness, height and depth in points."""
    alike = [each for each in shapes if each.layout is shape.layout]
    dims = [concrete(size) for size in shape.dims]
    match shape.layout:
        case Layout.IMAGE | Layout.VOLUME:
            longest = max(concrete(side) for each in alike for side in each.spatial_size)
            is_3d = shape.layout is Layout.VOLUME
            return (
                # The box of a 3-D feature map is one channel.
                scaled_length(dims[1], longest, MAX_DEPTH) if is_3d else _thickness(shape, alike),
                scaled_length(dims[-2], longest, MAX_LENGTH),
                scaled_length(dims[-1], longest, MAX_LENGTH),
            )
        case Layout.SIGNAL | Layout.OPEN:
            longest = max(concrete(each.dims[1]) for each in alike)
            return _thickness(shape, alike), scaled_length(dims[1], longest, MAX_LENGTH), 6.0
        case Layout.SEQUENCE:
            longest, widest = (max(concrete(each.dims[axis]) for each in alike) for axis in (0, 1))
            return 6.0, scaled_length(dims[0], longest, MAX_LENGTH), scaled_length(dims[1], widest, MAX_LENGTH * 0.7)
        case Layout.VECTOR | Layout.IDS:
            return 7.0, scaled_length(_length(shape), max(map(_length, alike)), BAR), 7.0


def _length(shape: Shape) -> int:
    return concrete(shape.dims[0]) if shape.dims else 1


def _thickness(shape: Shape, alike: list[Shape]) -> float:
    """Points for the channels; fewer if there are many boxes."""
    most = max(concrete(each.channels) for each in alike)
    whole: float = sum(math.sqrt(concrete(each.channels) / most) for each in alike)
    return max(3.0, min(MAX_THICKNESS, TOTAL_THICKNESS / whole) * math.sqrt(concrete(shape.channels) / most))


def scaled_length(size: int, largest: int, points: float) -> float:
    """Points for a dimension, by the power law."""
    return max(6.0, points * math.pow(size / largest, 0.6))
