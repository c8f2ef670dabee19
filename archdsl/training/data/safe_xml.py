"""Reads XML without document types and entities, which could read files or exhaust memory; limits depth and size."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

_MAX_DEPTH = 32
_MOST = 200_000
"""Largest number of elements."""


class BadXml(Exception):
    """Text that is not XML, or not of the supported kind: why, and on which line."""

    def __init__(self, why: str, line: int) -> None:
        super().__init__(why)
        self.why, self.line = why, line


@dataclass
class Element:
    """An element: its name, its line, its elements and its text."""

    name: str
    line: int
    elements: list["Element"] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    def children(self, name: str) -> Iterator["Element"]:
        """The elements with this name."""
        return (each for each in self.elements if each.name == name)

    def child(self, name: str) -> "Element | None":
        """The first element with this name."""
        return next(self.children(name), None)

    def text(self, name: str) -> str | None:
        """The text of the first element with this name, without surrounding white space."""
        found = self.child(name)
        return "".join(found.parts).strip() if found else None


def parse_xml(content: bytes) -> Element:
    """The root element. Raises BadXml."""
    reading = _Reading()
    try:
        reading.parser.Parse(content, True)
    except expat.ExpatError as error:
        raise BadXml(f"not XML: {expat.ErrorString(error.code)}", error.lineno) from error
    except (LookupError, ValueError) as error:  # an unknown encoding
        raise BadXml(f"not XML: {error}", 1) from error
    assert reading.root is not None
    return reading.root


class _Reading:
    """The elements of a text, as they are parsed."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.root: Element | None = None
        self._open: list[Element] = []
        self._count = 0
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters

    def _refuse(self, *_: object) -> None:
        raise BadXml("a document type with entities is not supported", self.parser.CurrentLineNumber)

    def _start(self, name: str, _: object) -> None:
        line = self.parser.CurrentLineNumber
        self._count += 1
        if len(self._open) >= _MAX_DEPTH or self._count > _MOST:
            raise BadXml(f"more than {_MAX_DEPTH} levels or {_MOST:,} elements", line)
        element = Element(name, line)
        if self._open:
            self._open[-1].elements.append(element)
        else:
            self.root = element
        self._open.append(element)

    def _end(self, _: str) -> None:
        self._open.pop()

    def _characters(self, text: str) -> None:
        self._open[-1].parts.append(text)
