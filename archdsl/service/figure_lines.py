"""What an editor shows in a `figure { … }` block."""

from collections.abc import Iterable, Iterator

from ..analysis.figure_block import FORMS, KINDS
from ..analysis.figure_block.figure_names import FigureNames
from ..contract.styles import STYLES
from ..graph import FontFamily, likely_shape
from ..graph.figure_settings import TRANSPARENT
from ..syntax import ast
from ..text.counts import counted
from .answers import Completion, Hover, TextRange
from .document import Version
from .syntax_at import position_at, word_at

ABOUT = {
    "title": "the title of the figure",
    "caption": "the line above the diagram, instead of the title and the totals; `off` for none",
    "label": "the label of a layer, a stage, a block, an input or an output",
    "hide": "layers that are not shown: arrows bypass them, and the caption names them",
    "color": "the color of a kind of layer; `dark=` sets the color on a dark page",
    "font": "the font: `sans` or `serif`",
    "background": "the color behind the figure; `dark=` sets the color on a dark page",
    "group": "a frame around connected layers, stages or blocks; `to=` ends a range of layers",
}
"""What each setting sets."""
_WORDS = {"caption": ("off",), "font": tuple(family.value for family in FontFamily), "background": (TRANSPARENT,)}
_NAMED = {"color": "dark=", "background": "dark=", "group": "to="}


def is_in_figure(version: Version, offset: int) -> bool:
    """Whether a position is in the body of a `figure { … }` block."""
    here = position_at(version, offset)
    return any(isinstance(each, ast.FigureBlock) and each.body is here.body for each in here.chain)


def figure_completions(version: Version, earlier: str, range: TextRange) -> Iterator[Completion]:
    """What fits after the words of a line."""
    words = earlier.split()
    if not words:
        for name, about in ABOUT.items():
            yield Completion(label=name, kind="keyword", range=range, text=name, detail=f"{about}: {FORMS[name]}")
        return
    setting, count = words[0], len(words)
    given = earlier.rstrip().endswith("=")
    for word, detail in _words(version, setting, count, given):
        yield Completion(label=word, kind="name", range=range, text=word, detail=detail)
    if count > 2 and not given and setting in _NAMED:
        name = _NAMED[setting]
        yield Completion(label=name, kind="argument", range=range, text=name, detail=ABOUT[setting], order=1)


def _words(version: Version, setting: str, count: int, given: bool) -> Iterable[tuple[str, str]]:
    names = FigureNames(version.draft)
    match setting:
        case "label" if count == 1:
            return ((name, about(version, name)) for name in names.all)
        case "group" if count > 1:
            return ((name, about(version, name)) for name in names.all if names.siblings([name]))
        case "hide":
            keywords = (
                node.op.keyword for node in version.draft.layers if node.op is not None and len(node.inputs) == 1
            )
            kinds = ((style.name, style.legend or style.name) for style in STYLES.values() if style.name != "merge")
            return [*((word, "a layer") for word in dict.fromkeys(keywords)), *kinds]
        case "color" if count == 1:
            return ((kind, STYLES[kind].legend if kind in STYLES else "all others") for kind in KINDS)
        case _ if count == 1 and not given:
            return ((word, ABOUT[setting]) for word in _WORDS.get(setting, ()))
        case _:
            return ()


def about(version: Version, name: str) -> str:
    """What a name stands for in the network: `conv 64 k7: 64×112×112`; empty if there is nothing."""
    names = FigureNames(version.draft)
    nodes, scopes = sorted(names.nodes(name)), names.scopes(name)
    if nodes:
        node = version.draft.nodes[nodes[0]]
        more = f" and {len(nodes) - 1} more" if len(nodes) > 1 else ""
        return f"{node.text}: {likely_shape(node) or '?'}{more}"
    if scopes:
        count = sum(any(n.path[: len(path)] == path for path in scopes) for n in version.draft.nodes)
        uses = f" in {len(scopes)} uses" if len(scopes) > 1 else ""
        return f"{version.draft.scopes[next(iter(scopes))]}: {counted(count, 'layer')}{uses}"
    return "an output" if names.outputs(name) else ""


def figure_hover(version: Version, offset: int) -> Hover | None:
    """The setting or the part of the network at a position."""
    start, end = word_at(version.text, offset)
    word, range = version.text[start:end], TextRange(start=start, end=end)
    statement = position_at(version, offset).innermost
    if (
        isinstance(statement, ast.LayerStatement)
        and statement.span.source.start + statement.keyword.span.start == start
    ):
        if word in ABOUT:
            return Hover(
                range=range,
                text=f"`{word}`: {ABOUT[word]}\n\n~~~arch\nfigure {{ {FORMS[word].partition(' or ')[0]} }}\n~~~",
            )
        return None
    found = about(version, word)
    return Hover(range=range, text=f"`{word}`: {found}") if found else None
