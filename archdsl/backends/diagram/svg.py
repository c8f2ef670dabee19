"""Finishing an SVG: a title and a description for those who cannot see it, hover text, fonts that exist everywhere."""

from hashlib import sha256
from xml.etree import ElementTree

from .picture import Picture
from .text import clean

FONTS = "Helvetica, Arial, 'Liberation Sans', sans-serif"
_NAMESPACE = "{http://www.w3.org/2000/svg}"
_LONGEST = 1000


def finish_svg(svg: bytes, picture: Picture) -> bytes:
    """What the renderer drew, made self-contained and readable to a screen reader."""
    root = ElementTree.fromstring(svg)
    _hover(root, picture)
    for element in root.iter():
        element.tag = element.tag.removeprefix(_NAMESPACE)
        # One font for all, said at the root. No ids: they would clash where a page shows two pictures.
        for name in {"font-family", "id"} & element.attrib.keys():
            del element.attrib[name]
    ids = {name: f"{name}-{sha256(svg).hexdigest()[:8]}" for name in ("title", "desc")}
    root.attrib = {
        "xmlns": _NAMESPACE.strip("{}"),
        **root.attrib,
        "font-family": FONTS,
        "role": "img",
        "aria-labelledby": " ".join(ids.values()),
    }
    for name, words in (("desc", picture.description), ("title", picture.title)):
        element = ElementTree.Element(name, id=ids[name])
        element.text = clean(words, _LONGEST)
        element.tail = "\n"
        root.insert(0, element)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode").encode() + b"\n"


def _hover(root: ElementTree.Element, picture: Picture) -> None:
    """The titles of groups, which browsers show under the pointer, say what the group is."""
    words = {box.id: "\n".join(clean(row.hover, _LONGEST) for row in box.rows) for box in picture.boxes}
    words |= {f"cluster_{i}": clean(cluster.hover, _LONGEST) for i, cluster in enumerate(picture.clusters)}
    for group in root.iter(f"{_NAMESPACE}g"):
        title = group.find(f"{_NAMESPACE}title")
        if title is None:
            continue
        hover = words.get(title.text or "")
        if hover is None:
            group.remove(title)
        else:
            title.text = hover
