"""Networks to draw, and helpers to read diagrams."""

import json
import subprocess
from typing import Any

import archdsl
from archdsl.analysis.cost import costs
from archdsl.backends.diagram.build import build_diagram
from archdsl.backends.diagram.engine import embedded
from archdsl.backends.diagram.figure import Diagram
from archdsl.graph import Graph

LENET = """
net LeNet5(classes = 10)
input 1x32x32
stage features {
  conv 6 k5; tanh; avgpool 2
  conv 16 k5; tanh; avgpool 2
  conv 120 k5; tanh
}
flatten
fc 84; tanh
fc classes
"""

RESIDUAL = """
net Residual
input 8x16x16
block basic(c, s = 1) {
  residual { conv c k3 s=s p1; bn; relu; conv c k3 p1; bn } shortcut { if s != 1 { conv c k1 s=s; bn } }
  relu
}
stage body { basic 8; basic 16 s2 }
gap
fc 10
"""

INCEPTION = """
net Inception
input 16x8x8
concat { conv 4 k1; relu } { conv 2 k1; relu; conv 8 k3 p1; relu } { maxpool k3 s1 p1; conv 4 k1 }
gap
fc 10
"""

HOSTILE = (
    "quotes \"double\" and 'single'",
    "<script>alert(1)</script>",
    "</title><b>bold</b>",
    "brackets ] [ ) ( } { > <",
    "%% %20 % \\n \\N \\G \\l \\ ",
    "line\nend\r\nand\ttab",
    ']; evil [label=x]; "->"',
    "--> subgraph end; click a",
    "&amp; &lt; &#35; #quot; #35;",
    "`code` **bold** _it_ $x^2$ ~a~",
    "emoji 😀👩‍👩‍👧 日本語",
    "עברית العربية \u202edesrever\u202c",
    "control \x00\x07\x1b[31m\x7f \ud800",
    "",
    "long " * 100,
)


def graph(text: str) -> Graph:
    """The graph of a program."""
    return archdsl.loads(text).graph


def drawn(text: str) -> Diagram:
    """The diagram of a program."""
    found = graph(text)
    return build_diagram(found, costs(found))


def renamed(found: Graph, name: str) -> Graph:
    """The graph with a prefix on every name."""
    for node in found.nodes:
        node.path = tuple(name + part for part in node.path)
    scopes = {tuple(name + part for part in path): kind for path, kind in found.scopes.items()}
    outputs = tuple((name, node) for _, node in found.outputs)
    return found.replace(name=name, scopes=scopes, outputs=outputs, input_names=(name,) * len(found.inputs))


def laid_out(dot: str) -> dict[str, Any]:
    """The renderer's JSON for a DOT program."""
    renderer = embedded()
    assert renderer is not None
    done = subprocess.run([renderer, "-Kdot", "-Tjson"], input=dot.encode(), capture_output=True, check=True)
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def label_text(label: str) -> str:
    """The text of an HTML-like label."""
    from xml.etree import ElementTree

    return "".join(ElementTree.fromstring(f"<x>{label}</x>").itertext())
