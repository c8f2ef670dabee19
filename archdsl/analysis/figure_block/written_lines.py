"""The arguments of the lines of a `figure { … }` block."""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from ...diagnostics import Sink
from ...diagnostics.catalog import figure_errors
from ...diagnostics.diagnostic import Diagnostic
from ...record import Record
from ...syntax import ast
from ...text.source import Span
from .contrast import MINIMUM, TEXT_COLORS, contrast, likely_color, parsed, readable

FORMS = {
    "title": 'title "ResNet-50"',
    "caption": 'caption "Our network" or caption off',
    "label": 'label conv1 "stem"',
    "hide": "hide bn relu",
    "color": 'color conv "#77aadd" dark="#2166c4"',
    "font": "font serif",
    "background": 'background transparent or background "#fffff0"',
    "group": 'group "encoder" conv1 to=layer4',
}
"""The settings of a figure, each with its syntax."""
_FEWEST = {"label": 2, "color": 2, "group": 2}
"""The fewest arguments of a setting, if it is not one."""


class FigureWord(Record):
    """An argument: a word, or a text in quotes; named or not."""

    text: str
    quoted: bool
    span: Span
    name: str | None = None


class FigureLine(Record):
    """A line of the block."""

    setting: str
    words: tuple[FigureWord, ...]
    statement: ast.LayerStatement

    @property
    def span(self) -> Span:
        """The whole line."""
        return self.statement.span

    def error(self, why: str, span: Span | None = None, replacement: str | None = None) -> Diagnostic:
        """An error in the form of the line."""
        return figure_errors.InvalidFigureSetting(
            span=span or self.span, why=why, form=FORMS[self.setting], replacement=replacement
        )


def read_line(statement: ast.LayerStatement, sink: Sink) -> FigureLine | None:
    """The words of a line; None after an error."""
    word = statement.keyword.text
    line = FigureLine(setting=word, words=(), statement=statement)
    if statement.times != 1 or statement.alias is not None:
        sink.emit(line.error(f"`{word}` takes neither a repetition nor a name"))
        return None
    words = []
    for arg in statement.args:
        value, name = arg.value, arg.name.text if arg.name else None
        if not isinstance(value, ast.Variable | ast.Text):
            sink.emit(line.error(f"`{arg.value.span.text}` is neither a name nor text in quotes", arg.value.span))
            return None
        text = value.name if isinstance(value, ast.Variable) else value.value
        words.append(FigureWord(text=text, quoted=isinstance(value, ast.Text), span=value.span, name=name))
    return line.replace(words=tuple(words))


def several_settings(line: FigureLine, is_name: Callable[[str], bool]) -> Diagnostic | None:
    """The error of a line that contains another setting, without a `;` between; None for any other line.

    `is_name` is true for the name of a layer, stage or block.
    """
    setting, arguments = line.setting, 0
    starts: list[FigureWord] = []
    for word in line.words:
        plain = word.text in FORMS and not word.quoted and word.name is None and not is_name(word.text)
        if plain and arguments >= _FEWEST.get(setting, 1):
            starts.append(word)
            setting, arguments = word.text, 0
        else:
            arguments += 1
    if not starts or not arguments:
        return None
    text, ends = line.span.source.text, [*(word.span.start for word in starts), line.span.end]
    parts = [text[start:end].rstrip() for start, end in pairwise([line.span.start, *ends])]
    return line.error(f"`{starts[0].text}` starts another setting on the same line", replacement="; ".join(parts))


def only_text(line: FigureLine, sink: Sink) -> str | None:
    """The text of a line that takes one text in quotes; None after an error."""
    if len(line.words) == 1 and line.words[0].quoted and line.words[0].name is None:
        return line.words[0].text
    bare = all(not word.quoted and word.name is None for word in line.words)
    text = " ".join(word.text for word in line.words)
    whole = f'{line.setting} "{text}"' if bare and text else None
    sink.emit(line.error(f"`{line.setting}` needs text in quotes", replacement=whole))
    return None


def read_color(line: FigureLine, word: FigureWord, page: str, text_kind: int, sink: Sink) -> str | None:
    """A color on which text is readable; None after an error. `text_kind`: 0 on layers, 1 on the background."""
    color, text = parsed(word.text), TEXT_COLORS[page][text_kind]
    if color is None:
        near = likely_color(word.text)
        near = None if near is None else readable(near, text)
        sink.emit(figure_errors.InvalidColor(span=word.span, found=word.text, replacement=near))
        return None
    found = contrast(color, text)
    if found < MINIMUM:
        sink.emit(
            figure_errors.LowContrast(
                span=word.span,
                color=color,
                text_color=text,
                contrast=found,
                page=page,
                replacement=readable(color, text),
            )
        )
        return None
    return color


def split_names(words: Sequence[FigureWord]) -> tuple[list[FigureWord], dict[str, FigureWord]]:
    """The words without a name, and those with one."""
    return [word for word in words if word.name is None], {word.name: word for word in words if word.name is not None}


_COMMENT = re.compile(r"[ \t]*(#(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{3}))\b")


def without_quotes(line: FigureLine) -> Diagnostic | None:
    """The error of a line whose color has no quotes: `#` starts a comment. None for any other line."""
    span = line.span
    found = _COMMENT.match(span.source.text, span.end)
    if found is None:
        return None
    whole = Span(span.source, span.start, found.end())
    written = f'{span.text} "{found[1]}"'
    return line.error("a color needs quotes, because `#` starts a comment", whole, written)
