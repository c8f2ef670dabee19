"""The exact output of `archdsl check` for the programs of these pages."""

import re
from pathlib import Path

import pytest

from .runner import Case, cases, pages, run

CASES = [case for page in pages() for case in cases(page)]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_check_output_matches_the_specification(case: Case, tmp_path: Path) -> None:
    output, status = run(case, tmp_path)
    assert output == case.output, "python -m tests.spec --update writes what is said now"
    assert status == case.status


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.stem)
def test_every_heading_has_one_case(page: Path) -> None:
    headings = re.findall(r"^## (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert headings == [case.title for case in cases(page)]
    assert len(set(headings)) == len(headings)
