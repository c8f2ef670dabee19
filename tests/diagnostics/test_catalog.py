"""Every diagnostic has its own code, a page, and correct examples."""

import inspect
import re

import pytest

from archdsl.analysis.codes import by_code
from archdsl.diagnostics import Diagnostic, Severity
from archdsl.diagnostics.terminal import render
from archdsl.explain.examples import run_example


def subclasses(kind: type[Diagnostic]) -> set[type[Diagnostic]]:
    return {kind}.union(*(subclasses(each) for each in kind.__subclasses__()))


def test_diagnostic_codes_are_unique() -> None:
    kinds = [kind for kind in subclasses(Diagnostic) if kind.__module__.startswith("archdsl.")]
    codes = [kind.code for kind in kinds if "code" in vars(kind)]
    assert sorted(codes) == list(by_code())


@pytest.mark.parametrize("code", by_code())
def test_every_code_has_a_page(code: str) -> None:
    kind = by_code()[code]
    page = inspect.cleandoc(vars(kind).get("__doc__") or "")
    assert page
    assert page[0] != page[0].lower() or page[0] in "`("
    assert page.rstrip().endswith((".", "…"))
    assert kind.title
    assert re.fullmatch({Severity.ERROR: r"E\d{4}", Severity.WARNING: r"W\d{4}"}[kind.severity], code)


@pytest.mark.parametrize("code", by_code())
def test_every_lint_cites_a_source(code: str) -> None:
    if code.startswith("W") and by_code()[code].__module__.startswith("archdsl.analysis.lint"):
        assert "\nSource: " in inspect.cleandoc(by_code()[code].__doc__ or "")


@pytest.mark.parametrize("code", by_code())
def test_wrong_example_gives_only_its_code(code: str) -> None:
    kind = by_code()[code]
    source, found = run_example(kind, kind.wrong)
    assert [each.diagnostic.code for each in found] == [code], render(found, root=source)


@pytest.mark.parametrize("code", by_code())
def test_right_example_gives_no_diagnostic(code: str) -> None:
    kind = by_code()[code]
    source, found = run_example(kind, kind.right)
    assert not found, render(found, root=source)
