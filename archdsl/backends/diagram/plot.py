"""Write a drawing as DOT with fixed positions, for formats that need a renderer."""

from collections.abc import Iterable, Iterator

from .dot import FONTS
from .drawing import Curve, Drawing, Point, Polygon, Polyline, Shape, TextLabel, head
from .escaping import quoted, xml
from .labels import decimal

_PIECE = 8000
_DASHED, _SOLID = "S 6 -dashed", "S 5 -solid"
_RISE, _RISE_OF_BOLD = 0.3, 0.11
"""The center of a label above its baseline, as a fraction of the font size, where the renderer places it."""


def write_fixed_dot(drawing: Drawing) -> str:
    """The drawing as DOT with fixed positions, for `neato -n2`. Shapes are its background, texts its nodes."""
    shapes = [shape for part in drawing.parts for shape in part.shapes]
    painted = _joined(op for shape in shapes for op in _operations(shape, drawing.height))
    attributes = f"bgcolor={quoted(drawing.background)} pad=0 _background={painted}"
    words = [shape for shape in shapes if isinstance(shape, TextLabel)]
    nodes = [_node(f"t{i}", shape, drawing.height) for i, shape in enumerate(words)]
    corners = [
        f'c{i} [shape=point style=invis width=0 height=0 pos="{decimal(x)},{decimal(y)}!"]'
        for i, (x, y) in enumerate([(0.0, 0.0), (drawing.width, drawing.height)])
    ]
    font = f"fontname={quoted(FONTS[drawing.font])}"
    lines = [f"graph [{attributes}]", f"node [shape=plain {font} margin=0]", *corners, *nodes]
    return "\n".join(["// neato -n2", "digraph {", *(f"  {line}" for line in lines), "}", ""])


def _joined(operations: Iterable[str]) -> str:
    """Operations as one string, in pieces: Graphviz may reject a longer string literal."""
    pieces = [""]
    for operation in operations:
        if len(pieces[-1]) + len(operation) > _PIECE:
            pieces.append("")
        pieces[-1] += f"{operation} "
    return " + ".join(f'"{piece}"' for piece in pieces)


def _node(name: str, words: TextLabel, height: float) -> str:
    # The position of a node is its center, which is above the baseline.
    x, y = words.at[0], height - words.at[1] + (_RISE_OF_BOLD if words.bold else _RISE) * words.size
    attributes = f"fontsize={decimal(words.size)} fontcolor={quoted(words.color)}"
    text = f"<B>{xml(words.text)}</B>" if words.bold else xml(words.text)
    return f'{name} [label=<{text}> {attributes} pos="{decimal(x)},{decimal(y)}!"]'


def _operations(shape: Shape, height: float) -> Iterator[str]:
    """The xdot operations that draw a shape."""
    match shape:
        case Polygon():
            yield from (_line_width(shape.width), _color("c", shape.line), _color("C", shape.fill))
            yield _path("P", shape.points, height)
        case Curve():
            yield from (_line_width(shape.width), _color("c", shape.line), _color("C", shape.fill or shape.line))
            # In xdot text, the lower-case letter is the filled shape; in the renderer's JSON it is the reverse.
            yield from [_DASHED] if shape.dashed else []
            yield _path("b" if shape.fill else "B", shape.points, height)
            yield from [_SOLID] if shape.dashed else []
        case Polyline():
            yield from (_line_width(shape.width), _color("c", shape.color), _path("L", shape.points, height))
            if shape.arrow:
                yield from (_color("C", shape.color), _path("P", head(shape), height))
        case TextLabel():
            return


def _line_width(width: float) -> str:
    style = f"setlinewidth({decimal(width)})"
    return f"S {len(style)} -{style}"


def _color(which: str, color: str) -> str:
    return f"{which} {len(color)} -{color}"


def _path(which: str, points: tuple[Point, ...], height: float) -> str:
    return f"{which} {len(points)} " + " ".join(f"{decimal(x)} {decimal(height - y)}" for x, y in points)
