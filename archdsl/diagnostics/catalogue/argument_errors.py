"""E03: arguments and expressions."""

from ..diagnostic import Diagnostic, Edit, Fix


class MissingArgument(Diagnostic):
    """A layer or block was not given an argument that it needs."""

    code = "E0301"
    title = "an argument is missing"
    wrong = "input 3x32x32\nconv 64\n"
    right = "input 3x32x32\nconv 64 k3\n"

    keyword: str
    names: tuple[str, ...]
    doc: str
    example: str

    def message(self) -> str:
        return f"`{self.keyword}` needs its {' and '.join(f'`{name}`' for name in self.names)}"

    def label(self) -> str:
        return self.doc

    def help(self) -> tuple[str, ...]:
        return (f"for example `{self.example}`",) if self.example else ()


class UnknownArgument(Diagnostic):
    """A named argument that the layer or block does not have."""

    code = "E0302"
    title = "unknown argument"
    wrong = "input 3x32x32\nconv 64 k3 p1 strid=2\n"
    right = "input 3x32x32\nconv 64 k3 p1 stride=2\n"

    keyword: str
    name: str
    nearest: str | None
    known: tuple[str, ...]
    helps: tuple[str, ...] = ()

    def message(self) -> str:
        return f"`{self.keyword}` has no argument `{self.name}`"

    def label(self) -> str:
        return f"did you mean `{self.nearest}`?" if self.nearest else ""

    def help(self) -> tuple[str, ...]:
        if self.nearest or self.helps:
            return self.helps
        return (f"it takes {', '.join(f'`{name}`' for name in self.known)}" if self.known else "it takes none",)

    def fix(self) -> Fix | None:
        if self.nearest is None:
            return None
        return Fix(title=f"write `{self.nearest}`", edits=(Edit(span=self.span, text=self.nearest),))


class TooManyArguments(Diagnostic):
    """More values stand in a row than the layer takes without a name.

    torch's modules take the channels that come in first; here they are known, and further values have a letter or a
    name: `Conv2d(1, 16, 5, 1, 2)` is `conv 16 k5 p2`.
    """

    code = "E0303"
    title = "too many arguments"
    wrong = "input 3x32x32\nconv 64 3 2 1\n"
    right = "input 3x32x32\nconv 64 3 s2 p1\n"

    keyword: str
    positional: tuple[str, ...]
    named: tuple[str, ...]
    mend: Fix | None = None

    def message(self) -> str:
        if not self.positional:
            return f"`{self.keyword}` takes no value without a name"
        count = len(self.positional)
        return f"`{self.keyword}` takes {count} value{'s' * (count > 1)} without a name: {', '.join(self.positional)}"

    def label(self) -> str:
        return "one too many"

    def fix(self) -> Fix | None:
        return self.mend

    def help(self) -> tuple[str, ...]:
        if self.mend is not None:
            return (self.mend.title,)
        return (f"by name it takes {', '.join(f'`{name}`' for name in self.named)}",) if self.named else ()


class ArgumentTwice(Diagnostic):
    """One argument is given twice."""

    code = "E0304"
    title = "an argument is given twice"
    wrong = "input 3x32x32\nconv 64 k3 kernel=5\n"
    right = "input 3x32x32\nconv 64 k3\n"

    name: str
    first: str

    def message(self) -> str:
        return f"`{self.name}` is given twice"

    def label(self) -> str:
        return f"`{self.first}` gave it already"


class BadValue(Diagnostic):
    """An argument has a value that it cannot take."""

    code = "E0305"
    title = "a value that does not fit"
    wrong = "input 3x32x32\nconv 64 k3 s0\n"
    right = "input 3x32x32\nconv 64 k3 s1\n"

    keyword: str
    name: str
    value: str
    words: str

    def message(self) -> str:
        return f"`{self.name}` of `{self.keyword}` cannot be {self.value}"

    def label(self) -> str:
        return f"it takes {self.words}"


class BadExpression(Diagnostic):
    """An expression has no value: a division by zero, a number that is too large, operands of different kinds."""

    code = "E0306"
    title = "an expression without a value"
    wrong = "net N(groups = 0)\ninput 64\nfc 64 // groups\n"
    right = "net N(groups = 2)\ninput 64\nfc 64 // groups\n"

    why: str

    def message(self) -> str:
        return f"this has no value: {self.why}"


class TensorAsNumber(Diagnostic):
    """A tensor's name stands where a number is needed.

    The sizes of the current tensor are `@c`, `@h`, `@w`.
    """

    code = "E0307"
    title = "a tensor where a number is needed"
    wrong = "input 3x32x32\nconv 8 k3 as a\nconv a k3\n"
    right = "input 3x32x32\nconv 8 k3 as a\nconv @c k3\n"

    name: str

    def message(self) -> str:
        return f"`{self.name}` names a tensor, and a number is needed here"

    def help(self) -> tuple[str, ...]:
        return ("the sizes of the current tensor are `@c`, `@h`, `@w`",)


class SuffixOutside(Diagnostic):
    """`K`, `M` and `G` belong to assertions and settings; a layer's size is written out."""

    code = "E0308"
    title = "a suffix outside an assertion"
    wrong = "input 64\nfc 4K\n"
    right = "input 64\nfc 4000\nassert params < 1M\n"

    text: str
    value: str

    def message(self) -> str:
        return f"`{self.text}` is a way to write counts in assertions"

    def help(self) -> tuple[str, ...]:
        return (f"write `{self.value}`",)

    def fix(self) -> Fix:
        return Fix(title=f"write `{self.value}`", edits=(Edit(span=self.span, text=self.value),), safe=True)
