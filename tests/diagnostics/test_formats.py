"""Diagnostics for programs: JSON, SARIF, GitHub's annotations; color on a terminal only."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft4Validator  # type: ignore[import-untyped]  # it has no types of its own

from archdsl.analysis.codes import by_code
from archdsl.cli import main
from archdsl.cli.common import use_color
from archdsl.diagnostics import Sink
from archdsl.diagnostics.github import render as github
from archdsl.diagnostics.json_models import DiagnosticReport
from archdsl.diagnostics.json_report import diagnostic
from archdsl.diagnostics.sarif import render as sarif
from archdsl.diagnostics.terminal import render
from archdsl.explain.examples import run_example
from archdsl.network import analyze
from archdsl.text.source import Source

# The JSON schema of SARIF 2.1.0 (OASIS; "2.1.0-rtm.5" in SchemaStore), from the npm package @microsoft/jest-sarif
# 1.0.0-beta.0 (MIT), without its descriptions.
SCHEMA = json.loads(Path(__file__).with_name("sarif-schema-2.1.0.json").read_text(encoding="utf-8"))


def check(*arguments: str, status: int = 1) -> str:
    done = CliRunner().invoke(main, ["check", *arguments])
    assert done.exit_code == status, done.output
    return done.output


def valid(log: str) -> Any:
    document = json.loads(log)
    Draft4Validator(SCHEMA).validate(document)
    return document


def test_sarif_of_every_diagnostic_is_valid() -> None:
    found = [item for kind in by_code().values() for item in run_example(kind, kind.wrong)[1]]
    run = valid(sarif(found))["runs"][0]
    assert [result["ruleId"] for result in run["results"]] == list(by_code())
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == list(by_code())


def test_sarif_of_several_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a b.arch", "c.arch"):
        Path(name).write_text("input 3x32x32\nconv 8 k3; bn\n", encoding="utf-8")
    results = valid(check("--format", "sarif", "a b.arch", "c.arch", status=0))["runs"][0]["results"]
    place = results[0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a%20b.arch"
    assert place["region"] == {"startLine": 2, "startColumn": 1, "endLine": 2, "endColumn": 10}
    replaced = results[1]["fixes"][0]["artifactChanges"][0]["replacements"][0]
    assert replaced["insertedContent"]["text"] == " nobias"
    assert valid(check("--format", "sarif", "-e", "input 8; fc 8", status=0))["runs"][0]["results"] == []


def test_github_annotations_are_escaped() -> None:
    source = Source("input 64\nfc n%2\n", name="a,b:c%.arch")
    sink = Sink()
    analyze(source, sink)
    head, _, message = github(sink).removeprefix("::").partition("::")
    assert head == "error file=a%2Cb%3Ac%25.arch,line=2,endLine=2,col=4,endColumn=4,title=E0202%3A unknown name"
    assert "%0A" in message or "\n" not in message
    assert "::" not in github(Sink())


def test_github_annotations_have_one_line_each() -> None:
    lines = check("--format", "github", "-e", "input 3x8x8\nresidual { conv 8 k3 }\nfcc 3").splitlines()
    assert [line.partition(" ")[0] for line in lines] == ["::error", "::error"]
    assert "%0Aline 1: the other operand, 3×8×8, comes from here" in lines[0]


def test_json_of_every_diagnostic() -> None:
    for kind in by_code().values():
        for item in run_example(kind, kind.wrong)[1]:
            printed = diagnostic(item)
            assert DiagnosticReport.model_validate(printed).model_dump(exclude_unset=True) == printed
            assert printed["code"] == kind.code
            assert printed["message"] == item.diagnostic.message()
            assert (printed["range"]["line"], printed["range"]["column"]) >= (1, 1)


def test_color_adds_no_information() -> None:
    source = Source("input 3x8x8\nconv 8 k9 strid=2\nresidual { conv 8 k3 }\n")
    sink = Sink()
    analyze(source, sink)
    painted = render(sink, color=True)
    assert re.sub(r"\x1b\[[\d;]*m", "", painted) == render(sink)
    assert painted.count("\x1b[0m") * 2 == painted.count("\x1b[")


class Stream:
    def __init__(self, terminal: bool) -> None:
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


def test_color_is_used_only_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert use_color(Stream(True))
    assert not use_color(Stream(False))
    monkeypatch.setenv("NO_COLOR", "1")
    assert not use_color(Stream(True))


def test_strict_and_ignore_options(tmp_path: Path) -> None:
    file = tmp_path / "net.arch"
    file.write_text("input 3x8x8\nconv 8 k3; bn\n", encoding="utf-8")
    check(str(file), status=0)
    check(str(file), "--strict", status=1)
    file.write_text("input 3x8x8\nconv 8 k3; bn  # archdsl: ignore[W0903]\n", encoding="utf-8")
    check(str(file), "--strict", status=0)


def test_explain_shows_the_page_of_a_code() -> None:
    page = CliRunner().invoke(main, ["explain", "e0402"])
    assert page.exit_code == 0
    assert page.output.startswith("E0402: ")
    listed = CliRunner().invoke(main, ["explain"]).output
    assert all(code in listed for code in by_code())
    unknown = CliRunner().invoke(main, ["explain", "E0999"])
    assert unknown.exit_code == 2
    assert len(unknown.output.splitlines()) == 1
