"""Diagrams of the published architectures."""

from xml.etree import ElementTree

import pytest

import archdsl
from archdsl.backends.diagram import CannotDraw, View, ViewOptions, diagram
from archdsl.backends.diagram.build import build_diagram
from archdsl.text.paths import examples

ZOO = sorted((examples() / "zoo").glob("*.arch"))


@pytest.mark.parametrize("path", ZOO, ids=lambda path: path.stem)
def test_zoo_networks_are_drawn_in_every_view(path: object) -> None:
    network = archdsl.load(str(path))
    for view in View:
        made = build_diagram(network.graph, network.costs, ViewOptions(view=view))
        assert {box.cluster for box in made.boxes} <= {(), *(cluster.path for cluster in made.clusters)}
        ids = {box.id for box in made.boxes}
        assert {arrow.start for arrow in made.arrows} | {arrow.end for arrow in made.arrows} <= ids
        shown = sum(sum(row.parameters) for box in made.boxes for row in box.rows)
        assert shown == network.parameters, view
    ElementTree.fromstring(diagram(network.graph, "svg", view_options=ViewOptions(view=View.STAGES)))
    try:
        ElementTree.fromstring(diagram(network.graph, "svg", view_options=ViewOptions(view=View.VOLUMES)))
    except CannotDraw as refused:
        assert "use the view `blocks` or `stages`" in str(refused)  # noqa: PT017  # most networks can be drawn


def test_diagram_that_needs_a_retry_of_the_layout() -> None:
    # In the first arrangement of this one, Graphviz cannot route an arrow.
    network = archdsl.load(examples() / "zoo" / "regnet.arch")
    ElementTree.fromstring(diagram(network.graph, "svg"))
