"""Fit an overview with a detail to its place."""

from collections.abc import Iterator

from ...analysis.cost import Costs
from ...graph import Graph
from .build import ViewOptions
from .detail import Detail, composed, draw_detail
from .drawing import Drawing, framed, smallest_text
from .engine import CannotDraw
from .figure_options import DiagramStyle
from .laid_out import laid_out
from .place import Place, PlaceChoices
from .place_fitting import PlacedFigure, in_place, styles_of
from .view import View

_COLUMNS = (1, 2, 3, 4)
"""The numbers of columns that are tried."""


def fit_detail(
    graph: Graph, costs: Costs, style: DiagramStyle, view_options: ViewOptions, place: Place, choices: PlaceChoices
) -> PlacedFigure:
    """The most detailed figure that fits. Raises CannotDraw with the text size that the best one would have."""
    views = [view for view in choices.views if view is not View.LAYERS] or [View.BLOCKS]
    refused: CannotDraw | None = None
    best = 0.0
    for view in views:
        try:
            detail = Detail(graph, costs, view_options.replace(view=view))
        except CannotDraw as error:
            refused = refused or error
            continue
        for styles in styles_of(style, choices):
            made = [in_place(each, place) for each in _arranged(detail, view, styles)]
            fits = [each for each in made if smallest_text(each) >= place.font - 1e-6]
            best = max([best, *map(smallest_text, made)])
            if fits:
                found = max(fits, key=smallest_text) if place.fills else min(fits, key=lambda each: each.height)
                return PlacedFigure(drawing=found, view=view, text=smallest_text(found))
    if refused is not None and not best:
        raise refused
    raise CannotDraw(
        f"the figure does not fit {place.words} with text of at least {place.font:g} pt: its text would be {best:.1f} "
        "pt; give it more room or a smaller --font"
    )


def _arranged(detail: Detail, view: View, styles: list[DiagramStyle]) -> Iterator[Drawing]:
    """The arrangements of an overview and its detail, without a margin."""
    for variant in styles:
        inner = draw_detail(detail, variant)
        columns = [variant.columns] if variant.columns is not None or variant.direction == "LR" else _COLUMNS
        for number in columns:
            overview = laid_out(detail.overview, view, variant.replace(columns=number))
            for beside in (True, False):
                made = composed(overview, inner, detail, variant, side_by_side=beside)
                yield framed(list(made.parts), 0, made.background, made.title, made.description)
