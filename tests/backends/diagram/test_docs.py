"""The pictures that docs/ shows are those of today."""

from pathlib import Path

import pytest

import archdsl
from archdsl.backends.diagram import Subject, View, diagram

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(("name", "subject"), [("lenet5", Subject()), ("lenet5_volumes", Subject(view=View.VOLUMES))])
def test_the_picture_is_that_of_the_example(name: str, subject: Subject) -> None:
    drawn = diagram(archdsl.load(ROOT / "examples" / "lenet5.arch").graph, "svg", subject=subject)
    assert drawn == (ROOT / "docs" / "images" / f"{name}.svg").read_bytes()
