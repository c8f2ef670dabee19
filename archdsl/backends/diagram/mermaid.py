"""A picture as Mermaid, which GitHub, GitLab and many editors draw where they show Markdown."""

import json
from collections.abc import Iterator

from .picture import Arrow, Box, Flow, Picture, Role, Row
from .style import SYMBOLS, Style
from .text import clean, mermaid


def write_mermaid(picture: Picture, style: Style) -> str:
    """The picture as a Mermaid flowchart."""
    head = ["---", f"title: {json.dumps(clean(picture.caption), ensure_ascii=False)}", "---"] if style.caption else []
    body = [f"  {line}" for line in _lines(picture, style)]
    return "\n".join([*head, f"flowchart {style.direction}", *body, ""])


def _lines(picture: Picture, style: Style) -> Iterator[str]:
    numbers = {cluster.path: number for number, cluster in enumerate(picture.clusters)}
    yield from _inside(picture, (), numbers, style)
    for arrow in picture.arrows:
        yield _arrow(arrow)
    yield from _classes(picture, style)


def _inside(
    picture: Picture, path: tuple[str, ...], numbers: dict[tuple[str, ...], int], style: Style
) -> Iterator[str]:
    for box in picture.boxes:
        if box.cluster == path:
            yield _box(box, style)
    for cluster in picture.children.get(path, ()):
        yield f'subgraph c{numbers[cluster.path]}["{mermaid(cluster.title)}"]'
        yield from (f"  {line}" for line in _inside(picture, cluster.path, numbers, style))
        yield "end"


def _box(box: Box, style: Style) -> str:
    words = mermaid(box.rows[0].words)
    match box.role:
        case Role.LAYERS:
            rows = "<br/>".join(line for row in box.rows for line in _row(row, style))
            return f'{box.id}["{rows}"]:::{_class(box.rows[0].style)}'
        case Role.MERGE:
            sign = SYMBOLS.get(box.rows[0].words)
            return f'{box.id}(("{sign}")):::end_' if sign else f'{box.id}(["{words}"]):::end_'
        case Role.INPUT | Role.OUTPUT:
            return f'{box.id}(["{words}"]):::end_'


def _row(row: Row, style: Style) -> list[str]:
    return [mermaid(row.words), *(f"<small>{mermaid(each)}</small>" for each in style.numbers(row))]


def _arrow(arrow: Arrow) -> str:
    line = "-.->" if arrow.flow is Flow.SKIP else "-->"
    label = "" if arrow.shape is None else f'|"{mermaid(arrow.shape)}"|'
    return f"{arrow.start} {line}{label} {arrow.end}"


def _classes(picture: Picture, style: Style) -> Iterator[str]:
    theme = style.theme
    for kind in sorted({box.rows[0].style for box in picture.boxes if box.role is Role.LAYERS}):
        look = f"fill:{theme.fill(kind)},stroke:{theme.border(kind)},color:{theme.ink}"
        yield f"classDef {_class(kind)} {look}"
    yield f"classDef end_ fill:{theme.end},stroke:{theme.line},color:{theme.ink}"


def _class(kind: str) -> str:
    return f"{kind or 'other'}_"
