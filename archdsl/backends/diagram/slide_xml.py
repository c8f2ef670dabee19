"""The XML of shapes on a slide (DrawingML, ECMA-376 part 1, chapter 20)."""

from ...graph import FontFamily
from .connectors import Connector
from .drawing import TextLabel
from .escaping import xml
from .labels import decimal
from .solid_shapes import SolidShape

POINT = 12_700
"""English Metric Units in a point."""
_FULL = 100_000
_FAMILIES = {FontFamily.SANS: "Arial", FontFamily.SERIF: "Times New Roman"}
"""Fonts that exist wherever PowerPoint does; Arial has the widths of the layout."""
_LONGEST = 1000


def emu(points: float) -> int:
    """A length in the unit of Office files."""
    return round(points * POINT)


def color_xml(color: str) -> str:
    """A color."""
    return f'<a:srgbClr val="{color[1:].upper()}"/>'


def shape_xml(
    id: int, name: str, block: SolidShape, hover: str = "", *, text: bool = False, family: FontFamily = FontFamily.SANS
) -> str:
    """A shape with its lines of text; with `text`, a text box without a border."""
    fill = f"<a:solidFill>{color_xml(block.fill)}</a:solidFill>" if block.fill else "<a:noFill/>"
    line = "" if text else line_xml(block.line, block.width)
    described = f' descr="{xml(hover, lines=True, longest=_LONGEST)}"'.replace("\n", "&#10;") if hover else ""
    box = ' txBox="1"' if text else ""
    words = _paragraphs(block.labels, _FAMILIES[family])
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="{id}" name="{xml(name)}"{described}/><p:cNvSpPr{box}/><p:nvPr/></p:nvSpPr>'
        f"<p:spPr>{_place(block)}{_geometry(block)}{fill}{line}</p:spPr>{words}</p:sp>"
    )


def group_xml(id: int, name: str, block: SolidShape, inside: str) -> str:
    """Shapes as a group, whose place is that of a block."""
    corner = f'x="{emu(block.left)}" y="{emu(block.top)}"'
    size = 'cx="{}" cy="{}"'.format(*map(emu, block.size))
    place = f"<a:off {corner}/><a:ext {size}/><a:chOff {corner}/><a:chExt {size}/>"
    return (
        f'<p:grpSp><p:nvGrpSpPr><p:cNvPr id="{id}" name="{xml(name)}"/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr>'
        f"<p:grpSpPr><a:xfrm>{place}</a:xfrm></p:grpSpPr>{inside}</p:grpSp>"
    )


def connector_xml(
    id: int, name: str, start: tuple[int, int] | None, end: tuple[int, int] | None, made: Connector, line: str
) -> str:
    """A connector; each end is the id of a shape and the number of a point on it, None if it is free."""
    attached = "".join(
        f'<a:{side} id="{site[0]}" idx="{site[1]}"/>'
        for side, site in (("stCxn", start), ("endCxn", end))
        if site is not None
    )
    transform = f' rot="{made.rotation}"' if made.rotation else ""
    transform += ' flipH="1"' * made.flip_x + ' flipV="1"' * made.flip_y
    place = (
        f'<a:xfrm{transform}><a:off x="{emu(made.left)}" y="{emu(made.top)}"/>'
        f'<a:ext cx="{emu(made.width)}" cy="{emu(made.height)}"/></a:xfrm>'
    )
    adjustments = "".join(
        f'<a:gd name="adj{n}" fmla="val {adjustment}"/>' for n, adjustment in enumerate(made.adjustments, 1)
    )
    form = f'<a:prstGeom prst="{made.preset}"><a:avLst>{adjustments}</a:avLst></a:prstGeom>'
    return (
        f'<p:cxnSp><p:nvCxnSpPr><p:cNvPr id="{id}" name="{xml(name)}"/><p:cNvCxnSpPr>{attached}</p:cNvCxnSpPr><p:nvPr/>'
        f"</p:nvCxnSpPr><p:spPr>{place}{form}{line}</p:spPr></p:cxnSp>"
    )


def line_xml(color: str | None, width: float, *, dashed: bool = False, pointed: bool = False) -> str:
    """The style of a line; without a color it is invisible."""
    if color is None:
        return "<a:ln><a:noFill/></a:ln>"
    dash = '<a:prstDash val="dash"/>' if dashed else ""
    tip = '<a:tailEnd type="triangle" w="med" len="med"/>' if pointed else ""
    return f'<a:ln w="{emu(width)}"><a:solidFill>{color_xml(color)}</a:solidFill>{dash}<a:round/>{tip}</a:ln>'


def _place(block: SolidShape) -> str:
    wide, high = map(emu, block.size)
    return f'<a:xfrm><a:off x="{emu(block.left)}" y="{emu(block.top)}"/><a:ext cx="{wide}" cy="{high}"/></a:xfrm>'


def _geometry(block: SolidShape) -> str:
    wide, high = block.size
    if block.points:
        return _polygon(block)
    preset, adjustments = "rect", ""
    if block.ellipse:
        preset = "ellipse"
    elif block.radius:
        part = round(min(0.5, block.radius / (min(wide, high) or 1)) * _FULL)
        preset, adjustments = "roundRect", f'<a:gd name="adj" fmla="val {part}"/>'
    return f'<a:prstGeom prst="{preset}"><a:avLst>{adjustments}</a:avLst></a:prstGeom>'


def _polygon(block: SolidShape) -> str:
    """A geometry of straight lines."""
    places = [f'<a:pt x="{emu(x - block.left)}" y="{emu(y - block.top)}"/>' for x, y in block.points]
    steps = f"<a:moveTo>{places[0]}</a:moveTo>" + "".join(f"<a:lnTo>{place}</a:lnTo>" for place in places[1:])
    size = 'w="{}" h="{}"'.format(*map(emu, block.size))
    return (
        '<a:custGeom><a:avLst/><a:gdLst/><a:ahLst/><a:cxnLst/><a:rect l="0" t="0" r="r" b="b"/><a:pathLst>'
        f"<a:path {size}>{steps}<a:close/></a:path></a:pathLst></a:custGeom>"
    )


def _paragraphs(labels: tuple[TextLabel, ...], family: str) -> str:
    """Lines of text, centered."""
    lines = []
    for label in labels:
        bold = ' b="1"' if label.bold else ""
        style = f"<a:solidFill>{color_xml(label.color)}</a:solidFill>"
        style += f'<a:latin typeface="{family}"/><a:cs typeface="{family}"/>'
        size = max(100, round(100 * label.size))
        run = f'<a:r><a:rPr lang="en-US" sz="{size}"{bold} dirty="0">{style}</a:rPr><a:t>{xml(label.text)}</a:t></a:r>'
        lines.append(f'<a:p><a:pPr algn="ctr"/>{run}</a:p>')
    inner = "".join(lines) or '<a:p><a:endParaRPr lang="en-US"/></a:p>'
    inset = 'wrap="none" lIns="0" tIns="0" rIns="0" bIns="0" rtlCol="0" anchor="ctr"'
    return f"<p:txBody><a:bodyPr {inset}><a:noAutofit/></a:bodyPr><a:lstStyle/>{inner}</p:txBody>"


def size_words(wide: float, high: float) -> str:
    """A size in inches."""
    return f"{decimal(wide / 72)}×{decimal(high / 72)} inches"
