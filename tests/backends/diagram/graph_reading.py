"""Read TikZ, draw.io and PowerPoint files back as graphs: the boxes, the arrows between them, the repetitions."""

import re
from collections import Counter
from html import unescape
from io import BytesIO
from typing import Any, NamedTuple
from xml.etree import ElementTree

Place = tuple[float, float, float, float]
"""Left, top, width and height."""


class ReadGraph(NamedTuple):
    """The places of boxes and frames by name, the arrows by the names at their ends, the marks ×N, all text."""

    places: dict[str, Place]
    arrows: Counter[tuple[str, str]]
    times: Counter[int]
    texts: list[str]


def read_tikz(text: str) -> ReadGraph:
    """The named nodes of a picture, and the lines between them."""
    places = {}
    node = (
        r"\\node\[archdsl node, \w+, minimum width=([\d.]+)pt, minimum height=([\d.]+)pt\] \(([^)]+)\) at \(([^)]+)\)"
    )
    for wide, high, name, middle in re.findall(node, text):
        x, y = map(float, middle.split(","))
        assert name not in places, f"{name} occurs twice"
        assert re.fullmatch(r"[\w-]+", name, re.ASCII)
        places[name] = (x - float(wide) / 2, y - float(high) / 2, float(wide), float(high))
    arrows: Counter[tuple[str, str]] = Counter()
    for line in re.findall(r"^  \\(?:draw|path)(?:\[[^\n]*?\])? (\(.*\));$", text, re.MULTILINE):
        ends = re.findall(
            r"\((?:\[shift=\{\([-\d.,]+\)\}\])?([A-Za-z][\w-]*)\.(?:center|north|south|east|west)\)", line
        )
        if ends:
            arrows[ends[0], ends[-1]] += 1
    labels = re.findall(r"\\node\[archdsl text, text=\w+, font=(.*?)\] at \([^)]*\) \{(.*)\};$", text, re.MULTILINE)
    times = Counter(
        int(m[1]) for font, label in labels if (m := re.fullmatch(r"\$\\times\$(\d+)", label)) and "bf" in font
    )
    return ReadGraph(places, arrows, times, [label for _, label in labels])


def read_drawio(data: bytes) -> ReadGraph:
    """The cells of a file; ids are the names. Every parent and every end of a connector exists."""
    root = ElementTree.fromstring(data).find(".//root")
    assert root is not None
    cells: dict[str, ElementTree.Element] = {}
    labels = {}
    for element in root:
        cell = element if element.tag == "mxCell" else element.find("mxCell")
        assert cell is not None
        id = element.get("id", "")
        assert id not in cells, f"{id} occurs twice"
        cells[id] = cell
        labels[id] = element.get("value") or element.get("label") or ""
    corners: dict[str, tuple[float, float]] = {"0": (0, 0), "1": (0, 0)}
    places: dict[str, Place] = {}
    arrows: Counter[tuple[str, str]] = Counter()
    for id, cell in cells.items():
        if id in corners:
            continue
        assert cell.get("parent") in cells
        geometry = cell.find("mxGeometry")
        assert geometry is not None
        if cell.get("edge"):
            ends = cell.get("source"), cell.get("target")
            if ends[0] and ends[1]:
                assert set(ends) <= cells.keys()
                arrows[ends[0], ends[1]] += 1
        elif not geometry.get("relative"):
            left, top = corners[cell.get("parent", "")]
            x, y = float(geometry.get("x", 0)) + left, float(geometry.get("y", 0)) + top
            corners[id] = x, y
            places[id] = (x, y, float(geometry.get("width", 0)), float(geometry.get("height", 0)))
    texts = [
        unescape(re.sub(r"<[^>]*>", "", part)) for label in labels.values() for part in label.split("<br>") if part
    ]
    bold = re.findall(r"font-weight:bold[^>]*>×(\d+)<", "".join(labels.values()))
    return ReadGraph(places, arrows, Counter(map(int, bold)), texts)


def read_pptx(data: bytes) -> ReadGraph:
    """The shapes of the only slide; connectors lead to shapes that exist, at points that these have."""
    from pptx import Presentation

    (slide,) = Presentation(BytesIO(data)).slides
    shapes = [shape for shape in slide.shapes._spTree.iter() if shape.tag.endswith(("}sp", "}grpSp"))]
    by_id: dict[str, Any] = {}
    places: dict[str, Place] = {}
    for shape in shapes:
        facts = next(each for each in shape.iter() if each.tag.endswith("}cNvPr"))
        id, name = facts.get("id"), facts.get("name")
        assert id not in by_id, f"{id} occurs twice"
        by_id[id] = shape, name
        offset = next((each for each in shape.iter() if each.tag.endswith("}off")), None)
        size = next((each for each in shape.iter() if each.tag.endswith("}ext") and each.get("cx")), None)
        if offset is not None and size is not None and name != "text":
            place = [int(each) / 12700 for each in (offset.get("x"), offset.get("y"), size.get("cx"), size.get("cy"))]
            # A box of several layers is a group after its shapes, or the group comes first.
            if shape.tag.endswith("}grpSp") or name not in places:
                places[name] = (place[0], place[1], place[2], place[3])
    arrows: Counter[tuple[str, str]] = Counter()
    owner = _owners(slide.shapes._spTree)
    for connector in slide.shapes._spTree.iter():
        if connector.tag.endswith("}cxnSp"):
            ends = [each for each in connector.iter() if each.tag.endswith(("}stCxn", "}endCxn"))]
            assert len(ends) in (0, 2)
            for each in ends:
                shape, _ = by_id[each.get("id")]
                form = next(g.get("prst") for g in shape.iter() if g.tag.endswith("}prstGeom"))
                assert int(each.get("idx")) < (8 if form == "ellipse" else 4)
            if ends:
                arrows[owner[ends[0].get("id")], owner[ends[1].get("id")]] += 1
    runs = [each for each in slide.shapes._spTree.iter() if each.tag.endswith("}r")]
    texts = [next(each.text for each in run if each.tag.endswith("}t")) for run in runs]
    bold = [text for run, text in zip(runs, texts, strict=True) if any(each.get("b") == "1" for each in run)]
    marks = filter(None, (re.fullmatch(r"×(\d+)", text) for text in bold))
    return ReadGraph(places, arrows, Counter(int(mark[1]) for mark in marks), texts)


def _owners(tree: Any) -> dict[str, str]:
    """The name of the box that each shape belongs to: that of its group if it is one of several layers."""
    owner: dict[str, str] = {}
    for group in tree.iter():
        if not group.tag.endswith(("}grpSp", "}sp")):
            continue
        facts = next(each for each in group.iter() if each.tag.endswith("}cNvPr"))
        names = [each.get("name") for each in group.iter() if each.tag.endswith("}cNvPr")]
        inside = [each for each in group.iter() if each.tag.endswith("}cNvPr")]
        frame = any(name == f"{facts.get('name')} frame" for name in names)
        for each in inside if not frame else [facts]:
            owner.setdefault(each.get("id"), facts.get("name"))
    return owner
