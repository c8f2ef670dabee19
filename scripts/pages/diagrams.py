"""The diagrams of the site, rendered while it is built.

A page requests one with a comment, which is invisible in the Markdown:

    <!-- archdsl diagram lenet5.arch --view volumes -->

The comment has the command that renders the diagram, without `-o`. Files are those of examples/, and the page's own
named ```arch blocks; `-` is the block before the comment. The diagrams follow the scheme of the page, light or dark.
"""

import re
import shlex
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any

from archdsl.backends.diagram import THEMES, DiagramStyle, View, ViewOptions, diagram
from archdsl.cli.common import parse_override, parse_settings
from archdsl.cli.diagram import command as diagram_command
from archdsl.diagnostics import Sink
from archdsl.network import Network, analyze
from archdsl.record import Record
from archdsl.text.source import Source
from archdsl.zoo import read_named
from scripts.pages import zoo

ROOT = Path(__file__).resolve().parents[2]
FOLDER = "figures"
COMMENT = re.compile(r"^<!-- archdsl diagram (.+?) -->$", re.MULTILINE)
FENCE = re.compile(r"^```arch(?:[ ]+([\w.]+))?[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
IMAGE = re.compile(r"^!\[[^\]]*\]\((?:\.\./)*images/(\w+)\.svg\)$", re.MULTILINE)
KEPT = {"lenet5": "examples/lenet5.arch", "lenet5_volumes": "examples/lenet5.arch --view volumes"}
"""The commands for the diagrams in docs/images/, which readers of the Markdown see."""


class Drawn(Record):
    """A diagram, with a file name derived from its content."""

    svg: bytes

    @property
    def path(self) -> str:
        """The diagram's path in the site."""
        return f"{FOLDER}/{sha256(self.svg).hexdigest()[:16]}.svg"


def draw(command: str, texts: Mapping[str, str]) -> Drawn:
    """The diagram that `archdsl diagram COMMAND` renders with these files. Raises what the command raises."""
    return _drawn_of_zoo(command) if command.startswith("zoo:") else _drawn(command, texts)


@cache
def _drawn_of_zoo(command: str) -> Drawn:
    # The gallery and the pages of the zoo show the same diagrams.
    return _drawn(command, {})


def _drawn(command: str, texts: Mapping[str, str]) -> Drawn:
    options = diagram_command.make_context("diagram", [*shlex.split(command), "-o", "picture.svg"]).params
    network = _network(options, texts)
    view_options = ViewOptions(
        view=View(options["view"] or "layers"),
        expand=options["expand"],
        fold=options["fold"],
        title=options["title"] or network.title,
    )
    kept = {name: options[name] for name in ("macs", "caption", "legend", "columns")}
    kept |= {"direction": options["direction"] or "TB", "parameters": options["parameters"] is not False}
    return Drawn(svg=diagram(network.graph, "svg", DiagramStyle(theme=THEMES["auto"], **kept), view_options))


def _network(options: Mapping[str, Any], texts: Mapping[str, str]) -> Network:
    """The network that a command names: of the page, of the zoo, or of examples/."""
    file: str = options["file"]
    if file.startswith("zoo:") and not options["settings"] and not options["inputs"]:
        return zoo.network(file.removeprefix("zoo:"))
    text = texts.get(file) or read_named(str(ROOT / file) if file.endswith(".arch") else file).text
    settings, override = parse_settings(options["settings"]), parse_override(options["inputs"])
    return analyze(Source(text, name=file, path=Path(file)), Sink(), settings, override).checked()


def figure(path: str, description: str, least: tuple[float, float]) -> str:
    """HTML with a diagram; a click opens it.

    `least` is the smallest width and height in CSS pixels to which the page may shrink it.
    """
    style = f"--least-width: {least[0]:.0f}px; --least-height: {least[1]:.0f}px"
    image = f'<img src="{path}" alt="{escape(description)}" style="{style}" loading="lazy">'
    return f'<figure class="picture"><a href="{path}">{image}</a></figure>'


def with_diagrams(markdown: str, up: str) -> tuple[str, dict[str, bytes]]:
    """A page with its diagrams inserted, and their files; `up` is the path from the page to the site's top folder."""
    texts = {found[1]: found[2] for found in FENCE.finditer(markdown) if found[1]}
    files: dict[str, bytes] = {}

    def place(found: re.Match[str]) -> str:
        before = [block[2] for block in FENCE.finditer(markdown, 0, found.start())]
        drawn = draw(found[1], texts | {"-": before[-1] if before else ""})
        files[drawn.path] = drawn.svg
        return figure(up + drawn.path, description(drawn.svg), least_size(drawn.svg))

    return COMMENT.sub(place, IMAGE.sub(_redrawn, markdown)), files


def least_size(svg: bytes) -> tuple[float, float]:
    """The width and height in CSS pixels at which the smallest label has 9 px; at most the diagram's own size."""
    text = svg.decode()
    found = re.search(r'<svg[^>]* width="([\d.]+)(pt|px)?" height="([\d.]+)(?:pt|px)?"', text)
    if found is None:
        return 0.0, 0.0
    scale = 4 / 3 if found[2] == "pt" else 1.0
    labels = re.findall(r'<text[^>]* font-size="([\d.]+)"[^>]*>\s*[^\s<]', text)
    smallest = min((float(label) * scale for label in labels), default=9.0)
    factor = min(1.0, 9 / smallest) * scale
    return float(found[1]) * factor, float(found[3]) * factor


def _redrawn(image: re.Match[str]) -> str:
    """The comment that requests a diagram of docs/images/; other images remain."""
    return f"<!-- archdsl diagram {KEPT[image[1]]} -->" if image[1] in KEPT else image[0]


def description(svg: bytes) -> str:
    """The text alternative of a diagram, for screen readers."""
    found = re.search(r"<desc[^>]*>(.*?)</desc>", svg.decode(), re.DOTALL)
    return found[1].strip() if found else "diagram"
