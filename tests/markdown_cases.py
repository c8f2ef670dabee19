"""Cases in Markdown: a heading of the second level for each, with fenced blocks under it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

FENCE = re.compile(r"^```(\w+) ?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
"""A fenced block: its first word, the rest of that line, its text."""


class Section(NamedTuple):
    """A case: its title, its fenced blocks, and the texts of its files by name, from blocks such as `file NAME`."""

    title: str
    fences: list[tuple[str, str, str]]

    @property
    def files(self) -> dict[str, str]:
        return {words: text for kind, words, text in self.fences if kind == "file"}


def sections(page: Path) -> Iterator[Section]:
    """The cases of a page, in its order."""
    for text in page.read_text(encoding="utf-8").split("\n## ")[1:]:
        yield Section(text.partition("\n")[0], FENCE.findall(text))


def rewrite(page: Path, changed: list[str]) -> bool:
    """Write the texts of all cases into a page; returns whether anything changed."""
    text = page.read_text(encoding="utf-8")
    new = "\n## ".join([text.partition("\n## ")[0], *changed])
    page.write_text(new, encoding="utf-8")
    return new != text


def texts(page: Path) -> list[str]:
    """The texts of the cases of a page."""
    return page.read_text(encoding="utf-8").split("\n## ")[1:]


def pages(folder: Path) -> list[Path]:
    """All pages in a folder."""
    return sorted(folder.glob("*.md"))
