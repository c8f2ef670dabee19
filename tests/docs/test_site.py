"""`make site` builds the site without a warning, and the site needs no external resources."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

ROOT = Path(__file__).resolve().parents[2]
FETCHED = {("link", "href"), ("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "srcset")}
"""Attributes whose target a browser loads automatically."""


class References(HTMLParser):
    """The references of a page as (tag, attribute, target), and its anchors."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []
        self.anchors: set[str] = set()
        self.pictures: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.anchors |= {value for name in ("id", "name") if (value := values.get(name))}
        self.found += [(tag, name, values[name] or "") for name in ("href", "src", "srcset") if name in values]
        if tag == "img":
            assert values.get("alt"), f"a picture without a description: {values}"


def build(folder: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def wrong(page: Path, pages: dict[Path, References]) -> list[str]:
    """The references of a page that are broken, or that a browser would load from another site."""
    found = []
    for tag, name, target in pages[page].found:
        if re.match(r"[a-z]+:|//", target):
            # The canonical address and the license are not loaded, and links in the text only when clicked.
            if (tag, name) in FETCHED:
                found.append(target)
            continue
        path, anchor = urldefrag(unquote(target))
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (anchor and there in pages and anchor not in pages[there].anchors):
            found.append(target)
    return found


def test_site(tmp_path: Path) -> None:
    written = {page.relative_to(ROOT / "docs").with_suffix(".html") for page in (ROOT / "docs").rglob("*.md")}
    build(tmp_path)
    pages = {page: References(page.read_text(encoding="utf-8")) for page in tmp_path.rglob("*.html")}
    del pages[tmp_path / "404.html"]  # its addresses are relative to a server's root
    assert written <= {page.relative_to(tmp_path) for page in pages}
    assert {str(page.relative_to(tmp_path)): wrong(page, pages) for page in pages if wrong(page, pages)} == {}
    drawn = {path.stem.removesuffix(".dark") for path in (tmp_path / "pictures").glob("*.svg")}
    assert len(drawn) > 50
    assert len(list((tmp_path / "pictures").iterdir())) == 2 * len(drawn)
    for sheet in tmp_path.rglob("*.css"):
        assert not re.search(r"url\(['\"]?(https?:)?//|@import", sheet.read_text(encoding="utf-8")), sheet
