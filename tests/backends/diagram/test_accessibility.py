"""Diagrams under the accessibility checker axe: needs Chromium, and `AXE_JS` with the path of axe-core's axe.min.js."""

import os
from pathlib import Path

import pytest

from archdsl.backends.diagram import THEMES, DiagramStyle, View, ViewOptions, diagram
from tests.backends.diagram.browser import BROWSER, run_page
from tests.backends.diagram.programs import HOSTILE, INCEPTION, LENET, RESIDUAL, graph, renamed

AXE = os.environ.get("AXE_JS", "")
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Diagrams</title>
<main><h1>Diagrams</h1>{figures}</main><pre id="out"></pre><script>{axe}</script><script>
axe.run("main", {{rules: {{"color-contrast": {{enabled: true}}}}}}).then(found => {{
  const failures = found.violations.map(each => ({{id: each.id, help: each.help, at: each.nodes.map(n => n.html)}}));
  const named = found.passes.filter(each => each.id === "svg-img-alt").flatMap(each => each.nodes).length;
  document.getElementById("out").textContent = JSON.stringify([...failures, {{id: "named", count: named}}]);
}});
</script></html>"""

pytestmark = pytest.mark.skipif(not BROWSER or not AXE, reason="no Chromium, or no AXE_JS")


def test_axe_reports_no_violations(tmp_path: Path) -> None:
    options = [
        (DiagramStyle(theme=theme, columns=columns), ViewOptions(view=view))
        for theme in THEMES.values()
        for view in View
        for columns in (1, 2)
    ]
    figures = [diagram(graph(text), "svg", *each) for text in (LENET, RESIDUAL, INCEPTION) for each in options]
    figures += [diagram(renamed(graph(RESIDUAL), name), "svg") for name in HOSTILE if name.strip()]
    texts = [figure.decode().partition("?>")[2] for figure in figures]
    axe = Path(AXE).read_text(encoding="utf-8").replace("</script", "<\\/script")
    *violations, named = run_page(PAGE.format(axe=axe, figures="\n".join(texts)), tmp_path)
    assert not violations
    assert named["count"] == len(texts)
