"""Write a drawing as SVG: self-contained, accessible to screen readers, and readable by programs.

Groups have a class for what they show (`arch-box`, `arch-arrow`, `arch-frame`, and the kinds of layers) and `data-`
attributes with the facts, so that the figure can be read back; docs/diagrams.md lists them.
"""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256

from ...graph import FontFamily
from ...graph.figure_settings import TRANSPARENT
from .drawing import Curve, Drawing, Point, Polygon, Polyline, Shape, ShapeGroup, TextLabel, head
from .escaping import xml
from .figure import Arrow, Box, BoxRow, Cluster, Role
from .font_metrics import is_known, width_of
from .labels import decimal
from .svg_colors import dark_sheet
from .theme import Theme

FONTS = {
    FontFamily.SANS: "Helvetica, Arial, 'Liberation Sans', sans-serif",
    FontFamily.SERIF: "Times, 'Times New Roman', 'Liberation Serif', serif",
}
_LONGEST = 1000


def write_svg(drawing: Drawing, theme: Theme) -> bytes:
    """The drawing as a self-contained SVG, with hover text; it follows light and dark pages if the theme does."""
    body = "\n".join(_body(drawing))
    size = {"width": f"{decimal(drawing.width)}pt", "height": f"{decimal(drawing.height)}pt"}
    box = {"viewBox": f"0 0 {decimal(drawing.width)} {decimal(drawing.height)}"}
    start = _opening(size | box, drawing, body, dark_sheet(drawing, theme))
    return f"{start}\n{body}\n</svg>\n".encode()


def _opening(attributes: Mapping[str, str], drawing: Drawing, body: str, sheet: str) -> str:
    """The start of an SVG with this body: its size, its font, a title and a description for screen readers."""
    # Pages that show two diagrams need distinct ids.
    mark = sha256(body.encode()).hexdigest()[:8]
    given = {
        "xmlns": "http://www.w3.org/2000/svg",
        **attributes,
        **({"class": "archdsl-auto"} if sheet else {}),
        "font-family": FONTS[drawing.font],
        "role": "img",
        "aria-labelledby": f"title-{mark} desc-{mark}",
    }
    root = " ".join(f'{name}="{xml(value)}"' for name, value in given.items())
    words = {"title": drawing.title, "desc": drawing.description}
    elements = [f'<{name} id="{name}-{mark}">{xml(text, longest=_LONGEST)}</{name}>' for name, text in words.items()]
    elements += [f"<style>{sheet}</style>"] if sheet else []
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', f"<svg {root}>", *elements])


def _body(drawing: Drawing) -> Iterator[str]:
    if drawing.background != TRANSPARENT:
        yield f'<rect width="100%" height="100%" fill="{drawing.background}"/>'
    for part in drawing.parts:
        if part.shapes or part.of is not None:
            yield _group(part, drawing.font)


def _group(part: ShapeGroup, font: FontFamily) -> str:
    """Shapes that belong together; an arrow between boxes that touch has none."""
    classes, facts = _subject(part)
    lines = [f"<title>{xml(part.hover, lines=True)}</title>"] if part.hover else []
    shapes = [element(shape, font) for shape in part.shapes]
    lines += _rows(part.of, part.shapes, shapes) if isinstance(part.of, Box) else shapes
    inside = "\n".join(lines)
    return f"<g{_attributes({'class': classes, **facts})}>{inside}</g>"


def _subject(part: ShapeGroup) -> tuple[str, dict[str, str]]:
    """The classes of a group, and its facts."""
    match part.of:
        case Box():
            return _box(part.of)
        case Arrow():
            source = {} if part.of.source is None else {"data-source": str(part.of.source)}
            ends = {"data-from": part.of.start, "data-to": part.of.end}
            return f"arch-arrow arch-{part.of.flow}", {**ends, **source, "data-shape": part.of.shape or ""}
        case Cluster():
            return "arch-frame", {"data-frame": _path(part.of.path), "data-times": _times(part.of.times)}
        case None:
            return "", {}


def _box(box: Box) -> tuple[str, dict[str, str]]:
    nodes = [node for row in box.rows for node in row.nodes]
    kinds = dict.fromkeys(kind for kind in (*(row.style for row in box.rows), *box.inside) if kind)
    role = "port" if box.letter or box.role is Role.PORT else box.role.value
    facts = {
        "data-box": box.id,
        "data-node": " ".join(map(str, nodes)),
        "data-kind": " ".join(kinds),
        "data-times": _times(box.times),
        "data-continues": box.letter,
        "data-in": _path(box.cluster),
        **_facts(box.rows),
        "data-shape": box.rows[-1].shape if box.rows else "",
    }
    return f"arch-box arch-{role}", facts


def _facts(rows: Iterable[BoxRow]) -> dict[str, str]:
    """The names, the positions and the numbers of layers: the names and positions in order, and the sums of the
    numbers.
    """
    rows = tuple(rows)
    names = " ".join(row.name for row in rows if row.name)
    parameters, macs = (sum(sum(each) for each in numbers) for numbers in _numbers(rows))
    return {
        "data-name": names,
        "data-line": " ".join(row.position for row in rows if row.position),
        "data-parameters": str(parameters) if parameters else "",
        "data-macs": str(macs) if macs else "",
    }


def _numbers(rows: tuple[BoxRow, ...]) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
    return [row.parameters for row in rows], [row.macs for row in rows]


def _times(times: int) -> str:
    return str(times) if times > 1 else ""


def _path(path: tuple[str, ...]) -> str:
    return "/".join(path)


def _rows(box: Box, shapes: tuple[Shape, ...], drawn: list[str]) -> Iterator[str]:
    """The shapes of a box, with a separate group for each layer if there are several."""
    starts = [index for index, shape in enumerate(shapes) if isinstance(shape, Curve) and shape.fill]
    if len(box.rows) < 2:
        yield from drawn
        return
    # In `volumes` the layers are slices of one box, and a label stands for all layers of a branch.
    split = len(starts) == len(box.rows)
    yield from drawn[: starts[0]] if split else drawn
    ends = [*starts[1:], len(shapes)] if split else []
    for index, row in enumerate(box.rows):
        own = drawn[starts[index] : ends[index]] if split else []
        facts = {"data-node": " ".join(map(str, row.nodes)), **_facts((row,)), "data-shape": row.shape}
        inside = "\n".join(own)
        yield f"<g{_attributes({'class': f'arch-layer arch-kind-{row.style}', **facts})}>{inside}</g>"


def _attributes(values: Mapping[str, str]) -> str:
    return "".join(f' {name}="{xml(value, longest=_LONGEST * 100)}"' for name, value in values.items() if value)


def element(shape: Shape, font: FontFamily = FontFamily.SANS) -> str:
    """A shape as an element."""
    match shape:
        case Polygon():
            attributes = f'fill="{shape.fill}" stroke="{shape.line}" stroke-width="{decimal(shape.width)}"'
            return f'<polygon points="{_pairs(shape.points)}" {attributes} stroke-linejoin="round"/>'
        case Curve():
            start, *rest = (f"{decimal(x)},{decimal(y)}" for x, y in shape.points)
            attributes = f'fill="{shape.fill or "none"}" stroke="{shape.line}" stroke-width="{decimal(shape.width)}"'
            attributes += ' stroke-dasharray="4 3"' if shape.dashed else ""
            return f'<path d="M{start}C{" ".join(rest)}" {attributes}/>'
        case Polyline():
            attributes = f'stroke="{shape.color}" stroke-width="{decimal(shape.width)}"'
            line = f'<polyline points="{_pairs(shape.points)}" fill="none" {attributes}/>'
            return line + (f'<polygon points="{_pairs(head(shape))}" fill="{shape.color}"/>' if shape.arrow else "")
        case TextLabel():
            x, y = map(decimal, shape.at)
            attributes = f'font-size="{decimal(shape.size)}" fill="{shape.color}" text-anchor="middle"'
            attributes += ' font-weight="bold"' if shape.bold else _fitted(shape.text, shape.size, font)
            return f'<text x="{x}" y="{y}" {attributes}>{xml(shape.text)}</text>'


def _fitted(text: str, size: float, font: FontFamily) -> str:
    """The attributes that keep a text as wide as in the layout, even if the reader's machine has other fonts."""
    if not text.strip() or not is_known(text):
        return ""
    return f' textLength="{decimal(width_of(text, size, font))}" lengthAdjust="spacingAndGlyphs"'


def _pairs(points: Iterable[Point]) -> str:
    return " ".join(f"{decimal(x)},{decimal(y)}" for x, y in points)
