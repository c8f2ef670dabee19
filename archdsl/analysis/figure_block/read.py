"""Read the settings of a `figure { … }` block, and check them against the network."""

from collections.abc import Iterator, Sequence

from ...contract.styles import STYLES
from ...diagnostics import Sink
from ...diagnostics.catalog import figure_errors, structure_errors
from ...graph import Draft, DraftNode, FigureColor, FigureLabel, FigureSettings, FontFamily, Graph
from ...graph.figure_settings import TRANSPARENT
from ...layers import find, merges, registry, synonyms
from ...syntax import ast
from ...text.names import nearest
from ...text.source import Span
from .figure_names import FigureNames
from .group_checks import WrittenGroup, read_groups
from .written_lines import (
    FORMS,
    FigureLine,
    FigureWord,
    only_text,
    read_color,
    read_line,
    several_settings,
    split_names,
    without_quotes,
)

KINDS = (*(style.name for style in STYLES.values() if style.legend), "other")
"""The kinds of layers that have a color."""
_SHOWN = 8
"""How many names a message lists."""
_ONCE = ("title", "caption", "font", "background")


def figure_of_program(program: ast.Program, graph: Draft | Graph, sink: Sink) -> FigureSettings | None:
    """The settings of the `figure { … }` blocks of a program; None without a block.

    Only their form is checked if the network has errors, because a statement with an error may define a name.
    """
    if not program.figures:
        return None
    if sink.errors:
        graph = graph.replace(nodes=(), inputs=(), input_names=(), outputs=(), scopes={})
    return read_figure(program.figures, graph, sink)


def read_figure(blocks: Sequence[ast.FigureBlock], graph: Draft | Graph, sink: Sink) -> FigureSettings:
    """The settings of blocks, without those that are reported. An empty graph means that there is no network."""
    reader = _Reader(graph, sink)
    for line in _lines(blocks, sink):
        reader.read(line)
    groups = read_groups(reader.groups, reader.names, graph, sink)
    return reader.single.replace(
        labels=tuple(reader.labels),
        colors=tuple(reader.colors),
        hidden=frozenset(reader.hidden),
        hidden_words=tuple(dict.fromkeys(reader.hidden_words)),
        groups=groups,
    )


def _lines(blocks: Sequence[ast.FigureBlock], sink: Sink) -> Iterator[FigureLine]:
    for statement in (each for block in blocks for each in block.body.statements):
        if isinstance(statement, ast.UnreadableStatement):
            continue  # already reported
        if not isinstance(statement, ast.LayerStatement):
            word = statement.span.text.split()[0]
            where = '`figure` takes settings such as `title "ResNet-50"`'
            sink.emit(structure_errors.Misplaced(span=statement.span, word=word, where=where))
        elif statement.keyword.text not in FORMS:
            name = statement.keyword.text
            near = nearest(name, FORMS)
            sink.emit(
                figure_errors.UnknownFigureSetting(
                    span=statement.keyword.span, name=name, known=tuple(FORMS), nearest=near
                )
            )
        elif (line := read_line(statement, sink)) is not None:
            yield line


class _Reader:
    """The settings read so far."""

    def __init__(self, graph: Draft | Graph, sink: Sink) -> None:
        self.graph = graph
        self.sink = sink
        self.names = FigureNames(graph)
        self.single = FigureSettings()
        self.labels: list[FigureLabel] = []
        self.colors: list[FigureColor] = []
        self.hidden: set[int] = set()
        self.hidden_words: list[str] = []
        self.groups: list[WrittenGroup] = []
        self._first: dict[str, Span] = {}

    def read(self, line: FigureLine) -> None:
        """Read one line."""
        if (error := several_settings(line, self._is_name)) is not None:
            self.sink.emit(error)
            return
        if line.setting in _ONCE and self._repeated(line, line.setting):
            return
        match line.setting:
            case "title":
                self.single = self.single.replace(title=only_text(line, self.sink))
            case "caption":
                off = [(word.text, word.quoted) for word in line.words] == [("off", False)]
                self.single = self.single.replace(caption="" if off else only_text(line, self.sink))
            case "label":
                self._label(line)
            case "hide":
                self._hide(line)
            case "color":
                self._color(line)
            case "font":
                self._font(line)
            case "background":
                self._background(line)
            case "group":
                self._group(line)

    def _is_name(self, word: str) -> bool:
        return bool(self.names.nodes(word) or self.names.scopes(word))

    def _repeated(self, line: FigureLine, what: str) -> bool:
        """Whether something is set a second time; that is reported."""
        if what not in self._first:
            self._first[what] = line.span
            return False
        self.sink.emit(figure_errors.RepeatedFigureSetting(span=line.span, name=what, first=self._first[what]))
        return True

    def _known(self, word: FigureWord, *, parts_only: bool = False) -> bool:
        """Whether the network has a name; if not, that is reported. A text without a network accepts all names."""
        name = word.text
        named = self.names.siblings([name]) if parts_only else self.names.nodes(name) or self.names.scopes(name)
        if named or not self.graph.nodes or (not parts_only and self.names.outputs(name)):
            return True
        known = self.names.parts if parts_only else self.names.all
        near = nearest(name.rpartition(".")[2], known)
        what = "layer, stage or block" if not parts_only else "layer, stage or use of a block"
        some = ", ".join(known[:_SHOWN]) + (", …" if len(known) > _SHOWN else "")
        error = figure_errors.UnknownFigureName(
            span=word.span, what=what, name=name, nearest=near, hint=f"the names are {some}"
        )
        self.sink.emit(error)
        return False

    def _label(self, line: FigureLine) -> None:
        words, named = split_names(line.words)
        if len(words) != 2 or named or not words[1].quoted:
            self.sink.emit(line.error("`label` needs a name and text in quotes"))
            return
        name, text = words
        if not self._known(name) or self._repeated(line, f"label {name.text}"):
            return
        self.labels.append(
            FigureLabel(
                name=name.text,
                text=text.text,
                nodes=self.names.nodes(name.text),
                scopes=self.names.scopes(name.text),
                outputs=self.names.outputs(name.text),
            )
        )

    def _hide(self, line: FigureLine) -> None:
        words, named = split_names(line.words)
        if not words or named:
            self.sink.emit(line.error("`hide` needs names of layers, or kinds of layers"))
        for word in words:
            self._hide_word(word)

    def _hide_word(self, word: FigureWord) -> None:
        if word.text in merges() or word.text in ("input", "merge"):
            why = "an input reads no tensor" if word.text == "input" else "it reads several tensors"
            self.sink.emit(figure_errors.CannotHide(span=word.span, word=word.text, why=why))
            return
        found = self._of_kind(word.text)
        if found is None and (error := self._no_kind(word)) is not None:
            self.sink.emit(error)
            return
        if found is None:
            self.sink.emit(
                figure_errors.UnknownFigureName(
                    span=word.span,
                    what="layer or kind of layer",
                    name=word.text,
                    nearest=nearest(word.text, [*registry(), *synonyms(), *STYLES]),
                    hint=f"the kinds are {', '.join(kind for kind in STYLES if kind != 'merge')}",
                )
            )
            return
        several = next((node for node in found if len(node.inputs) != 1), None)
        if several is not None:
            why = f"`{several.name}` reads {len(several.inputs)} tensors"
            self.sink.emit(figure_errors.CannotHide(span=word.span, word=word.text, why=why))
            return
        self.hidden |= {node.id for node in found}
        self.hidden_words += [word.text] if found else []

    def _no_kind(self, word: FigureWord) -> figure_errors.CannotHide | None:
        """The error for a name of a stage, a block or single layers; None if the network does not have the name."""
        if scopes := self.names.scopes(word.text):
            what = {"stage": "a stage", "aux": "an auxiliary output"}.get(self.graph.scopes[min(scopes)], "a block")
            advice = "hide kinds of layers, such as `norm`; the view `blocks` or `stages` shows it as one box"
            return figure_errors.CannotHide(span=word.span, word=word.text, why=f"it is {what}", advice=advice)
        nodes = [node for node in self.graph.nodes if node.id in self.names.nodes(word.text) and node.op is not None]
        if not nodes or nodes[0].op is None:
            return None
        keyword = nodes[0].op.keyword
        kinds = self._of_kind(keyword) or []
        hides = all(len(node.inputs) == 1 for node in kinds)
        advice = f"`hide {keyword}` hides all `{keyword}` layers" if hides else ""
        return figure_errors.CannotHide(
            span=word.span, word=word.text, why="it is a layer, not a kind of layer", advice=advice
        )

    def _of_kind(self, word: str) -> list[DraftNode] | None:
        """The layers of a kind, or those with a name; None if there is no such kind or name."""
        inputs = set(self.graph.inputs)
        known = [(node, node.op) for node in self.graph.nodes if node.op is not None and node.id not in inputs]
        if word in STYLES:
            return [node for node, op in known if op.style == word]
        layer = find(word)
        keyword = layer.keyword if layer is not None else word
        found = [node for node, op in known if op.keyword == keyword]
        return found if found or layer is not None else None

    def _color(self, line: FigureLine) -> None:
        words, named = split_names(line.words)
        if len(words) != 2 or set(named) - {"dark"}:
            self.sink.emit(without_quotes(line) or line.error("`color` needs a kind of layer and a color in quotes"))
            return
        kind, light = words
        if kind.text not in KINDS:
            op = find(kind.text)
            own = op.style if op is not None and op.style in KINDS else "other" if op is not None else None
            near = own or nearest(kind.text, KINDS)
            hint = f"the kinds are {', '.join(KINDS)}"
            self.sink.emit(
                figure_errors.UnknownFigureName(
                    span=kind.span, what="kind of layer", name=kind.text, nearest=near, hint=hint
                )
            )
        elif not self._repeated(line, f"color {kind.text}") and (found := self._colors(line, light, named, 0)):
            self.colors.append(found.replace(kind=kind.text))

    def _colors(
        self, line: FigureLine, light: FigureWord, named: dict[str, FigureWord], text_kind: int
    ) -> FigureColor | None:
        one = read_color(line, light, "light", text_kind, self.sink)
        other = read_color(line, named["dark"], "dark", text_kind, self.sink) if "dark" in named else None
        return None if one is None else FigureColor(kind="", light=one, dark=other)

    def _font(self, line: FigureLine) -> None:
        known = [family.value for family in FontFamily]
        words, named = split_names(line.words)
        if len(words) != 1 or named:
            self.sink.emit(line.error(f"`font` is {' or '.join(known)}"))
        elif words[0].text not in known:
            near = nearest(words[0].text, known) or ("serif" if "times" in words[0].text.lower() else "sans")
            why = f"`font` is {' or '.join(known)}, which exist on every machine"
            self.sink.emit(line.error(why, replacement=f"font {near}"))
        else:
            self.single = self.single.replace(font=FontFamily(words[0].text))

    def _background(self, line: FigureLine) -> None:
        words, named = split_names(line.words)
        if len(words) != 1 or set(named) - {"dark"}:
            self.sink.emit(without_quotes(line) or line.error("`background` needs `transparent` or a color in quotes"))
        elif words[0].text == TRANSPARENT and not named:
            self.single = self.single.replace(background=FigureColor(kind="", light=TRANSPARENT))
        elif (found := self._colors(line, words[0], named, 1)) is not None:
            self.single = self.single.replace(background=found)

    def _group(self, line: FigureLine) -> None:
        words, named = split_names(line.words)
        if len(words) < 2 or not words[0].quoted or set(named) - {"to"}:
            self.sink.emit(line.error("`group` needs a title in quotes and names of layers, stages or blocks"))
            return
        title, *members = words
        end = named.get("to")
        known = [self._known(word, parts_only=True) for word in (*members, *([end] if end else []))]
        if all(known) and self.graph.nodes:
            self.groups.append(
                WrittenGroup(
                    title=title.text,
                    span=line.span,
                    members=tuple((word.text, word.span) for word in members),
                    end=None if end is None else (end.text, end.span),
                )
            )
