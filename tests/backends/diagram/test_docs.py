"""The pictures that docs/ shows are those of today."""

from pathlib import Path

import archdsl
from archdsl.backends.diagram import diagram

ROOT = Path(__file__).resolve().parents[3]


def test_the_picture_of_lenet5() -> None:
    drawn = diagram(archdsl.load(ROOT / "examples" / "lenet5.arch").graph, "svg")
    assert drawn == (ROOT / "docs" / "images" / "lenet5.svg").read_bytes()
