"""Complete an SVG: title and description for screen readers, hover text, fonts that exist everywhere."""

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
    """The renderer's SVG, self-contained and accessible to screen readers."""
    root = ElementTree.fromstring(svg)
    _hover(root, diagram)
    for element in root.iter():
        element.tag = element.tag.removeprefix(_NAMESPACE)
        # One font for all, set at the root. No ids: they would clash if a page shows two diagrams.
        for name in {"font-family", "id"} & element.attrib.keys():
            del element.attrib[name]
        if element.tag == "text" and "font-weight" not in element.attrib:
            element.attrib |= fitted(element.text or "", float(element.attrib["font-size"]))
    body = "\n".join(ElementTree.tostring(child, encoding="unicode").strip() for child in root)
    return f"{opening(root.attrib, diagram.title, diagram.description, body)}\n{body}\n</svg>\n".encode()


def fitted(text: str, size: float) -> dict[str, str]:
    """Keeps a text as wide as in the layout, even if the reader's machine has other fonts."""
    if not text.strip() or not is_known(text):
        return {}
    return {"textLength": decimal(width_of(text, size)), "lengthAdjust": "spacingAndGlyphs"}


def opening(attributes: Mapping[str, str], title: str, description: str, body: str) -> str:
    """The start of an SVG with this body: its size, its font, a title and a description for screen readers."""
    # Pages that show two diagrams need distinct ids.
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
    """The titles of groups, which browsers show on hover, describe the group."""
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
