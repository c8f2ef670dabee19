"""E01: syntax errors."""

import re

from ...text.names import as_size
from ...text.source import Span
from ..diagnostic import Diagnostic, Edit, Fix

_PYTHON = re.compile(
    r"\s*(?:import\s+\w|from\s+[\w.]+\s+import\b|class\s+\w+\s*\(.*\)\s*:|def\s+\w+\s*\(self\b|super\(\)\."
    r"|\w+\s*=\s*(?:\w+\.)*Sequential\()"
)
"""The start of a line that can only be Python."""
_OWN_LAYER = re.compile(r"\bself\.\w+\((?!self\b)")
"""A layer of a torch module, whose arguments are elsewhere."""


def python_help(span: Span) -> tuple[str, ...]:
    """How to convert Python code, if the line of a position is Python; else nothing."""
    line = span.source.line_text(span.line)
    if _OWN_LAYER.search(line) is not None:
        return ("this is Python; here a layer is written where it is used, for example `conv 16 k3 same; relu`",)
    if _PYTHON.match(line) is None:
        return ()
    return ("this is Python; `archdsl import` converts a torch module, `FILE.py:CALLABLE`, or a saved Keras model",)


class Unexpected(Diagnostic):
    """A word or character is not allowed here.

    The label at `^` lists what is allowed. A statement is a keyword or the name of a layer or block, followed by its
    arguments, and ends at `;`, at the end of the line, or before the `}` of the body it is in.
    """

    code = "E0101"
    title = "unexpected word or character"
    wrong = "input 3x32x32\nconv 64 k=\n"
    right = "input 3x32x32\nconv 64 k=3\n"

    found: str
    expected: tuple[str, ...]
    help_texts: tuple[str, ...] = ()

    def message(self) -> str:
        return f"unexpected {self.found.removeprefix('the ')}"

    def label(self) -> str:
        *first, last = self.expected or ("nothing",)
        return f"expected {', '.join(first)} or {last}" if first else f"expected {last}"

    def help(self) -> tuple[str, ...]:
        return python_help(self.span) or self.help_texts


ELSE_IF = frozenset({"elif", "elseif", "elsif"})
"""The words of other languages for `else if`."""


class MissingSeparator(Diagnostic):
    """Two statements are on one line with nothing between them.

    Separate them with `;` or a line break.
    """

    code = "E0102"
    title = "missing separator"
    wrong = "input 3x32x32\nstage a { conv 8 k3 } relu\n"
    right = "input 3x32x32\nstage a { conv 8 k3 }; relu\n"

    word: str
    complete: bool = True
    """Whether the statement before it is complete; otherwise more than a separator is missing."""

    def message(self) -> str:
        return f"missing `;` or line break before `{self.word}`"

    def label(self) -> str:
        return "a new statement starts here"

    def fix(self) -> Fix | None:
        if not self.complete or self.word in ELSE_IF:
            return None
        before = self.span.source.text[: self.span.start]
        blanks = len(before) - len(before.rstrip(" \t"))
        place = Span(self.span.source, self.span.start - blanks, self.span.start - blanks)
        edit = Edit(span=place, text=";" if blanks else "; ")
        return Fix(title="insert `;`", edits=(edit,), safe=True)


class UnclosedBrace(Diagnostic):
    """A `{` has no matching `}`.

    The body extends to the end of the text, so whatever was meant to follow it was read as part of it.
    """

    code = "E0103"
    title = "unclosed brace"
    wrong = "input 3x32x32\nstage features { conv 8 k3\n"
    right = "input 3x32x32\nstage features { conv 8 k3 }\n"

    def message(self) -> str:
        return "this `{` is never closed"

    def label(self) -> str:
        return "opened here"

    def help(self) -> tuple[str, ...]:
        return ("add a `}` where the body ends",)


class NothingOpen(Diagnostic):
    """A `}` has no matching `{`."""

    code = "E0104"
    title = "unmatched closing brace"
    wrong = "input 3x32x32\nconv 8 k3 }\n"
    right = "input 3x32x32\nconv 8 k3\n"

    def message(self) -> str:
        return "this `}` has no matching `{`"

    def label(self) -> str:
        return "no `{` is open here"


_OTHERS = {
    "×": "sizes are written with the letter x",
    "→": "statements are separated by `;`",
    "'": "strings are in double quotes, argument values without quotes",
}


class StrayCharacter(Diagnostic):
    """A character outside comments and strings is not part of the language."""

    code = "E0105"
    title = "invalid character"
    wrong = "input 3x32x32\nconv 8 k3 $\n"
    right = "input 3x32x32\nconv 8 k3\n"

    character: str

    def message(self) -> str:
        return f"invalid character `{self.character}`"

    def label(self) -> str:
        return "the rest of this statement was skipped"

    def help(self) -> tuple[str, ...]:
        if python := python_help(self.span):
            return python
        if self.character in _OTHERS:
            return (_OTHERS[self.character],)
        return ("names consist of the letters a to z, digits and `_`",) if self.character.isalpha() else ()


class BadWord(Diagnostic):
    """A word starts like a number but is not one, or a string is not closed."""

    code = "E0106"
    title = "invalid number or unclosed string"
    wrong = "input 3x32x32\nconv 64 3x\n"
    right = "input 3x32x32\nconv 64 3x3\n"

    word: str

    def message(self) -> str:
        if self.word.startswith('"'):
            return "this string is never closed"
        return f"`{self.word}` is neither a number nor a size"

    def label(self) -> str:
        if self.word.startswith('"'):
            return 'missing closing `"`'
        if as_size(self.word) is None:
            return "a size is written like 3x5"
        return "in a size, `x` is lowercase and symbolic dimensions are capitals: 3x5, HxW"

    def fix(self) -> Fix | None:
        size = as_size(self.word)
        return None if size is None else Fix(title=f"write `{size}`", edits=(Edit(span=self.span, text=size),))


class ReservedName(Diagnostic):
    """A keyword cannot be used as a name or a value.

    Keywords include `add`, `as` and `stage`; a similar name, such as `add_1`, is allowed.
    """

    code = "E0107"
    title = "keyword used as a name or value"
    wrong = "input 3x32x32\nstage add { conv 8 k3 }\n"
    right = "input 3x32x32\nstage sum { conv 8 k3 }\n"

    name: str
    is_value: bool = False

    def message(self) -> str:
        return f"`{self.name}` is a keyword and cannot be a {'value' if self.is_value else 'name'}"

    def help(self) -> tuple[str, ...]:
        return () if self.is_value else ("choose another name",)


class PythonName(Diagnostic):
    """A name starts with two underscores.

    Python reserves such names, and the network becomes a PyTorch module: a stage called `__init__` or `__class__` would
    replace attributes of the module.
    """

    code = "E0111"
    title = "name reserved by Python"
    wrong = "input 3x32x32\nstage __init__ { conv 8 k3 }\n"
    right = "input 3x32x32\nstage init { conv 8 k3 }\n"

    name: str

    def message(self) -> str:
        return f"`{self.name}` starts with two underscores, which Python reserves for its own names"

    def help(self) -> tuple[str, ...]:
        return ("choose another name",)


class NoBody(Diagnostic):
    """A `{` follows a word that takes no body.

    Only `stage`, `block`, `repeat`, `if`, `else`, `aux`, `scan`, `moe`, `train`, `figure`, `residual`, `shortcut`,
    and merges such as `add` and `concat` take a body.
    """

    code = "E0108"
    title = "unexpected body"
    wrong = "input 3x32x32\nstge features { conv 8 k3 }\n"
    right = "input 3x32x32\nstage features { conv 8 k3 }\n"

    word: str
    nearest: str | None

    def message(self) -> str:
        return f"`{self.word}` takes no body `{{ … }}`"

    def label(self) -> str:
        return ""

    def help(self) -> tuple[str, ...]:
        if self.nearest:
            return ()
        if self.word in ELSE_IF:
            return ("another condition is `else if COND { … }`",)
        if self.word in ("for", "while", "loop"):
            return ("a loop is `repeat N as i { … }`, with i from 0",)
        return ("`stage NAME { … }` groups statements; `block NAME { … }` defines a new kind of layer",)

    def fix(self) -> Fix | None:
        if self.nearest is None:
            return None
        edit = Edit(span=self.span, text=self.nearest)
        return Fix(title=f"write `{self.nearest}`", edits=(edit,))


class NoRepetition(Diagnostic):
    """A repeat count below 1 would remove the statement.

    A computed count may be 0: with `net N(depth = 0)`, `repeat depth { … }` skips its body.
    """

    code = "E0110"
    title = "repeat count below 1"
    wrong = "input 3x8x8\nconv 4 k3 x0\n"
    right = "input 3x8x8\nconv 4 k3 x1\n"

    written: str

    def message(self) -> str:
        return f"the repeat count in `{self.written}` is below 1"

    def help(self) -> tuple[str, ...]:
        return ("delete the statement or comment it out with `#`; `if` and `repeat` can make it depend on a parameter",)


class SignForMinus(Diagnostic):
    """A minus with a space before it and none after it is a sign: it starts a new value.

    So `slice 0 -1` has two arguments. For a difference, write `a - 1` or `a-1`.
    """

    code = "E0109"
    title = "minus read as a sign"
    wrong = "input 64\nlet n = 10 -1\nfc n\n"
    right = "input 64\nlet n = 10 - 1\nfc n\n"

    follows: str

    def message(self) -> str:
        return f"`-{self.follows}` is read as a new value here"

    def label(self) -> str:
        return "a space before it but none after makes it a sign"

    def fix(self) -> Fix:
        return Fix(title="insert a space after the minus", edits=(Edit(span=self.span, text="- "),), safe=True)
