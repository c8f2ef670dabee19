"""Finishing an SVG: a title and a description for those who cannot see it, hover text, fonts that exist everywhere."""

from collections.abc import Mapping
from hashlib import sha256
from xml.etree import ElementTree

from .escaping import clean, xml
from .figure import Diagram
from .font_metrics import is_known, width_of
from .labels import decimal

FONTS = "Helvetica, Arial, 'Liberation Sans', sans-serif"
_NAMESPACE = "{http://www.w3.org/2000/svg}"
_LONGEST = 1000


def finish_svg(svg: bytes, diagram: Diagram) -> bytes:
    """What the renderer drew, made self-contained and readable to a screen reader."""
    root = ElementTree.fromstring(svg)
    _hover(root, diagram)
    for element in root.iter():
        element.tag = element.tag.removeprefix(_NAMESPACE)
        # One font for all, said at the root. No ids: they would clash where a page shows two pictures.
        for name in {"font-family", "id"} & element.attrib.keys():
            del element.attrib[name]
        if element.tag == "text" and "font-weight" not in element.attrib:
            element.attrib |= fitted(element.text or "", float(element.attrib["font-size"]))
    body = "\n".join(ElementTree.tostring(child, encoding="unicode").strip() for child in root)
    return f"{opening(root.attrib, diagram.title, diagram.description, body)}\n{body}\n</svg>\n".encode()


def fitted(text: str, size: float) -> dict[str, str]:
    """What keeps a text as wide as it was laid out, where the reader's machine has none of the fonts."""
    if not text.strip() or not is_known(text):
        return {}
    return {"textLength": decimal(width_of(text, size)), "lengthAdjust": "spacingAndGlyphs"}


def opening(attributes: Mapping[str, str], title: str, description: str, body: str) -> str:
    """How an SVG with this body begins: its size, its font, a title and a description for screen readers."""
    # Pages that show two pictures need ids that differ.
    mark = sha256(body.encode()).hexdigest()[:8]
    given = {
        "xmlns": _NAMESPACE.strip("{}"),
        **attributes,
        "font-family": FONTS,
        "role": "img",
        "aria-labelledby": f"title-{mark} desc-{mark}",
    }
    root = " ".join(f'{name}="{xml(value)}"' for name, value in given.items())
    words = {"title": title, "desc": description}
    elements = [f'<{name} id="{name}-{mark}">{xml(text, longest=_LONGEST)}</{name}>' for name, text in words.items()]
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', f"<svg {root}>", *elements])


def _hover(root: ElementTree.Element, diagram: Diagram) -> None:
    """The titles of groups, which browsers show under the pointer, say what the group is."""
    words = {name: "\n".join(clean(line, _LONGEST) for line in lines) for name, lines in diagram.hovers.items()}
    for group in root.iter(f"{_NAMESPACE}g"):
        title = group.find(f"{_NAMESPACE}title")
        if title is None:
            continue
        hover = words.get(title.text or "")
        if hover is None:
            group.remove(title)
        else:
            title.text = hover
