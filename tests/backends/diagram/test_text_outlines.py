"""Characters that the renderer of a PNG lacks are drawn as outlines, or refused; never as an empty box."""

from itertools import pairwise

import pytest

from archdsl.analysis.cost import costs
from archdsl.backends.diagram import CannotDraw, View, ViewOptions, diagram
from archdsl.backends.diagram.build import build_diagram
from archdsl.backends.diagram.connections import drawn_graph, extent_of
from archdsl.backends.diagram.drawing import Curve, Drawing, ShapeGroup, TextLabel
from archdsl.backends.diagram.engine import draw
from archdsl.backends.diagram.font_metrics import width_of
from archdsl.backends.diagram.text_outlines import is_foreign, with_outlines
from archdsl.backends.fonts import font_choice
from archdsl.backends.fonts.font_choice import BOLD, own_fonts
from archdsl.backends.fonts.font_file import FontFile, read_fonts
from tests.backends.diagram.programs import LENET, graph
from tests.backends.diagram.test_drawing_complete import laid_out


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> FontFile:
    """A font that shows `O` for every character of other scripts; the tests need no installed font."""
    (font,) = read_fonts(BOLD)
    glyph = font.glyph_of("O")
    monkeypatch.setattr(font_choice, "_installed", lambda char: (font, glyph))
    return font


def area(curve: Curve) -> float:
    """The area inside a closed path of Bézier curves, holes subtracted."""
    points = []
    for at in range(0, len(curve.points) - 3, 3):
        a, b, c, d = curve.points[at : at + 4]
        for step in range(16):
            t = step / 16
            weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
            points.append(tuple(sum(w * p[i] for w, p in zip(weights, (a, b, c, d), strict=True)) for i in (0, 1)))
    return abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairwise([*points, points[0]]))) / 2


def words(text: str) -> Drawing:
    label = TextLabel(at=(50.0, 20.0), text=text, color="#123456", size=20)
    group = ShapeGroup(shapes=(label,))
    return Drawing(width=100, height=40, background="#ffffff", title="", description="", parts=(group,))


@pytest.mark.parametrize(
    ("text", "foreign"),
    [
        ("conv 64 3×3 − … →", False), ("αβγ é ß Ж ½", False), ("≤ ≥ ∑ € “x”", False), ("한국", True), ("日本", True),
        ("✓", True), ("ש", True), ("😀", True),
    ],
)  # fmt: skip
def test_characters_missing_in_the_renderer_are_detected(text: str, foreign: bool) -> None:
    assert is_foreign(text) is foreign


def test_outlines_have_the_area_of_the_glyph(stand_in: FontFile) -> None:
    pens, fonts = pytest.importorskip("fontTools.pens.areaPen"), pytest.importorskip("fontTools.ttLib")
    font = fonts.TTFont(BOLD)
    glyphs = font.getGlyphSet()
    pen = pens.AreaPen(glyphs)
    glyphs[font.getBestCmap()[ord("O")]].draw(pen)
    (curve,) = with_outlines(words("한")).parts[0].shapes
    assert isinstance(curve, Curve)
    assert curve.fill == "#123456"
    assert area(curve) == pytest.approx(abs(pen.value) * (20 / stand_in.units) ** 2, rel=0.01)
    assert len(curve.points) % 3 == 1
    ys = [y for _, y in curve.points]
    assert min(ys) < 10
    assert max(ys) == pytest.approx(20, abs=0.5)


def test_plain_text_is_not_outlined(stand_in: FontFile) -> None:
    assert with_outlines(words("conv 64")) == words("conv 64")


@pytest.mark.parametrize("view", [View.LAYERS, View.VOLUMES])
def test_png_draws_foreign_characters_as_outlines(
    view: View, stand_in: FontFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs: list[str] = []

    def watched(dot: str, format: str, dpi: int | None = None, *, fixed: bool = False) -> bytes:
        programs.append(dot)
        return draw(dot, format, dpi, fixed=fixed)

    monkeypatch.setattr("archdsl.backends.diagram.draw", watched)
    made = diagram(graph(LENET), "png", view_options=ViewOptions(view=view, title="한국어"))
    assert made.startswith(b"\x89PNG")
    (program,) = programs
    assert "한" not in program
    assert "fc 84" in program


def test_png_refuses_characters_without_a_glyph() -> None:
    with pytest.raises(CannotDraw, match=r"`ש` \(U\+05E9, hebrew letter shin\) belongs to a script"):
        diagram(graph(LENET), "png", view_options=ViewOptions(title="שלום"))


def test_boxes_fit_wide_characters() -> None:
    own = 'figure { label conv1 "합성곱 계층 첫번째 입력"; label features "특징 추출 단계" }'
    found = graph(f"{LENET}{own}")
    drawing = laid_out(build_diagram(found, costs(found), ViewOptions(view=View.BLOCKS)), 1)
    for _, part in drawn_graph(drawing).boxes:
        left, _, right, _ = extent_of(part)
        for label in part.shapes:
            if isinstance(label, TextLabel):
                assert width_of(label.text, label.size) < right - left
    assert own_fonts()[0].glyph_of("합") is None
