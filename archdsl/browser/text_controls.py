"""The numbers of a text that a page shows as controls: parameters of the network, and sizes of its inputs."""

import re
from collections.abc import Iterator

from ..record import Record
from ..service.answers import TextRange
from ..service.syntax_at import end_of, start_of
from ..syntax import ast
from ..text.source import Span

_INTEGER = re.compile(r"\d{1,9}")
_FLOAT = re.compile(r"\d{1,9}\.\d{1,9}")
_SIZE = re.compile(r"\d{1,9}(?:x\d{1,9})*")
_SPATIAL = {3: ("channels", "height", "width"), 2: ("channels", "length"), 1: ("features",)}
"""The meanings of an input's dimensions, by their number."""


class TextControl(Record):
    """A value in the text: its name, how it is written, and the ranges to replace when it changes.

    `kind` is int, float or text; `greatest` is where a slider may end. `is_spatial` is true for every size of an input
    except the first, its channels or features.
    """

    name: str
    kind: str
    value: str
    ranges: tuple[TextRange, ...]
    least: float = 0
    greatest: float = 0
    is_spatial: bool = False


def text_controls(program: ast.Program, text: str) -> tuple[TextControl, ...]:
    """The controls of a text, in its order. Sizes that are symbolic or computed have none."""
    found: list[TextControl] = []
    inputs = [each for each in program.statements if isinstance(each, ast.Input)]
    for statement in program.statements:
        if isinstance(statement, ast.Net):
            for parameter in statement.parameters:
                if parameter.default is not None:
                    found.append(_parameter(parameter.name.text, parameter.default.span, text))
        elif isinstance(statement, ast.Input):
            found += _sizes(statement, text, several=len(inputs) > 1)
    return tuple(found)


def _parameter(name: str, span: Span, text: str) -> TextControl:
    place = TextRange(start=start_of(span), end=end_of(span))
    value = text[place.start : place.end]
    if _INTEGER.fullmatch(value):
        return TextControl(name=name, kind="int", value=value, ranges=(place,), greatest=_greatest(int(value)))
    if _FLOAT.fullmatch(value):
        return TextControl(name=name, kind="float", value=value, ranges=(place,), greatest=max(1, 2 * float(value)))
    return TextControl(name=name, kind="text", value=value, ranges=(place,))


def _sizes(statement: ast.Input, text: str, *, several: bool) -> Iterator[TextControl]:
    """The sizes of an input; equal height and width are one control."""
    size = next((arg.value for arg in statement.args if isinstance(arg.value, ast.Size | ast.Number)), None)
    if size is None:
        return
    start, end = start_of(size.span), end_of(size.span)
    if not _SIZE.fullmatch(text[start:end]):
        return
    words = [arg.value.name for arg in statement.args if isinstance(arg.value, ast.Variable)]
    prefix = f"{words[0]} " if several and words else ""
    dims = [(found[0], TextRange(start=start + found.start(), end=start + found.end()))
            for found in re.finditer(r"\d+", text[start:end])]  # fmt: skip
    names = _SPATIAL.get(len(dims), tuple(f"dimension {i + 1}" for i in range(len(dims))))
    if len(dims) == 3 and dims[1][0] == dims[2][0]:
        yield _size(prefix + names[0], dims[0][0], (dims[0][1],), is_spatial=False)
        yield _size(f"{prefix}height and width", dims[1][0], (dims[1][1], dims[2][1]), is_spatial=True)
        return
    for i, (name, (value, place)) in enumerate(zip(names, dims, strict=True)):
        yield _size(prefix + name, value, (place,), is_spatial=i > 0)


def _size(name: str, value: str, ranges: tuple[TextRange, ...], *, is_spatial: bool) -> TextControl:
    most = _greatest(int(value))
    return TextControl(name=name, kind="int", value=value, ranges=ranges, least=1, greatest=most, is_spatial=is_spatial)


def _greatest(value: int) -> int:
    """Twice the value, and at least 4."""
    return max(4, 2 * value)
