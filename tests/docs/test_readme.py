"""The examples in README.md and docs/ produce the output shown."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, blocks, prepare, run_block


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page_shows_the_actual_output(page: Path, tmp_path: Path) -> None:
    prepare(tmp_path)
    for block in blocks(page.read_text(encoding="utf-8")):
        assert run_block(block, tmp_path) == block.text, f"line {block.line}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_are_valid(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []
