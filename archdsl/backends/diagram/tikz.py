"""Write a drawing as TikZ, for LaTeX: it uses the document's sans-serif or roman font and scales with `\\resizebox`."""

from collections.abc import Iterator

from ...graph import FontFamily
from .drawing import Curve, Drawing, Point, Polygon, Polyline, Shape, TextLabel, head
from .escaping import tex
from .labels import decimal

_FAMILIES = {FontFamily.SANS: "\\sffamily", FontFamily.SERIF: "\\rmfamily"}


def write_tikz(drawing: Drawing) -> str:
    """A `tikzpicture`, to be included with \\input."""
    shapes = [shape for part in drawing.parts for shape in part.shapes]
    names = {color: f"archdsl{letters}" for color, letters in zip(_colors(shapes), _letters(), strict=False)}
    lines = [
        f"% {tex(drawing.title)}",
        "% needs \\usepackage{tikz}",
        "\\begin{tikzpicture}[x=1pt, y=-1pt, line join=round]",
        *(f"  \\definecolor{{{name}}}{{HTML}}{{{color[1:].upper()}}}" for color, name in names.items()),
        *(f"  {_command(shape, names, _FAMILIES[drawing.font])}" for shape in shapes),
        "\\end{tikzpicture}",
        "",
    ]
    return "\n".join(lines)


def _command(shape: Shape, names: dict[str, str], family: str) -> str:
    match shape:
        case Polygon():
            look = f"fill={names[shape.fill]}, draw={names[shape.line]}, line width={decimal(shape.width)}pt"
            return f"\\filldraw[{look}] {_chain(shape.points)} -- cycle;"
        case Curve():
            fill = f"fill={names[shape.fill]}, " if shape.fill else ""
            look = f"{fill}draw={names[shape.line]}, line width={decimal(shape.width)}pt" + ", dashed" * shape.dashed
            return f"\\path[{look}] {_curve(shape.points)};"
        case Polyline():
            line = f"\\draw[{names[shape.color]}, line width={decimal(shape.width)}pt] {_chain(shape.points)};"
            return line + (f" \\fill[{names[shape.color]}] {_chain(head(shape))} -- cycle;" if shape.arrow else "")
        case TextLabel():
            size = decimal(shape.size)
            font = f"{family}\\fontsize{{{size}}}{{{size}}}\\selectfont" + ("\\bfseries" if shape.bold else "")
            look = f"anchor=base, inner sep=0pt, text={names[shape.color]}, font={font}"
            return f"\\node[{look}] at {_place(shape.at)} {{{tex(shape.text)}}};"


def _chain(points: tuple[Point, ...]) -> str:
    return " -- ".join(map(_place, points))


def _curve(points: tuple[Point, ...]) -> str:
    """Bézier curves: `(0,0) .. controls (1,0) and (2,1) .. (2,2)`."""
    start, *rest = map(_place, points)
    triples = zip(rest[::3], rest[1::3], rest[2::3], strict=True)
    return start + "".join(f" .. controls {one} and {other} .. {end}" for one, other, end in triples)


def _place(point: Point) -> str:
    return f"({decimal(point[0])},{decimal(point[1])})"


def _colors(shapes: list[Shape]) -> dict[str, None]:
    """The distinct colors, in order of first occurrence."""
    found: dict[str, None] = {}
    for shape in shapes:
        match shape:
            case Polygon():
                found |= dict.fromkeys((shape.fill, shape.line))
            case Curve():
                found |= dict.fromkeys(each for each in (shape.fill, shape.line) if each)
            case Polyline() | TextLabel():
                found[shape.color] = None
    return found


def _letters() -> Iterator[str]:
    """Names without digits, which TeX does not allow: A, B, … Z, AA, AB, …"""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    yield from alphabet
    yield from (one + other for one in alphabet for other in alphabet)
