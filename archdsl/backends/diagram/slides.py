"""Write a drawing as a PowerPoint slide: shapes with text, connectors attached to them, frames as groups.

The slide has the size of the figure. python-pptx provides the presentation around it; the XML of the shapes is ours,
because python-pptx has no connectors with turns.
"""

import io
import zipfile
from collections.abc import Iterator
from itertools import count, pairwise
from math import hypot

from ...graph.figure_settings import TRANSPARENT
from .connections import Connection, drawn_graph, extent_of, flattened, names_of, simplified
from .connectors import SIDES, connector_of, straight
from .drawing import Curve, Drawing, Point, Polyline, ShapeGroup, TextLabel
from .engine import CannotDraw
from .escaping import clean
from .figure import Box, Cluster
from .font_metrics import width_of
from .slide_xml import color_xml, connector_xml, emu, group_xml, line_xml, shape_xml, size_words
from .solid_shapes import SolidShape, blocks_of

_SMALLEST, _LARGEST = 72.0, 4032.0
"""The width or height of a slide that PowerPoint permits, in points: 1 to 56 inches."""
_BLANK = 6
"""The layout without placeholders in the template of python-pptx."""
_SPACES = (
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
)
_SITES = {side: number for number, side in enumerate(SIDES)}
_OF_ELLIPSE = {"top": 0, "left": 2, "bottom": 4, "right": 6}
"""The numbers of the points at which connectors are attached, on a rectangle and on an ellipse."""


def write_pptx(drawing: Drawing) -> bytes:
    """The drawing as a presentation with one slide. Raises ModuleNotFoundError without python-pptx, CannotDraw."""
    from pptx import Presentation
    from pptx.oxml import parse_xml

    if max(drawing.width, drawing.height) > _LARGEST:
        size = size_words(drawing.width, drawing.height)
        raise CannotDraw(f"{size} are more than the 56 inches of a slide: use --for slide, or another view")
    presentation = Presentation()
    presentation.slide_width, presentation.slide_height = (
        emu(max(_SMALLEST, side)) for side in (drawing.width, drawing.height)
    )
    properties = presentation.core_properties
    properties.title, properties.author, properties.comments = clean(drawing.title), "archdsl", ""
    slide = presentation.slides.add_slide(presentation.slide_layouts[_BLANK])
    tree = slide.shapes._spTree
    if drawing.background != TRANSPARENT:
        ground = f"<a:solidFill>{color_xml(drawing.background)}</a:solidFill><a:effectLst/>"
        tree.addprevious(parse_xml(f"<p:bg {_SPACES}><p:bgPr>{ground}</p:bgPr></p:bg>"))
    for shape in slide_shapes(drawing):
        tree.append(parse_xml(shape.replace(">", f" {_SPACES}>", 1)))
    file = io.BytesIO()
    presentation.save(file)
    return _without_times(file.getvalue())


def _without_times(data: bytes) -> bytes:
    """The same archive with fixed times and without compression, which differs between machines."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as after:
        for name in before.namelist():
            after.writestr(zipfile.ZipInfo(name), before.read(name))
    return made.getvalue()


def slide_shapes(drawing: Drawing) -> list[str]:
    """The shapes of a slide as XML, those in the background first."""
    return _Writer(drawing).shapes()


class _Group:
    """A frame with what is in it."""

    def __init__(self, path: tuple[str, ...], block: SolidShape, id: int, name: str, shapes: list[str]) -> None:
        self.path, self.block, self.id, self.name = path, block, id, name
        self.shapes: list[str | _Group] = [*shapes]

    def text(self) -> str:
        """The group as XML."""
        inside = (each if isinstance(each, str) else each.text() for each in self.shapes)
        return group_xml(self.id, self.name, self.block, "".join(inside))


class _Writer:
    """The shapes of a drawing as XML."""

    def __init__(self, drawing: Drawing) -> None:
        self._graph = drawn_graph(drawing)
        self._names = names_of(self._graph)
        self._ids = count(2)
        self._solid: dict[str, list[tuple[int, SolidShape]]] = {}
        self._groups: list[_Group] = []

    def shapes(self) -> list[str]:
        """The shapes in the order in which they are painted; connectors are on top of groups with boxes."""
        top: list[str | _Group | Connection] = []
        for part in self._graph.parts:
            if isinstance(part, Connection):
                top.append(part)
            elif isinstance(part.of, Cluster):
                group = self._frame(part.of, part)
                self._inside(group.path[:-1], group.block, top).append(group)
                self._groups.append(group)
            elif isinstance(part.of, Box):
                block, text = self._box(part.of, part)
                self._inside(part.of.cluster, block, top).append(text)
            else:
                top += self._unconnected(part)
        # A connector refers to shapes by their ids, which all exist now.
        found: list[str] = []
        for each in sorted(top, key=lambda each: not isinstance(each, _Group)):
            found += self._connection(each) if isinstance(each, Connection) else [_text(each)]
        return found

    def _inside(
        self, path: tuple[str, ...], inner: SolidShape, top: list[str | _Group | Connection]
    ) -> list[str | _Group | Connection] | list[str | _Group]:
        """Where a shape goes: into the innermost frame that holds it, or to the top."""
        found: list[str | _Group | Connection] | list[str | _Group] = top
        for group in self._groups:
            held = group.block.holds(inner.left, inner.top) and group.block.holds(inner.right, inner.bottom)
            if held and path[: len(group.path)] == group.path:
                found = group.shapes
        return found

    def _frame(self, cluster: Cluster, part: ShapeGroup) -> _Group:
        blocks, labels = blocks_of(part)
        name = self._names.get("/".join(cluster.path), "frame")
        shapes = [self._shape(next(self._ids), f"{name} frame", b.replace(labels=()), part.hover) for b in blocks]
        inside = [label for block in blocks for label in block.labels]
        shapes += [self._label(label) for label in (*inside, *labels)]
        return _Group(cluster.path, blocks[0], next(self._ids), name, shapes)

    def _box(self, box: Box, part: ShapeGroup) -> tuple[SolidShape, str]:
        """A box as one shape, or a group of several."""
        name = self._names[box.id]
        blocks, free = blocks_of(part)
        if not blocks:  # a label without a shape
            left, top, right, bottom = extent_of(part)
            plain = SolidShape(left=left, top=top, right=right, bottom=bottom, fill=None, line=None, width=0)
            blocks, free = [plain.replace(labels=tuple(free))], []
        layers = [self._names.get(f"{box.id}/{number}", name) for number in range(1, len(blocks))]
        made = []
        for block, layer in zip(blocks, [name, *layers], strict=True):
            id = next(self._ids)
            made.append(self._shape(id, layer, block, part.hover))
            if not block.points:
                self._solid.setdefault(box.id, []).append((id, block))
        whole = _bounds_of(blocks)
        if all(block.size != whole.size or block.points for block in blocks):
            # Arrows end at the middle of all layers: at an invisible rectangle around them.
            id = next(self._ids)
            outline = whole.replace(fill=None, line=None, points=(), labels=())
            made.append(shape_xml(id, name, outline, part.hover))
            self._solid[box.id] = [(id, outline)]
        if len(made) == 1 and not free:
            return whole, made[0]
        return whole, group_xml(next(self._ids), name, whole, "".join([*made, *map(self._label, free)]))

    def _unconnected(self, part: ShapeGroup) -> Iterator[str]:
        """Captions, legends and lines that connect nothing."""
        blocks, free = blocks_of(part)
        yield from (self._shape(next(self._ids), "figure", block) for block in blocks)
        for shape in part.shapes:
            if isinstance(shape, Polyline):
                yield from self._lines(shape.points, shape.color, shape.width, pointed=shape.arrow)
            elif isinstance(shape, Curve) and not shape.fill:
                points = simplified(list(flattened(shape)))
                yield from self._lines(points, shape.line, shape.width, dashed=shape.dashed)
        yield from map(self._label, free)

    def _lines(
        self, points: tuple[Point, ...], color: str, width: float, *, dashed: bool = False, pointed: bool = False
    ) -> Iterator[str]:
        """Straight lines through points."""
        for number, (start, end) in enumerate(pairwise(points), 2):
            line = line_xml(color, width, dashed=dashed, pointed=pointed and number == len(points))
            yield connector_xml(next(self._ids), "line", None, None, straight(start, end), line)

    def _shape(self, id: int, name: str, block: SolidShape, hover: str = "", *, text: bool = False) -> str:
        return shape_xml(id, name, block, hover, text=text, family=self._graph.drawing.font)

    def _label(self, label: TextLabel) -> str:
        """A text without a shape."""
        half, (x, y) = width_of(label.text, label.size) / 2 + 1, label.at
        top, bottom = y - label.size, y + 0.3 * label.size
        block = SolidShape(left=x - half, top=top, right=x + half, bottom=bottom, fill=None, line="", width=0)
        return self._shape(next(self._ids), "text", block.replace(labels=(label,)), text=True)

    def _connection(self, connection: Connection) -> Iterator[str]:
        """A connector between shapes, and its labels; the connector is invisible between boxes that touch."""
        start, end = self._solid[connection.start], self._solid[connection.end]
        name = f"{self._names[connection.start]} to {self._names[connection.end]}"
        if connection.lines and not connection.others:
            route, made = connection.route, connector_of(connection)
            sites = _site(start, route[0], made.sides[0]), _site(end, route[-1], made.sides[1])
            width = connection.lines[-1].width
            line = line_xml(connection.color, width, dashed=connection.dashed, pointed=connection.pointed)
        else:
            # Boxes that touch, or that a kernel's window connects.
            route = _point(start[-1][1], "right"), _point(end[0][1], "left")
            made, line = straight(*route), line_xml(None, 0)
            sites = _site(start[-1:], route[0], "right"), _site(end[:1], route[1], "left")
        yield connector_xml(next(self._ids), name, *sites, made, line)
        if connection.others:
            yield from self._unconnected(ShapeGroup(shapes=(*connection.others, *connection.lines)))
        yield from map(self._label, connection.labels)


def _text(each: "str | _Group") -> str:
    return each if isinstance(each, str) else each.text()


def _bounds_of(blocks: list[SolidShape]) -> SolidShape:
    """The bounds of blocks."""
    return blocks[0].replace(
        left=min(block.left for block in blocks),
        top=min(block.top for block in blocks),
        right=max(block.right for block in blocks),
        bottom=max(block.bottom for block in blocks),
    )


def _point(block: SolidShape, side: str) -> Point:
    """The middle of a side."""
    x, y = (block.left + block.right) / 2, (block.top + block.bottom) / 2
    return {"top": (x, block.top), "bottom": (x, block.bottom), "left": (block.left, y), "right": (block.right, y)}[
        side
    ]


def _site(solid: list[tuple[int, SolidShape]], near: Point, side: str | None) -> tuple[int, int]:
    """The shape and the number of the point on it where a connector ends: the nearest one, on a side if it is given."""

    def distance(choice: tuple[int, SolidShape, str]) -> float:
        x, y = _point(choice[1], choice[2])
        return hypot(x - near[0], y - near[1])

    choices = [(id, block, each) for id, block in solid for each in (SIDES if side is None else (side,))]
    id, block, found = min(choices, key=distance)
    return id, (_OF_ELLIPSE if block.ellipse else _SITES)[found]
