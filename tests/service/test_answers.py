"""The answers of the service, from texts with a marked position."""

import pytest

from .runner import Case, ask, cases, pages


@pytest.mark.parametrize("case", [case for page in pages() for case in cases(page)], ids=str)
def test_service_answer_matches_the_case(case: Case) -> None:
    assert ask(case) == case.answer
