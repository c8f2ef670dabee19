"""Closed forms agree with plain integers."""

from hypothesis import given
from hypothesis import strategies as st

from archdsl.shapes.shape import Window
from archdsl.shapes.symbolic import Form, Sym, form_of, recording

WINDOWS = st.builds(
    lambda k, s, p, after, d, ceil: Window(kernel=k, stride=s, before=p, after=after, dilation=d, ceil=ceil),
    st.integers(1, 7),
    st.integers(1, 5),
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(1, 3),
    st.booleans(),
)


@given(st.lists(st.tuples(WINDOWS, st.integers(1, 3), st.integers(-4, 4)), max_size=6), st.integers(1, 500))
def test_chained_windows_match_plain_integers(chain: list[tuple[Window, int, int]], size: int) -> None:
    plain, symbolic = size, Sym.symbol("H", 224)
    for window, factor, more in chain:
        plain = window.out(plain) * factor + more
        symbolic = window.out(symbolic) * factor + more  # type: ignore[assignment]  # a Sym, or a number at last
    assert form_of(symbolic).value({"H": size}) == plain


@given(st.lists(WINDOWS, min_size=1, max_size=8))
def test_chained_windows_simplify_to_one_floor(chain: list[Window]) -> None:
    side: int = Sym.symbol("H", 10_000)
    for window in chain:
        side = window.out(side)
    assert str(form_of(side)).count("⌊") <= 1


def shown(value: int) -> str:
    return str(value)


def test_closed_forms_are_simplified_for_display() -> None:
    height, width = Sym.symbol("H", 224), Sym.symbol("W", 224)
    assert shown(Window(kernel=7, stride=2, before=3, after=3).out(height)) == "⌊(H + 1)/2⌋"
    assert shown(height // 2 // 2 * 2) == "2·⌊H/4⌋"
    assert shown(-(-height // 2)) == "⌊(H + 1)/2⌋"
    assert shown((height - 4) * (width - 4) * 6) == "6·(H − 4)·(W − 4)"
    assert shown(height * 2 // 4 * 4 - height) == "−H + 4·⌊H/2⌋"
    assert shown(height - height) == "0"
    assert (height * 6 + 2) // 3 == height * 2


def test_comparisons_record_their_conditions() -> None:
    height = Sym.symbol("H", 224)
    with recording() as found:
        assert height // 2 * 2 == height
        assert height >= 32
        assert not height < 10
        assert height != 7
        assert height == height
    assert [(str(each.form), each.relation) for each in found] == [
        ("−H + 2·⌊H/2⌋", "=="),
        ("H − 32", ">="),
        ("H − 10", ">="),
        ("H − 7", "!="),
    ]
    assert [n for n in range(60) if all(each.holds({"H": n}) for each in found)] == list(range(32, 60, 2))


@given(st.integers(-50, 50), st.integers(1, 12), st.integers(-9, 9), st.integers(1, 300))
def test_floor_division_matches_plain_integers(constant: int, divisor: int, factor: int, size: int) -> None:
    form = (Form.of(constant) + form_of(Sym.symbol("H", 1)) * factor) // divisor
    assert form.value({"H": size}) == (constant + factor * size) // divisor
