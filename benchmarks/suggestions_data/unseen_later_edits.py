"""What the kinds of `unseen_later.py` share: places in a text, and the choice of an edit."""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from random import Random
from typing import TypeVar

from archdsl.graph import Graph
from archdsl.record import Record
from archdsl.syntax import ast
from archdsl.text.source import Span

from .cases import errors
from .protocol import Valid

TRIES = 12
"""How many edits of a kind are tried in a network until one introduces an error."""
SHORTHAND = re.compile(r"[a-z]\d+(?:x\d+)*")
"""`k3`, `p1x2`: an argument in shorthand."""

_R = TypeVar("_R", bound=Record)


def wrong(random: Random, valid: Valid, texts: Iterable[str | None]) -> str | None:
    """A random one of the texts that have an error; None if none of the first few has an error."""
    found = sorted({text for text in texts if text is not None and text != valid.text})
    tried = random.sample(found, min(len(found), TRIES))
    return next((text for text in tried if errors(text)), None)


def every(valid: Valid, sort: type[_R]) -> list[_R]:
    """Every part of the program's tree of this class, in the order of the text."""
    return [each for each in records(valid.program) if isinstance(each, sort)]


def records(part: object) -> Iterator[Record]:
    """A part of a tree and all parts within it."""
    if isinstance(part, Record):
        yield part
        for _, value in part:
            yield from records(value)
    elif isinstance(part, tuple):
        for value in part:
            yield from records(value)


def bodies(part: object) -> list[ast.Body]:
    """A body, or the bodies among several operands."""
    parts = part if isinstance(part, tuple) else (part,)
    return [each for each in parts if isinstance(each, ast.Body)]


def lists(valid: Valid) -> list[tuple[ast.Statement, ...]]:
    """The statements of the program and of each body within it."""
    return [valid.program.statements, *(body.statements for body in every(valid, ast.Body))]


def neighbors(valid: Valid) -> list[tuple[ast.Statement, ast.Statement]]:
    """Each statement with the one that follows it in the same body."""
    return [pair for each in lists(valid) for pair in pairwise(each)]


def code(valid: Valid) -> str:
    """The text with blanks in place of its comments, so that places in it are those of the text."""
    return re.sub(r"#[^\n]*", lambda match: " " * len(match[0]), valid.text)


def matches(valid: Valid, pattern: str, within: Span | None = None) -> list[re.Match[str]]:
    """Where a pattern is found outside of comments: in the whole text, or within a part of it."""
    start, end = within[1:] if within is not None else (0, len(valid.text))
    return list(re.compile(pattern, re.MULTILINE).finditer(code(valid), start, end))


def substituted(valid: Valid, match: re.Match[str], new: str, group: int = 0) -> str:
    """The text with something else in place of a match or of one of its groups."""
    return valid.text[: match.start(group)] + new + valid.text[match.end(group) :]


def inserted(valid: Valid, offset: int, new: str) -> str:
    """The text with something added at an offset."""
    return valid.text[:offset] + new + valid.text[offset:]


def exchanged(valid: Valid, one: Span, other: Span) -> str:
    """The text with two of its parts swapped."""
    first, second = sorted((one, other), key=lambda span: span.start)
    between = valid.text[first.end : second.start]
    return valid.text[: first.start] + second.text + between + first.text + valid.text[second.end :]


def end_of_line(valid: Valid, offset: int) -> int:
    """Where the line of an offset ends, after its line break."""
    return (valid.text + "\n").index("\n", offset) + 1


def same_types(a: Graph, b: Graph) -> bool:
    """Whether two graphs have the same types of layers with the same inputs, whatever their arguments and sizes."""
    return len(a.nodes) == len(b.nodes) and all(
        (type(x.op), x.inputs, x.shared) == (type(y.op), y.inputs, y.shared)
        for x, y in zip(a.nodes, b.nodes, strict=True)
    )


def same_types_and_shapes(a: Graph, b: Graph) -> bool:
    """Whether two graphs have the same types of layers, inputs and shapes, whatever their other arguments."""
    return same_types(a, b) and all(x.shape == y.shape for x, y in zip(a.nodes, b.nodes, strict=True))
