"""The pages on the language agree with the tool: names, limits and examples without warnings."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from archdsl import limits
from archdsl.contract import initializers
from archdsl.expressions.operations import FUNCTIONS
from archdsl.layers import merges, registry
from archdsl.syntax.tokens import KEYWORDS
from archdsl.text.library import standard_blocks
from tests.docs.pages import ROOT, _run, blocks, prepare

FOLDER = ROOT / "docs" / "language"
ENTRY = ROOT / "docs" / "language.md"
SUMMARY = "summary"
"""The page that is generated from the others."""
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.md")) if path.stem != SUMMARY}
OLD_ANCHORS = """
    a-tour tokens tensors-and-shapes symbolic-dimensions layer-statements names-and-shorthands output-size stages blocks
    layers-and-blocks-as-arguments merges scans mixtures-of-experts tensor-operations patterns-of-axes
    the-size-of-another-tensor conditions-and-loops lists named-tensors learned-tensors-and-fixed-filters
    weight-initialization assertions expressions network-parameters-and-files the-training-recipe limits
"""
"""The headings of the single page that this reference was before; links to them still lead to the topic."""


def code(page: str) -> set[str]:
    """The first words of the code in a page's prose, without its fenced blocks."""
    prose = re.sub(r"```.*?```", "", PAGES[page], flags=re.DOTALL)
    return {word for span in re.findall(r"`([^`]+)`", prose) for word in re.findall(r"^[A-Za-z_]\w*", span)}


def test_language_page_lists_each_topic() -> None:
    assert re.findall(r"\(language/(\w+)\.md\)", ENTRY.read_text(encoding="utf-8")) == order()
    assert sorted(order()) == sorted(PAGES)


def order() -> list[str]:
    """The pages in the order in which each names the next."""
    found = ["first_program"]
    while (following := re.search(r"\nNext: \[[^\]]+\]\((\w+)\.md\)\.\n$", PAGES[found[-1]])) is not None:
        found.append(following[1])
    return found


def test_navigation_has_the_same_order() -> None:
    lines = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    nav = yaml.safe_load(lines)
    section = next(entry["Language"] for entry in nav if "Language" in entry)
    assert section == ["language.md", *(f"language/{name}.md" for name in order()), f"language/{SUMMARY}.md"]


def test_old_anchors_still_exist() -> None:
    assert set(OLD_ANCHORS.split()) <= set(re.findall(r'<a id="([\w-]+)">', ENTRY.read_text(encoding="utf-8")))


@pytest.mark.parametrize("page", PAGES)
def test_examples_have_no_warnings(page: str, tmp_path: Path) -> None:
    """Except those that a page shows."""
    prepare(tmp_path)
    for block in blocks(PAGES[page]):
        if block.kind == "arch":
            name = block.title or f"line{block.line}.arch"
            (tmp_path / name).write_text(block.text, encoding="utf-8")
            status, output = _run(f"archdsl check --strict {name}", tmp_path)
            assert status == 0, f"line {block.line}:\n{output}"


@pytest.mark.parametrize("page", PAGES)
def test_examples_are_formatted(page: str, tmp_path: Path) -> None:
    """`archdsl fmt` changes no statement: at most the comments' columns and what is on one line."""
    prepare(tmp_path)
    for block in blocks(PAGES[page]):
        if block.kind == "arch":
            (tmp_path / "example.arch").write_text(block.text, encoding="utf-8")
            assert _run("archdsl fmt example.arch", tmp_path)[0] == 0
            written = (tmp_path / "example.arch").read_text(encoding="utf-8")
            assert _plain(written) == _plain(block.text), f"line {block.line}"


def _plain(text: str) -> list[str]:
    return re.sub(r"#[^\n]*|[\s;,]+", "", text).split()


def test_each_page_has_a_program_and_its_table() -> None:
    for name, page in PAGES.items():
        kinds = [block.kind for block in blocks(page)]
        assert kinds[:2] == ["arch", "console"] or name in ("blocks", "errors"), name


@pytest.mark.parametrize("page", PAGES)
def test_language_page_is_short(page: str) -> None:
    """Some five minutes: prose, without programs and their output."""
    prose = re.sub(r"```.*?```", "", PAGES[page], flags=re.DOTALL)
    assert len(prose.split()) < 1000


def test_every_keyword_is_described_on_a_page() -> None:
    """Besides the list on the page about the grammar, which is generated."""
    pages = "".join(page for name, page in PAGES.items() if name != "grammar")
    shown = {word for span in re.findall(r"`([^`\n]+)`", pages) for word in re.findall(r"\w+", span)}
    assert KEYWORDS - shown == set()


def test_every_function_is_described() -> None:
    rows = re.findall(r"^\| (`\w+\(.+?) \|", PAGES["expressions"], re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+)\(", row)} == set(FUNCTIONS)


def test_every_merge_is_described() -> None:
    assert set(merges()) <= code("merges")


def test_every_initializer_is_described() -> None:
    assert set(initializers._NUMBERS) <= code("weights")


def test_operations_named_on_the_pages_exist() -> None:
    """Each layer in the tables and lists of operations exists, and so does each block that is named."""
    known = {*registry(), *merges(), *standard_blocks()}
    listed = re.search(r"such as ((?:`\w+`[, and\n]*)+)", PAGES["files"].partition("## The standard blocks")[2])
    assert listed is not None
    assert set(re.findall(r"`(\w+)`", listed[1])) <= set(standard_blocks())
    tables = PAGES["tensors"] + PAGES["attention"].partition("## Attention")[0]
    rows = re.findall(r"^\| (`[^|]+) \|", tables, re.MULTILINE)
    words = {shlex.split(span)[0] for row in rows for span in re.findall(r"`([^`]+)`", row)}
    assert len(words) > 12
    assert words <= known


def test_documented_limits_match_the_tool() -> None:
    rows = re.findall(r"^\| [^|]+ \| ([\d,]+) \|$", PAGES["grammar"].partition("## Limits")[2], re.MULTILINE)
    named = (
        *(limits.MAX_TEXT, limits.MAX_TOKENS, limits.MAX_STATEMENT_TOKENS, limits.MAX_NESTING, limits.MAX_DEPTH),
        *(limits.MAX_DIGITS, limits.MAX_FILES, limits.MAX_NODES, limits.MAX_ITERATIONS, limits.MAX_STEPS),
        *(limits.MAX_ENTRIES, 4),
    )
    assert [int(row.replace(",", "")) for row in rows] == list(named)
    assert f"a symbolic operation counts as {limits.SYMBOLIC_STEPS} |" in PAGES["grammar"]
    assert limits.MAX_COUNT == 2**63 - 1
    assert "| 2^63 − 1 |" in PAGES["grammar"]
