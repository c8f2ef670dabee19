"""E01: the text cannot be read."""

from ...text.names import as_size
from ...text.source import Span
from ..diagnostic import Diagnostic, Edit, Fix


class Unexpected(Diagnostic):
    """A word or sign stands where it does not fit.

    The message lists what would fit there. A statement is a word and its arguments, and ends at `;` or at the end of
    the line.
    """

    code = "E0101"
    title = "this does not fit here"
    wrong = "input 3x32x32\nconv 64 k=\n"
    right = "input 3x32x32\nconv 64 k=3\n"

    found: str
    expected: tuple[str, ...]
    helps: tuple[str, ...] = ()

    def message(self) -> str:
        # At an end nothing stands that could be wrong: something is missing.
        end = self.found.startswith("the end of the ")
        return f"{self.found.removeprefix('the end of ')} ends too early" if end else f"{self.found} does not fit here"

    def label(self) -> str:
        *first, last = self.expected or ("nothing",)
        return f"expected {', '.join(first)} or {last}" if first else f"expected {last}"

    def help(self) -> tuple[str, ...]:
        return self.helps


class MissingSeparator(Diagnostic):
    """Two statements stand on one line with nothing between them.

    Put a `;` or a new line there.
    """

    code = "E0102"
    title = "a separator is missing"
    wrong = "input 3x32x32\nstage a { conv 8 k3 } relu\n"
    right = "input 3x32x32\nstage a { conv 8 k3 }; relu\n"

    word: str
    complete: bool = True
    """Whether the statement before it has all that it needs; else more than a separator is missing."""

    def message(self) -> str:
        return f"a `;` or a new line is missing before `{self.word}`"

    def label(self) -> str:
        return "a new statement begins here"

    def fix(self) -> Fix | None:
        if not self.complete:
            return None
        before = self.span.source.text[: self.span.start]
        blanks = len(before) - len(before.rstrip(" \t"))
        place = Span(self.span.source, self.span.start - blanks, self.span.start - blanks)
        edit = Edit(span=place, text=";" if blanks else "; ")
        return Fix(title="put a `;` there", edits=(edit,), safe=True)


class UnclosedBrace(Diagnostic):
    """A `{` has no `}`.

    The body goes on to the end of the text, so what was meant to stand after it was read as part of it.
    """

    code = "E0103"
    title = "a brace is not closed"
    wrong = "input 3x32x32\nstage features { conv 8 k3\n"
    right = "input 3x32x32\nstage features { conv 8 k3 }\n"

    def message(self) -> str:
        return "this `{` is never closed"

    def label(self) -> str:
        return "opened here"

    def help(self) -> tuple[str, ...]:
        return ("write a `}` where the body ends",)


class NothingOpen(Diagnostic):
    """A `}` closes nothing."""

    code = "E0104"
    title = "a brace closes nothing"
    wrong = "input 3x32x32\nconv 8 k3 }\n"
    right = "input 3x32x32\nconv 8 k3\n"

    def message(self) -> str:
        return "this `}` closes nothing"

    def label(self) -> str:
        return "no `{` is open here"


_OTHERS = {
    "×": "sizes are written with the letter: `3x32x32`",
    "→": "statements follow each other: `a; b`",
    "'": 'strings have double quotes, `"blocks.arch"`, and words of a layer none: `padding=same`',
    ":": "an argument is given with `=`: `kernel=3`",
    "[": "sizes have no brackets: `3x32x32`",
}


class StrayCharacter(Diagnostic):
    """A character that the language does not use, outside a comment."""

    code = "E0105"
    title = "a character the language does not use"
    wrong = "input 3x32x32\nconv 8 k3 $\n"
    right = "input 3x32x32\nconv 8 k3\n"

    character: str

    def message(self) -> str:
        return f"`{self.character}` means nothing here"

    def label(self) -> str:
        return "the rest of this statement was skipped"

    def help(self) -> tuple[str, ...]:
        if self.character in _OTHERS:
            return (_OTHERS[self.character],)
        return ("names are written with the letters a to z, digits and `_`",) if self.character.isalpha() else ()


class BadWord(Diagnostic):
    """A word begins like a number and does not end like one, or a string is not closed."""

    code = "E0106"
    title = "neither a number nor a name"
    wrong = "input 3x32x32\nconv 64 3x\n"
    right = "input 3x32x32\nconv 64 3x3\n"

    word: str

    def message(self) -> str:
        if self.word.startswith('"'):
            return "this string is never closed"
        return f"`{self.word}` is neither a number nor a size"

    def label(self) -> str:
        if self.word.startswith('"'):
            return 'a `"` is missing at its end'
        size = as_size(self.word)
        return f"did you mean `{size}`?" if size is not None else "numbers: `64`, `1e-5`; sizes: `3x5`"

    def fix(self) -> Fix | None:
        size = as_size(self.word)
        return None if size is None else Fix(title=f"write `{size}`", edits=(Edit(span=self.span, text=size),))


class ReservedName(Diagnostic):
    """A word of the language was given as a name.

    `add`, `as`, `stage` and their like cannot name tensors, stages, blocks or parameters.
    """

    code = "E0107"
    title = "a word of the language as a name"
    wrong = "input 3x32x32\nstage add { conv 8 k3 }\n"
    right = "input 3x32x32\nstage sum { conv 8 k3 }\n"

    name: str

    def message(self) -> str:
        return f"`{self.name}` is a word of the language and cannot be a name"

    def help(self) -> tuple[str, ...]:
        return (f"choose another, such as `{self.name}_1`",)


class PythonName(Diagnostic):
    """A name begins with two underscores.

    Such names are Python's own, and the network becomes Python: a stage called `__init__` or `__class__` would replace
    what makes the module.
    """

    code = "E0111"
    title = "a name of Python's"
    wrong = "input 3x32x32\nstage __init__ { conv 8 k3 }\n"
    right = "input 3x32x32\nstage init { conv 8 k3 }\n"

    name: str

    def message(self) -> str:
        return f"`{self.name}` begins with two underscores, as Python's own names do"

    def help(self) -> tuple[str, ...]:
        plain = self.name.strip("_")
        return (f"choose another, such as `{plain}`" if plain else "choose a name with letters",)


class NoBody(Diagnostic):
    """A `{` follows a word that takes no body.

    Bodies belong to `stage`, `block`, `residual`, `shortcut`, `add`, `mul`, `concat`, `repeat`, `if`, `else`, `aux`
    and `train`.
    """

    code = "E0108"
    title = "no body may follow"
    wrong = "input 3x32x32\nstge features { conv 8 k3 }\n"
    right = "input 3x32x32\nstage features { conv 8 k3 }\n"

    word: str
    nearest: str | None

    def message(self) -> str:
        return f"`{self.word}` takes no `{{ … }}`"

    def label(self) -> str:
        return f"did you mean `{self.nearest}`?" if self.nearest else ""

    def help(self) -> tuple[str, ...]:
        if self.nearest:
            return ()
        if self.word in ("for", "while", "loop"):
            return ("a repetition is `repeat 3 as i { … }`, with i from 0",)
        return ("a group of statements is `stage NAME { … }`, a new kind of layer `block NAME { … }`",)

    def fix(self) -> Fix | None:
        if self.nearest is None:
            return None
        edit = Edit(span=self.span, text=self.nearest)
        return Fix(title=f"write `{self.nearest}`", edits=(edit,))


class NoRepetition(Diagnostic):
    """A statement is repeated less than once, so it would disappear.

    A count that is computed may be 0, as in `repeat depth { … }` with `net N(depth = 0)`: a parameter turns a part off.
    """

    code = "E0110"
    title = "a repetition below 1"
    wrong = "input 3x8x8\nconv 4 k3 x0\n"
    right = "input 3x8x8\nconv 4 k3 x1\n"

    written: str

    def message(self) -> str:
        return f"`{self.written}` repeats this less than once"

    def label(self) -> str:
        return "a repetition is at least 1"

    def help(self) -> tuple[str, ...]:
        return ("to leave it out, delete it, or put `#` before it; `if` and `repeat` take a parameter",)


class SignForMinus(Diagnostic):
    """A minus with a blank before it and none after it is a sign: it begins a new value.

    So `slice 0 -1` has two arguments. For a difference, write `a - 1` or `a-1`.
    """

    code = "E0109"
    title = "a sign where a minus is meant"
    wrong = "input 64\nlet n = 10 -1\nfc n\n"
    right = "input 64\nlet n = 10 - 1\nfc n\n"

    follows: str

    def message(self) -> str:
        return f"`-{self.follows}` reads as a new value here"

    def label(self) -> str:
        return "a blank before and none after makes it a sign"

    def help(self) -> tuple[str, ...]:
        return (f"for a difference, write `- {self.follows}`",)

    def fix(self) -> Fix:
        return Fix(title="put a blank after the minus", edits=(Edit(span=self.span, text="- "),), safe=True)
