"""Write a diagram in Mermaid, which GitHub, GitLab and many editors render in Markdown."""

import json
from collections.abc import Iterator

from .escaping import clean, mermaid
from .figure import Arrow, Box, BoxRow, Cluster, Diagram, Flow, Role
from .figure_options import SYMBOLS, DiagramStyle

# Mermaid has no escapes in a title, and some pages would interpret HTML there.
_TITLE = str.maketrans({"<": "‹", ">": "›", "&": "＆"})


MAX_EDGES, MAX_CHARACTERS = 500, 50_000
"""The defaults of Mermaid's `maxEdges` and `maxTextSize`: https://mermaid.js.org/config/schema-docs/config.html"""


def edges(text: str) -> int:
    """The number of arrows in a flowchart."""
    return sum(line.lstrip().partition(" ")[2].startswith(("-->", "-.->")) for line in text.splitlines())


def write_mermaid(diagram: Diagram, style: DiagramStyle) -> str:
    """The diagram as a Mermaid flowchart."""
    caption = style.heading_of(diagram)
    title = json.dumps(clean(caption).translate(_TITLE), ensure_ascii=False)
    head = ["---", f"title: {title}", "---"] if caption else []
    body = [f"  {line}" for line in _lines(diagram, style)]
    return "\n".join([*head, f"flowchart {style.direction}", *body, ""])


def _lines(diagram: Diagram, style: DiagramStyle) -> Iterator[str]:
    numbers = {cluster.path: number for number, cluster in enumerate(diagram.clusters)}
    yield from _inside(diagram, (), numbers, style)
    for arrow in diagram.arrows:
        yield _arrow(arrow)
    yield from _classes(diagram, style)


def _inside(
    diagram: Diagram, path: tuple[str, ...], numbers: dict[tuple[str, ...], int], style: DiagramStyle
) -> Iterator[str]:
    for child in diagram.children[path]:
        if isinstance(child, Box):
            yield _box(child, style)
            continue
        yield f'subgraph c{numbers[child.path]}["{_title(child)}"]'
        yield from (f"  {line}" for line in _inside(diagram, child.path, numbers, style))
        yield "end"


def _title(cluster: Cluster) -> str:
    return " ".join([mermaid(cluster.title), f"×{cluster.times}" if cluster.times > 1 else ""]).strip()


def _box(box: Box, style: DiagramStyle) -> str:
    words = mermaid(box.rows[0].words) if box.rows else ""
    match box.role:
        case Role.LAYERS | Role.GROUP:
            lines = [line for row in box.rows for line in _row(row, style)]
            lines += [f"<b>×{box.times}</b>"] if box.times > 1 else []
            lines[1:1] = [f"<small>{mermaid(box.note)}</small>"] if box.note else []
            return f'{box.id}["{"<br/>".join(lines)}"]:::{_class(box)}'
        case Role.MERGE:
            sign = SYMBOLS.get(box.rows[0].words)
            return f'{box.id}(("{sign}")):::end_' if sign else f'{box.id}(["{words}"]):::end_'
        case Role.ENTRY:
            return f'{box.id}((" ")):::end_'
        case Role.INPUT | Role.OUTPUT | Role.PORT:
            return f'{box.id}(["{words}"]):::end_'


def _row(row: BoxRow, style: DiagramStyle) -> list[str]:
    return [mermaid(row.words), *(f"<small>{mermaid(each)}</small>" for each in style.numbers(row))]


def _arrow(arrow: Arrow) -> str:
    line = "-.->" if arrow.flow is Flow.SKIP else "-->"
    label = "" if arrow.shape is None else f'|"{mermaid(arrow.shape)}"|'
    return f"{arrow.start} {line}{label} {arrow.end}"


def _classes(diagram: Diagram, style: DiagramStyle) -> Iterator[str]:
    theme = style.theme
    for kind in sorted({box.rows[0].style for box in diagram.boxes if box.role is Role.LAYERS}):
        css = f"fill:{theme.fill(kind)},stroke:{theme.border(kind)},color:{theme.text}"
        yield f"classDef {kind or 'other'}_ {css}"
    frame = f"fill:{theme.cluster[0]},stroke:{theme.cluster_line},color:{theme.note}"
    if diagram.clusters:
        yield f"classDef frame_ {frame}"
        yield f"class {','.join(f'c{number}' for number in range(len(diagram.clusters)))} frame_"
    yield f"classDef end_ fill:{theme.end},stroke:{theme.line},color:{theme.text}"


def _class(box: Box) -> str:
    return "end_" if box.role is Role.GROUP else f"{box.rows[0].style or 'other'}_"
