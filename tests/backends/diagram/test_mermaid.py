import re

import pytest

from archdsl.backends.diagram import DiagramStyle, diagram
from tests.backends.diagram.programs import HOSTILE, RESIDUAL, graph, renamed


def test_mermaid_source_of_a_small_network() -> None:
    text = "net Tiny; input 1x8x8; stage body { residual { conv 1 k3 p1; bn } }; gap; fc 2"
    style = DiagramStyle(macs=True)
    assert diagram(graph(text), "mmd", style).decode() == (
        '---\ntitle: "Tiny: 16 parameters, 578 MACs"\n---\n'
        "flowchart TB\n"
        '  n0(["input"]):::end_\n'
        '  subgraph c0["body"]\n'
        '    n1["conv 1 3×3<br/><small>10 parameters</small><br/><small>576 MACs</small>'
        '<br/>bn<br/><small>2 parameters</small>"]:::conv_\n'
        '    n3(("+")):::end_\n'
        "  end\n"
        '  n4["gap"]:::pool_\n'
        '  n5["fc 2<br/><small>4 parameters</small><br/><small>2 MACs</small>"]:::linear_\n'
        '  y0(["output"]):::end_\n'
        '  n0 -->|"1×8×8"| n1\n'
        '  n1 -->|"1×8×8"| n3\n'
        "  n0 -.-> n3\n"
        '  n3 -->|"1×8×8"| n4\n'
        '  n4 -->|"1"| n5\n'
        '  n5 -->|"2"| y0\n'
        "  classDef conv_ fill:#77aadd,stroke:#4d6985,color:#1a1a1a\n"
        "  classDef linear_ fill:#ffaabb,stroke:#986973,color:#1a1a1a\n"
        "  classDef pool_ fill:#ee8866,stroke:#8f5644,color:#1a1a1a\n"
        "  classDef frame_ fill:#f5f5f5,stroke:#c4c4c4,color:#4d4d4d\n"
        "  class c0 frame_\n"
        "  classDef end_ fill:#ffffff,stroke:#4d4d4d,color:#1a1a1a\n"
    )


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_contain_no_mermaid_syntax(name: str) -> None:
    plain = diagram(graph(RESIDUAL), "mmd").decode()
    text = diagram(renamed(graph(RESIDUAL), name), "mmd").decode()
    assert len(text.splitlines()) == len(plain.splitlines())
    body = text.split("---\n")[2]
    for label in re.findall(r'"([^"]*)"', body):
        shown = re.sub(r"</?small>|<br/>|#\d+;", "", label)
        assert not set(shown) & set("\"'<>[]{}|`*_~$%&#;\\@!?^"), shown


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>", "</title><script>", "a &lt;img&gt; b", "--- \n---"])
def test_title_contains_no_html(name: str) -> None:
    title = diagram(renamed(graph(RESIDUAL), name), "mmd").decode().splitlines()[1]
    assert title.startswith('title: "')
    assert not set("<>&") & set(title)
