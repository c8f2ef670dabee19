import struct
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from graphviz.backend import dot_command  # type: ignore[import-untyped]  # it has no types

import archdsl
from archdsl.backends.diagram import CannotDraw, DiagramStyle, ViewOptions, diagram, engine
from archdsl.backends.diagram.arrangement import Arrangement
from archdsl.backends.diagram.graphviz_layout import arrange
from tests.backends.diagram.programs import LENET, graph


def size(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def test_resolution_scales_a_png() -> None:
    low, high = (size(diagram(graph(LENET), "png", DiagramStyle(dpi=dpi))) for dpi in (96, 192))
    assert low[0] > 150
    assert high == pytest.approx((2 * low[0], 2 * low[1]), abs=2)


def test_rendering_needs_no_system_graphviz(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert diagram(graph(LENET), "svg").startswith(b"<?xml")


def test_graphviz_package_settings_are_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dot_command, "DOT_BINARY", Path("somewhere/dot"))
    diagram(graph(LENET), "svg")
    with pytest.raises(CannotDraw, match="syntax error"):
        engine.draw("digraph { a -> ", "svg")
    assert Path("somewhere/dot") == dot_command.DOT_BINARY


def test_renderer_warnings_are_suppressed(capfd: pytest.CaptureFixture[str]) -> None:
    diagram(graph(LENET), "svg")
    assert capfd.readouterr() == ("", "")


def test_missing_renderer_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(engine, "EMBEDDED", "not-installed")
    with pytest.raises(CannotDraw, match="install the package"):
        engine.draw("digraph {}", "svg")


def test_failed_layout_is_retried_with_other_settings() -> None:
    tried = []

    def lay_out(arrangement: Arrangement) -> bytes:
        tried.append(arrangement)
        if arrangement.nudge == 0:
            raise engine.Failed("source point not in any triangle")
        return b"{}"

    assert arrange(lay_out, titled=True) == Arrangement(nudge=1)
    assert len(tried) == 3


def test_diagram_that_no_layout_settings_can_render_is_refused() -> None:
    def lay_out(arrangement: Arrangement) -> bytes:
        raise engine.Failed("source point not in any triangle")

    with pytest.raises(CannotDraw, match="triangle"):
        arrange(lay_out, titled=True)


def test_too_many_boxes_are_refused() -> None:
    found = graph("input 8x8x8; conv 8 k3 p1 x3000")
    assert diagram(found, "dot").startswith(b"digraph")
    with pytest.raises(CannotDraw, match="3,002 boxes are more than the limit of 3,000: fold repeated layers, or"):
        diagram(found, "dot", view_options=ViewOptions(fold=False))


def test_import_works_without_user_scheme_or_processes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Like a browser (Pyodide): no user scheme, no interpreter file, no processes."""

    def scheme(key: str) -> str:
        raise ValueError("'posix_user' is not a valid scheme")

    monkeypatch.setattr(sysconfig, "get_preferred_scheme", scheme)
    monkeypatch.setattr(sys, "executable", "")
    monkeypatch.setenv("PATH", str(tmp_path))
    network = archdsl.loads("input 1x8x8; conv 2 k3")
    for format in ("svg", "png", "pdf"):
        with pytest.raises(engine.CannotDraw):
            diagram(network.graph, format)
    assert diagram(network.graph, "dot").startswith(b"digraph")
    assert diagram(network.graph, "mmd")


def test_rendering_without_processes_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(138, "emscripten does not support processes.")

    monkeypatch.setattr(subprocess, "run", refused)
    monkeypatch.setattr(subprocess, "Popen", refused)
    with pytest.raises(engine.CannotDraw, match="does not support processes"):
        engine.draw("digraph { a }", "svg")
