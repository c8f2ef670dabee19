"""Figures for a place: their size, their text, and that nothing is missing."""

from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

import archdsl
from archdsl.backends.diagram import CannotDraw, DiagramStyle, View, ViewOptions, engine, graphviz_layout, page_columns
from archdsl.backends.diagram.build import build_diagram
from archdsl.backends.diagram.drawing import TextLabel, bounds, smallest_text
from archdsl.backends.diagram.figure import Role
from archdsl.backends.diagram.place import MM, PLACES, Place, PlaceChoices
from archdsl.backends.diagram.place_fitting import PlacedFigure, fit
from tests.backends.diagram.programs import INCEPTION, LENET, RESIDUAL

TWO_INPUTS = """
net Mixed
input image 3x32x32
input row 16
from image; conv 8 k3 p1; relu; gap
concat { } { from row; fc 8; relu }
fc 4
"""
TEXTS = {"lenet": LENET, "residual": RESIDUAL, "inception": INCEPTION, "two inputs": TWO_INPUTS}
PLACED = [
    (name, place)
    for name in ("lenet", "residual", "two inputs", "zoo:vgg16")
    for place in ("column", "slide", "readme")
]


@pytest.fixture(autouse=True, scope="module")
def layouts() -> Iterator[dict[tuple[Any, ...], bytes]]:
    """The renderer's answers by program: most are needed again for another place, and each costs a process."""
    known: dict[tuple[Any, ...], bytes] = {}

    def draw(dot: str, format: str, dpi: int | None = None, *, fixed: bool = False) -> bytes:
        key = dot, format, dpi, fixed
        if key not in known:
            known[key] = engine.draw(dot, format, dpi, fixed=fixed)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        for module in (graphviz_layout, page_columns):
            patch.setattr(module, "draw", draw)
        yield known


@cache
def network(name: str) -> Any:
    return archdsl.load(name) if name.startswith("zoo:") else archdsl.loads(TEXTS[name])


@cache
def placed(name: str, place: str) -> PlacedFigure:
    return made(name, PLACES[place])


def made(
    name: str, place: Place, place_choices: PlaceChoices | None = None, style: DiagramStyle | None = None
) -> PlacedFigure:
    found = network(name)
    options = ViewOptions(title=found.title)
    return fit(found.graph, found.costs, style or DiagramStyle(), options, place, place_choices or PlaceChoices())


@pytest.mark.parametrize(("name", "where"), PLACED)
def test_figure_is_inside_its_place_with_readable_text(name: str, where: str) -> None:
    place, figure = PLACES[where], placed(name, where)
    drawing = figure.drawing
    left, top, right, bottom = bounds(list(drawing.parts))
    assert smallest_text(drawing) >= place.font - 1e-6
    assert figure.text == smallest_text(drawing)
    assert drawing.width == place.width
    assert place.height is not None
    assert drawing.height <= place.height
    # The widths of characters are published in thousandths, so a line of text may be a fraction of a point longer.
    assert left >= -1
    assert top >= 0
    assert right <= drawing.width + 1
    assert bottom <= drawing.height
    if place.fills:
        assert (right - left) * (bottom - top) >= 0.6 * place.width * place.height


@pytest.mark.parametrize(("name", "where"), PLACED)
def test_fitted_figure_has_every_box(name: str, where: str) -> None:
    found, figure = network(name), placed(name, where)
    whole = build_diagram(found.graph, found.costs, ViewOptions(view=figure.view, title=found.title))
    labels = Counter(s.text for part in figure.drawing.parts for s in part.shapes if isinstance(s, TextLabel))
    wanted = Counter(row.words for box in whole.boxes if box.role is not Role.MERGE for row in box.rows)
    assert all(labels[text] >= times for text, times in wanted.items()), wanted - labels


def test_larger_place_shows_more_detail() -> None:
    levels = [View.STAGES, View.BLOCKS, View.LAYERS]
    shown = [made("residual", PLACES["column"].replace(height=side * MM, compact=None)) for side in (60, 90, 220)]
    ranks = [levels.index(figure.view) for figure in shown]
    assert ranks == sorted(ranks)
    assert ranks[0] < ranks[-1]


def test_requested_options_are_kept() -> None:
    figure = made("lenet", PLACES["page"], PlaceChoices(views=(View.LAYERS,), parameters=(True,), directions=("LR",)))
    labels = {s.text for part in figure.drawing.parts for s in part.shapes if isinstance(s, TextLabel)}
    assert "156 parameters" in labels
    assert figure.view is View.LAYERS


@pytest.mark.parametrize("name", TEXTS)
def test_figure_that_does_not_fit_is_refused(name: str) -> None:
    with pytest.raises(CannotDraw, match=r"does not fit 20×10 mm with text of at least 6 pt: .*; give it more room"):
        made(name, Place(name="", width=20 * MM, height=10 * MM, font=6))


def test_fitting_is_deterministic(layouts: dict[tuple[Any, ...], bytes]) -> None:
    once = made("lenet", PLACES["readme"])
    layouts.clear()
    assert made("lenet", PLACES["readme"]) == once


def test_network_that_cannot_be_split_into_columns_uses_one() -> None:
    network = archdsl.loads("input 3x32x32; conv 8 k3")
    choices = PlaceChoices(views=(View.LAYERS,), directions=("TB",))
    found = fit(network.graph, network.costs, DiagramStyle(columns=3), ViewOptions(), PLACES["slide"], choices)
    assert found.text >= PLACES["slide"].font
