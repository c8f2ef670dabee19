"""Write a drawing for draw.io: shapes with text, connectors that are attached to them, frames that hold their boxes.

One point is one unit. Format: https://www.drawio.com/doc/faq/diagram-source-edit
"""

import itertools
from collections.abc import Iterator
from math import hypot

from ...graph import FontFamily
from ...graph.figure_settings import TRANSPARENT
from .connections import Connection, DrawnGraph, drawn_graph, extent_of, flattened, names_of, simplified
from .drawing import Curve, Drawing, Point, Polyline, ShapeGroup, TextLabel
from .escaping import xml
from .figure import Box, Cluster
from .labels import decimal
from .solid_shapes import SolidShape, blocks_of

Extent = tuple[float, float, float, float]
_FAMILIES = {FontFamily.SANS: "Helvetica", FontFamily.SERIF: "Times New Roman"}
_TOP = "1"
"""The id of the layer that holds everything."""
_LONGEST = 1000


def write_drawio(drawing: Drawing) -> bytes:
    """The drawing as an uncompressed .drawio file."""
    cells = "\n".join(f"        {line}" for line in _Writer(drawn_graph(drawing)).cells())
    size = f'pageWidth="{decimal(drawing.width)}" pageHeight="{decimal(drawing.height)}"'
    background = f'background="{"none" if drawing.background == TRANSPARENT else drawing.background}"'
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<mxfile host="archdsl">
  <diagram id="figure" name="{xml(drawing.title)}">
    <mxGraphModel grid="0" page="1" {size} {background} math="0" shadow="0">
      <root>
        <mxCell id="0"/>
        <mxCell id="{_TOP}" parent="0"/>
{cells}
      </root>
    </mxGraphModel>
  </diagram>
</mxfile>
""".encode()


class _Writer:
    """The cells of a drawing; a box or a frame has its name as its id."""

    def __init__(self, graph: DrawnGraph) -> None:
        self.names = names_of(graph)
        self.graph = graph
        self._extents = {box.id: extent_of(part) for box, part in graph.boxes}
        self._frames = [(cluster.path, extent_of(part)) for cluster, part in graph.frames]
        self._frame_ids: list[str] = []
        self._number = 0

    def cells(self) -> Iterator[str]:
        """The cells in the order in which they are painted."""
        for part in self.graph.parts:
            if isinstance(part, Connection):
                yield from self._connection(part)
            elif isinstance(part.of, Cluster):
                yield from self._frame(part.of, part)
            elif isinstance(part.of, Box):
                yield from self._box(part.of, part)
            else:
                yield from self._shapes(part, _TOP, (0.0, 0.0))

    def _value(self, labels: tuple[TextLabel, ...]) -> str:
        return _value(labels, _FAMILIES[self.graph.drawing.font])

    def _next(self) -> str:
        self._number += 1
        return f"cell{self._number}"

    def _frame_of(self, path: tuple[str, ...], extent: Extent) -> tuple[str, Point]:
        """The id and the corner of the innermost frame that holds a box or a frame; the layer if there is none."""
        found = _TOP, (0.0, 0.0)
        for (frame, outer), id in zip(self._frames, self._frame_ids, strict=False):
            if path[: len(frame)] == frame and _contains(outer, extent):
                found = id, outer[:2]
        return found

    def _frame(self, cluster: Cluster, part: ShapeGroup) -> Iterator[str]:
        extent = extent_of(part)
        parent, corner = self._frame_of(cluster.path[:-1], extent)
        name = self.names.get("/".join(cluster.path), "")
        # A frame that continues in another column becomes a second frame there.
        id = self._next() if name in self._frame_ids or not name else name
        self._frame_ids.append(id)
        (base, *rest), labels = blocks_of(part.replace(shapes=part.shapes))
        style = _style_of(base) + "container=1;collapsible=0;recursiveResize=0;"
        yield _cell(id, "", style, base, parent, corner, _facts(part.hover, times=cluster.times))
        free = [*base.labels, *labels]
        yield from (self._text(label, id, (base.left, base.top)) for label in free)
        yield from (_cell(self._next(), "", _style_of(block), block, id, (base.left, base.top)) for block in rest)

    def _box(self, box: Box, part: ShapeGroup) -> Iterator[str]:
        """One cell for a box of one shape, otherwise a cell with children."""
        extent = self._extents[box.id]
        parent, corner = self._frame_of(box.cluster, extent)
        id = self.names[box.id]
        nodes = " ".join(str(node) for row in box.rows for node in row.nodes)
        facts = _facts(part.hover, times=box.times, nodes=nodes)
        blocks, free = blocks_of(part)
        if len(blocks) == 1 and not free:
            yield _cell(id, self._value(blocks[0].labels), _style_of(blocks[0]), blocks[0], parent, corner, facts)
            return
        whole = SolidShape(
            left=extent[0], top=extent[1], right=extent[2], bottom=extent[3], fill=None, line="", width=0
        )
        yield _cell(id, "", "group;collapsible=0;", whole, parent, corner, facts)
        for block in blocks:
            yield _cell(self._next(), self._value(block.labels), _style_of(block), block, id, extent[:2])
        yield from (self._text(label, id, extent[:2]) for label in free)

    def _shapes(self, part: ShapeGroup, parent: str, corner: Point) -> Iterator[str]:
        blocks, free = blocks_of(part)
        for block in blocks:
            yield _cell(self._next(), self._value(block.labels), _style_of(block), block, parent, corner)
        for shape in part.shapes:
            if isinstance(shape, Polyline):
                yield _edge(self._next(), "", shape.points, _line(shape.color, shape.width, shape.arrow, shape.tip))
            elif isinstance(shape, Curve) and not shape.fill:
                cell_style = _line(shape.line, shape.width, pointed=False, tip=0) + "dashed=1;" * shape.dashed
                yield _edge(self._next(), "", simplified(list(flattened(shape))), cell_style)
        yield from (self._text(label, parent, corner) for label in free)

    def _text(self, label: TextLabel, parent: str, corner: Point) -> str:
        size, (x, y) = label.size, label.at
        wide = len(label.text) * size
        box = SolidShape(
            left=x - wide / 2, right=x + wide / 2, top=y - size, bottom=y + 0.3 * size, fill=None, line="", width=0
        )
        return _cell(
            self._next(), self._value((label,)), "text;align=center;verticalAlign=middle;html=1;", box, parent, corner
        )

    def _connection(self, connection: Connection) -> Iterator[str]:
        start, end = self.names[connection.start], self.names[connection.end]
        id, attached = self._next(), f' source="{start}" target="{end}"'
        others = ShapeGroup(shapes=connection.others)
        if not connection.lines:
            yield _edge(id, attached, (), "html=1;strokeColor=none;endArrow=none;")
            return
        route, line = connection.route, connection.lines[-1]
        tip = line.tip if isinstance(line, Polyline) else 6.0
        style = _line(connection.color, line.width, connection.pointed, tip)
        style += "dashed=1;" * connection.dashed
        style += _port("exit", self._extents[connection.start], route[0])
        style += _port("entry", self._extents[connection.end], route[-1])
        yield _edge(id, attached, route, style)
        yield from self._shapes(others, _TOP, (0.0, 0.0))
        for label in connection.labels:
            middle, (x, y) = _middle(route), label.at
            offset = x - middle[0], y - 0.3 * label.size - middle[1]
            place = f'<mxPoint x="{decimal(offset[0])}" y="{decimal(offset[1])}" as="offset"/>'
            style = "edgeLabel;html=1;align=center;verticalAlign=middle;labelBackgroundColor=none;"
            named = f'id="{self._next()}" value="{self._value((label,))}"'
            yield (
                f'<mxCell {named} style="{style}" vertex="1" connectable="0" parent="{id}">'
                f'<mxGeometry relative="1" as="geometry">{place}</mxGeometry></mxCell>'
            )


def _contains(outer: Extent, inner: Extent) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and outer[2] >= inner[2] and outer[3] >= inner[3]


def _facts(hover: str, times: int, nodes: str = "") -> dict[str, str]:
    """The data of a shape, which draw.io shows on hover and in a dialog."""
    found = {"tooltip": hover, "repetitions": str(times) if times > 1 else "", "nodes": nodes}
    return {name: value for name, value in found.items() if value}


def _cell(
    id: str, value: str, style: str, block: SolidShape, parent: str, corner: Point, facts: dict[str, str] | None = None
) -> str:
    """A shape; `corner` is that of its parent."""
    wide, high = block.size
    place = f'x="{decimal(block.left - corner[0])}" y="{decimal(block.top - corner[1])}"'
    geometry = f'<mxGeometry {place} width="{decimal(wide)}" height="{decimal(high)}" as="geometry"/>'
    if not facts:
        return f'<mxCell id="{id}" value="{value}" style="{style}" vertex="1" parent="{parent}">{geometry}</mxCell>'
    given = "".join(f' {name}="{_lines(text)}"' for name, text in facts.items())
    cell = f'<mxCell style="{style}" vertex="1" parent="{parent}">{geometry}</mxCell>'
    return f'<object id="{id}" label="{value}"{given}>{cell}</object>'


def _lines(text: str) -> str:
    return xml(text, lines=True, longest=_LONGEST).replace("\n", "&#10;")


def _edge(id: str, attached: str, route: tuple[Point, ...], style: str) -> str:
    """A connector through the points of a route."""
    ends = ""
    if route:
        ends = "".join(
            f'<mxPoint x="{decimal(x)}" y="{decimal(y)}" as="{name}"/>'
            for (x, y), name in ((route[0], "sourcePoint"), (route[-1], "targetPoint"))
        )
    corners = "".join(f'<mxPoint x="{decimal(x)}" y="{decimal(y)}"/>' for x, y in route[1:-1])
    points = f'<Array as="points">{corners}</Array>' if corners else ""
    geometry = f'<mxGeometry relative="1" as="geometry">{ends}{points}</mxGeometry>'
    return f'<mxCell id="{id}" style="{style}" edge="1" parent="{_TOP}"{attached}>{geometry}</mxCell>'


def _line(color: str, width: float, pointed: bool, tip: float) -> str:
    arrow = f"endArrow=block;endFill=1;endSize={decimal(tip)};" if pointed else "endArrow=none;"
    return f"edgeStyle=none;rounded=0;html=1;strokeColor={color};strokeWidth={decimal(width)};{arrow}"


def _port(end: str, extent: Extent, point: Point) -> str:
    """Where on a shape a connector ends, as fractions of its size."""
    left, top, right, bottom = extent
    x, y = (point[0] - left) / ((right - left) or 1), (point[1] - top) / ((bottom - top) or 1)
    return f"{end}X={x:.4g};{end}Y={y:.4g};{end}Dx=0;{end}Dy=0;{end}Perimeter=0;"


def _style_of(block: SolidShape) -> str:
    """The style of a shape."""
    fill = block.fill or "none"
    cell_style = f"fillColor={fill};strokeColor={block.line};strokeWidth={decimal(block.width)};html=1;spacing=0;"
    wide, high = block.size
    if block.points:
        corners = (
            f"[{(x - block.left) / (wide or 1):.4g},{(y - block.top) / (high or 1):.4g}]" for x, y in block.points
        )
        return f"shape=mxgraph.basic.polygon;polyCoords=[{','.join(corners)}];polyline=0;{cell_style}"
    if block.ellipse:
        return f"ellipse;{cell_style}"
    if block.radius:
        return f"rounded=1;absoluteArcSize=1;arcSize={decimal(2 * block.radius)};{cell_style}"
    return f"rounded=0;{cell_style}"


def _value(labels: tuple[TextLabel, ...], family: str) -> str:
    """Lines of text as HTML in an attribute."""
    lines = []
    for label in labels:
        weight = "font-weight:bold;" if label.bold else ""
        style = f"font-family:{family};font-size:{decimal(label.size)}px;line-height:1.15;{weight}color:{label.color}"
        lines.append(f'<span style="{style}">{xml(label.text)}</span>')
    return "<br>".join(lines).translate(_ATTRIBUTE)


_ATTRIBUTE = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})


def _middle(route: tuple[Point, ...]) -> Point:
    """The point in the middle of a route, by its length."""
    sides = [hypot(b[0] - a[0], b[1] - a[1]) for a, b in itertools.pairwise(route)]
    left = sum(sides) / 2
    for (a, b), side in zip(itertools.pairwise(route), sides, strict=True):
        if left <= side and side:
            part = left / side
            return a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1])
        left -= side
    return route[0]
