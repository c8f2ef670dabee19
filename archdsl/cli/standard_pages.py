"""The blocks of `std` as `archdsl layers` shows them: from their text and the comments above them."""

from collections.abc import Mapping

from ..diagnostics import Sink
from ..record import Record
from ..syntax import ast, parse
from ..text.library import StandardLibrary


class StandardBlock(Record):
    """A block of `std`: the comment above it, and its text."""

    name: str
    comment: tuple[str, ...]
    parameters: tuple[str, ...]
    text: str

    @property
    def headline(self) -> str:
        """The first line of its comment."""
        return self.comment[0]

    @property
    def page(self) -> str:
        """Its comment, how it is used, and its text."""
        use = " ".join((self.name, *self.parameters))
        lines = [f"{self.name}  (a block of `std`: write `use std`)", "", *self.comment, "", f"  {use}", ""]
        return "\n".join([*lines, *(f"  {line}" for line in self.text.splitlines())])


def standard_blocks() -> Mapping[str, StandardBlock]:
    """The blocks of `std` by name, in the order of its text."""
    source = StandardLibrary().read("std")
    return {block.name.text: _described(source.text, block) for block in parse(source, Sink()).blocks}


def _described(text: str, block: ast.Block) -> StandardBlock:
    comment: list[str] = []
    for line in reversed(text[: block.span.start].splitlines()):
        if not line.startswith("#"):
            break
        comment.insert(0, line.removeprefix("#").strip())
    parameters = tuple(_shown(text, p) for p in block.parameters)
    return StandardBlock(name=block.name.text, comment=tuple(comment), parameters=parameters, text=block.span.text)


def _shown(text: str, parameter: ast.Parameter) -> str:
    """A parameter as it is passed: `FILTERS`, or `[k=3]` where it has a default."""
    if parameter.default is None:
        return parameter.name.text.upper()
    return f"[{parameter.name.text}={parameter.default.span.text}]"
