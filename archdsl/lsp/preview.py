"""The table and the diagram of a document, for a panel next to it."""

import tempfile
from pathlib import Path
from typing import Any

from ..analysis.table import table, totals, verdict
from ..backends.diagram import THEMES, CannotDraw, DiagramStyle, View, ViewOptions, diagram
from ..service.document import Version

VIEWS = tuple(view.value for view in View)


def preview(
    version: Version, *, with_diagram: bool = True, view: str = "layers", theme: str = "light"
) -> dict[str, Any]:
    """The table as text, and the diagram as SVG or, in `error`, the reason for its absence. `view` is one of VIEWS."""
    draft = version.draft
    shown = [table(draft, version.costs), "", totals(draft, version.costs)]
    found: dict[str, Any] = {"table": "", "svg": None, "error": None}
    if version.graph is not None:
        shown.append(verdict(version.graph))
        if with_diagram:
            try:
                style, options = DiagramStyle(theme=THEMES[theme]), ViewOptions(view=View(view))
                found["svg"] = diagram(version.graph, "svg", style, options).decode()
            except CannotDraw as error:
                found["error"] = str(error)
    else:
        found["error"] = "a network with errors has no diagram"
    found["table"] = "\n".join(shown) if draft.nodes else ""
    return found


def write_diagram(svg: str, name: str) -> str:
    """Write a diagram into a temporary folder, and return its URI."""
    folder = Path(tempfile.mkdtemp(prefix="archdsl-"))
    path = folder / f"{Path(name).stem}.svg"
    path.write_text(svg, encoding="utf-8")
    return path.as_uri()
