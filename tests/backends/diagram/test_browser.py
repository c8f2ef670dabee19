"""Mermaid in a real browser: needs Chromium, and `MERMAID_JS` with the path of Mermaid's mermaid.min.js."""

import json
import os
import re
from pathlib import Path

import pytest

from archdsl.backends.diagram import View, ViewOptions, diagram
from tests.backends.diagram.browser import BROWSER, run_page
from tests.backends.diagram.programs import HOSTILE, INCEPTION, LENET, RESIDUAL, graph, renamed

MERMAID = os.environ.get("MERMAID_JS", "")
PAGE = """<!doctype html><meta charset="utf-8"><pre id="out"></pre><script>{mermaid}</script><script>
mermaid.initialize({{startOnLoad: false}});
(async () => {{
  const found = [];
  for (const text of {texts}) {{
    try {{
      const {{svg}} = await mermaid.render("m" + found.length, text);
      const parsed = new DOMParser().parseFromString(svg, "text/html");
      const all = kind => [...parsed.querySelectorAll(kind)].map(each => each.textContent);
      found.push({{nodes: all("g.node"), clusters: all("g.cluster"), edges: all("path.flowchart-link").length,
        scripts: all("script").length, bold: all("svg b").length}});
    }} catch (error) {{ found.push({{error: String(error)}}); }}
  }}
  document.getElementById("out").textContent = JSON.stringify(found);
  document.title = "done";
}})();
</script>"""

pytestmark = pytest.mark.skipif(not BROWSER or not MERMAID, reason="no Chromium, or no MERMAID_JS")


def rendered(texts: list[str], folder: Path) -> list[dict[str, object]]:
    script = Path(MERMAID).read_text(encoding="utf-8").replace("</script", "<\\/script")
    listed = json.dumps(texts).replace("</", "<\\/")
    return run_page(PAGE.format(mermaid=script, texts=listed), folder)


def test_mermaid_diagrams_render_in_a_browser(tmp_path: Path) -> None:
    graphs = [graph(text) for text in (LENET, RESIDUAL, INCEPTION)]
    texts = [
        diagram(each, "mmd", view_options=ViewOptions(view=view)).decode()
        for each in graphs
        for view in (View.LAYERS, View.BLOCKS)
    ]
    for text, found in zip(texts, rendered(texts, tmp_path), strict=True):
        assert "error" not in found, found
        assert len(found["nodes"]) == len(re.findall(r"^ *\w+[\[(].*:::", text, re.MULTILINE))  # type: ignore[arg-type]  # JSON
        assert len(found["clusters"]) == text.count("subgraph")  # type: ignore[arg-type]  # JSON
        assert found["edges"] == len(re.findall(r"-->|-\.->", text))


def test_hostile_names_are_shown_unchanged(tmp_path: Path) -> None:
    names = [name for name in HOSTILE if name]
    texts = [diagram(renamed(graph(RESIDUAL), name), "mmd").decode() for name in names]
    for name, found in zip(names, rendered(texts, tmp_path), strict=True):
        assert "error" not in found, (name, found)
        assert found["scripts"] == 0
        assert found["bold"] == 0
        shown = found["nodes"][-1].strip()  # type: ignore[index]  # JSON
        if name.isascii() and name.isprintable() and len(name) < 100:
            assert shown == " ".join(name.split())
