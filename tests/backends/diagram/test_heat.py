"""Measures as colors."""

import pytest

import archdsl
from archdsl.analysis.cost import costs
from archdsl.analysis.memory_options import MemoryOptions
from archdsl.backends.diagram import THEMES, CannotDraw, DiagramStyle, View, ViewOptions, diagram
from archdsl.backends.diagram.build import build_diagram
from archdsl.backends.diagram.figure import BoxRow, Diagram, Role
from archdsl.backends.diagram.heat import Heat
from archdsl.backends.diagram.theme import Theme, mixed
from tests.backends.diagram.programs import LENET, RESIDUAL, graph
from tests.backends.diagram.test_theme import contrast


def rows(drawn: Diagram) -> list[BoxRow]:
    shown = (Role.LAYERS, Role.GROUP, Role.MERGE)
    return [row for box in drawn.boxes if box.role in shown for row in box.rows]


def built(text: str, heat: Heat, view: View = View.LAYERS) -> Diagram:
    found = archdsl.load(text).graph if text.startswith("zoo:") else graph(text)
    return build_diagram(found, costs(found), ViewOptions(view=view, heat=heat))


@pytest.mark.parametrize("view", [View.LAYERS, View.BLOCKS, View.STAGES])
@pytest.mark.parametrize("heat", [Heat.PARAMS, Heat.MACS, Heat.MEMORY])
@pytest.mark.parametrize("text", [LENET, RESIDUAL, "zoo:resnet18"])
def test_heat_is_the_fraction_of_the_maximum(text: str, heat: Heat, view: View) -> None:
    found = archdsl.load(text).graph if text.startswith("zoo:") else graph(text)
    each = costs(found)
    memory = MemoryOptions(batch=1).memory(found).layers
    values = {
        Heat.PARAMS: [each[node.id].parameters for node in found.nodes],
        Heat.MACS: [each[node.id].macs for node in found.nodes],
        Heat.MEMORY: list(memory),
    }[heat]
    shown = rows(built(text, heat, view))
    totals = [sum(values[node] for node in row.nodes) for row in shown]
    assert max(row.heat or 0.0 for row in shown) == 1.0
    for row, total in zip(shown, totals, strict=True):
        assert row.heat is not None
        assert row.heat**2 * max(totals) == pytest.approx(total)
        assert bool(row.measure) == bool(total)


def test_heat_of_receptive_fields() -> None:
    shown = {row.words: row for row in rows(built("input 3x64x64; conv 8 k3; conv 8 k5; flatten; fc 2", Heat.RF))}
    assert shown["conv 8 3×3"].measure == "field 3"
    assert shown["conv 8 5×5"].measure == "field 7"
    assert shown["fc 2"].heat is None, "a vector has no place in the image"
    assert DiagramStyle().fill(shown["fc 2"]) != DiagramStyle().fill(shown["conv 8 5×5"])


def test_legend_explains_the_heat_scale() -> None:
    drawn = built(LENET, Heat.MACS)
    style = DiagramStyle()
    most = max(rows(drawn), key=lambda row: row.heat or 0.0)
    words = [text for _, _, text in style.legend_of(drawn)]
    assert words[0] == "0 MACs"
    assert words[-1] == most.measure == "240K MACs"
    assert words[1] == "60K MACs", "a quarter"
    assert style.legend_of(drawn)[-1][0] == style.fill(most)
    svg = diagram(graph(LENET), "svg", style, ViewOptions(heat=Heat.MACS)).decode()
    assert style.fill(most) in svg
    assert "240K MACs" in svg


@pytest.mark.parametrize(
    ("heat", "measure"),
    [(Heat.PARAMS, "parameters"), (Heat.MACS, "MACs"), (Heat.MEMORY, "memory"), (Heat.RF, "field")],
)
def test_every_entry_of_the_legend_names_the_measure(heat: Heat, measure: str) -> None:
    assert all(measure in words for _, words in built(LENET, heat).heat)


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
def test_text_contrast_on_every_heat_color(theme: Theme) -> None:
    for part in range(11):
        assert contrast(theme.text, theme.heat_color(part / 10)) >= 4.5
    assert contrast(*theme.heat) > 1.8
    assert theme.heat_color(0.0) == theme.heat[0] == mixed(*theme.heat, 0.0)


@pytest.mark.parametrize("heat", [Heat.MACS, Heat.MEMORY])
def test_heat_of_symbolic_costs_is_refused(heat: Heat) -> None:
    with pytest.raises(CannotDraw, match="give the sizes with --input"):
        built("input 3xHxW; conv 8 k3; gap; fc 2", heat)


def test_heat_without_values_is_refused() -> None:
    with pytest.raises(CannotDraw, match="no layer has a value for `params`"):
        built("input 3x8x8; maxpool 2", Heat.PARAMS)
