"""Read a PDF or an EPS back: its size, its paths and its text, with their colors; y increases downwards."""

import re
from collections.abc import Iterator
from math import hypot
from typing import NamedTuple

from archdsl.backends.diagram.drawing import Curve, Drawing, Polygon, Polyline, TextLabel, head


class Painted(NamedTuple):
    """A path as it is painted: the points of its segments, its colors (None for none), and the width of its line."""

    points: tuple[tuple[float, float], ...]
    fill: str | None
    line: str | None
    width: float | None


class Written(NamedTuple):
    """A line of text: the middle of its baseline, its size, its color."""

    text: str
    x: float
    y: float
    size: float
    color: str


class Page(NamedTuple):
    """What a page shows."""

    width: float
    height: float
    paths: list[Painted]
    texts: list[Written]


class Parts(NamedTuple):
    """The objects of a PDF by number, each with its dictionary and its stream."""

    objects: dict[int, tuple[str, bytes]]

    def find(self, pattern: str) -> re.Match[str]:
        found = next(filter(None, (re.search(pattern, text) for text, _ in self.objects.values())))
        assert found is not None
        return found


def parts_of(pdf: bytes) -> Parts:
    """The objects of a PDF, found by its table: each is where the table says."""
    (start,) = (int(each) for each in re.findall(rb"startxref\n(\d+)\n%%EOF", pdf))
    table = pdf[start:].decode("latin-1").splitlines()
    assert table[0] == "xref"
    count = int(table[1].split()[1])
    objects = {}
    for number in range(1, count):
        at = int(table[2 + number].split()[0])
        opening = b"%d 0 obj\n" % number
        assert pdf[at : at + len(opening)] == opening
        body = pdf[at + len(opening) :]
        length = re.match(rb"<</Length (\d+)[^\n]*>>\nstream\n", body)
        if length is None:
            objects[number] = body.partition(b"\nendobj")[0].decode("latin-1"), b""
        else:
            stream = body[length.end() :][: int(length[1])]
            assert body[length.end() + len(stream) :].startswith(b"\nendstream\nendobj")
            objects[number] = length[0].decode("latin-1"), stream
    return Parts(objects)


def characters_of(parts: Parts, font: int) -> tuple[dict[int, str], list[float]]:
    """The character and the width of each glyph of a font."""
    head = parts.objects[font][0]
    (maps,) = re.findall(r"/ToUnicode (\d+) 0 R", head)
    (descendant,) = re.findall(r"/DescendantFonts \[(\d+) 0 R\]", head)
    pairs = re.findall(rb"<([0-9A-F]{4})> <([0-9A-F]+)>\n", parts.objects[int(maps)][1])
    characters = {int(code, 16): bytes.fromhex(char.decode()).decode("utf-16-be") for code, char in pairs[1:]}
    (widths,) = re.findall(r"/W \[0 \[([\d. ]+)\]\]", parts.objects[int(descendant)][0])
    return characters, list(map(float, widths.split()))


def read_pdf(pdf: bytes) -> Page:
    """What the only page of a PDF shows."""
    parts = parts_of(pdf)
    width, height = map(float, parts.find(r"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]").groups())
    content = parts.objects[int(parts.find(r"/Contents (\d+) 0 R")[1])][1].decode("ascii")
    fonts = {
        name: characters_of(parts, int(number))
        for name, number in re.findall(r"/(F\d+) (\d+) 0 R", parts.find(r"/Font <<.*?>>")[0])
    }
    paths, texts = [], []
    points: list[tuple[float, float]] = []
    fill = line = "#000000"
    pen, shown, advance, size = 1.0, "", 0.0, 0.0
    place = 0.0, 0.0, 1.0, ""
    for text in content.splitlines():
        words = text.split()
        match words:
            case ["BT", r, g, b, "rg", stretch, "Tz", x, y, "Td"]:
                place = float(x), height - float(y), float(stretch) / 100, color(r, g, b)
                shown, advance, size = "", 0.0, 0.0
            case [font, number, "Tf", codes, "Tj"]:
                characters, widths = fonts[font[1:]]
                numbers = [int(codes[at : at + 4], 16) for at in range(1, len(codes) - 1, 4)]
                size = float(number)
                shown += "".join(characters[each] for each in numbers)
                advance += sum(widths[each] for each in numbers) * size / 1000
            case ["ET"]:
                left, base, wide, text_color = place
                texts.append(Written(shown, left + wide * advance / 2, base, size, text_color))
            case [*_, "m"] | [*_, "l"] | [*_, "c"]:
                numbers_ = list(map(float, words[:-1]))
                points = points if words[-1] != "m" else []
                points += [(a, height - b) for a, b in zip(numbers_[::2], numbers_[1::2], strict=True)]
            case [("b" | "f" | "s" | "S") as paint]:
                found = tuple(points)
                paths.append(
                    Painted(
                        found,
                        fill if paint in "bf" else None,
                        line if paint in "bsS" else None,
                        pen if paint != "f" else None,
                    )
                )
            case [r, g, b, "rg"]:
                fill = color(r, g, b)
            case [r, g, b, "RG", wide_, "w", _, "j"]:
                line, pen = color(r, g, b), float(wide_)
    return Page(width, height, paths, texts)


def color(*parts: str) -> str:
    """Parts of red, green and blue as `#rrggbb`."""
    return "#" + "".join(f"{round(float(part) * 255):02x}" for part in parts)


def expected(drawing: Drawing) -> Page:
    """What a page of a drawing must show."""
    corners = ((0.0, 0.0), (drawing.width, 0.0), (drawing.width, drawing.height), (0.0, drawing.height))
    paths, texts = [Painted(corners[::-1], drawing.background, None, None)], []
    for part in drawing.parts:
        for shape in part.shapes:
            match shape:
                case Polygon() | Curve():
                    paths.append(Painted(shape.points, shape.fill, shape.line, shape.width))
                case Polyline():
                    paths.append(Painted(shape.points, None, shape.color, shape.width))
                    paths += [Painted(head(shape), shape.color, None, None)] if shape.arrow else []
                case TextLabel():
                    texts.append(Written(shape.text, *shape.at, shape.size, shape.color))
    return Page(drawing.width, drawing.height, paths, texts)


def differences(page: Page, wanted: Page) -> Iterator[str]:
    """Where a page differs from what it must show by more than a hundredth of a point."""
    if max(abs(page.width - wanted.width), abs(page.height - wanted.height)) > 0.01:
        yield f"size {page.width} {page.height}, not {wanted.width} {wanted.height}"
    for one, other in zip(page.paths, wanted.paths, strict=True):
        near = len(one.points) == len(other.points) and all(
            hypot(a - c, b - d) < 0.02 for (a, b), (c, d) in zip(one.points, other.points, strict=True)
        )
        same_pen = (one.width is None) == (other.width is None) and abs((one.width or 0) - (other.width or 0)) < 0.01
        if not near or (one.fill, one.line) != (other.fill, other.line) or not same_pen:
            yield f"{one}, not {other}"
    for text, words in zip(page.texts, wanted.texts, strict=True):
        near = abs(text.y - words.y) < 0.02 and abs(text.x - words.x) < 0.05 and abs(text.size - words.size) < 0.01
        if not near or (text.text, text.color) != (words.text, words.color):
            yield f"{text}, not {words}"


def read_eps(eps: bytes) -> Page:
    """What an EPS shows."""
    text = eps.decode("ascii")
    box = re.search(r"%%HiResBoundingBox: 0 0 ([\d.]+) ([\d.]+)", text)
    assert box is not None
    width, height = map(float, box.groups())
    fonts = {name: font_of(block) for name, block in re.findall(r"Resource: font (F\d+)\n(.*?)%%EndR", text, re.DOTALL)}
    paths: list[Painted] = []
    texts: list[Written] = []
    points: list[tuple[float, float]] = []
    body = text.partition("setmiterlimit\n")[2].partition("\nend\nshowpage")[0]
    for row in body.splitlines():
        words = row.split()
        match words:
            case [r, g, b, "k", x, y, "m"]:
                texts.append(Written("", float(x), height - float(y), 0.0, color(r, g, b)))
            case [name, wide, high, "T", codes, "show"]:
                font, block = name[1:].split(".")
                characters, widths = fonts[font]
                numbers = [int(codes[at : at + 2], 16) + 255 * int(block) for at in range(1, len(codes) - 1, 2)]
                before = texts.pop()
                shown = before.text + "".join(characters[each] for each in numbers)
                half = sum(widths[each] for each in numbers) * float(wide) / 2
                texts.append(Written(shown, before.x + half, before.y, float(high), before.color))
            case [r, g, b, "k", ("F" | "f")]:
                paths.append(Painted(tuple(points), color(r, g, b), None, None))
            case [r, g, b, "k", pen, "w", *_]:
                both = bool(paths) and paths[-1].points == tuple(points) and paths[-1].line is None
                fill = paths.pop().fill if both else None
                paths.append(Painted(tuple(points), fill, color(r, g, b), float(pen)))
            case [*_, "m"] | [*_, "l"] | [*_, "c"] | [*_, "h"]:
                given = list(map(float, (word for word in words if word not in "mlch")))
                points = points if "m" not in words else []
                points += [(a, height - b) for a, b in zip(given[::2], given[1::2], strict=True)]
    return Page(width, height, paths, texts)


def font_of(block: str) -> tuple[dict[int, str], list[float]]:
    """The character and the width of each glyph of a font, in parts of its size."""
    names = re.findall(r"^/u(?:ni)?([0-9A-F]+) (\d+) def$", block, re.MULTILINE)
    strings = re.search(r"/sfnts \[\n(.*?)\] def", block, re.DOTALL)
    assert strings is not None
    # Each string ends with a byte that is not part of the font.
    data = b"".join(
        bytes.fromhex(each.replace("\n", ""))[:-1] for each in re.findall(r"<(.*?)>", strings[1], re.DOTALL)
    )
    tables = {data[at : at + 4]: int.from_bytes(data[at + 8 : at + 12]) for at in range(12, 12 + 16 * 6, 16)}
    units = int.from_bytes(data[tables[b"head"] + 18 :][:2])
    widths = [int.from_bytes(data[tables[b"hmtx"] + 4 * each :][:2]) / units for each in range(len(names) + 1)]
    return {int(number): chr(int(code, 16)) for code, number in names}, widths
