import pytest

from archdsl.backends.diagram.place import MM, PLACES, PlaceChoices, length_of, place_of
from archdsl.backends.diagram.view import View


@pytest.mark.parametrize(
    ("text", "points"),
    [("72pt", 72), ("1in", 72), ("25.4mm", 72), ("2.54cm", 72), ("96px", 72), (" 7 pt", 7), (".5in", 36)],
)
def test_lengths_are_converted_to_points(text: str, points: float) -> None:
    assert length_of(text) == pytest.approx(points)


@pytest.mark.parametrize("text", ["", "85", "mm", "85 m", "-1mm", "1e3mm", "85mm 60mm", "85,5mm", "nan", "∞mm"])
def test_invalid_length_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write it like 85mm"):
        length_of(text)


@pytest.mark.parametrize(
    ("width", "height", "font"),
    [("1mm", None, None), (None, "9m", None), ("85mm", None, "0pt"), ("1cm", "99in", "9in")],
)
def test_length_out_of_range_is_refused(width: str | None, height: str | None, font: str | None) -> None:
    with pytest.raises(ValueError, match=r"out of range|not a length"):
        place_of(None, width, height, font)


def test_place_with_overridden_sizes() -> None:
    assert place_of(None, None, None, None) is None
    column = place_of("column", None, None, None)
    assert column == PLACES["column"]
    own = place_of("column", None, "60mm", "7pt")
    assert own is not None
    assert own.width == PLACES["column"].width
    assert own.height == pytest.approx(60 * MM)
    assert own.font == 7
    assert own.compact is None
    only = place_of(None, "85mm", None, None)
    assert only is not None
    assert only.width == pytest.approx(85 * MM)
    assert only.height is None
    assert only.font == 6
    with pytest.raises(ValueError, match="needs the size of the figure"):
        place_of(None, None, None, "7pt")


def test_given_option_fixes_the_choice() -> None:
    assert PlaceChoices.given(None, None, None) == PlaceChoices()
    assert PlaceChoices.given("blocks", "LR", True) == PlaceChoices(
        views=(View.BLOCKS,), directions=("LR",), parameters=(True,)
    )
