"""The errors that are compared with other tools, and the page that shows the result. No other tool is needed."""

import json
from pathlib import Path

import pytest
from _peers import FILES, FOLDER, Case, archdsl, cases
from _peers_table import table
from suggestions_data.cases import errors

ROOT = Path(__file__).resolve().parents[2]
RESULT = json.loads((ROOT / "benchmarks" / "published" / "suggestions-peers.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", cases("archdsl"), ids=lambda case: case.name)
def test_case_has_an_error_and_its_correction_has_none(case: Case) -> None:
    assert errors(case.wrong)
    assert not errors(case.right)


@pytest.mark.parametrize("tool", FILES)
def test_each_file_marks_its_error(tool: str) -> None:
    assert cases(tool)
    assert all(case.lines and case.right != case.wrong for case in cases(tool))


def test_missing_file_has_a_documented_reason() -> None:
    names = {folder.name for folder in FOLDER.iterdir() if folder.is_dir()}
    missing = {(name, tool) for name in names for tool in FILES if not (FOLDER / name / FILES[tool]).exists()}
    assert missing == {(name, tool) for name, tools in RESULT["left_out"].items() for tool in tools}
    assert names == set(RESULT["cases"])


def test_archdsl_reports_every_error_with_its_numbers() -> None:
    found = archdsl()
    assert all(outcome.reported and outcome.numbers in (True, None) for outcome in found.values())


def test_page_shows_the_published_result() -> None:
    assert table(RESULT) in (ROOT / "docs" / "comparison.md").read_text(encoding="utf-8")
