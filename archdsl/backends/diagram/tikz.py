"""Write a drawing as TikZ, for LaTeX: named nodes, styles, the document's own fonts; `\\resizebox` scales it."""

from collections import Counter
from collections.abc import Iterator
from itertools import product
from string import ascii_uppercase

from ...graph import FontFamily
from ...graph.figure_settings import TRANSPARENT
from .connections import Connection, DrawnGraph, drawn_graph, extent_of, names_of
from .drawing import Curve, Drawing, Point, Polygon, Polyline, Shape, ShapeGroup, TextLabel, head
from .escaping import foreign_in_tex, tex
from .figure import Box, Cluster, Flow, Role
from .labels import decimal

_FAMILIES = {FontFamily.SANS: "\\sffamily", FontFamily.SERIF: "\\rmfamily"}
_LINE = 100
"""The maximum length of a line of the comment that lists the names."""
_CLEAR, _GROUND = frozenset({"#ffffff", TRANSPARENT}), "archdslground"
"""The backgrounds that are left out, and the name of the color of any other."""
_NEAR = 0.6
"""How close, in points, the end of an arrow must be to an anchor for the anchor to be used."""
_ANCHORS = {"north": (0.0, -1.0), "south": (0.0, 1.0), "west": (-1.0, 0.0), "east": (1.0, 0.0)}


def write_tikz(drawing: Drawing) -> str:
    """A `tikzpicture`, to be included with \\input.

    Each box, each of its layers and each frame is a node, whose name is in a comment at the start. The styles and the
    colors can be defined by the document before \\input.
    """
    writer = _Writer(drawn_graph(drawing))
    size = f"({decimal(drawing.width)},{decimal(drawing.height)})"
    lines = [
        f"% {tex(drawing.title)}",
        "% needs \\usepackage{tikz}",
        *_needed(drawing),
        *writer.listed_names(),
        "\\begin{tikzpicture}[x=1pt, y=-1pt, line join=round]",
        f"  \\path[use as bounding box] (0,0) rectangle {size};",
        *(f"  \\providecolor{{{name}}}{{HTML}}{{{color[1:].upper()}}}" for color, name in writer.colors.items()),
        *(f"  {line}" for line in writer.styles()),
        *writer.ground(size),
        *(f"  {line}" for line in writer.nodes()),
        *(f"  {line}" for line in writer.commands()),
        "\\end{tikzpicture}",
        "",
    ]
    return "\n".join(lines)


def _needed(drawing: Drawing) -> Iterator[str]:
    """What characters outside of LaTeX's own fonts need."""
    texts = [shape.text for part in drawing.parts for shape in part.shapes if isinstance(shape, TextLabel)]
    foreign = "".join(sorted({char for text in texts for char in foreign_in_tex(text)}))
    if foreign:
        yield f"% needs XeLaTeX or LuaLaTeX, and a font with the characters {foreign} (Korean: \\usepackage{{kotex}})"


class _Writer:
    """The commands of a drawing, and the names of its colors and nodes."""

    def __init__(self, graph: DrawnGraph) -> None:
        self.graph = graph
        self.names = names_of(graph)
        self.colors = _color_names(graph)
        if graph.drawing.background not in _CLEAR:
            self.colors.setdefault(graph.drawing.background, _GROUND)
        self._family = _FAMILIES[graph.drawing.font]
        self._places = {box.id: _middle(part) for box, part in graph.boxes}

    def listed_names(self) -> Iterator[str]:
        """The names of all nodes, as comments."""
        line = "% nodes:"
        frames = [name for name, _ in self.named_frames()]
        for name in dict.fromkeys([*self.names.values(), *frames]):
            if len(line) + len(name) > _LINE:
                yield line
                line = "%"
            line += f" {name}"
        yield line

    def styles(self) -> Iterator[str]:
        """The styles, unless the document defines them."""
        found = {
            "archdsl node": "draw=none, fill=none, inner sep=0pt, outer sep=0pt",
            "archdsl text": "anchor=base, inner sep=0pt, outer sep=0pt",
        }
        named = {name: color for color, name in self.colors.items()}
        for part in self.graph.parts:
            for shape in part.shapes if isinstance(part, ShapeGroup) else ():
                style = self._filled_style(shape)
                if style and isinstance(shape, Polygon | Curve) and shape.fill:
                    found[style] = f"fill={self.colors[shape.fill]}, draw={self.colors[shape.line]}"
        for flow, style in (("line", "archdsl arrow"), ("skip", "archdsl skip")):
            if f"archdsl{flow}" in named:
                found[style] = f"color=archdsl{flow}"
        for style, options in sorted(found.items()):
            yield f"\\pgfkeysifdefined{{/tikz/{style}/.@cmd}}{{}}{{\\tikzset{{{style}/.style={{{options}}}}}}}"

    def ground(self, size: str) -> Iterator[str]:
        """The background, unless it is white or transparent."""
        color = self.graph.drawing.background
        if color not in _CLEAR:
            yield f"  \\fill[{self.colors[color]}] (0,0) rectangle {size};"

    def nodes(self) -> Iterator[str]:
        """The invisible nodes, one for each box, for each further layer of a box, for each frame."""
        for box, part in self.graph.boxes:
            yield self._node(self.names[box.id], extent_of(part), _is_round(box, part))
            rows = _rows(box, part)
            for number in range(1, len(box.rows)):
                extent = extent_of(part.replace(shapes=(rows[number],))) if rows else extent_of(part)
                yield self._node(self.names[f"{box.id}/{number}"], extent, round=False)
        for name, part in self.named_frames():
            yield self._node(name, extent_of(part), round=False)

    def named_frames(self) -> Iterator[tuple[str, ShapeGroup]]:
        """The frames with their names; one that continues in another column has a number."""
        counts = Counter[str]()
        for cluster, part in self.graph.frames:
            name = self.names["/".join(cluster.path)]
            counts[name] += 1
            yield (f"{name}-{counts[name]}" if counts[name] > 1 else name), part

    def _node(self, name: str, extent: tuple[float, float, float, float], round: bool) -> str:
        left, top, right, bottom = extent
        size = f"minimum width={decimal(right - left)}pt, minimum height={decimal(bottom - top)}pt"
        form = "circle" if round else "rectangle"
        middle = _place(((left + right) / 2, (top + bottom) / 2))
        return f"\\node[archdsl node, {form}, {size}] ({name}) at {middle} {{}};"

    def commands(self) -> Iterator[str]:
        """What is painted, in order."""
        for part in self.graph.parts:
            if isinstance(part, Connection):
                yield from self._connection(part)
            else:
                yield from (self._command(shape) for shape in part.shapes)

    def _connection(self, connection: Connection) -> Iterator[str]:
        """A path from node to node, and its arrowheads; invisible if the nodes touch."""
        start, end = self.names[connection.start], self.names[connection.end]
        if not connection.lines:
            yield f"\\path ({start}.center) -- ({end}.center);"
            return
        options = self._line_style(connection.color, connection.flow)
        width = decimal(connection.lines[0].width)
        dashed = ", dashed" if connection.dashed else ""
        first, last = connection.lines[0].points[0], connection.lines[-1].points[-1]
        path = self._anchor(connection.start, start, first)
        for index, line in enumerate(connection.lines):
            # The parts of a line through several columns overlap a little.
            joint = "" if index == 0 else f" -- {_place(line.points[0])}"
            path += joint + (_curve(line.points) if isinstance(line, Curve) else _chain(line.points))
        path = path.removesuffix(_place(last)) + self._anchor(connection.end, end, last)
        yield f"\\draw[{options}, line width={width}pt{dashed}] {path};"
        for points in _heads(connection):
            yield f"\\fill[{options}] {_place(points[0])}{_chain(points)} -- cycle;"
        yield from (self._command(shape) for shape in (*connection.others, *connection.labels))

    def _anchor(self, box: str, name: str, point: Point) -> str:
        """A point of a box relative to its node."""
        middle, (across, along) = self._places[box]
        step = point[0] - middle[0], point[1] - middle[1]
        for anchor, (right, down) in _ANCHORS.items():
            if abs(step[0] - right * across) < _NEAR and abs(step[1] - down * along) < _NEAR:
                return f"({name}.{anchor})"
        return f"([shift={{{_place(step)}}}]{name}.center)"

    def _line_style(self, color: str, flow: Flow) -> str:
        style = {"archdslline": "archdsl arrow", "archdslskip": "archdsl skip"}.get(self.colors[color])
        return style or f"color={self.colors[color]}"

    def _filled_style(self, shape: Shape) -> str | None:
        """The style of a filled shape: that of the kind of layer that has both of its colors."""
        if not isinstance(shape, Polygon | Curve) or not shape.fill:
            return None
        fill, line = self.colors[shape.fill], self.colors[shape.line]
        kind = fill.removeprefix("archdsl")
        return f"archdsl {kind}" if not kind.isupper() and line == f"archdsl{kind}line" else None

    def _command(self, shape: Shape) -> str:
        match shape:
            case Polygon() | Curve():
                fill = f"fill={self.colors[shape.fill]}, " if shape.fill else ""
                options = self._filled_style(shape) or f"{fill}draw={self.colors[shape.line]}"
                options += f", line width={decimal(shape.width)}pt"
                if isinstance(shape, Polygon):
                    return f"\\path[{options}] {_place(shape.points[0])}{_chain(shape.points)} -- cycle;"
                options += ", dashed" * shape.dashed
                return f"\\path[{options}] {_place(shape.points[0])}{_curve(shape.points)};"
            case Polyline():
                color, width = self.colors[shape.color], decimal(shape.width)
                line = f"\\draw[{color}, line width={width}pt] {_place(shape.points[0])}{_chain(shape.points)};"
                points = head(shape)
                tip = f" \\fill[{color}] {_place(points[0])}{_chain(points)} -- cycle;"
                return line + tip * shape.arrow
            case TextLabel():
                size = decimal(shape.size)
                bold = "\\bfseries" if shape.bold else ""
                font = f"{self._family}\\fontsize{{{size}}}{{{size}}}\\selectfont{bold}"
                options = f"archdsl text, text={self.colors[shape.color]}, font={font}"
                return f"\\node[{options}] at {_place(shape.at)} {{{tex(shape.text)}}};"


def _heads(connection: Connection) -> Iterator[tuple[Point, ...]]:
    yield from (polygon.points for polygon in connection.heads)
    yield from (head(line) for line in connection.lines if isinstance(line, Polyline) and line.arrow)


def _middle(part: ShapeGroup) -> tuple[Point, Point]:
    """The center of a box, and half of its size."""
    left, top, right, bottom = extent_of(part)
    return ((left + right) / 2, (top + bottom) / 2), ((right - left) / 2, (bottom - top) / 2)


def _is_round(box: Box, part: ShapeGroup) -> bool:
    left, top, right, bottom = extent_of(part)
    return box.role in (Role.MERGE, Role.ENTRY) and abs((right - left) - (bottom - top)) < _NEAR


def _rows(box: Box, part: ShapeGroup) -> list[Shape]:
    """The shapes of the layers in a box; none if its layers have no separate shapes."""
    filled: list[Shape] = [shape for shape in part.shapes if isinstance(shape, Curve) and shape.fill]
    if len(part.shapes) == 2 * len(box.rows) + 1:
        # In `volumes`, each slice has a front and a top.
        filled = [shape for shape in part.shapes[:-1:2] if isinstance(shape, Polygon)]
    return filled if len(filled) == len(box.rows) and box.role is Role.LAYERS else []


def _chain(points: tuple[Point, ...]) -> str:
    """Lines through points after the first."""
    return "".join(f" -- {_place(point)}" for point in points[1:])


def _curve(points: tuple[Point, ...]) -> str:
    """Bézier curves after their start: ` .. controls (1,0) and (2,1) .. (2,2)`."""
    rest = [_place(point) for point in points[1:]]
    triples = zip(rest[::3], rest[1::3], rest[2::3], strict=True)
    return "".join(f" .. controls {one} and {other} .. {end}" for one, other, end in triples)


def _place(point: Point) -> str:
    return f"({decimal(point[0])},{decimal(point[1])})"


def _color_names(graph: DrawnGraph) -> dict[str, str]:
    """A name for each color, in order of first occurrence: the kind of layer or the part that has it, or letters."""
    wanted: dict[str, list[str]] = {}
    for color, name in _meanings(graph):
        wanted.setdefault(color, []).append(name)
    letters = ("".join(each) for length in (1, 2) for each in product(ascii_uppercase, repeat=length))
    names: dict[str, str] = {}
    for color, meanings in wanted.items():
        known = [name for name in dict.fromkeys(meanings) if name and f"archdsl{name}" not in names.values()]
        names[color] = f"archdsl{known[0] if known else next(letters)}"
    return names


def _meanings(graph: DrawnGraph) -> Iterator[tuple[str, str]]:
    """The colors, each with the name of its meaning, empty if it has none."""
    for part in graph.parts:
        if isinstance(part, Connection):
            skip = "skip" if part.flow is Flow.SKIP else "line"
            yield from ((part.color, skip) for _ in part.lines[:1])
            yield from (found for shape in (*part.others, *part.labels) for found in _colors(shape, "", "note"))
            continue
        rows = _rows(part.of, part) if isinstance(part.of, Box) else []
        for shape in part.shapes:
            name = "frame" if isinstance(part.of, Cluster) else ""
            if isinstance(part.of, Box) and shape in rows:
                row = part.of.rows[rows.index(shape)]
                name = row.change or ("" if row.heat is not None else row.style)
            yield from _colors(shape, name, "text" if isinstance(part.of, Box) else "note")


def _colors(shape: Shape, fill: str, text: str) -> Iterator[tuple[str, str]]:
    match shape:
        case Polygon() | Curve():
            if shape.fill:
                yield shape.fill, fill
            yield shape.line, f"{fill}line" if fill else ""
        case Polyline():
            yield shape.color, ""
        case TextLabel():
            yield shape.color, text
