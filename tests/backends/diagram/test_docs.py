"""The diagrams in docs/ are up to date."""

from pathlib import Path

import pytest

import archdsl
from archdsl.backends.diagram import View, ViewOptions, diagram

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("name", "view_options"), [("lenet5", ViewOptions()), ("lenet5_volumes", ViewOptions(view=View.VOLUMES))]
)
def test_the_diagram_is_that_of_the_example(name: str, view_options: ViewOptions) -> None:
    drawn = diagram(archdsl.load(ROOT / "examples" / "lenet5.arch").graph, "svg", view_options=view_options)
    assert drawn == (ROOT / "docs" / "images" / f"{name}.svg").read_bytes()
