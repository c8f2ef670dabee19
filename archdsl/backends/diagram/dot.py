"""A picture as DOT, the language of Graphviz.

Every label is written like HTML: in a plain one Graphviz would read backslashes and entities that a name happens to
hold. Nodes are called by their ids, so that no name reaches the syntax.
"""

from collections.abc import Iterator

from .picture import Arrow, Box, Cluster, Flow, Picture, Role, Row
from .style import SYMBOLS, Style
from .text import quoted, xml

# The one font whose widths Graphviz knows and whose metrics (Arial's, Liberation Sans') every system has.
FONT = "Helvetica"
# What flows straight on is drawn straight: well above 128, with which Graphviz makes clusters narrow.
_WEIGHTS = {Flow.MAIN: "500", Flow.BRANCH: "10", Flow.SKIP: "0"}


def write_dot(picture: Picture, style: Style) -> str:
    """The picture as a DOT program."""
    return "\n".join(["digraph {", *_indented(_lines(picture, style)), "}", ""])


def _lines(picture: Picture, style: Style) -> Iterator[str]:
    yield from _defaults(picture, style)
    numbers = {cluster.path: number for number, cluster in enumerate(picture.clusters)}
    yield from _inside(picture, (), numbers, style)
    for arrow in picture.arrows:
        yield _arrow(arrow, style)


def _defaults(picture: Picture, style: Style) -> Iterator[str]:
    theme = style.theme
    graph = {
        "rankdir": quoted(style.direction),
        "bgcolor": quoted(theme.background),
        "fontname": quoted(FONT),
        "fontsize": "11",
        "fontcolor": quoted(theme.note),
        "nodesep": "0.25",
        "ranksep": "0.3",
        "pad": "0.1",
    }
    if style.caption:
        graph |= {"label": f"<{xml(picture.caption)}>", "labelloc": "t"}
    yield f"graph [{_attributes(graph)}]"
    node = {"shape": "plain", "fontname": quoted(FONT), "fontsize": "11", "fontcolor": quoted(theme.ink)}
    yield f"node [{_attributes(node)}]"
    edge = {
        "fontname": quoted(FONT),
        "fontsize": "9",
        "fontcolor": quoted(theme.note),
        "color": quoted(theme.line),
        "arrowsize": "0.6",
    }
    yield f"edge [{_attributes(edge)}]"


def _inside(
    picture: Picture, path: tuple[str, ...], numbers: dict[tuple[str, ...], int], style: Style
) -> Iterator[str]:
    """The boxes right inside a cluster, and the clusters in it."""
    for box in picture.boxes:
        if box.cluster == path:
            yield _box(box, style)
    for cluster in picture.children.get(path, ()):
        yield f"subgraph cluster_{numbers[cluster.path]} {{"
        yield from _indented(_cluster(cluster, style))
        yield from _indented(_inside(picture, cluster.path, numbers, style))
        yield "}"


def _cluster(cluster: Cluster, style: Style) -> Iterator[str]:
    theme = style.theme
    fill = theme.cluster[(len(cluster.path) - 1) % len(theme.cluster)]
    # At the right, where there is room beside the way on, which runs through the middle from top to bottom.
    side = "r" if style.direction == "TB" else "l"
    yield f'label=<{xml(cluster.title)}> labeljust={side} fontsize=10 style="rounded,filled" margin=8'
    yield f"fillcolor={quoted(fill)} color={quoted(theme.cluster_line)}"


def _box(box: Box, style: Style) -> str:
    words = box.rows[0].words
    match box.role:
        case Role.LAYERS:
            return f"{box.id} [label=<{_table(box, style)}>]"
        case Role.MERGE if words in SYMBOLS:
            look = "shape=circle fixedsize=true width=0.24 fontsize=14 style=filled"
            return f"{box.id} [label=<{SYMBOLS[words]}> {look} {_end_colours(style)}]"
        case Role.MERGE | Role.INPUT | Role.OUTPUT:
            look = 'shape=box width=0.5 height=0.25 margin="0.08,0.04" style="rounded,filled"'
            return f"{box.id} [label=<{xml(words)}> {look} {_end_colours(style)}]"


def _end_colours(style: Style) -> str:
    return f"fillcolor={quoted(style.theme.end)} color={quoted(style.theme.line)}"


def _table(box: Box, style: Style) -> str:
    rows = "".join(_row(row, style) for row in box.rows)
    return f'<TABLE BORDER="0" CELLBORDER="1" CELLSPACING="1" CELLPADDING="4">{rows}</TABLE>'


def _row(row: Row, style: Style) -> str:
    theme = style.theme
    numbers = "".join(f'<BR/><FONT POINT-SIZE="8">{xml(each)}</FONT>' for each in style.numbers(row))
    look = f'STYLE="ROUNDED" BGCOLOR="{theme.fill(row.style)}" COLOR="{theme.border(row.style)}"'
    return f"<TR><TD {look}>{xml(row.words)}{numbers}</TD></TR>"


def _arrow(arrow: Arrow, style: Style) -> str:
    given = {"weight": _WEIGHTS[arrow.flow]}
    if arrow.shape is not None:
        # Beside a line that runs down, above one that runs to the right; the blanks keep it off the line.
        gap = "" if style.direction == "TB" else '<BR/><FONT POINT-SIZE="4">&#160;</FONT>'
        given["label"] = f"<&#160;{xml(arrow.shape)}&#160;{gap}>"
    if arrow.flow is Flow.SKIP:
        given["color"] = quoted(style.theme.skip)
    return f"{arrow.start} -> {arrow.end} [{_attributes(given)}]"


def _attributes(values: dict[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in values.items())


def _indented(lines: Iterator[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)
