"""Read the renderer's JSON as a drawing, for formats that it does not write itself."""

import json
from collections.abc import Iterator
from typing import Any

from .drawing import Curve, Drawing, Point, Polygon, Polyline, Shape, ShapeGroup, Subject, TextLabel
from .escaping import clean
from .figure import Arrow, Box, Cluster, Diagram
from .font_metrics import width_of
from .frame_fitting import with_fitted_frames
from .graphviz_layout import Rectangle
from .label_fitting import with_clear_labels

_LISTS = ("_draw_", "_ldraw_", "_hdraw_", "_tdraw_")


def read_drawing(layout: bytes, diagram: Diagram, background: str) -> Drawing:
    """The renderer's JSON as a drawing: clusters first, then arrows, then boxes."""
    found = json.loads(layout)
    _, _, width, height = map(float, found["bb"].split(","))
    heading = {"_ldraw_": found.get("_ldraw_", ())}
    parts = [_part(each, height, subject) for each, subject in (*_subjects(found, diagram), (heading, None))]
    drawing = Drawing(
        width=width,
        height=height,
        background=background,
        title=diagram.title,
        description=diagram.description,
        parts=tuple(part for part in parts if part.shapes),
    )
    direction = found.get("rankdir", "TB")
    return with_clear_labels(with_fitted_frames(drawing, direction), direction)


def read_places(layout: bytes) -> dict[str, Rectangle]:
    """The positions of the boxes, by their names in DOT; y increases downward."""
    found = json.loads(layout)
    height = float(found["bb"].split(",")[3])
    return {each["name"]: _place(each, height) for each in found.get("objects", ()) if "pos" in each}


def _place(box: dict[str, Any], height: float) -> Rectangle:
    x, y = map(float, box["pos"].split(","))
    aside, above = float(box["width"]) * 36, float(box["height"]) * 36
    return Rectangle(x - aside, height - y + above, x + aside, height - y - above)


def _subjects(layout: dict[str, Any], diagram: Diagram) -> Iterator[tuple[dict[str, Any], Subject | None]]:
    """The objects of a layout, each with what it shows: clusters, edges, boxes."""
    objects = layout.get("objects", ())
    clusters = {f"cluster_{number}": cluster for number, cluster in enumerate(diagram.clusters)}
    boxes = {box.id: box for box in diagram.boxes}
    yield from ((each, clusters.get(each["name"])) for each in objects if "nodes" in each)
    names = {each["_gvid"]: each["name"] for each in objects}
    between: dict[tuple[str, str], list[Arrow]] = {}
    for arrow in diagram.arrows:
        between.setdefault((arrow.start, arrow.end), []).append(arrow)
    for edge in layout.get("edges", ()):
        # Several arrows between two boxes are in the same order as in the diagram.
        arrows = between.get((names[edge["tail"]], names[edge["head"]]))
        yield edge, arrows.pop(0) if arrows else None
    yield from ((each, boxes.get(each["name"])) for each in objects if "nodes" not in each)


def _part(drawn: dict[str, Any], height: float, subject: Subject | None) -> ShapeGroup:
    shapes = [shape for name in _LISTS for shape in _shapes(drawn.get(name, ()), height)]
    return ShapeGroup(shapes=tuple(_outlined(shapes)), hover=_hover(subject), of=subject)


def _outlined(shapes: list[Shape]) -> Iterator[Shape]:
    """Shapes with their outlines, which the renderer draws separately after them."""
    last: Shape | None = None
    for shape in shapes:
        match last, shape:
            case (Curve(), Curve(fill=None)) if last.fill == last.line and last.points == shape.points:
                last = last.replace(line=shape.line, dashed=shape.dashed)
            case (Polygon(), Polyline(arrow=False)) if (
                last.fill == last.line and (*last.points, last.points[0]) == shape.points
            ):
                last = last.replace(line=shape.color)
            case _:
                if last is not None:
                    yield last
                last = shape
    if last is not None:
        yield last


def _hover(subject: Subject | None) -> str:
    match subject:
        case Box():
            return "\n".join(clean(row.hover) for row in subject.rows)
        case Cluster():
            return clean(subject.hover)
        case _:
            return ""


def _shapes(operations: list[dict[str, Any]], height: float) -> Iterator[Shape]:
    """The shapes of a list of operations, which set the pen, the fill and the font before they draw."""
    line, fill, size, bold, dashed = "#000000", "#000000", 9.0, False, False
    for operation in operations:
        points = tuple((x, height - y) for x, y in operation.get("points", ()))
        match operation["op"]:
            case "c":
                line = operation["color"]
            case "C":
                fill = operation["color"]
            case "S":
                dashed = operation["style"] == "dashed"
            case "F":
                size, bold = float(operation["size"]), False
            case "t":
                bold = bool(operation["fontchar"] & 1)
            case "P":
                yield Polygon(points=points, fill=fill, line=_visible_line(line, fill))
            case "p":
                yield Polyline(points=(*points, points[0]), color=line, width=0.6)
            case "B":
                yield Curve(points=points, fill=fill, line=_visible_line(line, fill))
            case "b":
                yield Curve(points=points, line=line, dashed=dashed)
            case "E" | "e":
                yield _ellipse(operation["rect"], height, fill if operation["op"] == "E" else None, line)
            case "T":
                if operation["text"].strip():
                    yield _words(operation, height, line, size, bold)


def _visible_line(line: str, fill: str) -> str:
    """The color of an outline; an invisible one has the color of what it surrounds."""
    return fill if len(line) > 7 else line


def _words(operation: dict[str, Any], height: float, color: str, size: float, bold: bool) -> TextLabel:
    (x, y), width = operation["pt"], operation["width"]
    middle = {"l": x + width / 2, "c": x, "r": x - width / 2}[operation["align"]]
    # The width includes spaces at the ends, which are left out.
    text = operation["text"]
    shift = width_of(text.rstrip(), size) - width_of(text.lstrip(), size)
    at = (middle + shift / 2, height - y)
    return TextLabel(at=at, text=text.strip(), color=color, size=size, bold=bold)


def _ellipse(rect: list[float], height: float, fill: str | None, line: str) -> Curve:
    """An ellipse as four curves, by its center and radii."""
    x, y, a, b = rect
    k = 0.5523
    right: list[Point] = [(x + a, y), (x + a, y + k * b), (x + k * a, y + b), (x, y + b)]
    left: list[Point] = [(x - k * a, y + b), (x - a, y + k * b), (x - a, y)]
    below: list[Point] = [(x - a, y - k * b), (x - k * a, y - b), (x, y - b), (x + k * a, y - b), (x + a, y - k * b)]
    points = tuple((px, height - py) for px, py in (*right, *left, *below, (x + a, y)))
    return Curve(points=points, fill=fill, line=line)
