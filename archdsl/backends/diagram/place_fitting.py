"""Make a figure for its place: the most detailed one whose text is large enough there.

A figure is laid out in columns or rows and then scaled, with its text, to the place. If the smallest text would be
below what the place allows, numbers are left out, then all text gets one size, then blocks and stages are closed, then
the shapes on arrows are left out.
"""

from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from itertools import pairwise
from math import inf

from ...analysis.cost import Costs
from ...graph import Graph
from ...record import Record
from .build import ViewOptions, build_diagram
from .cuts import Cut, choose_cuts
from .drawing import Drawing, framed, moved, scaled, smallest_text
from .engine import CannotDraw
from .figure import Diagram
from .figure_options import SMALL_FONTS, DiagramStyle
from .font_metrics import width_of
from .graphviz_layout import best_layout
from .page_columns import WholeLayout, heading_of, lay_out, set_parts
from .place import MM, Place, PlaceChoices
from .scenes import OWN_LAYOUT, scenes
from .unet_form import unet_form
from .view import View
from .xdot import read_drawing

_MOST_PARTS = 8
"""The maximum number of columns or rows."""
_MAX_LAYOUTS = 3
"""How many arrangements of the same diagram are laid out: those that look best by an estimate."""
_MIN_ESTIMATE = 0.93
"""How close to the smallest text the estimate of an arrangement must come for it to be laid out."""
_EXTRA_HEIGHT = 1.5
"""How much higher than usual a figure may be before details are left out."""
_CROSSED, _ALONE = 0.15, 0.2
"""What a cut costs for each further tensor that crosses it, and for a part with a single box, as a fraction
of the size."""
_CUT = 0.01
"""What a cut costs in a place that the figure fills, as a fraction of the size of its text."""
_SPREAD, _MOST_APART = 0.8, 90.0
"""The fraction of the free space that goes between the columns or rows, and the maximum between two in points."""
_MOST_LAYERS = 0.6
"""The maximum fraction of all layers that a single box may hold in an overview."""
_PORT = 24.0
"""Points that the start and the end of a part need for their ports."""
_GUTTER = {"TB": 44.0, "LR": 22.0}


class PlacedFigure(Record):
    """A figure in its place: the view that was chosen, and the size of its smallest text in points."""

    drawing: Drawing
    view: View
    text: float

    @property
    def words(self) -> str:
        """Its size, view and text: `85×61 mm, view blocks, text of at least 6.3 pt`."""
        width, height = (f"{side / MM:.0f}" for side in (self.drawing.width, self.drawing.height))
        return f"{width}×{height} mm, view {self.view}, text of at least {self.text:.1f} pt"


def fit(
    graph: Graph, costs: Costs, style: DiagramStyle, view_options: ViewOptions, place: Place, choices: PlaceChoices
) -> PlacedFigure:
    """The most detailed figure that fits. Raises CannotDraw with the text size of the least detailed one."""
    levels = _levels(graph, costs, style, view_options, choices)
    # The figure has the usual height if possible; a bit more is better than fewer details, but much more is not.
    compact = (
        [place.replace(height=place.compact * more) for more in (1, _EXTRA_HEIGHT)] if place.compact is not None else []
    )
    orders = [(level, room) for level in levels for room in compact] + [(level, place) for level in levels]
    for level, room in orders:
        found = level.best(room)
        if found is not None:
            return PlacedFigure(drawing=found, view=level.view, text=smallest_text(found))
    raise CannotDraw(_refusal(place, choices, levels[-1].shortfall(place)))


def _levels(
    graph: Graph, costs: Costs, style: DiagramStyle, view_options: ViewOptions, choices: PlaceChoices
) -> list["_Level"]:
    """Diagrams, the most detailed first. The shapes on arrows are left out only after all views were tried."""
    drawn, refused = [], []
    for view in choices.views:
        try:
            drawn.append((view, build_diagram(graph, costs, view_options.replace(view=view))))
        except CannotDraw as error:
            refused.append(error)
    if not drawn:
        raise refused[0]
    if len(choices.views) > 1 and (unet := as_unet(graph, costs, view_options)) is not None:
        drawn.insert(0, (View.UNET, unet))
    with_shapes, without = [], []
    for view, diagram in drawn:
        *styles, bare = (_Level(diagram, view, styles) for styles in styles_of(style, choices))
        with_shapes += styles
        # A stage that holds nearly everything shows less than blocks without shapes.
        if view is View.STAGES and _dominated(diagram):
            without += styles
            with_shapes = with_shapes[: -len(styles)]
        without.append(bare)
    return with_shapes + without


def _dominated(diagram: Diagram) -> bool:
    """Whether most layers are in one box."""
    counts = [max(len(box.rows), len(box.inside)) for box in diagram.boxes]
    return max(counts) > _MOST_LAYERS * sum(counts)


def as_unet(graph: Graph, costs: Costs, view_options: ViewOptions) -> Diagram | None:
    """The diagram in the view `unet` if it has that form, with skips at two resolutions or more."""
    with suppress(CannotDraw):
        drawn = build_diagram(graph, costs, view_options.replace(view=View.UNET))
        form = unet_form(drawn)
        return drawn if len(form.encoder) > 1 and len(form.skips) > 1 else None
    return None


def styles_of(style: DiagramStyle, choices: PlaceChoices) -> Iterator[list[DiagramStyle]]:
    """Styles, the most detailed first, each in every direction that may be chosen."""
    styles = [style.replace(parameters=parameters) for parameters in choices.parameters]
    styles.append(styles[-1].replace(fonts=SMALL_FONTS))
    styles.append(styles[-1].replace(shapes=False))
    for variant in styles:
        yield [variant.replace(direction=direction) for direction in choices.directions]


def _refusal(place: Place, choices: PlaceChoices, shortfall: str) -> str:
    help = "give it more room, a smaller --font, or another --view"
    if View.STAGES in choices.views:
        help = "give it more room or a smaller --font"
    return f"the figure does not fit {place.words} with text of at least {place.font:g} pt: {shortfall}; {help}"


class _Candidate(Record):
    """An arrangement: its style, its cuts, and its estimated size before scaling."""

    style: DiagramStyle
    cuts: tuple[Cut, ...]
    width: float
    height: float
    penalty: float = 0.0
    """The penalty for its cuts: for tensors that cross them on other lines, for parts with a single box."""


class _Level:
    """A diagram at one level of detail, and its arrangements."""

    def __init__(self, diagram: Diagram, view: View, styles: list[DiagramStyle]) -> None:
        self.diagram = diagram
        self.view = view
        self._styles = styles
        self._drawn: dict[tuple[str, tuple[Cut, ...]], Drawing] = {}

    @property
    def _own_layout(self) -> bool:
        return self.view in OWN_LAYOUT

    @cached_property
    def _candidates(self) -> list[_Candidate]:
        return [each for style in self._styles for each in _candidates(self.diagram, style)]

    def best(self, place: Place) -> Drawing | None:
        """The best arrangement that fits; None if none does."""
        if self._own_layout:
            everything = [in_place(scene, place) for scene in self._scenes]
            fits = [drawing for drawing in everything if smallest_text(drawing) >= place.font - 1e-6]
            if place.fills:
                return max(fits, key=smallest_text, default=None)
            return fits[0] if fits else None
        if not self._may_fit(place):
            return None
        ranked = sorted(self._candidates, key=lambda each: _penalty(each, each.width, each.height, place))
        near = [each for each in ranked if self._near(each, place)]
        fitting: list[tuple[float, Drawing, _Candidate, Drawing]] = []
        for candidate in near[:_MAX_LAYOUTS]:
            drawing = self._drawing(candidate)
            made = in_place(drawing, place)
            if smallest_text(made) >= place.font - 1e-6:
                penalty = _penalty(candidate, drawing.width, drawing.height, place)[1]
                fitting.append((penalty, made, candidate, drawing))
        if not fitting:
            return None
        _, made, candidate, drawing = min(fitting, key=lambda each: each[0])
        return self._with_spacing(candidate, drawing, place) or made

    def _with_spacing(self, candidate: _Candidate, drawing: Drawing, place: Place) -> Drawing | None:
        """The figure with more space between its columns or rows, in a place that it fills; None if there is none."""
        sides = place.width, place.height
        if not place.fills or not candidate.cuts or None in sides:
            return None
        by, down = factor(drawing.width, drawing.height, place), candidate.style.direction == "LR"
        room = ((place.height if down else place.width) or 0.0) - 2 * place.margin
        free = room / by - (drawing.height if down else drawing.width)
        spacing = min(_MOST_APART, _SPREAD * free / len(candidate.cuts))
        return in_place(_drawn(self.diagram, candidate, spacing), place) if spacing > 1 else None

    @cached_property
    def _scenes(self) -> list[Drawing]:
        made = [each for style in self._styles for each in scenes(self.diagram, self.view, style)]
        return [framed(list(each.parts), 0, each.background, each.title, each.description) for each in made]

    def _may_fit(self, place: Place) -> bool:
        area = (place.width or inf) * (place.height or inf)
        return _area(self.diagram, self._styles[0]) * (place.font / _text(self._styles[0])) ** 2 <= area

    def _near(self, candidate: _Candidate, place: Place) -> bool:
        """Whether a candidate may fit, judging by its estimate."""
        return factor(candidate.width, candidate.height, place) * _text(candidate.style) >= _MIN_ESTIMATE * place.font

    def shortfall(self, place: Place) -> str:
        """Why no arrangement fits a place, for an error message."""
        if self._own_layout:
            if not self._scenes:
                return f"the view `{self.view}` cannot show it"
            text = max(smallest_text(in_place(scene, place)) for scene in self._scenes)
            return f"its text would be {text:.1f} pt"
        text = max(factor(each.width, each.height, place) * _text(each.style) for each in self._candidates)
        return f"its text would be about {min(text, place.font - 0.1):.1f} pt"

    def _drawing(self, candidate: _Candidate) -> Drawing:
        """The real drawing of an arrangement, without a margin."""
        key = candidate.style.direction, candidate.cuts
        if key not in self._drawn:
            self._drawn[key] = _drawn(self.diagram, candidate)
        return self._drawn[key]


def _area(diagram: Diagram, style: DiagramStyle) -> float:
    """The area of the boxes and the arrows between them, in square points before scaling."""
    size = style.fonts.words
    return sum(
        (12 + max((width_of(row.words, size) for row in box.rows), default=0)) * (22 + 16 * len(box.rows))
        for box in diagram.boxes
    )


def _text(style: DiagramStyle) -> float:
    """The size of the smallest text of a style before scaling."""
    return style.fonts.numbers if style.parameters or style.macs else style.fonts.shapes


def factor(width: float, height: float, place: Place) -> float:
    """The factor by which a figure of this size is scaled to its place."""
    sides = [(place.width, width), (place.height, height)]
    return min([place.largest, *((room - 2 * place.margin) / side for room, side in sides if room is not None)])


def _penalty(candidate: _Candidate, width: float, height: float, place: Place) -> tuple[bool, float]:
    """How bad an arrangement of this size is: first whether its text is too small, then a penalty, the smaller the
    better.
    """
    by, text = factor(width, height, place), _text(candidate.style)
    small = by * text < place.font - 1e-6
    if small:
        return small, -by * text
    if place.fills:
        # As few cuts as possible: further rows make the figure higher without making its text larger.
        return small, -by / (1 + candidate.penalty + _CUT * len(candidate.cuts))
    # In running text, a figure should be low, but a low figure with small text gains nothing.
    return small, (by * height if place.width is not None else by * width) / min(1.0, by) ** 0.5 * (
        1 + candidate.penalty
    )


def _wasted_space(diagram: Diagram, cuts: list[Cut]) -> float:
    ends = [cut.after + 1 for cut in cuts] + [len(diagram.boxes)]
    alone = sum(end - start <= 1 for start, end in pairwise([0, *ends]))
    return _CROSSED * sum(cut.passing for cut in cuts) + _ALONE * alone * bool(cuts)


def _candidates(diagram: Diagram, style: DiagramStyle) -> Iterator[_Candidate]:
    """Arrangements in one piece, and in columns or rows, with estimated sizes."""
    whole = lay_out(diagram, style)
    heading = heading_of(diagram, style, inf)
    above = (0.0, 0.0) if heading is None else (min(heading.width, 200), heading.height + 16)
    for parts in [style.columns] if style.columns is not None else range(1, _MOST_PARTS + 1):
        cuts = choose_cuts(whole.cuts(diagram), whole.length, parts)
        if parts > 1 and not cuts and style.columns is None:  # else one piece, as without a place
            continue
        width, height = _estimate(whole, diagram, cuts) if cuts else (whole.width, whole.height)
        width, height = max(width, above[0]), height + (above[1] if cuts else 0)
        penalty = _wasted_space(diagram, cuts)
        yield _Candidate(style=style, cuts=tuple(cuts), width=width, height=height, penalty=penalty)


def _estimate(whole: WholeLayout, diagram: Diagram, cuts: list[Cut]) -> tuple[float, float]:
    """The size of a diagram in parts, from its layout in one piece."""
    ends = [cut.below for cut in cuts] + [whole.length]
    starts = [0.0, *ends[:-1]]
    length = max(end - start for start, end in zip(starts, ends, strict=True)) + 2 * _PORT
    breadth = (len(ends) - 1) * _GUTTER[whole.direction]
    for start, end in zip(starts, ends, strict=True):
        spans = [whole.span(box.id) for box in diagram.boxes if box.id in whole.places]
        inside = [span for span in spans if start <= (span[0] + span[1]) / 2 <= end] or spans
        breadth += max(span[3] for span in inside) - min(span[2] for span in inside) + 16
    return (breadth, length) if whole.direction == "TB" else (length, breadth)


def _drawn(diagram: Diagram, candidate: _Candidate, spacing: float = 0.0) -> Drawing:
    if candidate.cuts:
        made = set_parts(diagram, candidate.style, list(candidate.cuts), spacing)
    else:
        _, layout = best_layout(diagram, candidate.style)
        made = read_drawing(layout, diagram, candidate.style.theme.background)
    return framed(list(made.parts), 0, made.background, made.title, made.description)


def in_place(drawing: Drawing, place: Place) -> Drawing:
    """The drawing scaled to its place and centered in it; as wide as the place, and as high if it fills it."""
    made = scaled(drawing, factor(drawing.width, drawing.height, place))
    width = place.width if place.width is not None else made.width + 2 * place.margin
    height = place.height if place.fills and place.height is not None else made.height + 2 * place.margin
    step = (width - made.width) / 2, (height - made.height) / 2
    parts = tuple(part.replace(shapes=tuple(moved(shape, step) for shape in part.shapes)) for part in made.parts)
    return made.replace(width=width, height=height, parts=parts)
