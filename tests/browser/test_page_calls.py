"""The calls of web pages, without a browser."""

import json
import subprocess
import sys
from typing import Any

import pytest

import archdsl
from archdsl.backends.diagram import CannotDraw, engine
from archdsl.browser.page_calls import CALLS, call, start
from archdsl.browser.renderer import render_with

TEXT = "input 1x32x32; conv 6 k5; relu; flatten; fc 10"
OURS = "input 3x8x8; droppath 0.1; tokens; attention 1; gap"
"""Layers that torch lacks, whose code is part of the printed source."""
WRONG = "input 1x32x32; conv 6 k5; fc 10"


def result(name: str, /, **arguments: Any) -> Any:
    """The result of a call, which must not fail."""
    answer = json.loads(call(name, json.dumps(arguments)))
    assert set(answer) == {"result"}, answer
    return answer["result"]


def error(name: str, arguments: Any) -> dict[str, str]:
    """The error of a call, which must fail."""
    answer = json.loads(call(name, json.dumps(arguments)))
    assert set(answer) == {"error"}, answer
    found: dict[str, str] = answer["error"]
    return found


def test_start_returns_the_version() -> None:
    assert start() == archdsl.__version__


def test_report_matches_the_command() -> None:
    network = archdsl.loads(TEXT)
    assert result("report", text=TEXT) == json.loads(json.dumps(network.report()))
    assert result("report", text=TEXT, columns="rf")["layers"][1]["receptive_field"]
    assert result("archdsl.loads", text=TEXT) == result("report", text=TEXT)
    assert json.loads(call("archdsl.network.loads", json.dumps([TEXT])))["result"]["ok"]


def test_invalid_text_has_a_report() -> None:
    found = result("report", text=WRONG)
    assert not found["ok"]
    assert [each["code"] for each in found["diagnostics"]] == ["E0403"]
    shown = result("table", text=WRONG)
    assert "error[E0403]" in shown["check"]
    assert shown["table"] == ""


def test_report_uses_given_sizes_and_parameters() -> None:
    text = "net N(width=8)\ninput 3x32x32; conv width k3; gap; fc 2"
    assert result("report", text=text, input="3x16x16", settings={"width": 4})["layers"][1]["shape"] == [4, 14, 14]


def test_zoo_networks_are_available_by_name() -> None:
    names = result("zoo.names")
    assert "resnet50" in names
    assert result("report", text=result("zoo.text", name="resnet50"))["totals"]["parameters"] == 25_557_032


def test_zoo_diagram_matches_the_command() -> None:
    assert result("zoo.diagram", name="lenet5") == archdsl.load("zoo:lenet5").diagram().text
    assert "there is no such network in the zoo" in error("zoo.diagram", {"name": "nothing"})["message"]


def test_source_matches_the_command() -> None:
    assert result("source", text=TEXT) == archdsl.loads(TEXT).source()


@pytest.mark.parametrize(
    "name",
    ["nothing", "archdsl", "archdsl.nothing", "archdsl.loads.__globals__", "os.system", "archdsl._PUBLIC",
     "archdsl.version.__version__", "archdsl.network.loading", "archdsl..loads", ""],
)  # fmt: skip
def test_private_functions_cannot_be_called(name: str) -> None:
    assert error(name, {})["kind"] == "LookupError"


@pytest.mark.parametrize("given", [{}, {"nothing": 1}, [], [1, 2, 3], None, "text", 3])
def test_wrong_arguments_are_an_error(given: object) -> None:
    assert error("source", given)["kind"] == "TypeError"


def test_error_has_its_kind_and_its_message() -> None:
    found = error("source", {"text": WRONG})
    assert found["kind"] == "ArchError"
    assert "`fc` needs a vector" in found["message"]


@pytest.fixture
def unregistered() -> Any:
    """Removes the page's renderer after the test."""
    yield
    engine._registered.clear()


@pytest.mark.usefixtures("unregistered")
def test_diagrams_use_the_renderer_of_the_page() -> None:
    expected = archdsl.loads(TEXT).diagram().text
    programs = []

    def layout(dot: str, format: str) -> str:
        programs.append(format)
        engine._registered.clear()
        try:
            return engine.draw(dot, format).decode()
        finally:
            render_with(layout)

    render_with(layout)
    assert result("diagram", text=TEXT) == expected
    assert set(programs) == {"json"}
    assert error("diagram", {"text": TEXT, "format": "png"}) == {
        "kind": "CannotDraw",
        "message": "png cannot be written in a browser: use svg",
    }


@pytest.mark.usefixtures("unregistered")
def test_exception_in_the_page_renderer_is_an_error() -> None:
    def fail(dot: str, format: str) -> str:
        raise RuntimeError("out of memory")

    render_with(fail)
    with pytest.raises(CannotDraw, match="Graphviz failed: out of memory"):
        engine.draw("digraph {}", "svg")


def test_imports_are_limited_to_browser_packages() -> None:
    program = f"""
import json, sys
from archdsl.browser.page_calls import CALLS, call, start
start()
for name in ("report", "table", "source"):
    for text in ({TEXT!r}, {OURS!r}):
        assert "result" in json.loads(call(name, json.dumps({{"text": text}})))
missing = {{"torch", "numpy", "pydantic", "click", "graphviz", "pygments", "archdsl.cli", "archdsl.training"}}
assert not missing & set(sys.modules), missing & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True)
    assert CALLS
