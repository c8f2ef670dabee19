"""The Korean pages of the tutorial follow the English ones: headings, examples, figures, links and numbers."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from archdsl import check
from archdsl.diagnostics import Sink
from archdsl.lecture.controls import CONTROLS
from archdsl.lecture.phrases import ENGLISH as PHRASES
from archdsl.lecture.phrases import KOREAN as KOREAN_PHRASES
from archdsl.syntax import parse
from archdsl.syntax.format import format_program
from archdsl.text.source import Source
from scripts.pages import korean_comments, lecture
from tests.docs import korean as translations
from tests.docs.korean import ENGLISH, FENCE, KOREAN, PAGES, ROOT, both, paired

COMMENT = re.compile(r"^<!-- (.+?) -->$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)#\s]*)(?:#[^)]*)?\)")
HANGUL = re.compile(r"[가-힣]")
NAMES = {"# LeNet-5", "## COCO captions"}
"""Headings that are names."""
WORDS = {"zero": 0.0, "one": 1.0, "two": 2.0, "second": 2.0, "black": 0.0}
"""Numbers that English pages write in words."""
TERMS = {
    "accurac(y|ies)": "정확도",
    "activation": "활성",
    "average": "평균",
    "batch": "배치",
    "bias": "편향",
    "channel": "채널",
    "convolution": "합성곱",
    "data set": "데이터셋",
    "edge": "경계선",
    "ensemble": "앙상블",
    "epoch": "에포크",
    "except (for|in|that)": "제외|빼면",
    "feature map": "특징 맵",
    "filter": "필터",
    "fully connected": "완전 연결",
    "image(?!net)": "이미지|사진",
    "inference": "추론",
    "kernel": "커널",
    "label": "레이블",
    "layer": "층",
    "learning rate": "학습률",
    "loss": "손실",
    "optimizer": "옵티마이저",
    "padding": "패딩",
    "parameter": "매개변수",
    "photograph": "사진",
    "pooling": "풀링",
    "receptive field": "수용 영역",
    "skip connection": "스킵 연결",
    "standard deviation": "표준편차",
    "stride": "스트라이드",
    "test (image|accuracy)": "테스트",
    "validation": "검증",
}
"""The Korean word for each term, wherever it occurs."""
ONLY_FOR = {"사진": "photograph|satellite image", "스킵 연결": "skip connection", "앙상블": "ensemble"}
"""Korean words that stand for nothing else in English."""
UNUSUAL = {
    r"[\d}] %": "`%` follows the number without a space, and so does `%포인트`",
    r"MAC[가는를와]": "MAC ends with a consonant",
    r"척도": "스케일",
    r"시험 (이미지|데이터|정확도)": "테스트",
    r"매 \S+마다": "매 or 마다",
    r"(?<![가-힣])창": "윈도우",
    r"가집니다": "있습니다",
}
"""Forms that are not used in Korean texts of the field, and what is."""


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
def test_headings_have_the_same_levels(name: str) -> None:
    english, korean = (re.findall(r"^(#+) ", page, re.MULTILINE) for page in both(name))
    assert english == korean


@pytest.mark.parametrize("name", PAGES)
def test_examples_and_figures_match(name: str) -> None:
    english, korean = (COMMENT.findall(page) for page in both(name))
    assert english == korean
    assert not FENCE.search(both(name)[1])


@pytest.mark.parametrize("name", PAGES)
def test_links_match(name: str) -> None:
    english, korean = both(name)
    ours = [target.replace("../../", "../") for target in LINK.findall(korean)]
    assert Counter(ours) == Counter(LINK.findall(english))


@pytest.mark.parametrize("name", PAGES)
def test_numbers_match(name: str) -> None:
    for english, korean in paired(name):
        (digits, words), ours = english_figures(english), korean_figures(korean)
        assert digits <= ours, korean
        assert ours <= digits | words, korean


def code(text: str) -> set[str]:
    """What is in backticks."""
    return set(re.findall(r"`[^`]+`", text))


def names(text: str) -> set[str]:
    """Names and abbreviations with at least two capitals, such as AlexNet; the plural of MAC is MACs."""
    words = re.findall(r"(?<![A-Za-z])[A-Z][A-Za-z]*[A-Z][A-Za-z]*", re.sub(r"`[^`]*`", "", prose(text)))
    return {re.sub(r"(?<=[A-Z])s$", "", word) for word in words}


@pytest.mark.parametrize("name", PAGES)
def test_each_block_has_the_same_code_and_names(name: str) -> None:
    """A Korean block has the code and the names of the English one, and no others than those of the English page."""
    blocks = list(paired(name))
    for found in (code, names):
        page = {each for english, _ in blocks for each in found(english)}
        for english, korean in blocks:
            assert found(english) <= found(korean) <= page, korean


@pytest.mark.parametrize("name", PAGES)
def test_each_term_has_one_translation(name: str) -> None:
    for english, korean in paired(name):
        text = re.sub(r"`[^`]*`", "", prose(english))
        for term, word in TERMS.items():
            assert not re.search(rf"\b{term}", text, re.I) or re.search(word, prose(korean)), (term, korean)
        for word, term in ONLY_FOR.items():
            assert word not in prose(korean) or re.search(term, text, re.I), (word, korean)


def korean_texts() -> Iterator[str]:
    """The pages, the texts of the figures and the comments of programs."""
    yield from ((KOREAN / name).read_text(encoding="utf-8") for name in PAGES)
    yield from KOREAN_PHRASES.values()
    yield from korean_comments.KOREAN.values()
    for control in (each for controls in CONTROLS.values() for each in controls):
        yield from (control.labels[1], *(korean for _, _, korean in control.choices))


def test_unusual_forms_are_not_used() -> None:
    for text in korean_texts():
        for form, usual in UNUSUAL.items():
            assert not re.search(form, text), (usual, text)


def test_figure_texts_use_the_same_terms() -> None:
    labels = [each for controls in CONTROLS.values() for each in controls]
    pairs = [*((text, KOREAN_PHRASES[key]) for key, text in PHRASES.items()), *(each.labels for each in labels)]
    pairs += [(english, korean) for each in labels for _, english, korean in each.choices]
    for english, korean in pairs:
        for word, term in ONLY_FOR.items():
            assert word not in korean or re.search(term, english), (word, korean)


def test_no_english_text_changed_since_its_translation_was_reviewed() -> None:
    """If this fails, correct the Korean texts of these pages; then run `python -m tests.docs.korean --update`."""
    assert list(translations.changed()) == []
    assert list(translations.removed()) == []


def test_changed_english_text_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = translations.sources()
    corrected = texts["vgg.md"][1] + " Not always."
    monkeypatch.setattr(translations, "sources", lambda: texts | {"vgg.md": [corrected, *texts["vgg.md"][2:]]})
    assert list(translations.changed()) == [("vgg.md", corrected)]
    assert list(translations.removed()) == ["vgg.md"]


@pytest.mark.parametrize("name", PAGES)
def test_paragraphs_are_translated(name: str) -> None:
    """Each paragraph, item and heading has Korean words, except names."""
    for line in re.split(r"\n\n|\n(?=- )", COMMENT.sub("", both(name)[1])):
        words = re.sub(r"`[^`]*`", "", line)
        if not line.startswith(("|", "    ")) and re.search(r"[a-z]{4,}", words):
            assert HANGUL.search(words) or line in NAMES, line


def test_examples_are_taken_from_the_english_page() -> None:
    page = "ko/tutorial/filters.md"
    filled = lecture.with_examples((ROOT / "docs" / page).read_text(encoding="utf-8"), page)
    blocks = FENCE.findall((ENGLISH / "filters.md").read_text(encoding="utf-8"))
    assert FENCE.findall(filled) == list(map(korean_comments.in_korean, blocks))
    assert "1x3x3 필터 8개" in filled
    assert lecture.with_examples("<!-- example 1 -->", "tutorial/filters.md") == "<!-- example 1 -->"
    with pytest.raises(IndexError):
        lecture.with_examples("<!-- example 99 -->", page)


def test_navigation_has_the_same_order() -> None:
    lines = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    sections = {title: pages for entry in yaml.safe_load(lines) for title, pages in entry.items()}
    english, korean = sections["Tutorial"], sections["한국어"]
    assert [f"ko/{page}" for page in english] == korean
    listed = re.findall(r"^\| \d+ \| \[[^\]]+\]\((\w+\.md)\)", (ENGLISH / "index.md").read_text("utf-8"), re.MULTILINE)
    assert [Path(page).name for page in english[1:]] == listed


def test_each_page_links_to_the_next() -> None:
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
def test_program_with_korean_comments_is_equivalent(block: str) -> None:
    text, translated = (
        each.partition("\n")[2].rpartition("```")[0] for each in (block, korean_comments.in_korean(block))
    )
    assert str(check(text=translated)) == str(check(text=text))
    bare = [re.sub(r" *#.*", "", each) for each in (text, translated)]
    assert bare[0] == bare[1]
    written = [format_program(parse(Source(each), Sink())) for each in (text, translated)]
    assert korean_comments.in_korean(f"```arch\n{written[0]}") == f"```arch\n{written[1]}"
