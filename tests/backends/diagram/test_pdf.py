"""PDF and EPS show exactly the drawing; the fonts are embedded, and the text can be read back."""

import re
import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

import archdsl
from archdsl.analysis.cost import costs
from archdsl.analysis.diff import diff
from archdsl.backends.diagram import THEMES, CannotDraw, DiagramStyle, View, ViewOptions, diagram, draw_diff
from archdsl.backends.diagram.build import build_diagram
from archdsl.backends.diagram.drawing import Drawing, ShapeGroup, TextLabel, cropped
from archdsl.backends.diagram.eps import write_eps
from archdsl.backends.diagram.page_columns import set_columns
from archdsl.backends.diagram.pdf import write_pdf
from archdsl.backends.diagram.place import MM
from archdsl.backends.diagram.scenes import draw_scene
from tests.backends.diagram.page_reading import Page, differences, expected, parts_of, read_eps, read_pdf
from tests.backends.diagram.programs import HOSTILE, INCEPTION, LENET, RESIDUAL, graph
from tests.backends.diagram.test_drawing_complete import laid_out

Format = tuple[Callable[[Drawing], bytes], Callable[[bytes], Page]]
FORMATS: list[Format] = [(write_pdf, read_pdf), (write_eps, read_eps)]
UNET = "input 1x8x8; conv 4 k3 p1 as a; maxpool 2; conv 8 k3 p1; upconv 4 k2 s2; concat a; conv 1 k1"


def drawing(text: str, view: View = View.LAYERS, style: DiagramStyle | None = None) -> Drawing:
    style = style or DiagramStyle()
    built = build_diagram(graph(text), costs(graph(text)), ViewOptions(view=view))
    if view in (View.VOLUMES, View.UNET):
        return draw_scene(built, view, style)
    return (set_columns(built, style) if style.columns else None) or laid_out(built, 1)


DRAWINGS = {
    "layers": drawing(RESIDUAL),
    "columns": drawing(RESIDUAL, style=DiagramStyle(columns=2)),
    "blocks": drawing(RESIDUAL, View.BLOCKS),
    "inception": drawing(INCEPTION),
    "volumes": drawing(LENET, View.VOLUMES),
    "unet": drawing(UNET, View.UNET),
    "dark": drawing(LENET, View.VOLUMES, DiagramStyle(theme=THEMES["dark"])),
}


def words(*texts: str, bold: bool = False) -> Drawing:
    labels = tuple(
        TextLabel(at=(200.0, 20.0 * n + 20), text=text, color="#123456", size=11, bold=bold)
        for n, text in enumerate(texts)
    )
    group = ShapeGroup(shapes=labels)
    return Drawing(width=400, height=400, background="#ffffff", title="words", description="", parts=(group,))


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", DRAWINGS)
def test_document_shows_the_drawing(name: str, form: Format) -> None:
    write, read = form
    assert not list(differences(read(write(DRAWINGS[name])), expected(DRAWINGS[name])))


@pytest.mark.parametrize("form", FORMATS)
def test_label_characters_are_read_back(form: Format) -> None:
    write, read = form
    texts = ["×−·…→÷+~", "αβγδ ΣΩ", "é ß ł ő ž Ж я", "½ ² ∞ ≤ ≥ ∑ €", "fi “x” – —"]
    for bold in (False, True):
        found = read(write(words(*texts, bold=bold)))
        assert [text.text for text in found.texts] == texts
        assert [round(text.x) for text in found.texts] == [200] * len(texts)


@pytest.mark.parametrize("form", FORMATS)
def test_more_characters_than_one_font_encoding(form: Format) -> None:
    write, read = form
    texts = ["".join(chr(code) for code in range(first, first + 50)) for first in range(0x100, 0x250 - 50, 50)]
    texts.append("".join(chr(code) for code in range(0x410, 0x450)))
    assert [text.text for text in read(write(words(*texts))).texts] == texts


@pytest.mark.parametrize("format", ["pdf", "eps"])
@pytest.mark.parametrize(
    ("title", "reason"),
    [
        ("שלום", "`ש` (U+05E9, hebrew letter shin) belongs to a script"),
        ("नेट", "`न` (U+0928, devanagari letter na) belongs to a script"),
        ("q\u0325", "(U+0325, combining ring below) belongs to a script"),
        ("\U00012000", "no font on this machine has"),
    ],
)
def test_characters_without_a_glyph_are_refused(format: str, title: str, reason: str) -> None:
    with pytest.raises(CannotDraw, match=re.escape(reason)):
        diagram(graph("input 4; fc 2"), format, view_options=ViewOptions(title=title))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_shown_or_refused(name: str) -> None:
    made = []
    for format in ("pdf", "eps"):
        with suppress(CannotDraw):
            made.append(diagram(graph("input 4; fc 2"), format, view_options=ViewOptions(title=name)))
    if not made:
        with pytest.raises(CannotDraw, match=r"no font on this machine has|belongs to a script"):
            diagram(graph("input 4; fc 2"), "pdf", view_options=ViewOptions(title=name))
        return
    pdf, eps = made
    texts = [text.text for text in read_pdf(pdf).texts]
    assert texts == [text.text for text in read_eps(eps).texts]
    assert "fc 2" in texts


@pytest.mark.parametrize("format", ["pdf", "eps"])
def test_pdf_and_eps_are_deterministic(format: str) -> None:
    assert diagram(graph(LENET), format) == diagram(graph(LENET), format)


@pytest.mark.parametrize(("format", "read"), [("pdf", read_pdf), ("eps", read_eps)])
def test_page_has_the_exact_size_of_the_place(format: str, read: Callable[[bytes], Page]) -> None:
    network = archdsl.loads(LENET)
    page = read(network.diagram(format=format, width="120mm", height="80mm", view="stages").data)
    assert page.width == pytest.approx(120 * MM, abs=0.01)
    slide = read(network.diagram(format=format, place="slide", view="stages").data)
    assert (slide.width, slide.height) == (960, 540)


def test_page_without_a_place_is_cropped() -> None:
    for name, made in DRAWINGS.items():
        page = read_pdf(write_pdf(cropped(made)))
        points = [point for path in page.paths[1:] for point in path.points]
        assert min(x for x, _ in points) >= 0
        assert max(x for x, _ in points) <= page.width
        if name != "dark":
            left = min(min(x for x, _ in points), min(text.x for text in page.texts))
            assert left < 60, "the caption or a shape is at the edge"
            assert page.width <= made.width


def test_diff_figure_as_pdf_and_eps() -> None:
    a, b = graph(LENET), graph(LENET.replace("fc 84; tanh", "dropout 0.5; fc 84"))
    found = diff(a, b, ("a", "b"))
    in_pdf, in_eps = (read(draw_diff(a, b, found, format)) for format, read in (("pdf", read_pdf), ("eps", read_eps)))
    assert {"+ dropout 0.5", "− tanh"} <= {text.text for text in in_pdf.texts}
    assert [text.text for text in in_pdf.texts] == [text.text for text in in_eps.texts]
    assert [path.fill for path in in_pdf.paths] == [path.fill for path in in_eps.paths]


def test_fonts_are_embedded_as_truetype_and_named_as_subsets() -> None:
    both = words("plain").replace(parts=words("plain").parts + words("×3", bold=True).parts)
    parts = parts_of(write_pdf(both))
    fonts = [text for text, _ in parts.objects.values() if "/Type /FontDescriptor" in text]
    assert len(fonts) == 2
    for text in fonts:
        assert re.search(r"/FontName /[A-Z]{6}\+FigureSans-(Regular|Bold) ", text)
        (number,) = re.findall(r"/FontFile2 (\d+) 0 R", text)
        assert parts.objects[int(number)][1][:4] == b"\0\1\0\0"


def test_pdf_has_alternative_text_and_title() -> None:
    parts = parts_of(diagram(graph(LENET), "pdf"))
    (alt,) = re.findall(r"/Alt <FEFF([0-9A-F]+)>", "".join(text for text, _ in parts.objects.values()))
    assert "It maps 1×32×32 to 10" in bytes.fromhex(alt).decode("utf-16-be")
    (title,) = re.findall(r"/Title <FEFF([0-9A-F]+)>", "".join(text for text, _ in parts.objects.values()))
    assert bytes.fromhex(title).decode("utf-16-be") == "LeNet5"


@pytest.mark.skipif(not shutil.which("pdffonts"), reason="no pdffonts")
def test_poppler_reads_fonts_and_text(tmp_path: Path) -> None:
    file = tmp_path / "figure.pdf"
    file.write_bytes(write_pdf(words("conv 64 3×3", "αβγ")))
    fonts = subprocess.run(["pdffonts", file], capture_output=True, text=True, check=True, timeout=60)
    assert not fonts.stderr
    assert re.search(r"FigureSans-Regular +CID TrueType +Identity-H +yes yes yes", fonts.stdout)
    text = subprocess.run(["pdftotext", file, "-"], capture_output=True, text=True, check=True, timeout=60).stdout
    assert {"conv 64 3×3", "αβγ"} <= set(text.splitlines())


@pytest.mark.skipif(not shutil.which("gs"), reason="no ghostscript")
def test_ghostscript_renders_the_eps(tmp_path: Path) -> None:
    file = tmp_path / "figure.eps"
    file.write_bytes(write_eps(words("conv 64 3×3", "".join(chr(code) for code in range(0x100, 0x24F)))))
    options = ["-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-dEPSCrop", "-sDEVICE=txtwrite", "-sOutputFile=-"]
    done = subprocess.run(["gs", *options, str(file)], capture_output=True, check=True, timeout=60)
    assert "conv 64 3×3" in done.stdout.decode()
