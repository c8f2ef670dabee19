"""The Korean pages of the tutorial follow the English ones: headings, examples, figures, links and numbers."""

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from archdsl import check
from archdsl.diagnostics import Sink
from archdsl.syntax import parse
from archdsl.syntax.format import format_program
from archdsl.text.source import Source
from scripts.pages import korean_comments, lecture
from tests.docs.pages import ROOT

ENGLISH = ROOT / "docs" / "tutorial"
KOREAN = ROOT / "docs" / "ko" / "tutorial"
PAGES = sorted(path.name for path in ENGLISH.glob("*.md"))
COMMENT = re.compile(r"^<!-- (.+?) -->$", re.MULTILINE)
FENCE = re.compile(r"^```\w+[^\n]*\n.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]*)(?:#[^)]*)?\)")
HANGUL = re.compile(r"[가-힣]")
NAMES = {"# LeNet-5", "## COCO captions"}
"""Headings that are names."""
WORDS = {"zero": 0.0, "one": 1.0, "two": 2.0, "black": 0.0}
"""Numbers that English pages write in words."""


def both(name: str) -> tuple[str, str]:
    """A page in English, with its examples as comments, and in Korean."""
    number = iter(range(1, 100))
    english = FENCE.sub(lambda found: f"<!-- example {next(number)} -->", (ENGLISH / name).read_text(encoding="utf-8"))
    return english, (KOREAN / name).read_text(encoding="utf-8")


def prose(page: str) -> str:
    """A page without comments and the targets of links."""
    return re.sub(r"<!--.*?-->|\]\([^)]*\)", "", page)


def figures(text: str) -> set[float]:
    """The numbers in a text."""
    return {float(each.replace(",", "")) for each in re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?", text)}


def english_figures(page: str) -> tuple[set[float], set[float]]:
    """The numbers of an English page in digits, with millions; and those in words."""
    text = re.sub(r"([\d.]+) million", lambda found: f"{float(found[1]) * 1e6:.0f}", prose(page))
    return figures(text), {value for word, value in WORDS.items() if re.search(rf"\b{word}s?\b", text, re.IGNORECASE)}


def korean_figures(page: str) -> set[float]:
    """The numbers of a Korean page, with 만 (ten thousand) and 억 (a hundred million), without fractions in words."""
    text = re.sub(r"\d+분의 \d+", "", prose(page))
    text = re.sub(
        r"(?:(\d+)억 ?)?([\d,]+)만(?!큼)",
        lambda f: str(int(f[1] or 0) * 10**8 + int(f[2].replace(",", "")) * 10**4),
        text,
    )
    return figures(text)


def test_each_page_is_translated() -> None:
    assert sorted(path.name for path in KOREAN.glob("*.md")) == PAGES
    for name in PAGES:
        assert lecture.translated(f"tutorial/{name}") == f"ko/tutorial/{name}"
        assert lecture.translated(f"ko/tutorial/{name}") == f"tutorial/{name}"


@pytest.mark.parametrize("name", PAGES)
def test_headings(name: str) -> None:
    english, korean = (re.findall(r"^(#+) ", page, re.MULTILINE) for page in both(name))
    assert english == korean


@pytest.mark.parametrize("name", PAGES)
def test_examples_and_figures_are_the_same(name: str) -> None:
    english, korean = (COMMENT.findall(page) for page in both(name))
    assert english == korean
    assert not FENCE.search(both(name)[1])


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_to_the_same_pages(name: str) -> None:
    english, korean = both(name)
    ours = [target.replace("../../", "../") for target in LINK.findall(korean)]
    assert Counter(ours) == Counter(LINK.findall(english))


@pytest.mark.parametrize("name", PAGES)
def test_numbers_are_the_same(name: str) -> None:
    english, korean = both(name)
    (digits, words), ours = english_figures(english), korean_figures(korean)
    assert digits <= ours
    assert ours <= digits | words


@pytest.mark.parametrize("name", PAGES)
def test_paragraphs_are_translated(name: str) -> None:
    """Each paragraph, item and heading has Korean words, except names."""
    for line in re.split(r"\n\n|\n(?=- )", COMMENT.sub("", both(name)[1])):
        words = re.sub(r"`[^`]*`", "", line)
        if not line.startswith(("|", "    ")) and re.search(r"[a-z]{4,}", words):
            assert HANGUL.search(words) or line in NAMES, line


def test_examples_are_those_of_the_english_page() -> None:
    page = "ko/tutorial/filters.md"
    filled = lecture.with_examples((ROOT / "docs" / page).read_text(encoding="utf-8"), page)
    blocks = FENCE.findall((ENGLISH / "filters.md").read_text(encoding="utf-8"))
    assert FENCE.findall(filled) == list(map(korean_comments.in_korean, blocks))
    assert "1x3x3 필터 8개" in filled
    assert lecture.with_examples("<!-- example 1 -->", "tutorial/filters.md") == "<!-- example 1 -->"
    with pytest.raises(IndexError):
        lecture.with_examples("<!-- example 99 -->", page)


def test_the_navigation_has_the_same_order() -> None:
    lines = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    sections = {title: pages for entry in yaml.safe_load(lines) for title, pages in entry.items()}
    english, korean = sections["Tutorial"], sections["한국어"]
    assert [f"ko/{page}" for page in english] == korean
    listed = re.findall(r"^\| \d+ \| \[[^\]]+\]\((\w+\.md)\)", (ENGLISH / "index.md").read_text("utf-8"), re.MULTILINE)
    assert [Path(page).name for page in english[1:]] == listed


def test_each_page_leads_to_the_next() -> None:
    lines = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    order = next(entry["Tutorial"] for entry in yaml.safe_load(lines) if "Tutorial" in entry)[1:]
    for page, following in pairwise(order):
        for text, word in zip(both(Path(page).name), ("Next", "다음"), strict=True):
            assert re.search(rf"^{word}: \[[^\]]+\]\({Path(following).name}\)\.$", text, re.MULTILINE), page


PROGRAMS = [
    block
    for name in PAGES
    for block in FENCE.findall((ENGLISH / name).read_text(encoding="utf-8"))
    if korean_comments.comments(block)
]


def test_comments_of_programs_are_translated() -> None:
    found = {comment for block in PROGRAMS for comment in korean_comments.comments(block)}
    assert found == set(korean_comments.KOREAN), "each comment has a translation, and no other text"
    for english, korean in korean_comments.KOREAN.items():
        if korean != english:
            assert HANGUL.search(korean), korean
            assert figures(english) <= figures(korean), korean
            assert figures(korean) - figures(english) <= {10.0}, "the page says ten"


@pytest.mark.parametrize("block", PROGRAMS)
def test_a_program_with_korean_comments_is_the_same_program(block: str) -> None:
    text, translated = (
        each.partition("\n")[2].rpartition("```")[0] for each in (block, korean_comments.in_korean(block))
    )
    assert str(check(text=translated)) == str(check(text=text))
    bare = [re.sub(r" *#.*", "", each) for each in (text, translated)]
    assert bare[0] == bare[1]
    written = [format_program(parse(Source(each), Sink())) for each in (text, translated)]
    assert korean_comments.in_korean(f"```arch\n{written[0]}") == f"```arch\n{written[1]}"
