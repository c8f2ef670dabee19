"""Write a diagram in DOT, the language of Graphviz.

All labels are HTML-like: in plain ones, Graphviz would interpret backslashes and entities in names. Nodes are named by
their ids, so that no name becomes syntax.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from math import ceil

from ...graph import FontFamily
from .arrangement import GAP, STRAIGHT, Arrangement, Title
from .escaping import quoted, xml
from .figure import ENTRY, FOOT, HEAD, Arrow, Box, BoxRow, Cluster, Diagram, Flow, Role
from .figure_options import SYMBOLS, DiagramStyle
from .font_metrics import is_wide, width_of
from .labels import decimal

Path = tuple[str, ...]
Children = Mapping[Path, tuple[Box | Cluster, ...]]

# Fonts whose widths Graphviz knows, and whose metrics (Arial, Liberation Sans; Times New Roman, Liberation Serif) every
# system has.
FONTS = {FontFamily.SANS: "Helvetica", FontFamily.SERIF: "Times"}
_STRIP = 24
"""The number of layers that a color strip shows one by one."""
_BAR = 98
"""The width of a long color strip, in points."""
_LEGEND = 3
"""The number of legend entries next to each other in a narrow diagram."""
_LONG_LEGEND = 20
"""The number in a wide one: all of them."""
_MISSING = 0.45
"""The spaces before and after a text for each wide character: the renderer underestimates its width by a quarter."""
_SQUARE = 9
"""The side of a color in the legend, in points."""
_ROUNDING = 1.05
"""The renderer's widths of texts, at most, relative to the published ones."""
_WEIGHTS = {Flow.MAIN: STRAIGHT, Flow.BRANCH: "10", Flow.SKIP: "0"}


def write_dot(diagram: Diagram, style: DiagramStyle, arrangement: Arrangement | None = None) -> str:
    """The diagram as a DOT program."""
    return "\n".join(["digraph {", *_indented(_lines(diagram, style, arrangement or Arrangement())), "}", ""])


def write_heading(diagram: Diagram, style: DiagramStyle, across: int = _LEGEND) -> str:
    """Only the caption and the legend of a diagram, with this many entries in a row; empty if it has none."""
    heading = _heading(diagram, style, across)
    font = quoted(FONTS[style.theme.font])
    attributes = f"fontname={font} fontsize={decimal(style.fonts.words)} fontcolor={quoted(style.theme.note)} pad=0"
    return (
        f"digraph {{\n  graph [{attributes} label=<{heading}>]\n  x [style=invis shape=point]\n}}\n" if heading else ""
    )


def _lines(diagram: Diagram, style: DiagramStyle, arrangement: Arrangement) -> Iterator[str]:
    yield from _defaults(diagram, style, arrangement.nudge)
    skips = [arrow for arrow in diagram.arrows if arrow.flow is Flow.SKIP and arrangement.skips_first]
    yield from (_arrow(arrow, style) for arrow in skips)
    usual = Title("r" if style.direction == "TB" else "l")
    names = {cluster.path: f"cluster_{number}" for number, cluster in enumerate(diagram.clusters)}
    heads = {path: (name, arrangement.titles.get(name, usual)) for path, name in names.items()}
    yield from _inside(diagram, diagram.children, (), heads, style, 0)
    yield from (_arrow(arrow, style) for arrow in diagram.arrows if arrow not in skips)


def _defaults(diagram: Diagram, style: DiagramStyle, nudge: int) -> Iterator[str]:
    theme, font = style.theme, quoted(FONTS[style.theme.font])
    graph = {
        "rankdir": quoted(style.direction),
        "bgcolor": quoted(theme.background),
        "fontname": font,
        "fontsize": decimal(style.fonts.words),
        "fontcolor": quoted(theme.note),
        "nodesep": f"{(GAP + nudge) / 72:.4g}",
        "ranksep": f"{0.3 + 0.01 * nudge:.4g}",
        "pad": "0.1",
    }
    across = _LEGEND if style.direction == "TB" else _LONG_LEGEND
    if heading := _heading(diagram, style, across):
        graph |= {"label": f"<{heading}>", "labelloc": "t"}
    yield f"graph [{_attributes(graph)}]"
    node = {"shape": "plain", "fontname": font}
    node |= {"fontsize": decimal(style.fonts.words), "fontcolor": quoted(theme.text)}
    yield f"node [{_attributes(node)}]"
    edge = {
        "fontname": font,
        "fontsize": decimal(style.fonts.shapes),
        "fontcolor": quoted(theme.note),
        "color": quoted(theme.line),
        "arrowsize": "0.6",
    }
    yield f"edge [{_attributes(edge)}]"


def _heading(diagram: Diagram, style: DiagramStyle, across: int) -> str:
    """The caption, and the legend below it, with this many entries in a row."""
    caption = style.heading_of(diagram)
    rows = [f"<TR><TD>{_spaced(caption)}</TD></TR>"] if caption else []
    entries = style.legend_of(diagram)
    if entries:
        lines = [entries[start : start + across] for start in range(0, len(entries), across)]
        cells = "".join(f"<TR>{''.join(_legend(*entry, style.fonts.numbers) for entry in line)}</TR>" for line in lines)
        attributes = f'BORDER="0" CELLSPACING="2" CELLPADDING="1" {_legend_size(lines, style)}'
        rows.append(f"<TR><TD><TABLE {attributes}>{cells}</TABLE></TD></TR>")
    return f'<TABLE BORDER="0" CELLSPACING="0" CELLPADDING="2">{"".join(rows)}</TABLE>' if rows else ""


def _legend_size(lines: list[list[tuple[str, str, str]]], style: DiagramStyle) -> str:
    """A fixed size, slightly more than the legend needs: otherwise the renderer stretches it to the caption's width,
    which moves the colors away from their words.
    """
    size = style.fonts.numbers
    columns = zip_longest(*([words for _, _, words in line] for line in lines), fillvalue="")
    # The renderer counts a no-break space twice.
    words = sum(max(width_of(f"{each}\u00a0\u00a0", size, style.theme.font) for each in column) for column in columns)
    width = words * _ROUNDING + len(lines[0]) * (_SQUARE + 2 * (2 + 1)) + 2
    height = len(lines) * (max(1.2 * size, _SQUARE) + 2 * 1 + 2 + 1) + 4
    return f'FIXEDSIZE="TRUE" WIDTH="{ceil(width)}" HEIGHT="{ceil(height)}"'


def _legend(color: str, border: str, words: str, size: float) -> str:
    square = (
        f'<TD FIXEDSIZE="TRUE" WIDTH="{_SQUARE}" HEIGHT="{_SQUARE}" BORDER="1" BGCOLOR="{color}" COLOR="{border}"></TD>'
    )
    return f'{square}<TD ALIGN="LEFT"><FONT POINT-SIZE="{decimal(size)}">{words}&#160;</FONT></TD>'


def _inside(
    diagram: Diagram,
    children: Children,
    path: Path,
    heads: Mapping[Path, tuple[str, Title]],
    style: DiagramStyle,
    depth: int,
) -> Iterator[str]:
    """The boxes and clusters directly inside a cluster at this depth."""
    for child in children[path]:
        if isinstance(child, Box):
            yield _box(child, style)
            continue
        name, place = heads[child.path]
        yield f"subgraph {name} {{"
        yield from _indented(_cluster(child, place.side, depth, style))
        if place.space:
            yield from _indented(_title_space(diagram, child, name, place.space))
        yield from _indented(_inside(diagram, children, child.path, heads, style, depth + 1))
        yield "}"


def _title_space(diagram: Diagram, cluster: Cluster, name: str, width: float) -> Iterator[str]:
    """An invisible box to the left of the first one in a cluster: space for a title above it."""
    first = next(box.id for box in diagram.boxes if box.cluster[: len(cluster.path)] == cluster.path)
    yield f'{name}_room [style=invis shape=box label="" fixedsize=true width={width / 72:.3f} height=0.1]'
    yield f"{name}_room -> {first} [style=invis minlen=0]"


def _cluster(cluster: Cluster, side: str, depth: int, style: DiagramStyle) -> Iterator[str]:
    theme = style.theme
    fill = theme.cluster[depth % len(theme.cluster)]
    times = [f"<B>×{cluster.times}</B>"] if cluster.times > 1 else []
    title = " ".join([*([_spaced(cluster.title)] if cluster.title else []), *times])
    yield f'label=<{title}> labeljust={side} fontsize={decimal(style.fonts.titles)} style="rounded,filled" margin=8'
    yield f"fillcolor={quoted(fill)} color={quoted(theme.cluster_line)}"


def _box(box: Box, style: DiagramStyle) -> str:
    words = box.rows[0].words if box.rows else ""
    match box.role:
        case Role.LAYERS:
            return f"{box.id} [label=<{_layers(box, style)}>]"
        case Role.GROUP:
            return f"{box.id} [label=<{_group(box, style)}>]"
        case Role.MERGE if words in SYMBOLS:
            attributes = "shape=circle fixedsize=true width=0.24 fontsize=14 style=filled"
            return f"{box.id} [label=<{SYMBOLS[words]}> {attributes} {_end_colors(style)}]"
        case Role.ENTRY:
            return f'{box.id} [label="" shape=point width=0.05 color={quoted(style.theme.line)}]'
        case Role.PORT:
            rank = {FOOT: "max", HEAD: "min"}.get(box.id)
            port = f'{box.id} [label="" shape=point style=invis width=0.02]'
            return port if rank is None else f"{{rank={rank} {port}}}"
        case Role.MERGE | Role.INPUT | Role.OUTPUT:
            attributes = 'shape=box width=0.5 height=0.25 margin="0.08,0.04" style="rounded,filled"'
            return f"{box.id} [label=<{_spaced(words)}> {attributes} {_end_colors(style)}]"


def _end_colors(style: DiagramStyle) -> str:
    return f"fillcolor={quoted(style.theme.end)} color={quoted(style.theme.line)}"


def _layers(box: Box, style: DiagramStyle) -> str:
    """Stacked layers; the number of repetitions is next to them, where no arrow ends."""
    if style.direction == "LR":
        # Equal space below, so that arrows meet the middle of the layers.
        space = '<TR><TD BORDER="0" CELLPADDING="0" FIXEDSIZE="TRUE" WIDTH="24" HEIGHT="14">{}</TD></TR>'
        above, below = (space.format(f"<B>×{box.times}</B>"), space.format("")) if box.times > 1 else ("", "")
        rows = "".join(f"<TR>{_row(row, style)}</TR>" for row in box.rows)
        return f'<TABLE BORDER="0" CELLBORDER="1" CELLSPACING="1" CELLPADDING="4">{above}{rows}{below}</TABLE>'
    # Equal space on the left, so that arrows meet the middle of the layers.
    side = f'<TD ROWSPAN="{len(box.rows)}" BORDER="0" FIXEDSIZE="TRUE" WIDTH="24" HEIGHT="20">{{}}</TD>'
    left, right = (side.format(""), side.format(f"<B>×{box.times}</B>")) if box.times > 1 else ("", "")
    first, *rest = (_row(row, style) for row in box.rows)
    rows = "".join(f"<TR>{cells}</TR>" for cells in (left + first + right, *rest))
    return f'<TABLE BORDER="0" CELLBORDER="1" CELLSPACING="1" CELLPADDING="4">{rows}</TABLE>'


def _row(row: BoxRow, style: DiagramStyle) -> str:
    attributes = f'STYLE="ROUNDED" BGCOLOR="{style.fill(row)}" COLOR="{style.border(row)}"'
    return f"<TD {attributes}>{_spaced(row.words)}{_small(style.numbers(row), style)}</TD>"


def _group(box: Box, style: DiagramStyle) -> str:
    """A closed stage or block: its name, the kinds of its layers as a strip of colors, its numbers."""
    row, theme = box.rows[0], style.theme
    times = f" <B>×{box.times}</B>" if box.times > 1 else ""
    lines = [f"<TR><TD>{_spaced(row.words)}{times}{_small([box.note] if box.note else [], style)}</TD></TR>"]
    lines += [f'<TR><TD CELLPADDING="2">{_strip(box, style)}</TD></TR>'] if box.inside and row.heat is None else []
    numbers, size = style.numbers(row), decimal(style.fonts.numbers)
    lines += [f'<TR><TD><FONT POINT-SIZE="{size}">{xml(each)}</FONT></TD></TR>' for each in numbers]
    fill = theme.end if row.heat is None else style.fill(row)
    attributes = f'STYLE="ROUNDED" BGCOLOR="{fill}" COLOR="{theme.line}"'
    return f'<TABLE {attributes} BORDER="1" CELLBORDER="0" CELLSPACING="0" CELLPADDING="3">{"".join(lines)}</TABLE>'


def _strip(box: Box, style: DiagramStyle) -> str:
    """The kinds of the layers inside: small squares in order or, if there are many, a bar with their fractions."""
    if len(box.inside) > _STRIP:
        kinds = Counter(box.inside)
        total, gap = sum(kinds.values()), 0
        cells = [(kind, max(2, round(_BAR * number / total))) for kind, number in kinds.most_common()]
    else:
        gap = 1
        cells = [(kind, max(1, min(7, _BAR // len(box.inside) - gap))) for kind in box.inside]
    row = "".join(
        f'<TD FIXEDSIZE="TRUE" WIDTH="{side}" HEIGHT="7" BGCOLOR="{style.theme.fill(kind)}"></TD>'
        for kind, side in cells
    )
    width = sum(side + gap for _, side in cells) + gap
    size = f'FIXEDSIZE="TRUE" WIDTH="{width}" HEIGHT="{7 + 2 * gap}"'
    return f'<TABLE BORDER="0" CELLSPACING="{gap}" CELLPADDING="0" {size}><TR>{row}</TR></TABLE>'


def _spaced(text: str) -> str:
    """A text with space for what the renderer underestimates: it lacks the widths of Chinese, Japanese and Korean
    characters.
    """
    space = "&#160;" * ceil(_MISSING * sum(map(is_wide, text)))
    return f"{space}{xml(text)}{space}"


def _small(lines: list[str], style: DiagramStyle) -> str:
    size = decimal(style.fonts.numbers)
    return "".join(f'<BR/><FONT POINT-SIZE="{size}">{xml(each)}</FONT>' for each in lines)


def _arrow(arrow: Arrow, style: DiagramStyle) -> str:
    given = {"weight": _WEIGHTS[arrow.flow]}
    if arrow.shape is not None and style.shapes:
        # The label is beside a line that runs down, above one that runs to the right; spaces keep it off the line.
        gap = "" if style.direction == "TB" else '<BR/><FONT POINT-SIZE="4">&#160;</FONT>'
        given["label"] = f"<&#160;{xml(arrow.shape)}&#160;{gap}>"
    if arrow.end == FOOT or arrow.end.startswith(ENTRY):
        given["arrowhead"] = "none"
    if arrow.removed:
        given["style"] = "dashed"
    if arrow.flow is Flow.SKIP or arrow.removed:
        given["color"] = quoted(style.theme.skip)
    return f"{arrow.start} -> {arrow.end} [{_attributes(given)}]"


def _attributes(values: dict[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in values.items())


def _indented(lines: Iterator[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)
