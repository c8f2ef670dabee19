"""Draw a U-Net: the encoder runs down on the left, the decoder up on the right, with horizontal skips between."""

from collections.abc import Iterable, Mapping

from .box_shapes import draw_box, size_of
from .drawing import Drawing, Point, Polyline, Shape, ShapeGroup, TextLabel, bounds, framed
from .engine import CannotDraw
from .figure import Arrow, Box, Diagram
from .figure_options import DiagramStyle
from .font_metrics import width_of
from .legend import legend_rows
from .unet_form import UNetForm, UNetSkip, unet_form

_MARGIN = 7.2
_STEP, _TIGHT = 26.0, 16.0
"""Points between boxes, one below the other, with and without a label on the arrow."""
_CORNER_DISTANCE = 10.0
"""Points between a box and the turn of an arrow to it."""
_ARROW_LENGTH = 24.0
"""The shortest arrow to the right."""


def draw_unet(diagram: Diagram, style: DiagramStyle) -> Drawing:
    """The diagram as a U. Raises CannotDraw if it has another form."""
    form = unet_form(diagram)
    places = _places(form, style)
    boxes = {box.id: box for box in diagram.boxes}
    aside = {id(arrow) for skip in form.skips for arrow in skip.arrows}
    parts = [_line(points, arrow, id(arrow) in aside, style) for arrow, points in _arrows(form, places, style)]
    parts += [draw_box(boxes[name], style, center) for name, center in places.items()]
    parts = [*parts, *_heading(diagram, parts, style)]
    return framed(parts, _MARGIN, style.theme.background, diagram.title, diagram.description)


def _places(form: UNetForm, style: DiagramStyle) -> dict[str, Point]:
    """The center of each box."""
    size = {box.id: size_of(box, style) for box in _all(form)}
    middle = max((_between(skip, size, style) for skip in form.skips), default=_ARROW_LENGTH)
    left, right = (max(size[box.id][0] for level in side for box in level) for side in (form.encoder, form.decoder))
    # The first of several boxes at the bottom is below the encoder; the arrow from the last turns below the decoder.
    under = size[form.bottom[0].id][0] / 2 if len(form.bottom) > 1 else 0.0
    low = sum(size[box.id][0] + _arrow_length(form, style) for box in form.bottom[len(form.bottom) > 1 :])
    spacing = max(left / 2 + middle + right / 2, under + _arrow_length(form, style) + low)
    places: dict[str, Point] = {}
    top = 0.0
    for encoder, decoder, skip in _bands(form):
        if style.direction == "LR":
            found = _level_row(form, encoder, decoder, size, spacing, style)
        else:
            found = _below(encoder, decoder, skip, size, spacing, style)
        high = min(y - size[name][1] / 2 for name, (_, y) in found.items())
        places |= {name: (x, top - high + y) for name, (x, y) in found.items()}
        top = max(places[name][1] + size[name][1] / 2 for name in found) + _step(style)
    deep = top + max(size[box.id][1] for box in form.bottom) / 2
    slack = (spacing - under - _arrow_length(form, style) - low) / 2
    x = -under if under else _arrow_length(form, style) + slack
    for index, box in enumerate(form.bottom):
        places[box.id] = (x + size[box.id][0] / 2, deep)
        x += size[box.id][0] + _arrow_length(form, style) + (slack if under and not index else 0.0)
    return places | _on_skips(form, places, size)


def _below(
    encoder: tuple[Box, ...],
    decoder: tuple[Box, ...],
    skip: UNetSkip | None,
    size: Mapping[str, tuple[float, float]],
    spacing: float,
    style: DiagramStyle,
) -> dict[str, Point]:
    """The boxes of a level, one below the other, so that its first skip is horizontal."""
    down, up = _stack(encoder, size, style), _stack(decoder[::-1], size, style)
    lower = down[skip.start.id] - up[skip.end.id] if skip is not None else 0.0
    places = {name: (0.0, y + max(0.0, -lower)) for name, y in down.items()}
    return places | {name: (spacing, y + max(0.0, lower)) for name, y in up.items()}


def _level_row(
    form: UNetForm,
    encoder: tuple[Box, ...],
    decoder: tuple[Box, ...],
    size: Mapping[str, tuple[float, float]],
    spacing: float,
    style: DiagramStyle,
) -> dict[str, Point]:
    """The boxes of a level, in rows that its skip connects; the boxes after its start and before its end are below.

    Raises CannotDraw for several skips, which would cross boxes.
    """
    skips = [skip for skip in form.skips if skip.start in encoder]
    if len({(skip.start.id, skip.end.id) for skip in skips}) > 1:
        raise CannotDraw("several skip connections of a level would cross its boxes")
    last = encoder.index(skips[0].start) if skips else len(encoder) - 1
    first = decoder.index(skips[0].end) if skips else 0
    places = _in_row(encoder[last::-1], -1, form, size, style)
    places |= {name: (spacing + x, y) for name, (x, y) in _in_row(decoder[first:], 1, form, size, style).items()}
    under = max(size[name][1] / 2 for name in places) + _step(style)
    for x, boxes in ((0.0, encoder[last + 1 :]), (spacing, decoder[:first][::-1])):
        places |= {name: (x, under + y) for name, y in _stack(boxes, size, style).items()}
    return places


def _in_row(
    boxes: tuple[Box, ...], direction: int, form: UNetForm, size: Mapping[str, tuple[float, float]], style: DiagramStyle
) -> dict[str, Point]:
    """Boxes in a row, starting at 0, to the right (1) or to the left (-1)."""
    found, x = {}, 0.0
    for index, box in enumerate(boxes):
        if index:
            pair = {box.id, boxes[index - 1].id}
            label = max((_label_width(a, style) for a in form.path if {a.start, a.end} == pair), default=0.0)
            x += direction * (size[boxes[index - 1].id][0] / 2 + _ARROW_LENGTH + label + size[box.id][0] / 2)
        found[box.id] = (x, 0.0)
    return found


def _all(form: UNetForm) -> list[Box]:
    """All boxes."""
    levels = [box for side in (form.encoder, form.decoder) for level in side for box in level]
    return [*levels, *form.bottom, *(box for skip in form.skips for box in skip.boxes)]


def _bands(form: UNetForm) -> Iterable[tuple[tuple[Box, ...], tuple[Box, ...], UNetSkip | None]]:
    """Each level's boxes in the encoder and in the decoder, and the horizontal skip."""
    for encoder, decoder in zip(form.encoder, form.decoder, strict=True):
        yield encoder, decoder, next((skip for skip in form.skips if skip.start in encoder), None)


def _step(style: DiagramStyle) -> float:
    return _STEP if style.shapes else _TIGHT


def _arrow_length(form: UNetForm, style: DiagramStyle) -> float:
    """The length of the arrows at the bottom, which carry labels above them."""
    inside = {box.id for box in form.bottom}
    shown = [arrow for arrow in form.path if arrow.start in inside or arrow.end in inside]
    return _ARROW_LENGTH + max((_label_width(arrow, style) for arrow in shown), default=0.0)


def _label_width(arrow: Arrow, style: DiagramStyle) -> float:
    return width_of(arrow.shape, style.fonts.shapes) if arrow.shape is not None and style.shapes else 0.0


def _between(skip: UNetSkip, size: Mapping[str, tuple[float, float]], style: DiagramStyle) -> float:
    """The room that a skip needs between the encoder and the decoder."""
    inside = sum(size[box.id][0] for box in skip.boxes)
    labels = sum(_label_width(arrow, style) for arrow in skip.arrows)
    return inside + labels + _ARROW_LENGTH * (len(skip.boxes) + 1) + _ARROW_LENGTH


def _stack(boxes: tuple[Box, ...], size: Mapping[str, tuple[float, float]], style: DiagramStyle) -> dict[str, float]:
    """The vertical centers of boxes, one below the other, with the top of the first at 0."""
    found, at = {}, 0.0
    for box in boxes:
        found[box.id] = at + size[box.id][1] / 2
        at += size[box.id][1] + _step(style)
    return found


def _on_skips(form: UNetForm, places: Mapping[str, Point], size: Mapping[str, tuple[float, float]]) -> dict[str, Point]:
    """The boxes on skips, evenly between the encoder and the decoder."""
    found = {}
    for skip in form.skips:
        start, end = places[skip.start.id], places[skip.end.id]
        left, right = start[0] + size[skip.start.id][0] / 2, end[0] - size[skip.end.id][0] / 2
        free = right - left - sum(size[box.id][0] for box in skip.boxes)
        x = left
        for box in skip.boxes:
            x += free / (len(skip.boxes) + 1)
            found[box.id] = (x + size[box.id][0] / 2, start[1])
            x += size[box.id][0]
    return found


def _arrows(
    form: UNetForm, places: Mapping[str, Point], style: DiagramStyle
) -> Iterable[tuple[Arrow, tuple[Point, ...]]]:
    """Each arrow with the points of its line."""
    size = {box.id: size_of(box, style) for box in _all(form)}
    bottom = {box.id for box in form.bottom}
    levels = [{box.id for box in pair[0] + pair[1]} for pair in zip(form.encoder, form.decoder, strict=True)]
    for arrow in form.path:
        (x0, y0), (x1, y1) = places[arrow.start], places[arrow.end]
        (w0, h0), (w1, h1) = size[arrow.start], size[arrow.end]
        if arrow.start in bottom and arrow.end in bottom:
            yield arrow, ((x0 + w0 / 2, y0), (x1 - w1 / 2, y1))
        elif arrow.end in bottom and x0 != x1:
            yield arrow, ((x0, y0 + h0 / 2), (x0, y1), (x1 - w1 / 2, y1))
        elif arrow.start in bottom:
            yield arrow, ((x0 + w0 / 2, y0), (x1, y0), (x1, y1 + h1 / 2))
        elif y0 == y1:
            yield arrow, ((x0 + w0 / 2, y0), (x1 - w1 / 2, y1))
        else:
            ends = (y0 + h0 / 2, y1 - h1 / 2) if y0 < y1 else (y0 - h0 / 2, y1 + h1 / 2)
            corner: tuple[Point, ...] = ()
            if x0 != x1:  # it turns between the levels, where there are no boxes
                level = next(level for level in levels if arrow.end in level)
                edges = [places[name][1] + side * size[name][1] / 2 for name in level for side in (-1, 1)]
                turn = min(edges) - _CORNER_DISTANCE if y0 < y1 else max(edges) + _CORNER_DISTANCE
                corner = (x0, turn), (x1, turn)
            yield arrow, ((x0, ends[0]), *corner, (x1, ends[1]))
    for skip in form.skips:
        for arrow in skip.arrows:
            (x0, y0), (x1, y1) = places[arrow.start], places[arrow.end]
            left, right = x0 + size[arrow.start][0] / 2, x1 - size[arrow.end][0] / 2
            turn = right - _ARROW_LENGTH / 2
            corner = () if abs(y0 - y1) < 0.01 else ((turn, y0), (turn, y1))
            yield arrow, ((left, y0), *corner, (right, y1))


def _line(points: tuple[Point, ...], arrow: Arrow, skip: bool, style: DiagramStyle) -> ShapeGroup:
    """An arrow with its label: next to a vertical line, above a horizontal one."""
    theme, size = style.theme, style.fonts.shapes
    level = points[0][1] == points[1][1]
    color = theme.skip if skip else theme.line
    shapes: list[Shape] = [Polyline(points=points, color=color, arrow=True)]
    if arrow.shape is not None and style.shapes:
        wide = width_of(arrow.shape, size)
        (x0, y0), (x1, y1) = points[:2]
        at = ((x0 + x1) / 2 - 2, y0 - 3.5) if level else (x0 + 4 + wide / 2, (y0 + y1) / 2 + 0.3 * size)
        if len(points) == 3 and not level:  # it turns to the bottom: the label is above the second part
            (x0, _), (x1, y1) = points[1:]
            at = (x0 + x1) / 2 - 2, y1 - 3.5
        if len(points) == 4 and not skip:  # it turns to a level: the label is above the part between the turns
            at = (points[1][0] + points[2][0]) / 2, points[1][1] - 3.5
        shapes.append(TextLabel(at=at, text=arrow.shape, color=theme.note, size=size))
    return ShapeGroup(shapes=tuple(shapes), of=arrow)


def _heading(diagram: Diagram, parts: list[ShapeGroup], style: DiagramStyle) -> list[ShapeGroup]:
    """The caption above and the legend below, in rows as wide as the figure."""
    left, top, right, bottom = bounds(parts)
    middle, theme, found = (left + right) / 2, style.theme, []
    if words := style.heading_of(diagram):
        caption = TextLabel(at=(middle, top - 10), text=words, color=theme.note, size=style.fonts.words)
        found.append(ShapeGroup(shapes=(caption,)))
    entries = style.legend_of(diagram)
    return [*found, *legend_rows(entries, (left, right), bottom, style.fonts.numbers, theme)]
