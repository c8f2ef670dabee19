"""`make site` builds the site without a warning, and the site needs no external resources."""

import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

from scripts.pages.diagrams import least_size

ROOT = Path(__file__).resolve().parents[2]
FETCHED = {("link", "href"), ("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "srcset")}
"""Attributes whose target a browser loads automatically."""

TERMS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "pixels": (("pixel", "channels", "images as numbers"), ("픽셀", "채널")),
    "fully_connected": (("fully connected", "convolutional layers"), ("완전 연결층", "합성곱층")),
    "filters": (("filter", "feature map", "edge", "blur"), ("필터", "특징 맵", "경계선", "깊이")),
    "shuffled_pixels": (("shuffled pixels",), ("뒤섞은 픽셀",)),
    "stride_and_padding": (
        ("stride", "padding", "corner", "floor", "never read"),
        ("스트라이드", "패딩", "모서리", "내림", "출력 크기"),
    ),
    "zero_padding": (("pad with zeros",), ("0으로 패딩",)),
    "pooling": (("max pooling", "average pooling", "stride equals its kernel size"), ("최대 풀링", "평균 풀링")),
    "relu_and_pooling": (("relu with max pooling",), ("relu와 최대 풀링",)),
    "deeper_features": (("deeper features", "receptive field", "transfer learning"), ("깊은 층의 특징", "수용 영역")),
    "labels": (("one-hot", "class index", "cross-entropy"), ("원-핫", "클래스 번호", "교차 엔트로피")),
    "scaling": (("/255", "dividing by 255", "standardization"), ("255로 나누기", "표준화")),
    "batches": (
        ("batch", "mini-batch", "stochastic", "steps per epoch", "epoch"),
        ("배치", "미니배치", "확률적", "에포크당 스텝"),
    ),
    "out_of_memory": (("out of memory", "activations"), ("메모리 부족", "활성값")),
    "batch_norm": (("batch normalization",), ("배치 정규화",)),
    "batch_norm_position": (("batch norm before or after",), ("배치 정규화의 위치",)),
    "augmentation": (("data augmentation", "overfitting"), ("데이터 증강", "과적합")),
    "lenet5": (("lenet-5",), ("lenet-5",)),
    "imagenet": (("ilsvrc", "imagenet", "top-5 error"), ("ilsvrc", "top-5 오류율")),
    "vgg": (("vgg",), ("vgg",)),
    "captions": (("coco captions", "image captioning"), ("coco captions", "이미지 캡셔닝")),
}
"""The terms of the lecture, in English and Korean, by page."""


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
        if target.startswith("data:image/png;base64,"):
            continue
        if re.match(r"[a-z]+:|//", target):
            # The canonical address and the license are not loaded, and links in the text only when clicked.
            if (tag, name) in FETCHED:
                found.append(target)
            continue
        path, anchor = urldefrag(unquote(target))
        there = (page.parent / path).resolve() if path else page
        if there.match("playground/index.html"):
            anchor = ""  # the text of an example, which the page reads
        if not there.exists() or (anchor and there in pages and anchor not in pages[there].anchors):
            found.append(target)
    return found


def _check_languages(site: Path) -> None:
    """Each page states its language, and the tutorial links to the same page in the other one."""
    for page in (site / "ko" / "tutorial").glob("*.html"):
        korean, english = page.read_text("utf-8"), (site / "tutorial" / page.name).read_text("utf-8")
        assert '<html lang="ko"' in korean
        assert '<html lang="en"' in english
        assert f'href="../../tutorial/{page.name}" hreflang="en"' in korean
        assert f'href="../ko/tutorial/{page.name}" hreflang="ko"' in english
        assert len(re.findall("<pre", korean)) == len(re.findall("<pre", english))
    assert 'hreflang="ko"' not in (site / "zoo.html").read_text("utf-8")


def _check_search(folder: Path) -> None:
    """The search finds every term of the lecture on its page, in both languages, also from disk."""
    index = json.loads((folder / "search_index.json").read_text("utf-8"))
    assert index["config"]["lang"] == ["en", "ko"]
    assert (folder / "search_index.js").read_text("utf-8").startswith("var __index = {")
    texts: dict[str, str] = {}
    for entry in index["docs"]:
        page = entry["location"].partition("#")[0]
        texts[page] = texts.get(page, "") + f" {entry['title']} {entry['text']}".casefold()
    missing = {
        (prefix + page, term)
        for page, terms in TERMS.items()
        for prefix, words in zip(("", "ko/"), terms, strict=True)
        for term in words
        if term.casefold() not in texts[f"{prefix}tutorial/{page}.html"]
    }
    assert missing == set()


def test_site_builds_without_warnings_and_external_resources(tmp_path: Path) -> None:
    written = {page.relative_to(ROOT / "docs").with_suffix(".html") for page in (ROOT / "docs").rglob("*.md")}
    build(tmp_path)
    pages = {page: References(page.read_text(encoding="utf-8")) for page in tmp_path.rglob("*.html")}
    del pages[tmp_path / "404.html"]  # its addresses are relative to a server's root
    assert written <= {page.relative_to(tmp_path) for page in pages}
    assert {str(page.relative_to(tmp_path)): wrong(page, pages) for page in pages if wrong(page, pages)} == {}
    assert len(list((tmp_path / "figures").glob("*.svg"))) > 150
    _check_languages(tmp_path)
    _check_search(tmp_path / "search")
    for sheet in tmp_path.rglob("*.css"):
        assert not re.search(r"url\(['\"]?(https?:)?//|@import", sheet.read_text(encoding="utf-8")), sheet


def test_diagram_labels_are_at_least_nine_pixels() -> None:
    svg = '<svg width="300pt" height="90pt"><text x="1" font-size="4"> </text><text font-size="{}">a</text></svg>'
    assert least_size(svg.format(9).encode()) == (300, 90)  # 12 px, shrunk to 9
    assert least_size(svg.format(18).encode()) == (150, 45)
    assert least_size(svg.format(6).encode()) == (400, 120)  # 8 px, not enlarged
    assert least_size(svg.format(9).replace("pt", "px").encode()) == (300, 90)
