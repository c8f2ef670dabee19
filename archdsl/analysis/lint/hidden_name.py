"""A number whose name is hidden by a flag or shorthand."""

import re
from collections.abc import Iterator, Mapping

from ...diagnostics import Diagnostic, Label, Severity
from ...layers import find as find_layer
from ...syntax import ast
from ...text.source import Span
from ._facts import Facts

_SHORTHAND = re.compile(r"[a-z]\d+$")


class HiddenName(Diagnostic):
    """A parameter, a `let` or an index has the name of a flag or shorthand, which takes precedence in a
    layer's arguments.

    With `let s2 = 1`, `conv 8 k3 s2` still has a stride of 2: `conv` has no other argument that could take the
    value of the name. If there is one, as in `conv 8 k5` after `let k5 = 3`, the word is ambiguous, which is an error
    (E0209).

    Source: docs/language/statements.md, on words with two meanings.
    """

    code = "W0916"
    title = "name hidden by a flag or shorthand"
    wrong = "input 3x33x33\nlet s2 = 1\nconv 8 k3 s2\n"
    right = "input 3x33x33\nlet step = 1\nconv 8 k3 s=step\n"
    severity = Severity.WARNING

    name: str
    keyword: str
    argument: str
    defined: Span

    def message(self) -> str:
        return f"`{self.name}` is read as the `{self.argument}` of `{self.keyword}`, not as the variable"

    def others(self) -> tuple[Label, ...]:
        return (Label(span=self.defined, text="this name is hidden"),)

    def help(self) -> tuple[str, ...]:
        return (f"choose another name, or write `{self.argument}=({self.name})`",)


def find(facts: Facts) -> Iterator[HiddenName]:
    """Arguments that are flags or shorthands of their layer or block and also names of numbers."""
    names: dict[str, Span] = {}
    letters: dict[str, set[str]] = {}
    for part in facts.statements:
        if isinstance(part, ast.Net | ast.Block):
            names |= {p.name.text: p.name.span for p in part.parameters}
            if isinstance(part, ast.Block):
                letters[part.name.text] = {p.name.text for p in part.parameters}
        elif isinstance(part, ast.Let | ast.Repeat) and part.target is not None:
            names |= {word.text: word.span for word in part.target.names}
    if not names:
        return
    for part in facts.statements:
        if isinstance(part, ast.LayerStatement):
            for arg in part.args:
                if arg.name is None and isinstance(arg.value, ast.Variable) and arg.value.name in names:
                    argument = _hides(part.keyword.text, arg.value.name, letters)
                    if argument is not None:
                        yield HiddenName(
                            span=arg.span,
                            name=arg.value.name,
                            keyword=part.keyword.text,
                            argument=argument,
                            defined=names[arg.value.name],
                        )


def _hides(keyword: str, name: str, blocks: Mapping[str, set[str]]) -> str | None:
    """The argument that a layer or a block of the file reads a bare word as, if any."""
    letter = name[0] if _SHORTHAND.match(name) else None
    if keyword in blocks:
        return letter if letter in blocks[keyword] else None
    layer = find_layer(keyword)
    for p in layer.parameters if layer else ():
        if any(flag == name for flag, _ in p.words) or (letter is not None and p.letter == letter):
            return p.name
    return None
