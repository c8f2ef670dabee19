"""The diagrams in docs/images are those that the commands render."""

import pytest

from scripts import images


@pytest.mark.parametrize("name", images.COMMANDS)
def test_image_is_up_to_date(name: str) -> None:
    assert (images.FOLDER / f"{name}.svg").read_bytes() == images.rendered(name), "run `python scripts/images.py`"


def test_every_diagram_in_the_folder_has_a_command() -> None:
    plots = {"accuracy"}  # of scripts/accuracy.py
    assert {path.stem for path in images.FOLDER.glob("*.svg")} - plots == set(images.COMMANDS)
