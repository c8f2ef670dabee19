"""The zoo's index, the headers of its texts, and the names of its networks."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import archdsl
from archdsl import zoo
from archdsl.diagnostics import Sink
from archdsl.syntax import ast, parse
from archdsl.text import paths
from archdsl.text.files import UnreadableFile


def run(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", "archdsl", *words], capture_output=True, encoding="utf-8", check=False)


def written(expr: ast.Expr) -> object:
    """The value of a number or a list of such values."""
    if isinstance(expr, ast.List):
        return [written(item) for item in expr.items]
    assert isinstance(expr, ast.Number)
    return expr.value


@pytest.mark.parametrize("entry", zoo.entries().values(), ids=zoo.entries())
def test_header_names_the_paper_and_valid_settings(entry: zoo.ZooEntry) -> None:
    net = next(s for s in parse(entry.source(), Sink()).statements if isinstance(s, ast.Net))
    defaults = {p.name.text: p.default for p in net.parameters}
    for name, value in entry.settings.items():
        default = defaults[name]
        assert default is not None
        assert written(default) == value
    paper = entry.citation()
    assert 1980 <= paper.year <= 2026
    assert paper.title
    assert paper.venue


def test_every_text_is_in_the_index() -> None:
    listed = {entry.path.name for entry in zoo.entries().values()}
    assert {path.name for path in (paths.examples() / "zoo").glob("*.arch")} <= listed


def test_page_lists_the_warnings_of_check() -> None:
    """Exactly the networks in the table of docs/zoo.md have warnings, and exactly those."""
    page = (Path(__file__).parents[2] / "docs" / "zoo.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([a-z0-9_, ]+) \| (W\d{4}), [^|]+ \| [^|]+ \|$", page, re.MULTILINE)
    listed = {(name, code) for names, code in rows for name in names.split(", ")}
    found = {(name, each.diagnostic.code) for name in zoo.names() for each in archdsl.check(f"zoo:{name}").diagnostics}
    assert listed
    assert found == listed


def test_name_can_be_used_in_place_of_a_file() -> None:
    small = archdsl.load("zoo:resnet18", classes=10)
    assert small.graph.output.shape is not None
    assert small.graph.output.shape.dims == (10,)
    assert small.program.source.name == "zoo:resnet18"


def test_unknown_name_has_a_suggestion() -> None:
    with pytest.raises(UnreadableFile, match="did you mean `resnet50`"):
        zoo.find("resnet51")
    with pytest.raises(UnreadableFile, match="did you mean `mixer_s16`"):
        zoo.find("mlp_mixer")
    with pytest.raises(OSError, match="archdsl zoo"):
        archdsl.load("zoo:nothing-like-it")


def test_check_accepts_a_zoo_name_and_settings() -> None:
    done = run("check", "zoo:resnet18", "--set", "classes=10")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "✓ ResNet: 3×224×224 → 10")


def test_show_prints_a_self_contained_text() -> None:
    done = run("zoo", "show", "resnet18")
    assert archdsl.loads(done.stdout).parameters == 11_689_512


def test_network_without_a_subcommand_is_explained() -> None:
    done = run("zoo", "resnet18")
    assert (done.returncode, done.stdout) == (2, "")
    assert "`archdsl zoo show resnet18`" in done.stderr


def test_show_suggests_a_similar_name() -> None:
    done = run("zoo", "show", "renset18")
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean `resnet18`?" in done.stderr


def test_list_has_one_line_per_network() -> None:
    head, *lines = run("zoo").stdout.splitlines()
    assert head.split() == ["name", "parameters", "MACs", "task", "year", "paper"]
    assert [line.split()[0] for line in lines] == list(zoo.entries())
    lenet = next(line for line in lines if line.startswith("lenet5 "))
    assert lenet.split()[1:6] == ["61,706", "416.5", "K", "classification", "1998"]
